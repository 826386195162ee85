"""Files that are whole or not there, and what a disk says when it refuses, in words."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from console.errors import HomeError
from models.words import _

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM}
_OCCUPIED = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
_REPLACE_ATTEMPTS = 10


def in_words(error: OSError, path: Path) -> HomeError:
    """What a failed file operation means to an operator.

    Args:
        error: what the system said.
        path: the file or folder it was about.
    """
    if error.errno in _FULL:
        return HomeError(
            _("The disk of {path} is full.").format(path=path),
            _("Make room there, or choose another folder with --home."),
        )
    if error.errno in _DENIED:
        return HomeError(
            _("{path} can't be written: permission denied.").format(path=path),
            _("Give this user the right to write there, or choose another folder with --home."),
        )
    if error.errno == errno.EROFS:
        return HomeError(
            _("The disk of {path} is mounted read-only.").format(path=path),
            _("Choose a folder on another disk with --home."),
        )
    if error.errno in _OCCUPIED:
        return HomeError(
            _("{path} can't be used: something of another kind is in its place.").format(path=path),
            _("Move it away, or choose another folder with --home."),
        )
    return HomeError(
        _("{path} can't be used: {reason}.").format(path=path, reason=error.strerror or error),
        _("Choose another folder with --home."),
    )


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that a reader, even after a power cut, finds the old content or the new, never a part.

    Args:
        path: a link is followed and stays a link.
        content: everything the file shall hold.
        mode: POSIX permissions of the file.

    Raises:
        HomeError: it can't be written; the old content stands.
    """
    target = Path(os.path.realpath(path))
    temporary: str | None = None
    try:
        # mkstemp makes it 0600 from the start: a secret is never readable by others, not even for a moment
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)  # noqa: PTH101
        _replace(temporary, target)
        sync_folder(target.parent)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
        raise in_words(error, path) from error


def _replace(temporary: str, target: Path) -> None:
    """Rename over the target; on Windows a virus scanner may hold either file open for a moment."""
    for attempt in range(_REPLACE_ATTEMPTS):
        try:
            os.replace(temporary, target)  # noqa: PTH105
        except PermissionError:
            if os.name != "nt" or attempt == _REPLACE_ATTEMPTS - 1:
                raise
            time.sleep(0.05)
        else:
            return


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in this folder survive a power cut; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems can't sync a folder, and need not
            raise
    finally:
        os.close(handle)
