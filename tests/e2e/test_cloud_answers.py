"""A doubtful vehicle on a real desk's wall: its sealed crop to the cloud, a worker's answer back beside its item.

The footage is a photo of cars at night, panned slowly; where its plates are was marked by people. All of it is real:
the window, the camera, the models, mutual TLS, the server with its worker, the key of the sealed crop.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.cloud.pki.authority import Made
from console.desk.start import Desk
from console.privacy.sealing import PrivateKey, unseal
from console.review.items import Item
from models.boxes import iou
from tests.conftest import ROOT
from tests.console.desks import open_desk
from tests.servers.cloud_server import CloudServer

pytestmark = [pytest.mark.services, pytest.mark.shared, pytest.mark.timeout(150)]

PHOTO = "dayride_type1_001.mp4#t=1055"
WIDE, HIGH = 1280, 720
PAN = range(14, 30, 2)
"""How many pixels of the photo's left side can't be seen, from frame to frame, and back."""
SETTINGS = """\
site: Plant 1
operators: [Ada]
desk: {{theme: {theme}, keep_awake: false}}
inference: {{model: person-vehicle-bike-detection-2002}}
privacy: {{faces: false, heads: never, plates: vehicles}}
review: {{low: 0.5, high: 0.95, second_share: 0, random_share: 0}}
cameras:
  - {{id: gate, name: Gate, source: "{clip}", loop: true, privacy: {{seal_doubtful_for: {key}}}}}
sync:
  targets:
    - {{name: cloud, kind: cloud, url: "{url}", ca: "{ca}", certificate: "{certificate}", key: "{private}",
        sends: [items, sealed]}}
"""
TASKS = """\
tasks:
  - name: plates
    takes: sealed
    stages:
      - {{model: person-vehicle-bike-detection-2002, confidence: 0.4}}
      - model: vehicle-license-plate-detection-barrier-0106
        on: vehicle
        confidence: 0.25
        thresholds: {{vehicle: 1}}
    answer: [vehicle, plate]
keys: [{{file: "{key}"}}]
"""


def film(shared: Path, to: Path) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Make the footage; the photo, and the plates in it (N, 4)."""
    folder = shared / "datasets" / "plates_mit"
    photo = np.asarray(cv2.imread(str(folder / "images" / f"{PHOTO}.jpg")), np.uint8)
    boxes = ET.parse(folder / "annots" / f"{PHOTO}.xml").iter("bndbox")
    sides = ("xmin", "ymin", "xmax", "ymax")
    plates = np.array([[float(box.findtext(side) or "") for side in sides] for box in boxes])
    out = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"MJPG"), 10, (WIDE, HIGH))
    for left in [*PAN, *reversed(PAN)]:
        out.write(cv2.copyMakeBorder(photo[:, left:], 0, 0, 0, left, cv2.BORDER_REPLICATE))
    out.release()
    return photo, plates


def crop_left(content: bytes, key: PrivateKey, photo: NDArray[np.uint8]) -> int:
    """How far the camera was panned when a sealed crop was taken, from what the key opens and nothing else."""
    opened = unseal(content, key)
    about = opened.about
    pixels = np.asarray(cv2.imdecode(np.frombuffer(opened.png, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    high, wide = pixels.shape[:2]
    size = about.get("crop_width", wide), about.get("crop_height", high)
    crop = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    middle = crop[size[1] // 4 : size[1] * 3 // 4, size[0] // 4 : size[0] * 3 // 4]
    found = cv2.minMaxLoc(cv2.matchTemplate(photo, middle, cv2.TM_CCOEFF_NORMED))
    assert found[1] > 0.9
    left, top = found[3][0] - size[0] // 4 - about["x"], found[3][1] - size[1] // 4 - about["y"]
    assert abs(top) <= 1
    assert PAN[0] - 1 <= left <= PAN[-1] + 1
    return int(left)


def answered_item(qtbot: QtBot, desk: Desk) -> Item:
    """Turn to the page Review, and wait until the cloud's answer stands beside the item in front."""
    assert desk.assembled is not None
    page = desk.assembled.reviewing.page
    assert page is not None
    wait(qtbot, lambda: stored(desk, "SELECT count(*) FROM review_items WHERE state = 'open'"), 60)
    desk.window.actions_table.trigger("page.review")
    wait(qtbot, lambda: page.queue.current is not None)
    item = page.queue.current
    assert item is not None
    wait(qtbot, lambda: stored(desk, "SELECT count(*) FROM answers WHERE state = 'done'"), 60)
    wait(qtbot, lambda: any("plate " in line.words for line in page.view.side.cloud.lines))
    assert page.queue.current == item
    wait(qtbot, lambda: {mark.label for mark in page.view.canvas.beside} == {"vehicle", "plate"})
    return item


def about_it(desk: Desk, item: Item) -> Any:
    """The answer as the desk has it."""
    body = stored(desk, f"SELECT body FROM answers WHERE tracking_id = '{item.tracking_id}'")
    return json.loads(body)


def trace_by_key(qtbot: QtBot, desk: Desk, tracking_id: str) -> None:
    """Press T on the page Review: the way of this very ID, to its answer."""
    assert desk.assembled is not None
    assert desk.assembled.syncing.page is not None
    desk.window.actions_table.trigger("review.trace")
    pane = desk.assembled.syncing.page.view.trace
    wait(qtbot, lambda: pane.tracking_id == tracking_id)
    wait(qtbot, lambda: "plate " in pane.timeline.moments[-1].what)
    bar = pane.timeline.verticalScrollBar()
    wait(qtbot, lambda: bar.value() == bar.maximum())  # the end, where it is now, can be seen


def stored(desk: Desk, sql: str) -> Any:
    assert desk.assembled is not None
    with desk.assembled.workplace.store.read() as db:
        row = db.execute(sql).fetchone()
    return row[0] if row else None


def wait(qtbot: QtBot, until: Callable[[], object], seconds: float = 20) -> None:
    """Let the desk run until it is so."""
    qtbot.waitUntil(lambda: bool(until()), timeout=int(seconds * 1000))


def asked(server: CloudServer, made: Made, path: str) -> Any:
    """What the cloud says to the desk."""
    with urllib.request.urlopen(server.url + path, timeout=20, context=server.client(made)) as answer:
        return json.load(answer)


def command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "console", *words], check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_what_a_desk_doubts_is_looked_at_in_the_cloud_and_stands_beside_its_item(
    qtbot: QtBot, qapp: QApplication, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared / "models"))
    photo, plates = film(shared, tmp_path / "gate.avi")
    key, home = PrivateKey.new(), tmp_path / "home"
    (tmp_path / "closer.key").write_bytes(key.pem(None))
    (tmp_path / "tasks.yaml").write_text(TASKS.format(key=tmp_path / "closer.key"))
    more = ("--tasks", str(tmp_path / "tasks.yaml"), "--workers", "1")
    with CloudServer(tmp_path / "cloud", *more) as server:
        made = server.desk()
        home.mkdir()
        (home / "settings.yaml").write_text(
            SETTINGS.format(
                theme="dark", clip=tmp_path / "gate.avi", key=key.public.text, url=server.url,
                ca=server.authority.certificate, certificate=made.certificate, private=made.key,
            )
        )  # fmt: skip
        (home / "desk.json").write_text(json.dumps({"operator": "Ada"}))
        with open_desk(qtbot, qapp, home) as desk:
            item = answered_item(qtbot, desk)
            assert desk.assembled is not None
            said = about_it(desk, item)
            trace_by_key(qtbot, desk, item.tracking_id)
            sealed = next((home / "pictures").rglob("*.sealed")).read_bytes()
            printed = command("outbox", "trace", item.tracking_id, "--home", str(home))
        told = asked(server, made, f"/v1/items/{item.tracking_id}")
    assert told["state"] == "done"
    (job,) = told["jobs"]
    assert (job["state"], job["task"], job["attempts"], job["answer"]) == ("done", "plates", 1, said)
    assert {one["kind"] for one in told["messages"]} == {"item", "sealed"}
    for words in ("cloud has taken it", "plate ", "OpenVINO"):
        assert words in printed
    assert (said["space"], said["size"]) == ("source", [WIDE, HIGH])
    pan = crop_left(sealed, key, photo)
    found = np.array([one["box"] for one in said["found"] if one["label"] == "plate"]).reshape(-1, 4)
    real = plates - (pan, 0, pan, 0)
    assert iou(found, real).max() > 0.5
    assert {said["found"][one["of"]]["label"] for one in said["found"] if one["label"] == "plate"} == {"vehicle"}
