"""A desk's day in short: events, review items, their pictures and verdicts, through the code that the desk goes by."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from uuid_utils import uuid7

from console.events import rows as event_rows
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter, WrittenPicture
from console.review import rows as review_rows
from console.review.items import Box, NewItem, Reason
from console.review.verdicts import Decision, Outcome, VerdictLane
from console.settings.home import Home
from console.store.store import Store
from models.detections import Detections
from models.frames import ArrayPicture
from models.policy import Cover
from tests.chaos.ledger import Ledger

SIZE = (160, 120)
CAMERAS = ("yard", "gate", "road-4")
LABELS = ("person", "car", "dog")
_POLICY = Cover(purpose="to try what becomes of it")
_RAN = ({"model": "yolox_nano", "runtime": "openvino", "device": "CPU", "precision": "f32"},)
_NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class Producer:
    """Stores things one after the other, and notes each in the ledger once its commit is confirmed.

    Args:
        home, store, lane: of the desk.
        chance: what happens.
        ledger: outside of the home.
        told: called with each thing that is confirmed.
    """

    home: Home
    store: Store
    lane: VerdictLane
    chance: random.Random
    ledger: Ledger
    told: Callable[[str], None]

    def __post_init__(self) -> None:
        self._writer = PictureWriter(self.home, self.store)
        self._redactor = Redactor()
        self._keys: list[tuple[str, str]] = []
        self._open: list[tuple[int, str]] = self._left_open()
        self._pending: list[Future[Any]] = []

    @property
    def made(self) -> int:
        """Events and items that are stored, of all desks of this home."""
        with self.store.read() as db:
            sql = "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM review_items)"
            return int(db.execute(sql).fetchone()[0])

    def run(self, things: int) -> None:
        """Until there are so many events and items, and every item was asked about."""
        made = self.made
        while made < things:
            if self.chance.random() < 0.5:
                self._event()
                made += 1
            else:
                made += self._items(min(self.chance.choice((1, 1, 2, 3)), things - made))
            while self._open and self.chance.random() < 0.6:
                self._judge(*self._open.pop(self.chance.randrange(len(self._open))))
        while self._open:
            self._judge(*self._open.pop())
        for future in self._pending:
            future.result(60)

    def _left_open(self) -> list[tuple[int, str]]:
        with self.store.read() as db:
            sql = (
                "SELECT id, tracking_id FROM review_items i WHERE state = 'open' "
                "AND NOT EXISTS (SELECT 1 FROM verdicts WHERE item_id = i.id)"
            )
            return [(int(row[0]), str(row[1])) for row in db.execute(sql)]

    def _event(self) -> None:
        camera, boot = self.chance.choice(CAMERAS), self.store.boot_id
        event = event_rows.NewEvent(
            camera, f"Camera {camera}", self.chance.choice(LABELS), self.chance.randrange(1, 9999), "anybody", "",
            round(self.chance.random(), 3), self._xyxy(), SIZE, self._moment(),
        )  # fmt: skip
        pictured = self.chance.random() < 0.7
        why = "" if pictured else "none was made"
        (number,) = self.store.write(lambda db: event_rows.insert(db, [(event, why)], boot), wait_s=10).result(60)
        with self.store.read() as db:
            (tracking_id,) = db.execute("SELECT tracking_id FROM events WHERE id = ?", (number,)).fetchone()
        self._confirm("event", tracking_id)
        if pictured:
            written = self._picture(camera, event.label, "event")
            path = written.path.relative_to(self.home.path).as_posix()
            assert self.store.write(lambda db: event_rows.link(db, number, path), wait_s=10).result(60)
            self._confirm("event picture", tracking_id, sha256=_sha256(written.path))

    def _items(self, many: int) -> int:
        """Items of one frame, which share its picture."""
        camera = self.chance.choice(CAMERAS)
        written = self._picture(camera, "person", f"review {uuid7()}: doubt") if self.chance.random() < 0.9 else None
        path = written.path.relative_to(self.home.path).as_posix() if written else ""
        items = [self._new_item(camera) for _n in range(many)]

        def job(db: Any) -> list[int]:
            found = db.execute("SELECT id FROM pictures WHERE path = ?", (path,)).fetchone()
            picture, why = (int(found[0]), "") if found else (None, "none was made")
            boot = self.store.boot_id
            return [review_rows.insert(db, item, boot, picture=picture, crop=None, why=why) for item in items]

        numbers = self.store.write(job, wait_s=10).result(60)
        for number, item in zip(numbers, items, strict=True):
            self._confirm("item", item.tracking_id, **({"sha256": _sha256(written.path)} if written else {}))
            self._open.append((number, item.tracking_id))
        return many

    def _new_item(self, camera: str) -> NewItem:
        label = self.chance.choice(LABELS)
        reason: Reason = self.chance.choice(("doubt", "flicker", "change", "random"))
        box = Box(self._xyxy(), label, round(self.chance.uniform(0.3, 0.5), 3), self.chance.randrange(1, 999))
        other = Box(self._xyxy(), self.chance.choice(LABELS), 0.91, None)
        return NewItem(
            str(uuid7()), camera, f"Camera {camera}", label, box, reason, (box, other), SIZE, "yolox_nano", _RAN,
            self._moment(), {"low": 0.3, "high": 0.5}, 0.01 if reason == "random" else None,
        )  # fmt: skip

    def _judge(self, number: int, tracking_id: str) -> None:
        """A verdict, and now and then a second one or one that is taken back; nobody waits for it."""
        kind = self.chance.choice(("accept", "accept", "reject", "relabel", "edit", "skip"))
        boxes = (Box(self._xyxy(), "dog"), Box(self._xyxy(), "Hündin ☂")) if kind == "edit" else None
        decision = Decision(kind, "bicycle" if kind == "relabel" else "", boxes)  # type: ignore[arg-type]  # kinds
        who = self.chance.choice(("Ann Meier", "Bob Huber", "Cy Young"))
        future = self.lane.decide(number, decision, who=who, seconds=1.5)
        self._then(future, "skip" if kind == "skip" else "verdict", tracking_id, decision.key)
        self._keys.append((decision.key, who))
        if self.chance.random() < 0.06:
            key, by = self._keys.pop(self.chance.randrange(len(self._keys)))
            self._pending.append(self.lane.take_back([key], by))

    def _then(self, future: Future[Outcome], what: str, tracking_id: str, key: str) -> None:
        def confirmed(done: Future[Outcome]) -> None:
            if done.exception() is None:
                self._confirm(what, tracking_id, key=key)

        future.add_done_callback(confirmed)
        self._pending = [one for one in self._pending if not one.done()]
        self._pending.append(future)

    def _confirm(self, what: str, tracking_id: str, **more: str) -> None:
        """Note what was confirmed, with the messages that the outbox has about it by now."""
        sql = (
            "SELECT m.message_id, m.kind, p.sha256, group_concat(d.target) FROM outbox m "
            "JOIN outbox_deliveries d ON d.outbox_id = m.id LEFT JOIN pictures p ON p.id = m.picture_id "
            "WHERE m.tracking_id = ? GROUP BY m.id ORDER BY m.id"
        )
        with self.store.read() as db:
            messages = [list(row) for row in db.execute(sql, (tracking_id,))]
        self.ledger.note(what=what, tracking_id=tracking_id, messages=messages, **more)
        self.told(what)

    def _picture(self, camera: str, label: str, purpose: str) -> WrittenPicture:
        """A picture unlike any other: blocks and noise, with a person who is covered."""
        rng = np.random.default_rng(self.chance.getrandbits(60))
        blocks = rng.integers(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        pixels = np.clip(blocks.astype(np.int16) + rng.integers(-12, 12, blocks.shape), 0, 255).astype(np.uint8)
        seen = Detections.of([self._xyxy()], [0.9], [LABELS.index(label)])
        policy = _POLICY.model_copy(update={"purpose": purpose})
        made = self._redactor.redact(ArrayPicture(pixels), seen, LABELS, (), policy)
        return self._writer.write(made, camera_id=camera, taken_at=self._moment())

    def _xyxy(self) -> tuple[float, float, float, float]:
        x0, y0 = self.chance.uniform(0, 100), self.chance.uniform(0, 70)
        return round(x0, 2), round(y0, 2), round(x0 + self.chance.uniform(8, 50), 2), round(y0 + 40, 2)

    def _moment(self) -> datetime:
        return _NOON + timedelta(milliseconds=self.chance.randrange(86_400_000))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
