"""The hunt on real photos with the real models: faces as they are, found by what finds them in the product.

    uv run pytest -m soak tests/privacy/test_real_faces.py -s

It can't promise what the hunt with codes does, since a model misses faces; so it says how many, and makes sheets of all
that was written, shown and sent, for eyes to look at: their folder is printed, SIGHTDESK_SHEETS names another.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from console.catalog.catalog import Catalog
from console.catalog.fetch import NotHad
from console.desk.start import Desk
from console.settings.home import Home
from console.ui.live.snapshot import snapshot
from tests.conftest import missing
from tests.console.desks import take_away
from tests.privacy.carried import carried
from tests.privacy.day import SHAPE, pixels_of, until
from tests.privacy.hunting import served
from tests.servers.clips import encode

pytestmark = [pytest.mark.soak, pytest.mark.shared, pytest.mark.services]
SIDE, EACH_S = 640, 4
Photo = tuple[NDArray[np.uint8], list[list[tuple[float, float]]]]
COVER = 24
"""The grey of a solid cover."""
MADE = ("event ", "review ")
"""How the purposes of pictures begin that nobody asked for by hand."""
EYES = (1, 2)
"""COCO's numbers of the left and right eye."""


def photos(shared: Path) -> list[Photo]:
    """Photos with faces on a grey square, each with the eyes of those persons of whom both can be seen."""
    found = []
    for part in ("pose_minicoco_val2017", "pose_minicoco_train2017"):
        marks = json.loads((shared / "datasets" / "coco_cc" / f"{part}.json").read_text())
        for image in marks["images"]:
            picture = cv2.imread(str(shared / "datasets" / "coco_cc" / part / image["file_name"]))
            square = np.full((SIDE, SIDE, 3), 114, np.uint8)
            square[: picture.shape[0], : picture.shape[1]] = picture[:SIDE, :SIDE]
            eyes = []
            for mark in marks["annotations"]:
                points = np.array(mark.get("keypoints", []), float).reshape(-1, 3)
                if mark["image_id"] == image["id"] and len(points) and (points[list(EYES), 2] == 2).all():
                    eyes.append([tuple(points[number, :2]) for number in EYES])
            if eyes:
                found.append((square, eyes))
    return found


def sheet(path: Path, pictures: Sequence[NDArray[np.uint8]], width: int = 320, columns: int = 5) -> None:
    """Pictures side by side in one PNG."""
    cells = []
    for picture in pictures:
        scale = width / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell = np.full((width, width, 3), 255, np.uint8)
        cell[: small.shape[0], : small.shape[1]] = small[:width, :width]
        cells.append(cell)
    cells += [np.full((width, width, 3), 255, np.uint8)] * (-len(cells) % columns)
    rows = [np.hstack(cells[at : at + columns]) for at in range(0, len(cells), columns)]
    cv2.imwrite(str(path), np.vstack(rows))


def bare(pictures: Sequence[NDArray[np.uint8]], known: Sequence[Photo]) -> tuple[int, int]:
    """Of the persons with two visible eyes in pictures of whole photos: how many have one that still shows, of all."""
    shows = whole = 0
    for picture in pictures:
        apart = [np.median(cv2.absdiff(picture, photo)) for photo, _eyes in known]
        for person in known[int(np.argmin(apart))][1]:
            whole += 1
            shows += not all(_is_covered(picture, eye) for eye in person)
    return shows, whole


def _is_covered(picture: NDArray[np.uint8], point: tuple[float, float]) -> bool:
    """Whether a point lies in a solid cover, give or take what JPEG does."""
    x, y = (int(n) for n in point)
    around = picture[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].astype(float)
    return bool(np.abs(around - COVER).mean() < 6)


def test_real_faces_on_a_real_desk(
    shared: Path, tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    home_path = tmp_path / "home"
    (home_path / "models").mkdir(parents=True)
    try:
        Catalog(home_path / "models", home_path / "clips").pull("centerface")
    except NotHad as error:
        missing("services", f"no registry gave centerface: {error.reasons}")
    known = photos(shared)
    clip = encode(
        tmp_path / "photos.mp4", codec="libx264", size=(SIDE, SIDE), frames=len(known) * EACH_S * 5, fps=5,
        options={"crf": "12"}, draw=lambda _w, _h, number: known[number // (5 * EACH_S)][0],
    )  # fmt: skip
    tiles = []
    with ExitStack() as stack:
        servers = stack.enter_context(served(tmp_path))
        relay = servers.relays["grpc"] if servers is not None else None
        address = f"127.0.0.1:{relay.port}" if relay is not None else "127.0.0.1:1"
        sent = f"\n  - {{id: served, source: {clip}, loop: true, fps_cap: 2, stages: [{{model: 'grpc://{address}/blind'}}]}}"
        (home_path / "settings.yaml").write_text(f"""\
inference: {{model: yolox_nano}}
desk: {{theme: dark, keep_awake: false}}
privacy: {{within_s: 10}}
remote: {{allowed: [{{address: "{address}", purpose: the hunt, pictures: covered}}]}}
cameras:
  - {{id: photos, source: {clip}, loop: true, privacy: {{live: true}}}}{sent if relay is not None else ""}
""")
        home = stack.enter_context(Home.open(home_path))
        desk = Desk(qapp, home, demo_of=None, seconds=None)
        desk.window.resize(1300, 900)
        desk.show()
        try:
            until(lambda: desk.assembled is not None, 30, "the desk")
            assert desk.assembled is not None
            site = desk.assembled.workplace.site
            until(lambda: (lane := site.lane("photos")) is not None and lane.latest is not None, 30, "a result")
            for _ in range(len(known) * 2):
                QTest.qWait(500 * EACH_S)
                snapshot(desk.assembled.workplace, "photos")
                tiles.append(pixels_of(desk.assembled.live.wall.tile("photos").grab().toImage()))
            QTest.qWait(1000)
        finally:
            desk.window.close()
            desk.window.deleteLater()
            desk.deleteLater()
            take_away(qapp)
    with sqlite3.connect(home_path / "sightdesk.db") as db:
        rows = db.execute("SELECT path, purpose FROM pictures").fetchall()
    db.close()
    snapshots = [cv2.imread(str(home_path / path)) for path, purpose in rows if not purpose.startswith(MADE)]
    events = [cv2.imread(str(home_path / path)) for path, purpose in rows if purpose.startswith("event ")]
    received = [t for sent in relay.sent for t in carried(bytes(sent), SHAPE)] if relay else []
    folder = Path(os.environ.get("SIGHTDESK_SHEETS", tmp_path))
    sheets = {"plain": [photo for photo, _ in known], "snapshots": snapshots, "events": events, "tiles": tiles}
    sheets |= {"tensors": received[:: max(len(received) // 25, 1)]}
    for name, pictures in sheets.items():
        if pictures:
            sheet(folder / f"{name}.png", pictures)
    shows, whole = bare(snapshots, known)
    told = {"persons with both eyes visible": whole, "with an eye that still shows": shows,
            **{name: len(pictures) for name, pictures in sheets.items()}, "sheets": str(folder)}  # fmt: skip
    print(json.dumps(told))
    assert len(snapshots) >= len(known)
    assert whole >= 10
    assert shows <= whole // 10
