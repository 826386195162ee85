"""Messages of an outbox written as they are, at any time and in any state: for tests of its looks and commands."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from uuid_utils import uuid7

from console.settings.schema import Settings
from console.store.outbox import Kind, Message, State, put
from console.store.store import Store, utc_text
from tests.console.outbox_cases import execute

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
STATES: tuple[State, ...] = get_args(State)
KINDS: tuple[Kind, ...] = get_args(Kind)


def settings_of(*names: str, gigabytes: float = 10.0, **changed: object) -> Settings:
    targets = [{"name": name, "kind": "cloud", "url": f"https://{name}.example"} | changed for name in names]
    return Settings.model_validate({"sync": {"targets": targets, "quota_gigabytes": gigabytes}})


def write(
    store: Store, kind: Kind, *targets: str, at: datetime = NOW, size: int = 0, tracking_id: str = "", **body: object
) -> int:
    """A message; its number."""
    message = Message(kind, tracking_id or str(uuid7()), "gate", body, file_bytes=size)
    number = store.write(lambda db: put(db, message, store.boot_id, targets=targets, now=at)).result(10)
    assert number is not None
    return number


def to(store: Store, number: int, target: str, state: State, at: datetime = NOW) -> None:
    """A delivery comes to a state."""
    sent = utc_text(at) if state == "sent" else None
    sql = "UPDATE outbox_deliveries SET state = ?, sent_at = ?, tried_at = ?, attempts = 1 "
    assert execute(store, f"{sql} WHERE outbox_id = ? AND target = ?", state, sent, utc_text(at), number, target)


def fill(store: Store, chance: random.Random, n: int) -> None:
    """Messages of all kinds, for one or two targets, in every state."""
    for _one in range(n):
        targets = chance.choice((("cloud",), ("lake",), ("cloud", "lake")))
        at = NOW + timedelta(seconds=chance.randrange(-500, 500))
        number = write(store, chance.choice(KINDS), *targets, at=at, size=chance.randrange(1000))
        for target in targets:
            if (state := chance.choice((*STATES, "waiting"))) != "waiting":
                to(store, number, target, state)


def backlog(store: Store, n: int, *, every_s: float, size: int, begin: datetime = NOW) -> datetime:
    """So many pictures, one after the other; when the last came."""

    def job(db: Any) -> None:
        for number in range(n):
            message = Message("picture", str(uuid7()), "gate", {}, file_bytes=size)
            at = begin + timedelta(seconds=number * every_s)
            put(db, message, store.boot_id, targets=["cloud"], now=at)

    store.write(job).result(30)
    return begin + timedelta(seconds=(n - 1) * every_s)
