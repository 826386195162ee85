"""What to do about an alarm, as somebody at the desk does it: alarms themselves speak of commands. No Qt here."""

from __future__ import annotations

from console.sync.overview.alarms import Alarm
from models.words import N_, _

_AT_THE_DESK = (
    ("outbox messages", N_("See why in the list below; then have them tried again, or drop them.")),
    ("outbox drop", N_("Have it back, or drop what waits for it.")),
    ("outbox check", N_("Bring its file up to date (see Change), then test it.")),
    ("outbox status", N_("See below why it waits, or allow more under Settings, Sync.")),
    ("outbox push", N_("Nothing sends at present: close the desk and open it again.")),
)
"""Part of the hint, which names a command in every language; what is said instead."""


def to_do(alarm: Alarm) -> str:
    """What to do about it, at the desk."""
    return next((_(words) for command, words in _AT_THE_DESK if command in alarm.hint), alarm.hint)
