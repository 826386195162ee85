"""Whole files, and network drives."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from console.errors import HomeError
from console.settings.disk import write_whole
from console.settings.drives import is_network, is_share, network_drive


def test_replaces_whole_and_keeps_the_mode(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_whole(file, b"one")
    write_whole(file, b"two")
    assert file.read_bytes() == b"two"
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600
        write_whole(file, b"three", 0o644)
        assert file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "settings.yaml"
    write_whole(file, b"old")

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(HomeError, match="is full"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_no_such_folder_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="can't be used"):
        write_whole(tmp_path / "missing" / "file", b"x")


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "CIFS", "afpfs"])
def test_network_kinds(kind: str) -> None:
    assert is_network(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "tmpfs", "overlay", "apfs", "NTFS", "fuseblk", "fuse.ntfs-3g", "", "9p"]
)
def test_local_kinds(kind: str) -> None:
    assert not is_network(kind)


@pytest.mark.skipif(sys.platform == "win32", reason="the table of mounts")
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/mnt/nas/site/a.db", "nfs4"),
        ("/mnt/nas", "nfs4"),
        ("/mnt/nas2/a.db", None),
        ("/mnt/nas/local/a.db", None),
        ("/mnt/over/a.db", "cifs"),
        ("/home/x", None),
    ],
)
def test_the_innermost_and_latest_mount_counts(monkeypatch: pytest.MonkeyPatch, path: str, found: str | None) -> None:
    mounts = [
        ("/", "ext4"),
        ("/mnt/nas", "nfs4"),
        ("/mnt/nas/local", "ext4"),
        ("/mnt/over", "ext4"),
        ("/mnt/over", "cifs"),
    ]
    table = [SimpleNamespace(mountpoint=point, fstype=kind) for point, kind in mounts]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: table)
    assert network_drive(Path(path)) == found


def test_here_is_local(tmp_path: Path) -> None:
    assert network_drive(tmp_path / "not" / "there") is None


@pytest.mark.parametrize(
    ("anchor", "share"),
    [
        ("\\\\server\\share\\", True),
        ("C:\\", False),
        ("\\\\?\\C:\\", False),
        ("\\\\?\\UNC\\server\\share\\", True),
        ("\\", False),
    ],
)
def test_windows_shares(anchor: str, share: bool) -> None:
    assert is_share(anchor) is share
