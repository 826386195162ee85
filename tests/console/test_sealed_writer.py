"""Sealed crops on disk: recorded, kept by the sweep, and never anything but ciphertext."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.errors import PictureError
from console.privacy.sealed_writer import SealedWriter
from console.privacy.sealing import PrivateKey, SealError, unseal
from console.privacy.writer import sweep
from console.settings.home import Home
from console.store.store import Store
from models.policy import Cover

KEY = PrivateKey.new()
POLICY = Cover(seal_plates_for=KEY.public.text, purpose="the barrier")
CROP = np.random.default_rng(2).integers(0, 256, (20, 60, 3), np.uint8)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


def write(home: Home, store: Store, policy: Cover = POLICY) -> Path:
    return SealedWriter(home, store).write(CROP, camera_id="gate", taken_at=NOW, event_id=None, policy=policy).path


def files(home: Home) -> list[Path]:
    return [path for path in home.pictures.rglob("*") if path.is_file()]


def test_it_is_on_disk_and_recorded_and_opens_with_the_key_alone(home: Home, store: Store) -> None:
    path = write(home, store)
    content = path.read_bytes()
    with store.read() as db:
        (row,) = db.execute("SELECT * FROM sealed").fetchall()
    assert home.path / row["path"] == path
    assert (row["camera_id"], row["key_id"], row["purpose"]) == ("gate", KEY.public.number, "the barrier")
    assert (row["sha256"], row["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert path.stat().st_mode & 0o777 == 0o600
    opened = unseal(content, KEY)
    assert np.array_equal(cv2.imdecode(np.frombuffer(opened.png, np.uint8), cv2.IMREAD_COLOR), CROP)
    assert opened.about["taken_at"] == NOW.isoformat()


def test_the_sweep_keeps_what_is_recorded_and_removes_what_is_not(home: Home, store: Store) -> None:
    path = write(home, store)
    orphan = path.with_name("orphan.sealed")
    orphan.write_bytes(b"x")
    for file in (path, orphan):
        os.utime(file, (time.time() - 600,) * 2)
    assert sweep(home) == [orphan]
    assert path.is_file()


@pytest.mark.parametrize("key", ["", "sdseal1-nonsense", KEY.public.text[:-1] + "!"], ids=["none", "other", "cut"])
def test_without_a_sound_key_nothing_is_written(home: Home, store: Store, key: str) -> None:
    with pytest.raises(SealError):
        write(home, store, POLICY.model_copy(update={"seal_plates_for": key}))
    assert files(home) == []


def test_what_can_not_be_recorded_does_not_stay(home: Home, store: Store) -> None:
    store.close()
    with pytest.raises(PictureError, match="could not be recorded"):
        write(home, store)
    assert files(home) == []


def test_a_disk_that_refuses_is_said_in_words(home: Home, store: Store) -> None:
    home.pictures.rmdir()
    home.pictures.write_text("in the way")
    with pytest.raises(PictureError):
        write(home, store)
