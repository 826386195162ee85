"""What the Sync page, the strip and the rail show, read in one go on a thread that is not the GUI's. No Qt here."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from console.settings.schema import Settings
from console.store.store import Store
from console.sync.overview.alarms import Alarm, alarms
from console.sync.overview.queries import Quota, TargetStatus, quota, status

if TYPE_CHECKING:
    from console.sync.overview.certificates import Certificate, Unreadable


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the outbox stands.

    Attributes:
        at: when it was read, UTC.
        targets: in the order of the settings, then those that are gone from them.
        quota: how much of the room is used.
        certificates: all that targets show or trust.
        alarms: what needs a person, the worst first.
        newest: the highest number of a message; another one: there is something new.
    """

    at: datetime
    targets: tuple[TargetStatus, ...] = ()
    quota: Quota | None = None
    certificates: Sequence[Certificate | Unreadable] = ()
    alarms: tuple[Alarm, ...] = ()
    newest: int = 0
    by_target: Mapping[str, TargetStatus] = field(default_factory=dict)

    def level(self, target: str) -> Literal["", "needs you", "stopped"]:
        """How badly a target needs a person."""
        levels = {alarm.level for alarm in self.alarms if alarm.target == target}
        return "stopped" if "stopped" in levels else "needs you" if levels else ""


def read_snapshot(
    db: sqlite3.Connection, settings: Settings, certificates: Sequence[Certificate | Unreadable], store: Store
) -> Snapshot:
    """Look how it stands now.

    Args:
        db: of `Store.read`.
        settings: in force.
        certificates: as last read from their files; that takes longer, so it is done now and then.
        store: knows whether the clock was set back.
    """
    now = datetime.now(UTC)
    targets, used = status(db, settings), quota(db, settings)
    newest = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    found = alarms(targets, used, certificates, settings, now, set_back_s=store.set_back_s)
    return Snapshot(
        now, tuple(targets), used, certificates, tuple(found), int(newest[0]) if newest else 0,
        {target.name: target for target in targets},
    )  # fmt: skip
