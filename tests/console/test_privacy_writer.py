from __future__ import annotations

import ast
import hashlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.errors import PictureError
from console.privacy.writer import PictureWriter, sweep
from console.settings.home import Home
from console.store.store import Store
from models.detections import Detections
from models.frames import ArrayPicture
from models.redaction import Redacted, SolidBoxes, redact
from tests.conftest import ROOT

PICTURE = ArrayPicture(np.full((90, 160, 3), 200, np.uint8))
POLICY = SolidBoxes(classes=("person",), purpose="a test")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def redacted() -> Redacted:
    return redact(PICTURE, Detections.of([[10, 10, 50, 80]], [0.9], [0]), ("person",), POLICY)


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
    assert (row["camera_id"], row["policy"], row["purpose"]) == ("gate", "solid boxes", "a test")
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
    names = {"imwrite", "imencode", "imwritemulti", "imencodemulti", "VideoWriter", "to_image", "add_stream"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for room in ("console", "models", "backends", "widgets")
        for path in (ROOT / room).rglob("*.py")
        if path != door
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in names
    ]
    assert found == []
