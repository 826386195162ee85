"""What a database of any kind says when it is away, busy or broken, in words."""

from __future__ import annotations

from console.cloud.errors import Damaged, DatabaseAway
from models.words import _


def away(place: str, why: str) -> DatabaseAway:
    """The error for a database that can't be reached, or broke off."""
    return DatabaseAway(
        _("The database {place} can't be reached: {why}").format(place=place, why=why),
        _("What was sent meanwhile is sent again by the desks; see that the database runs."),
    )


def busy(place: str) -> DatabaseAway:
    """The error for a database that somebody else does not let go of."""
    return DatabaseAway(
        _("The database {place} is too busy just now; nothing of this was kept.").format(place=place),
        _("The desks send it again. Where it stays so, look what else works with it."),
    )


def damaged(place: str) -> Damaged:
    """The error for one that is broken."""
    return Damaged(
        _("The database {place} is damaged. It was left as it is.").format(place=place),
        _("Stop the cloud side and bring back a copy."),
    )
