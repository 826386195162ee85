"""Who does the work: the names of the threads that look for faces, cover pictures and encode them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from console.privacy import redactor
from console.privacy.looking.finders import Finders
from console.privacy.looking.watchers import Watcher
from console.privacy.sealed_writer import SealedWriter
from console.privacy.writer import PictureWriter

PLACES: tuple[tuple[Any, str], ...] = (
    (redactor.Redactor, "look"),
    (redactor, "redact"),
    (Finders, "look"),
    (Watcher, "_give"),
    (PictureWriter, "write"),
    (SealedWriter, "write"),
)
"""Where it is done: what holds a function, and its name there."""
NEVER = ("MainThread", "capture ", "finisher", "store-writer")
"""How the names of threads begin that may do none of it: they keep the screen, the cameras and the boxes going."""


class Threads:
    """Notes them from now on.

    Attributes:
        seen: by what is done ("Redactor.look"), the threads that did it.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seen: dict[str, set[str]] = defaultdict(set)
        for place, name in PLACES:
            patch.setattr(
                place, name, self._noting(f"{place.__name__.rpartition('.')[2]}.{name}", getattr(place, name))
            )

    def _noting(self, what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any, **named: Any) -> Any:
            self.seen[what].add(threading.current_thread().name)
            return real(*arguments, **named)

        return noting

    def wrong(self) -> set[tuple[str, str]]:
        """What was done by a thread that may not: what, and the thread."""
        return {(what, name) for what, names in self.seen.items() for name in names if name.startswith(NEVER)}
