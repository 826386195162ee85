"""What the desk has to say: what happened, what it means, what to do, and details that can be copied."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QObject, Signal

from console.errors import SightdeskError
from console.settings.scrub import SCRUBBER
from models.words import _

Kind = Literal["said", "needs you", "stopped"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing said.

    Attributes:
        what: what happened and what it means.
        hint: what to do about it; may be empty.
        kind: said: in passing, goes by itself; needs you, stopped: stays until it is put away.
        details: to be copied for whoever helps; may be empty.
        way_on: words of a button and what it does, or None.
    """

    what: str
    hint: str = ""
    kind: Kind = "said"
    details: str = ""
    way_on: tuple[str, Callable[[], object]] | None = field(default=None, compare=False)


class Notices(QObject):
    """Where every page says things; the window shows them."""

    shown = Signal(object)

    def say(self, what: str, way_on: tuple[str, Callable[[], object]] | None = None) -> None:
        """Say something in passing."""
        self.shown.emit(Notice(what, way_on=way_on))

    def warn(self, what: str, hint: str = "", way_on: tuple[str, Callable[[], object]] | None = None) -> None:
        """Say something that needs a person, and keep saying it."""
        self.shown.emit(Notice(what, hint, "needs you", way_on=way_on))

    def error(self, error: BaseException, way_on: tuple[str, Callable[[], object]] | None = None) -> None:
        """Say an error in words; an unexpected one with its trace as details, scrubbed of secrets."""
        if isinstance(error, SightdeskError):
            details = f"{type(error).__name__}: {error.what}\n{error.hint}".strip()
            self.shown.emit(Notice(error.what, error.hint, "stopped", SCRUBBER.text(details), way_on))
            return
        trace = "".join(traceback.format_exception(error))
        self.shown.emit(
            Notice(
                _("Something failed that should not have: {error}.").format(error=type(error).__name__),
                _("What runs goes on. Copy the details for whoever looks after Sightdesk; the log has them too."),
                "stopped",
                SCRUBBER.text(trace),
                way_on,
            )
        )
