"""Cameras muted for maintenance: until when, remembered, and over by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.ui.state import DeskState

MINUTES = (15, 30, 60, 120, 480)
_KEY = "muted"


class Mutes:
    """Which cameras are muted. Muting silences events and sounds; it never stops the job, and it always ends.

    The end is kept as UTC in the desk's state, so that a restart does not end it; a clock that was set back by hours
    can't make it last longer than the longest choice.
    """

    def __init__(self, state: DeskState) -> None:
        self._state = state

    def begin(self, camera_id: str, minutes: int) -> None:
        """Mute a camera for so many minutes from now."""
        until = datetime.now(UTC) + timedelta(minutes=minutes)
        self._state.set(_KEY, {**self._state.get(_KEY, {}), camera_id: until.isoformat(timespec="seconds")})

    def end(self, camera_id: str) -> None:
        """Unmute it."""
        self._state.set(_KEY, {name: until for name, until in self._state.get(_KEY, {}).items() if name != camera_id})

    def until(self, camera_id: str) -> datetime | None:
        """Local time until which a camera is muted; None when it is not."""
        said = self._state.get(_KEY, {}).get(camera_id)
        try:
            until = datetime.fromisoformat(said) if isinstance(said, str) else None
        except ValueError:
            return None
        if until is None or until.tzinfo is None:
            return None
        left = until - datetime.now(UTC)
        if timedelta(0) < left <= timedelta(minutes=max(MINUTES)):
            return until.astimezone()
        return None
