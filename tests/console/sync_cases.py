"""An outbox with targets in it, for tests of what is seen of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid_utils import uuid7

from console.store.outbox import Kind, Message, change, put
from console.store.store import Store
from console.sync.overview.queries import TargetStatus
from console.sync.uploader import TargetFigures

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TARGETS = """\
site: Plant 1

# where it goes
sync:
  targets:
    # the archive
    - {name: archive, kind: objects, url: "file:///nowhere/archive"}
    - name: cloud
      kind: cloud
      url: https://cloud.example.com   # theirs
      sends: [events, verdicts]
      hours: 22:00-06:00
    - name: hook
      kind: webhook
      url: https://example.com/hook
      secret: {secret: hook-target}
      enabled: false
cameras:
  - {id: gate, name: Gate, source: "synthetic:street?fps=1"}
"""


def fill(
    store: Store, n: int, *targets: str, kind: Kind = "event", age_s: float = 0.0, camera: str = "gate"
) -> list[str]:
    """Write so many messages for these targets; their tracking IDs, oldest first."""
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    ids = [str(uuid7()) for _n in range(n)]

    def job(db: Any) -> None:
        for tracking_id in ids:
            put(db, Message(kind, tracking_id, camera, {"of": "event"}), store.boot_id, targets=targets, now=at)

    store.write(job).result(30)
    return ids


def refuse(store: Store, target: str, n: int, why: str) -> None:
    """Have so many of a target's messages set aside."""

    def job(db: Any) -> None:
        sql = (
            "SELECT outbox_id FROM outbox_deliveries WHERE target = ? AND state = 'waiting' ORDER BY outbox_id LIMIT ?"
        )
        change(db, target, [int(row[0]) for row in db.execute(sql, (target, n)).fetchall()], "refused", why)

    store.write(job).result(10)


def states(store: Store, target: str) -> dict[str, int]:
    """How many deliveries of a target are in which state."""
    sql = "SELECT state, count(*) AS n FROM outbox_deliveries WHERE target = ? GROUP BY state"
    with store.read() as db:
        return {row["state"]: row["n"] for row in db.execute(sql, (target,))}


def status(**values: Any) -> TargetStatus:
    """A target that is in the settings and switched on."""
    given = {"kind": "cloud", "url": "https://cloud.example.com", "known": True, "enabled": True} | values
    return TargetStatus("cloud", **given)


def figures(**values: Any) -> TargetFigures:
    """Of a target to which nothing is sent at the moment."""
    given: dict[str, Any] = {
        "state": "idle", "problem": None, "next_try_s": None, "in_flight": 0, "per_second": 0.0,
        "bytes_per_second": 0.0, "sent": 0, "last_sent": None,
    }  # fmt: skip
    return TargetFigures("cloud", **(given | values))


Until = Callable[[Callable[[], object]], None]
