"""Of all processes of a home one sends: whoever holds the lock. Who was killed holds it no more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import UsageError
from console.settings.disk import in_words
from models.words import _

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK = "sync.lock"
_PATIENCE_S = 0.2
"""Longer than anybody takes who only looks."""


def take(home: Path) -> BaseFileLock:
    """From now on this process sends for a home, until the lock is released.

    Raises:
        UsageError: another process sends for it.
        HomeError: the lock's file can't be opened.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms

    lock = FileLock(home / "run" / LOCK, timeout=_PATIENCE_S, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(
            _("The desk of this home sends already."), _("Ask it to try now, with: sightdesk outbox push")
        ) from None
    except OSError as error:
        raise in_words(error, home / "run" / LOCK) from error
    return lock


def is_taken(home: Path) -> bool:
    """Whether a process sends for a home just now; what the database has of it may be what one that was killed said."""
    from filelock import FileLock, Timeout  # noqa: PLC0415  # see above

    lock = FileLock(home / "run" / LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False
