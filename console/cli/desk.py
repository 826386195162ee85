"""`sightdesk` alone: opens the desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.options import say
from console.errors import SightdeskError, UsageError

if TYPE_CHECKING:
    from console.desk.start import DeskEnd

EXAMPLES = """\b
Examples:
  sightdesk                         the desk of this user's home
  sightdesk --home /srv/gate        the desk of another home
  sightdesk demo                    four cameras with nothing set up
"""


def open_window(home: Path | None) -> None:
    """Open the desk.

    Raises:
        UsageError: there is no screen; says what is missing and what runs without one.
    """
    from console.desk.screen import why_no_window
    from console.settings.home import find_home

    if why := why_no_window():
        raise UsageError(why, "Without a window: sightdesk run, sightdesk demo. All commands: sightdesk --help.")
    from console.desk.start import open_desk

    finish(open_desk(find_home(home)))


def finish(end: DeskEnd) -> None:
    """Say what is left to say, and end the process in the way that is left."""
    from console.desk.start import leave

    if end.error is not None:
        words = str(end.error) if isinstance(end.error, SightdeskError) else type(end.error).__name__
        say(f"sightdesk: The desk could not start: {words}")
    if end.stuck:
        say(f"Still busy, and left to end by itself: {', '.join(end.stuck)}")
        leave(end.code)
    if end.code:
        raise SystemExit(end.code)
