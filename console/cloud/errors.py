"""How the cloud side fails, in words for whoever runs it; a desk is told to try again, never that all is well."""

from __future__ import annotations

from console.errors import SightdeskError


class CloudError(SightdeskError):
    """The cloud side can't start, or can't do what it was asked; nothing was kept of it."""


class DatabaseAway(CloudError):
    """The database can't be reached, broke off, or is busy for too long: the same again, later, may do.

    What was under way is kept whole or not at all; whether it was is only seen by asking again.
    """


class Collided(DatabaseAway):
    """Two did the same at once, and this one was taken back whole: at once again, it will see what the other did."""


class DiskFull(CloudError):
    """There is no room for more; a person has to make some."""


class Damaged(CloudError):
    """The database or the disk below it is broken; a person has to bring back a copy."""
