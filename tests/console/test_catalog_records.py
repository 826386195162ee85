"""A file is hashed once, and again when it has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.catalog import records
from console.catalog.entries import CatalogFile
from console.catalog.records import Records
from tests.console.catalog_server import file_of

CONTENT = b"weights" * 1000


@pytest.fixture
def file() -> CatalogFile:
    return CatalogFile.model_validate(file_of("thing.bin", CONTENT, {"url": "http://h/x"}))


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every path that was hashed."""
    paths: list[Path] = []
    real = records.sha256_of
    monkeypatch.setattr(records, "sha256_of", lambda path: paths.append(path) or real(path))
    return paths


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "thing.bin").write_bytes(CONTENT)
    return tmp_path / "models"


def test_hashed_once(home: Path, file: CatalogFile, hashed: list[Path]):
    for _ in range(3):
        assert Records(home, home / ".catalog").holds(home / "thing.bin", file, "by hand")
    assert len(hashed) == 1
    assert Records(home, home / ".catalog").source(home / "thing.bin") == "by hand"


def test_hashed_again_when_it_changed(home: Path, file: CatalogFile, hashed: list[Path]):
    kept = Records(home, home / ".catalog")
    assert kept.holds(home / "thing.bin", file, "")
    before = (home / "thing.bin").stat()
    (home / "thing.bin").write_bytes(b"W" + CONTENT[1:])
    os.utime(home / "thing.bin", ns=(before.st_atime_ns, before.st_mtime_ns))  # somebody hides it
    assert not kept.holds(home / "thing.bin", file, "")
    assert not kept.holds(home / "thing.bin", file, "")
    assert len(hashed) == 2


def test_another_size_needs_no_hashing(home: Path, file: CatalogFile, hashed: list[Path]):
    (home / "thing.bin").write_bytes(CONTENT[:-1])
    assert not Records(home, home / ".catalog").holds(home / "thing.bin", file, "")
    assert hashed == []


@pytest.mark.parametrize("spoilt", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"sha256": 1}'])
def test_a_spoilt_record_only_costs_time(home: Path, file: CatalogFile, hashed: list[Path], spoilt: bytes):
    kept = Records(home, home / ".catalog")
    kept.holds(home / "thing.bin", file, "")
    (home / ".catalog" / "thing.bin.json").write_bytes(spoilt)
    assert kept.holds(home / "thing.bin", file, "")
    assert len(hashed) == 2


def test_a_home_that_can_not_be_written_only_costs_time(home: Path, file: CatalogFile, hashed: list[Path]):
    blocked = home / "thing.bin" / "below-a-file"
    for _ in range(2):
        assert Records(home, blocked).holds(home / "thing.bin", file, "")
    assert len(hashed) == 2


def test_files_of_the_same_name_elsewhere_have_records_of_their_own(tmp_path: Path, home: Path, file: CatalogFile):
    kept = Records(home, home / ".catalog")
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "thing.bin").write_bytes(CONTENT[::-1])
    assert kept.holds(home / "thing.bin", file, "one")
    assert not kept.holds(tmp_path / "mirror" / "thing.bin", file, "two")
    assert kept.holds(home / "thing.bin", file, "three")
    assert kept.source(home / "thing.bin") == "one"


def test_the_home_can_be_moved(tmp_path: Path, home: Path, file: CatalogFile):
    Records(home, home / ".catalog").holds(home / "thing.bin", file, "the wheel x 1")
    home.rename(tmp_path / "elsewhere")
    moved = Records(tmp_path / "elsewhere", tmp_path / "elsewhere" / ".catalog")
    assert moved.source(tmp_path / "elsewhere" / "thing.bin") == "the wheel x 1"


def test_what_is_not_there_is_not_held(home: Path, file: CatalogFile):
    (home / "folder").mkdir()
    for name in ("nothing.bin", "folder"):
        assert not Records(home, home / ".catalog").holds(home / name, file, "")
