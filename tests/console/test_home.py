"""The home: where it is, what is in it, who holds it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.errors import HomeError
from console.settings.home import Home, find_home

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")


def test_option_comes_before_variable_before_user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTDESK_HOME", str(tmp_path / "variable"))
    assert find_home(tmp_path / "option") == tmp_path / "option"
    assert find_home(None) == tmp_path / "variable"
    monkeypatch.setenv("SIGHTDESK_HOME", "")
    assert find_home(None).name == "Sightdesk"
    assert not (tmp_path / "variable").exists()


def test_tilde_is_expanded_and_unknown_users_refused_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find_home(Path("~/site")) == tmp_path / "site"
    if os.name != "nt":
        with pytest.raises(HomeError, match="no such user"):
            find_home(Path("~nobody-of-that-name/site"))


def test_open_makes_every_folder_for_this_user_alone(tmp_path: Path) -> None:
    with Home.open(tmp_path / "deep" / "home") as home:
        folders = [home.models, home.clips, home.pictures, home.logs, home.cache, home.run, home.backups]
        assert all(folder.is_dir() for folder in folders)
        assert home.locked
        if os.name != "nt":
            assert {folder.stat().st_mode & 0o777 for folder in (home.path, *folders)} == {0o700}
    assert not home.locked


def test_look_makes_nothing(tmp_path: Path) -> None:
    home = Home.look(tmp_path / "home")
    assert not home.exists
    assert not home.locked
    assert not home.path.exists()


def test_a_second_opening_says_who_holds_it(tmp_path: Path) -> None:
    with Home.open(tmp_path) as home:
        with pytest.raises(HomeError) as refused:
            Home.open(tmp_path)
        assert f"process {os.getpid()} (this one)" in refused.value.what
        assert "since 20" in refused.value.what
        assert "--home" in refused.value.hint
        assert Home.look(tmp_path).holder() == home.holder()
    Home.open(tmp_path).close()


def test_may_be_closed_by_another_thread_and_twice(tmp_path: Path) -> None:
    home = Home.open(tmp_path)
    closer = threading.Thread(target=home.close)
    closer.start()
    closer.join()
    home.close()
    Home.open(tmp_path).close()


HOLD = """
    import sys
    from pathlib import Path
    from console.settings.home import Home
    home = Home.open(Path(sys.argv[1]))
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(HOLD), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"held"
        with pytest.raises(HomeError, match=f"process {child.pid} on "):
            Home.open(tmp_path)
        child.kill()
        child.wait()
        assert Home.look(tmp_path).holder(), "the signature is left over after a kill"
        Home.open(tmp_path).close()
    assert Home.look(tmp_path).holder() == ""


@pytest.mark.parametrize("signature", [b"", b"{", b"[]", b'{"pid": "x"}', b'{"pid":1,"host":"a","since":"never"}'])
def test_an_unreadable_signature_is_no_obstacle(tmp_path: Path, signature: bytes) -> None:
    with Home.open(tmp_path) as home:
        (home.run / "holder.json").write_bytes(signature)
        with pytest.raises(HomeError, match="in use by another process"):
            Home.open(tmp_path)


def test_the_signature_is_plain_json(tmp_path: Path) -> None:
    with Home.open(tmp_path) as home:
        assert json.loads((home.run / "holder.json").read_text())["pid"] == os.getpid()


def test_a_file_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "home"
    file.write_text("mine")
    for call in (Home.look, Home.open):
        with pytest.raises(HomeError, match="not a folder"):
            call(file)
    with pytest.raises(HomeError, match="can't be used"):
        Home.open(file / "below")
    assert file.read_text() == "mine"


def test_a_file_in_the_place_of_a_folder_inside(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("mine")
    with pytest.raises(HomeError, match=r"logs can't be used: something of another kind"):
        Home.open(tmp_path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc takes no folders")
def test_a_place_that_takes_no_folder() -> None:
    with pytest.raises(HomeError) as refused:
        Home.open(Path("/proc/sightdesk"))
    assert "/proc/sightdesk" in refused.value.what
    assert "--home" in refused.value.hint


@pytest.fixture
def nobody() -> Iterator[None]:
    """Root may write everywhere: where the tests run as root, this one runs without its rights."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@POSIX
@pytest.mark.usefixtures("nobody")
def test_a_folder_that_may_not_be_written() -> None:
    with pytest.raises(HomeError, match="permission denied"):
        Home.open(Path("/usr/sightdesk-home"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "can't be used"),
    ],
)
def test_what_the_disk_says_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(HomeError, match=words):
        Home.open(tmp_path)
    monkeypatch.undo()
    Home.open(tmp_path).close()
