from __future__ import annotations

import ast
import errno
import hashlib
import json
import os
import tempfile
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.errors import PictureError
from console.privacy.writer import PictureWriter, sweep
from console.settings.home import Home
from console.settings.schema import LogSettings
from console.site.process import watched
from console.store.store import Store
from models.coverage import Findings, cover
from models.detections import Detections
from models.frames import ArrayPicture
from models.policy import Cover
from models.redaction import Redacted, redact
from tests.conftest import ROOT

PICTURE = ArrayPicture(np.full((90, 160, 3), 200, np.uint8))
POLICY = Cover(faces=False, heads="never", plates="no", classes=("person",), purpose="a test")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def redacted() -> Redacted:
    seen = Detections.of([[10, 10, 50, 80]], [0.9], [0])
    return redact(PICTURE, cover(POLICY, (160, 90), seen, ("person",), (), Findings.NOTHING_ASKED))


@pytest.fixture
def home(own_home: Path):
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home):
    with Store.open(home) as opened:
        yield opened


def test_a_picture_is_on_disk_and_recorded_with_its_policy(home: Home, store: Store) -> None:
    written = PictureWriter(home, store).write(redacted(), camera_id="gate", taken_at=NOW)
    assert hashlib.sha256(written.path.read_bytes()).hexdigest() == written.sha256
    assert cv2.imread(str(written.path)).shape == (90, 160, 3)
    with store.read() as db:
        (row,) = db.execute("SELECT * FROM pictures").fetchall()
    assert home.path / row["path"] == written.path
    assert (row["camera_id"], row["policy"], row["purpose"]) == ("gate", "cover", "a test")
    assert json.loads(row["policy_json"])["classes"] == ["person"]


@pytest.mark.parametrize("plain", [PICTURE, PICTURE.view(160, 90), b"jpeg"], ids=["picture", "array", "bytes"])
def test_nothing_but_a_redacted_picture_is_written(home: Home, store: Store, plain: object) -> None:
    with pytest.raises(TypeError, match="only Redacted"):
        PictureWriter(home, store).write(plain, camera_id="gate", taken_at=NOW)  # type: ignore[arg-type]
    assert list(home.pictures.rglob("*.jpg")) == []


def test_a_picture_that_cannot_be_recorded_does_not_stay(home: Home, store: Store) -> None:
    writer = PictureWriter(home, store)
    store.close()
    with pytest.raises(PictureError, match="could not be recorded"):
        writer.write(redacted(), camera_id="gate", taken_at=NOW)
    assert list(home.pictures.rglob("*.jpg")) == []


def test_a_disk_that_refuses_is_said_in_words(home: Home, store: Store) -> None:
    home.pictures.rmdir()
    home.pictures.write_text("in the way")
    with pytest.raises(PictureError):
        PictureWriter(home, store).write(redacted(), camera_id="gate", taken_at=NOW)


@pytest.mark.parametrize("call", ["mkstemp", "fsync"])
def test_a_full_disk_is_a_picture_error(home: Home, store: Store, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    module = tempfile if call == "mkstemp" else os
    monkeypatch.setattr(module, call, full)
    with pytest.raises(PictureError, match="is full") as refused:
        PictureWriter(home, store).write(redacted(), camera_id="gate", taken_at=NOW)
    assert "Make room" in refused.value.hint
    monkeypatch.undo()
    assert [path for path in home.pictures.rglob("*") if path.is_file()] == []


class Interrupted(Future[int]):
    """A row somebody stops waiting for."""

    def result(self, timeout: float | None = None) -> int:
        raise KeyboardInterrupt


@pytest.mark.parametrize(("begun", "stays"), [(True, True), (False, False)])
def test_ctrl_c_never_leaves_a_row_without_its_picture(
    home: Home, store: Store, begun: bool, stays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Interrupted()
    if begun:
        row.set_running_or_notify_cancel()
    monkeypatch.setattr(store, "write", lambda *_, **__: row)
    with pytest.raises(KeyboardInterrupt):
        PictureWriter(home, store).write(redacted(), camera_id="gate", taken_at=NOW)
    assert len(list(home.pictures.rglob("*.jpg"))) == stays
    assert row.cancelled() is not stays


def test_a_site_removes_at_its_start_what_a_crash_left(own_home: Path) -> None:
    with Home.open(own_home) as home:
        old = home.pictures / "old.jpg"
        old.write_bytes(b"x")
        os.utime(old, (time.time() - 600,) * 2)
        with watched(LogSettings(), home):
            assert not old.exists()


def test_orphans_are_swept_and_nothing_else(home: Home, store: Store) -> None:
    kept = PictureWriter(home, store).write(redacted(), camera_id="gate", taken_at=NOW).path
    old, young = home.pictures / "old.jpg", home.pictures / "young.jpg"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (time.time() - 600,) * 2)
    assert sweep(home) == [old]
    assert kept.is_file()
    assert young.is_file()


def test_no_other_room_encodes_a_picture() -> None:
    """cv2.imwrite, cv2.imencode, VideoWriter, PyAV's muxing and Pillow's save stand in the one writer alone."""
    door = ROOT / "console" / "privacy" / "writer.py"
    sheet = ROOT / "console" / "datasets" / "privacy_sheet.py"  # a measurement's pictures; takes Redacted alone, too
    sealing = door.with_name("sealing.py")  # encrypted before it is anywhere but in memory
    bench = ROOT / "console" / "bench" / "clip.py"  # what loopback cameras send: a published clip, for one run
    names = {"imwrite", "imencode", "imwritemulti", "imencodemulti", "VideoWriter", "to_image", "add_stream"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for room in ("console", "models", "backends", "widgets")
        for path in (ROOT / room).rglob("*.py")
        if path not in {door, sealing, bench, sheet}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in names
    ]
    assert found == []
