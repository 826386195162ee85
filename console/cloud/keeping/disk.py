"""What the disk says when it refuses, in words for whoever runs the cloud."""

from __future__ import annotations

import errno
from pathlib import Path

from console.cloud.errors import CloudError, Damaged, DiskFull
from models.words import _

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_BROKEN = (errno.EIO, errno.EROFS)


def in_words(error: OSError, path: Path) -> CloudError:
    """What a failed file operation means to whoever runs the cloud."""
    if error.errno in _FULL:
        return full(path)
    if error.errno in _BROKEN:
        return Damaged(
            _("The disk of {path} failed: {why}.").format(path=path, why=error.strerror or error),
            _("Look at the disk; bring back a copy where something is lost."),
        )
    return CloudError(
        _("{path} can't be used: {why}.").format(path=path, why=error.strerror or error),
        _("Give this user the right to write there, or name another folder with --folder."),
    )


def full(path: Path) -> DiskFull:
    """The error for a disk without room."""
    return DiskFull(
        _("The disk of {path} is full; what was sent is not taken.").format(path=path),
        _("Make room there; the desks send it again."),
    )
