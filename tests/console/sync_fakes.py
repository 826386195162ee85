"""A target that does as it is told, clocks that stand still, and an outbox that is filled by hand."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from uuid_utils import uuid7

from console.settings.schema import Settings
from console.settings.sync import TargetSettings
from console.store.outbox import Kind, Message, Route, put
from console.store.pictures import PictureRow, insert
from console.store.store import Store
from console.sync.targets.base import Parcel, Receipt, Refused, Secret
from console.sync.uploader import Uploader
from console.sync.uploading.pace import Clock
from tests.console.fakes import wait_until as wait

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 60
BEGIN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
Answer = Sequence[Receipt | Refused]


def wait_until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Wait for a condition, or fail; long enough for a machine that does much else."""
    wait(condition, timeout_s)


class FakeClock(Clock):
    """Stands still until it is moved. Whoever waits looks again when it was, and a few times a second."""

    def __init__(self, wall: datetime = BEGIN) -> None:
        self.now, self.at = 1000.0, wall
        self._lock = threading.Lock()
        self._waiting: set[threading.Condition] = set()

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> datetime:
        return self.at

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        with self._lock:
            self._waiting.add(condition)
        until = None if seconds is None else self.now + seconds
        if until is None or self.now < until:
            condition.wait(0.02)

    def move(self, seconds: float, *, wall: float | None = None) -> None:
        """Let time pass; the clock on the wall may do something else."""
        self.now += seconds
        self.at += timedelta(seconds=seconds if wall is None else wall)
        with self._lock:
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()


class FakeTarget:
    """Takes everything, unless it was told otherwise; writes down what it took.

    Attributes:
        sends: the message numbers of each send, in the order in which they began.
        taken: how often each message was taken, by its ID.
        order: numbers as they were taken.
        fail: called with the parcels of each send before anything is taken; may raise, answer, or wait.
        settle_fails: the same for `settle`.
        settled: how often it was settled.
        beside: the most sends that were under way at once.
    """

    def __init__(self, name: str = "one", at_once: int = 1, at_once_bytes: int = 1_000_000) -> None:
        self.name, self.at_once, self.at_once_bytes = name, at_once, at_once_bytes
        self.sends: list[list[int]] = []
        self.taken: Counter[str] = Counter()
        self.order: list[int] = []
        self.parcels: list[Parcel] = []
        self.fail: Callable[[Sequence[Parcel]], Answer | None] = lambda _parcels: None
        self.settle_fails: Callable[[], None] = lambda: None
        self.settled = self.closed = self.opened = 0
        self.beside = self.under_way = 0
        self.wrong: list[str] = []
        self._flying: Counter[str] = Counter()
        self._lock = threading.Lock()

    def send(self, parcels: Sequence[Parcel]) -> Answer:
        ids = [parcel.tracking_id for parcel in parcels]
        with self._lock:
            self.sends.append([parcel.number for parcel in parcels])
            self.under_way += 1
            self.beside = max(self.beside, self.under_way)
            self._flying.update(ids)
            self.wrong += [f"{one} twice at once" for one in ids if self._flying[one] > 1]
            if self.under_way > 1 and any(parcel.kind == "erased" for parcel in parcels):
                self.wrong.append("erased beside others")
        try:
            answer = self.fail(parcels)
            with self._lock:
                for parcel in parcels:
                    self.taken[parcel.message_id] += 1
                    self.order.append(parcel.number)
                    self.parcels.append(parcel)
            return answer or [Receipt(parcel.message_id, {"at": parcel.number}) for parcel in parcels]
        finally:
            with self._lock:
                self.under_way -= 1
                self._flying.subtract(ids)

    def settle(self) -> None:
        if self.under_way:
            self.wrong.append("settled while something was sent")
        self.settle_fails()
        self.settled += 1

    def check(self) -> str:
        return "there"

    def close(self) -> None:
        self.closed += 1


@dataclass
class Bench:
    """A home's outbox, an uploader on it, and fake targets by name."""

    home: Path
    store: Store
    clock: Clock = field(default_factory=Clock)
    targets: dict[str, FakeTarget] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(7))
    uploader: Uploader | None = None

    def make(self, settings: TargetSettings, _secret: Secret, _store: Store, _site: str) -> FakeTarget:
        target = self.targets.setdefault(settings.name, FakeTarget(settings.name))
        target.opened += 1
        return target

    def start(self, settings: Settings, **more: Any) -> Uploader:
        """An uploader, in the place of the last one."""
        self.stop()
        self.uploader = Uploader(
            self.home, self.store, settings, secret=lambda _name: "", make=self.make, clock=self.clock,
            random=self.random, **more,
        )  # fmt: skip
        return self.uploader

    def stop(self) -> list[str]:
        stuck = self.uploader.close() if self.uploader is not None else []
        self.uploader = None
        return stuck

    def put(
        self,
        kind: Kind = "event",
        *,
        tracking_id: str = "",
        body: Mapping[str, Any] | None = None,
        targets: Sequence[str] = ("one",),
        content: bytes | None = None,
    ) -> int:
        """A message, with a picture where its kind has one; its number."""
        return self.put_many([kind], tracking_ids=[tracking_id], body=body, targets=targets, content=content)[0]

    def put_many(
        self,
        kinds: Sequence[Kind],
        *,
        tracking_ids: Sequence[str] = (),
        body: Mapping[str, Any] | None = None,
        targets: Sequence[str] = ("one",),
        content: bytes | None = None,
    ) -> list[int]:
        """Messages, in one transaction."""
        ids = tracking_ids or [""] * len(kinds)
        files = {n: self._file(content) for n, kind in enumerate(kinds) if kind == "picture"}

        def job(db: Any) -> list[int]:
            numbers = []
            for n, (kind, tracking_id) in enumerate(zip(kinds, ids, strict=True)):
                row = files.get(n)
                message = Message(
                    kind, tracking_id or str(uuid7()), "yard", body or {"label": "person"},
                    picture_id=insert(db, row) if row else None, file_bytes=row.bytes if row else 0,
                )  # fmt: skip
                route: Route | None = "event picture" if row else None
                number = put(db, message, self.store.boot_id, route=route, targets=targets)
                assert number is not None
                numbers.append(number)
            return numbers

        return self.store.write(job).result()

    def _file(self, content: bytes | None) -> PictureRow:
        name = f"pictures/{uuid7()}.jpg"
        data = content if content is not None else JPEG + name.encode()
        (self.home / "pictures").mkdir(exist_ok=True)
        (self.home / name).write_bytes(data)
        policy = json.dumps({"kind": "cover"})
        return PictureRow(
            name, hashlib.sha256(data).hexdigest(), 8, 8, "yard", datetime.now(UTC), self.store.boot_id, "cover",
            policy, "event 1: test", len(data),
        )  # type: ignore[arg-type]  # fmt: skip

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.store.read() as db:
            return [tuple(row) for row in db.execute(sql, values)]

    def states(self, target: str = "one") -> Counter[str]:
        """How many deliveries are in each state."""
        sql = "SELECT state, count(*) FROM outbox_deliveries WHERE target = ? GROUP BY state"
        return Counter(dict(self.rows(sql, target)))

    def counts_are_right(self) -> None:
        """The counts that triggers keep are those of the rows."""
        told = self.rows(
            "SELECT target, kind, state, number, bytes FROM outbox_counts WHERE number <> 0 ORDER BY 1, 2, 3"
        )
        true = self.rows(
            "SELECT target, kind, state, count(*), sum(bytes) FROM outbox_deliveries GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
        assert told == true


def settings(*names: str, quota_gigabytes: float = 10.0, keep_days: int = 30, **of_each: Any) -> Settings:
    """Targets of these names, alike."""
    targets = [
        {"name": name, "kind": "objects", "url": f"file:///nowhere/{name}", **of_each} for name in names or ("one",)
    ]
    sync = {"targets": targets, "quota_gigabytes": quota_gigabytes, "keep_days": keep_days}
    return Settings.model_validate({"sync": sync})
