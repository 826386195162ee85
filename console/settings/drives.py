"""Whether a folder is on a network drive: a database in WAL mode is not safe there."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PureWindowsPath

_NETWORK = {
    "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs3",
    "nfs4", "ocfs2", "smb", "smb2", "smb3", "smbfs", "webdav",
}  # fmt: skip
_NETWORK_FUSE = {"curlftpfs", "davfs2", "gcsfuse", "glusterfs", "gvfsd-fuse", "rclone", "s3fs", "sshfs"}
_WINDOWS_REMOTE = 4  # DRIVE_REMOTE of GetDriveTypeW


def network_drive(path: Path) -> str | None:
    """The kind of network drive that holds this path, such as nfs4 or cifs; None on a disk of this machine.

    The path need not exist. The question is answered from the table of mounts: a server that doesn't answer can't
    make it wait.
    """
    if sys.platform == "win32":
        return _windows(path)
    import psutil  # noqa: PLC0415  # 50 ms, and only a database asks

    where = os.path.realpath(path)
    best = ""
    kind = ""
    for mount in psutil.disk_partitions(all=True):
        point = mount.mountpoint.rstrip("/")
        # >=: of two mounts on one point the later hides the earlier
        if (where == point or where.startswith(point + "/")) and len(point) >= len(best):
            best, kind = point, mount.fstype.lower()
    return kind if is_network(kind) else None


def is_network(kind: str) -> bool:
    """Whether a file system of this kind, as the table of mounts names it, lives on another machine."""
    kind = kind.lower()
    return kind in _NETWORK or (kind.startswith("fuse.") and kind.removeprefix("fuse.") in _NETWORK_FUSE)


def _windows(path: Path) -> str | None:
    anchor = PureWindowsPath(os.path.abspath(path)).anchor  # noqa: PTH100
    if is_share(anchor):
        return "network share"
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415

        if ctypes.windll.kernel32.GetDriveTypeW(anchor) == _WINDOWS_REMOTE:
            return "network drive"
    return None


def is_share(anchor: str) -> bool:
    r"""Whether a Windows path's anchor, such as \\server\share\, names a share instead of a drive."""
    if not anchor.startswith("\\\\"):
        return False
    if anchor.startswith(("\\\\?\\", "\\\\.\\")):  # \\?\C:\ is a drive spelled long, \\?\UNC\ a share
        return anchor[4:].upper().startswith("UNC")
    return True
