"""Real traffic on a real site: doubtful vehicles are sealed for who looks closer, and no plain pixel of one is kept.

The policy covers whole vehicles, so that in a redacted picture nothing of a doubtful one may be left.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from console.cli.app import app
from console.privacy.sealing import MAGIC, PrivateKey
from console.privacy.writer import PictureWriter
from console.review.recorder import ReviewFigures, ReviewRecorder
from console.sync import routes
from tests.conftest import SHARED, missing
from tests.privacy.headless import at_work

pytestmark = pytest.mark.shared
MODEL = "vehicle-license-plate-detection-barrier-0106"
KEY = PrivateKey.new()
CLIP = SHARED / "media" / "car-detection.mp4"
COVER = 24
SETTINGS = """\
inference: {{model: {model}}}
log: {{level: debug}}
privacy: {{faces: false, heads: never, plates: vehicles, plate_model: {model}, within_s: 10}}
review: {{low: 0.3, high: 0.95, random_share: 0.0}}
sync: {{targets: [{{name: cloud, kind: cloud, url: "https://127.0.0.1:1/", sends: [items, pictures, sealed]}}]}}
cameras:
  - {{id: road, source: {clip}, paced: false, privacy: {{seal_doubtful_for: {key}}}}}
"""
Pixels = NDArray[np.uint8]


@dataclass
class Seen:
    """What a run left behind.

    Attributes:
        home: its folder, closed.
        figures: of the recorder.
        items: rows of review items, with their sealed crop's.
        opened: what `sightdesk privacy unseal` said of each sealed crop, by the file's name; and its picture.
    """

    home: Path
    figures: ReviewFigures
    items: list[dict[str, Any]]
    opened: dict[str, tuple[dict[str, Any], Pixels]]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.home / "sightdesk.db")) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    if not CLIP.is_file():
        missing("shared", f"the measuring data is not at {SHARED}")
    folder = tmp_path_factory.mktemp("closer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTDESK_MODEL_PATH", str(SHARED))
        made = Seen(folder / "home", _run(folder / "home"), [], {})
    made.items = made.rows(
        "SELECT i.*, s.path, s.id AS sealed_id, s.bytes AS sealed_bytes, s.event_id FROM review_items i "
        "LEFT JOIN sealed s ON s.item_id = i.id ORDER BY i.id"
    )
    _unseal(made, folder)
    return made


def _run(home: Path) -> ReviewFigures:
    """The whole clip, each frame once, through a site that triages it."""
    text = SETTINGS.format(model=MODEL, clip=CLIP, key=KEY.public.text)
    with ExitStack() as stack:
        work = stack.enter_context(at_work(home, text, start=False))
        store = work.recorder._store
        routes.apply(store, work.settings)
        review = ReviewRecorder(
            store, PictureWriter(work.writer.home, store), lambda camera: work.lane(camera).latest, work.settings,
            redactor=work.site.redactor, ran=work.site.pipeline.ran, model_of=lambda _camera: MODEL,
        )  # fmt: skip
        stack.callback(review.close)
        work.site.subscribe(review.take)
        work.site.apply(work.settings)
        work.until(lambda: review.figures.items >= 3 and not review.figures.waiting, "doubtful vehicles")
        return review.figures


def _unseal(seen: Seen, folder: Path) -> None:
    key, to = folder / "closer.key", folder / "opened"
    key.write_bytes(KEY.pem(None))
    files = [str(seen.home / one["path"]) for one in seen.items if one["path"]]
    words = ["privacy", "unseal", *files, "--key", str(key), "--to", str(to), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    for one in json.loads(result.stdout)["opened"]:
        picture = cv2.imread(one["picture"])
        assert picture is not None
        seen.opened[Path(one["file"]).name] = one, np.asarray(picture, np.uint8)


def test_each_doubtful_vehicle_has_its_item_and_its_crop(seen: Seen) -> None:
    assert len(seen.items) >= 3
    assert {one["label"] for one in seen.items} == {"vehicle"}
    for one in seen.items:
        assert one["reason"] == "doubt"
        assert one["picture_id"] is not None
        assert one["sealed_id"] is not None
        assert one["event_id"] is None
    assert (seen.figures.sealed, seen.figures.unsealed) == (len(seen.items), 0)


def test_the_outbox_holds_them_under_the_tracking_id_of_their_item(seen: Seen) -> None:
    sent = seen.rows("SELECT * FROM outbox WHERE kind = 'sealed' ORDER BY id")
    assert {(one["tracking_id"], one["sealed_id"]) for one in sent} == {
        (one["tracking_id"], one["sealed_id"]) for one in seen.items
    }
    assert [json.loads(one["body"])["of"] for one in sent] == ["item"] * len(sent)
    assert {row["state"] for row in seen.rows("SELECT state FROM outbox_deliveries")} == {"waiting"}
    held = seen.rows("SELECT sealed_id, why FROM holds WHERE sealed_id IS NOT NULL")
    assert {(one["sealed_id"], one["why"]) for one in held} == {
        (one["sealed_id"], why) for one in seen.items for why in ("review", "sync")
    }


def test_what_the_key_opens_is_that_piece_of_the_cameras_picture(seen: Seen) -> None:
    """Against frames that another decoder's conversion made: the nearest of all must be all but equal."""
    with av.open(str(CLIP)) as clip:
        frames = [frame.to_ndarray(format="bgr24") for frame in clip.decode(video=0)]
    assert len(seen.opened) == len(seen.items)
    for one in seen.items:
        about, crop = seen.opened[Path(one["path"]).name]
        assert about["tracking_id"] == one["tracking_id"]
        assert (about["source_width"], about["source_height"]) == (one["width"], one["height"]) == (768, 432)
        assert "crop_width" not in about
        x, y, (high, wide) = about["x"], about["y"], crop.shape[:2]
        assert x <= one["x0"] < one["x1"] <= x + wide
        assert y <= one["y0"] < one["y1"] <= y + high
        apart = [cv2.absdiff(frame[y : y + high, x : x + wide], crop).mean() for frame in frames]
        assert min(apart) < 1.0
        assert sorted(apart)[5] > 3 * min(apart) + 0.5, "it would fit many frames as well"


def test_of_a_sealed_vehicle_no_plain_pixel_is_kept(seen: Seen) -> None:
    for one in seen.items:
        (row,) = seen.rows(f"SELECT path, width, height FROM pictures WHERE id = {one['picture_id']}")
        whole = cv2.imread(str(seen.home / row["path"]))
        assert whole is not None
        assert (row["width"], row["height"]) == (768, 432)
        x0, y0, x1, y1 = (round(one[name]) for name in ("x0", "y0", "x1", "y1"))
        inside = whole[max(y0, 0) + 4 : y1 - 4, max(x0, 0) + 4 : x1 - 4].astype(int)
        assert np.abs(inside - COVER).max() < 12, "the vehicle shows in the item's picture"
    needles = {bytes(row) for _about, crop in seen.opened.values() for row in _telling(crop)}
    assert len(needles) > 20
    hay = list(_pieces(seen.home))
    assert not [(name, len(content)) for name, content in hay if any(needle in content for needle in needles)]
    pictures = [name for name, content in hay if content.startswith((b"\x89PNG", b"\xff\xd8\xff"))]
    known = {row["path"] for row in seen.rows("SELECT path FROM pictures")}
    assert set(pictures) == known
    sealed = {name for name, content in hay if name.endswith(".sealed")}
    assert sealed == {one["path"] for one in seen.items}
    assert all(content.startswith(MAGIC) for name, content in hay if name in sealed)


def test_the_hunt_for_pixels_is_not_blind(seen: Seen, tmp_path: Path) -> None:
    _about, crop = next(iter(seen.opened.values()))
    needles = [bytes(row) for row in _telling(crop)]
    png = cv2.imencode(".png", crop)[1].tobytes()
    for name, content in (("raw.bin", b"x" + crop.tobytes()), ("in a log", b"a line\n" + png), ("other", b"x")):
        (tmp_path / name).write_bytes(content)
    found = {name for name, content in _pieces(tmp_path) if any(needle in content for needle in needles)}
    assert found == {"raw.bin", "in a log"}


def _telling(crop: Pixels) -> Iterator[bytes]:
    """Pieces of rows of pixels that stand nowhere by chance: not of one colour."""
    for row in crop[8:-8:16]:
        for at in range(8, row.shape[0] - 24, 64):
            piece = row[at : at + 16]
            if piece.std() > 12:
                yield piece.tobytes()


def _pieces(home: Path) -> Iterator[tuple[str, bytes]]:
    """What every file holds, as it is; and the pixels of each PNG in it."""
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        content, name = path.read_bytes(), path.relative_to(home).as_posix()
        yield name, content
        at = -1
        while (at := content.find(b"\x89PNG\r\n", at + 1)) >= 0:
            picture = cv2.imdecode(np.frombuffer(content[at:], np.uint8), cv2.IMREAD_COLOR)
            if picture is not None:
                yield name, picture.tobytes()
