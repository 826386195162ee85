"""Processes that die or meet in the middle of a download, and folders that can't be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.catalog import Catalog, PullCancelled
from console.catalog.scratch import Scratch
from console.errors import CatalogError
from tests.conftest import ROOT
from tests.console.catalog_server import CONTENT, Server, book, serving, status, whole

CHILD = """
import sys
from pathlib import Path
from console.catalog import Catalog
from tests.console.catalog_server import book
folder = Path(sys.argv[2])
catalog = Catalog(folder, folder, mirrors=(), book=book({"url": sys.argv[1]}))
print(catalog.pull("thing").fetched, flush=True)
"""
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n" + CHILD


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def child(server: Server, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    children: list[subprocess.Popen[str]] = []

    def start(code: str = CHILD) -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", code, server.url, str(tmp_path / "models")]
        children.append(subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return children[-1]

    yield start
    for process in children:
        process.kill()
        process.communicate()


def pull_here(server: Server, tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "models", tmp_path / "models", mirrors=(), book=book({"url": server.url}))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def parts(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "models" / ".catalog").glob("*.part"))


def test_a_killed_download_is_never_used_and_goes_on(server: Server, tmp_path: Path, child: Callable):
    server.steps = [whole(pause_s=0.02), whole()]
    process = child()
    until(lambda: any(p.stat().st_size > 100_000 for p in parts(tmp_path)))
    process.kill()
    process.wait()
    catalog = pull_here(server, tmp_path)
    assert catalog.find("thing") is None
    assert not (tmp_path / "models" / "thing.bin").exists()
    assert catalog.pull("thing").path.read_bytes() == CONTENT
    assert server.ranges[1].startswith("bytes=")
    assert parts(tmp_path) == []


def test_two_processes_end_well_and_one_downloads(server: Server, tmp_path: Path, child: Callable):
    server.steps = [whole(pause_s=0.02)]
    both = [child(), child()]
    said = [process.communicate(timeout=30) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(out.strip() for out, _ in said) == ["False", "True"]
    assert len(server.asked) == 1


def test_two_threads_end_well_and_one_downloads(server: Server, tmp_path: Path):
    server.steps = [whole(pause_s=0.01)]
    catalog = pull_here(server, tmp_path)
    fetched: list[bool] = []
    threads = [threading.Thread(target=lambda: fetched.append(catalog.pull("thing").fetched)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fetched) == [False, False, True]
    assert len(server.asked) == 1


def test_waiting_for_another_can_be_cancelled(server: Server, tmp_path: Path):
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    with Scratch(tmp_path / "models" / ".catalog").lock("thing", threading.Event()):
        timer.start()
        with pytest.raises(PullCancelled):
            pull_here(server, tmp_path).pull("thing", cancel=cancel)
    timer.join()
    assert server.asked == []


def test_what_dead_processes_left_is_swept(server: Server, tmp_path: Path):
    scratch = tmp_path / "models" / ".catalog"
    (scratch / "thing.bin~dead.tmp").mkdir(parents=True)
    (scratch / "thing.bin~dead.tmp" / "half.whl").write_bytes(b"half")
    (scratch / "thing.bin~dead2.tmp").write_bytes(b"half")
    (scratch / "other.bin~busy.tmp").write_bytes(b"somebody else's")
    pull_here(server, tmp_path).pull("thing")
    assert sorted(p.name for p in scratch.iterdir()) == ["other.bin~busy.tmp", "thing.bin.json", "thing.lock"]


@pytest.mark.skipif(os.name != "posix", reason="the limit is POSIX's")
def test_a_disk_that_takes_no_more_is_said(server: Server, tmp_path: Path, child: Callable):
    """A real write that fails half-way: the process may write no file longer than 200 kB."""
    _, said = (process := child(LIMITED)).communicate(timeout=30)
    assert process.returncode == 1
    assert "CatalogError: Writing" in said
    assert "File too large" in said
    assert not (tmp_path / "models" / "thing.bin").exists()
    assert pull_here(server, tmp_path).pull("thing").path.read_bytes() == CONTENT


def test_too_little_room_is_said_before_anything_is_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(CatalogError, match=r"needs 600,000 bytes .* has 1,000 left"):
        pull_here(server, tmp_path).pull("thing")
    assert server.asked == []


def test_a_folder_that_can_not_be_made_is_said(server: Server, tmp_path: Path):
    (tmp_path / "models").write_bytes(b"a file in the way")
    with pytest.raises(CatalogError, match="failed: "):
        pull_here(server, tmp_path).pull("thing")
    assert server.asked == []


@pytest.mark.skipif(os.name != "posix", reason="users and modes are POSIX's")
def test_a_read_only_folder_is_said(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "models").mkdir(mode=0o555)
    if os.geteuid() == 0:  # root may write anywhere: play the refusal
        real = Path.mkdir

        def refused(self: Path, *args: int, **more: bool) -> None:
            if self.is_relative_to(tmp_path / "models"):
                raise PermissionError(13, "Permission denied")
            real(self, *args, **more)

        monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(CatalogError, match="Permission denied") as caught:
        pull_here(server, tmp_path).pull("thing")
    assert "permissions" in caught.value.hint
    assert pull_here(server, tmp_path).find("thing") is None


@pytest.mark.skipif(os.name != "posix", reason="SIGINT is POSIX's")
def test_ctrl_c_ends_it_soon(server: Server, tmp_path: Path, child: Callable):
    server.steps = [whole(pause_s=0.05), status(404)]
    process = child()
    until(lambda: any(p.stat().st_size for p in parts(tmp_path)))
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert pull_here(server, tmp_path).find("thing") is None
