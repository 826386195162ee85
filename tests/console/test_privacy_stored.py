"""What may leave the site: redacted pictures and sealed crops as they were written, and nothing else."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from console.privacy.sealed_writer import SealedWriter
from console.privacy.sealing import PrivateKey
from console.privacy.stored import PICTURE_TYPE, SEALED_TYPE, Missing, Named, Stored, open_stored
from console.privacy.writer import PictureWriter
from console.settings.home import Home
from console.store.store import Store
from models.policy import Cover
from tests.console.test_privacy_writer import NOW, redacted


@pytest.fixture
def written(own_home: Path):
    with Home.open(own_home) as home, Store.open(home) as store:
        PictureWriter(home, store).write(redacted(), camera_id="gate", taken_at=NOW)
        crop = np.full((20, 60, 3), 90, np.uint8)
        policy = Cover(purpose="x", seal_plates_for=PrivateKey.new().public.text)
        SealedWriter(home, store).write(crop, camera_id="gate", taken_at=NOW, event_id=None, policy=policy)
        with store.read() as db:
            picture = db.execute("SELECT path, sha256, policy_json FROM pictures").fetchone()
            sealed = db.execute("SELECT path, sha256 FROM sealed").fetchone()
        yield home.path, Named(*picture), Named(*sealed, "")


def test_what_was_written_is_opened(written: tuple[Path, Named, Named]) -> None:
    home, picture, sealed = written
    found = open_stored(home, picture)
    assert (found.what, found.content_type, found.policy["kind"]) == ("redacted", PICTURE_TYPE, "cover")
    assert hashlib.sha256(found.content).hexdigest() == found.sha256 == picture.sha256
    found = open_stored(home, sealed)
    assert (found.what, found.content_type, found.policy) == ("sealed", SEALED_TYPE, {})
    assert len(found) == len(found.content)


def test_what_was_changed_or_is_gone_is_not_sent(written: tuple[Path, Named, Named]) -> None:
    home, picture, sealed = written
    with (home / picture.path).open("ab") as file:
        file.write(b"x")
    (home / sealed.path).unlink()
    for named in (picture, sealed):
        with pytest.raises(Missing):
            open_stored(home, named)


@pytest.mark.parametrize(
    ("content", "policy"),
    [
        (b"\xff\xd8\xff plain", ""),
        (b"\xff\xd8\xff plain", json.dumps({"kind": "none"})),
        (b"\xff\xd8\xff plain", json.dumps({"faces": True})),
        (b"GIF89a", json.dumps({"kind": "cover"})),
        (b"SDSEAL\x00\x01", json.dumps({"kind": "cover"})),
        (b"PLAIN", ""),
    ],
)
def test_nothing_plain_is_opened_whatever_its_row_says(tmp_path: Path, content: bytes, policy: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(Missing, match="neither redacted nor sealed"):
        open_stored(tmp_path, Named("x", hashlib.sha256(content).hexdigest(), policy))


def test_nobody_makes_or_changes_one(written: tuple[Path, Named, Named]) -> None:
    home, picture, _sealed = written
    with pytest.raises(TypeError):
        Stored(b"plain")
    found = open_stored(home, picture)
    with pytest.raises(AttributeError):
        found.content = b"plain"
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            way(found)


def test_a_disk_that_can_not_be_read_just_now_is_told_apart(written: tuple[Path, Named, Named]) -> None:
    home, picture, _sealed = written
    path = home / picture.path
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match=r".+"):
        open_stored(home, picture)
