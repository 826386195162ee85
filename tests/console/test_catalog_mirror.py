"""Mirror folders: looked into first, never written, refused when their content is wrong."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.catalog import Catalog, mirror
from console.catalog.fetch import NotHad
from tests.console.catalog_server import CONTENT, Server, book, file_of, serving

WEIGHTS = CONTENT[:1000]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def fill(folder: Path, name: str, content: bytes = CONTENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """What is there, with times: shows any write."""
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.stat().st_nlink) for p in folder.rglob("*")}


@pytest.mark.parametrize("where", [".", "models", "media", "anything"])
def test_a_whole_file_is_used_where_it_lies(tmp_path: Path, server: Server, where: str):
    path = fill(tmp_path / "mirror" / where, "thing.bin")
    before = tree(tmp_path / "mirror")
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=[tmp_path / "mirror"], book=book({"url": server.url}))
    held = catalog.held("thing")
    assert held is not None
    assert held.path == path
    assert held.in_place
    assert held.source == f"the mirror {path.parent}"
    assert catalog.pull("thing").path == path
    assert server.asked == []
    assert tree(tmp_path / "mirror") == before


def test_two_levels_down_is_not_searched(tmp_path: Path, server: Server):
    fill(tmp_path / "mirror" / "a" / "b", "thing.bin")
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=[tmp_path / "mirror"], book=book({"url": server.url}))
    assert catalog.find("thing") is None


def test_the_variable_names_several_folders(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch):
    path = fill(tmp_path / "two", "thing.bin")
    folders = [tmp_path / "does-not-exist", Path(), tmp_path / "two"]
    monkeypatch.setenv(mirror.VARIABLE, os.pathsep.join(str(f) if f.name else "" for f in folders))
    assert mirror.mirrors() == (tmp_path / "does-not-exist", tmp_path / "two")
    assert Catalog(tmp_path / "m", tmp_path / "c", book=book({"url": server.url})).find("thing") == path


@pytest.mark.parametrize("wrong", [b"x" + CONTENT[1:], CONTENT[:-1]], ids=["content", "size"])
def test_wrong_content_is_refused_and_the_next_source_used(tmp_path: Path, server: Server, wrong: bytes):
    fill(tmp_path / "mirror", "thing.bin", wrong)
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=[tmp_path / "mirror"], book=book({"url": server.url}))
    assert catalog.find("thing") is None
    pulled = catalog.pull("thing")
    assert pulled.path == tmp_path / "m" / "thing.bin"
    assert pulled.path.read_bytes() == CONTENT
    assert pulled.source == "upstream at 127.0.0.1"
    assert len(pulled.notes) == 1
    assert f"the mirror {tmp_path / 'mirror'}" in pulled.notes[0]
    assert "expected" in pulled.notes[0]


def test_the_second_mirror_helps_where_the_first_is_wrong(tmp_path: Path, server: Server):
    fill(tmp_path / "one", "thing.bin", CONTENT[::-1])
    path = fill(tmp_path / "two", "thing.bin")
    mirrors = [tmp_path / "one", tmp_path / "two"]
    assert Catalog(tmp_path, tmp_path, mirrors=mirrors, book=book({"url": server.url})).find("thing") == path


def test_files_that_belong_together_end_up_together(tmp_path: Path, server: Server):
    """The mirror has the second file only: it is copied beside the first, which comes from upstream."""
    weights = file_of("thing.weights", WEIGHTS, {"url": "http://127.0.0.1:9/never"})
    path = fill(tmp_path / "mirror", "thing.weights", WEIGHTS)
    path.chmod(0o444)
    catalog = Catalog(
        tmp_path / "m", tmp_path / "c", mirrors=[path.parent], book=book({"url": server.url}, more=(weights,))
    )
    seen: list[tuple[int, int]] = []
    pulled = catalog.pull("thing", lambda done, total: seen.append((done, total)))
    assert pulled.source == f"upstream at 127.0.0.1 and the mirror {path.parent}"
    assert (tmp_path / "m" / "thing.weights").read_bytes() == WEIGHTS
    assert (tmp_path / "m" / "thing.weights").stat().st_mode & stat.S_IWUSR
    assert seen[-1] == (len(CONTENT) + len(WEIGHTS),) * 2
    assert path.stat().st_nlink == 1


def test_an_entry_with_a_file_missing_is_not_here(tmp_path: Path, server: Server):
    weights = file_of("thing.weights", WEIGHTS, {"url": "http://127.0.0.1:9/never"})
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=(), book=book({"url": server.url}, more=(weights,)))
    with pytest.raises(NotHad, match=r"thing\.weights could not be had"):
        catalog.pull("thing")
    assert (tmp_path / "m" / "thing.bin").is_file()  # the first one did arrive, and will not be fetched again
    assert catalog.find("thing") is None
    fill(tmp_path / "m", "thing.weights", WEIGHTS)
    assert catalog.find("thing") == tmp_path / "m" / "thing.bin"


def test_a_mirror_that_can_not_be_read_is_said(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch):
    path = fill(tmp_path / "mirror", "thing.bin")
    real = Path.open

    def broken(self: Path, *rest: object, **more: object) -> object:
        if self == path:
            raise OSError(5, "Input/output error")
        return real(self, *rest, **more)

    monkeypatch.setattr(Path, "open", broken)
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=[path.parent], book=book({"url": server.url}))
    assert catalog.pull("thing").notes == (f"the mirror {path.parent}: reading thing.bin failed: Input/output error",)


def test_a_folder_we_may_not_look_into_is_empty(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch):
    def forbidden(self: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", forbidden)
    assert list(mirror.copies("thing.bin", [tmp_path])) == []
