"""Times of the database as text: UTC, microseconds, ``+00:00``; so they sort as they follow one another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def this_machine() -> str:
    """The clock of this machine, for a database that has none of its own."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def later(at: str, seconds: float) -> str:
    """So much later.

    Args:
        at: as a database has it.
        seconds: may be below 0.
    """
    return (datetime.fromisoformat(at) + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
