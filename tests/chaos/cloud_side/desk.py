"""The desk of the run, which nobody kills: review items with sealed crops, sent and answered by the product's own code.

A process of its own. Its argument is a JSON file (see `Plan`); it prints a line of JSON now and then: how many items
it stored, how many messages wait, how many answers it has. It ends when all is answered, or its input does.
"""

from __future__ import annotations

import json
import select
import sys
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from uuid_utils import uuid7

from console.privacy.sealed_writer import OfItem, SealedWriter
from console.review import rows as review_rows
from console.review.items import Box, NewItem
from console.settings.home import Home
from console.settings.schema import Settings
from console.store.store import Store
from console.sync.uploader import Uploader
from models.policy import Cover
from tests.chaos.cloud_side.truth import Crop, crops
from tests.chaos.ledger import Ledger

_TELL_S = 0.25
_AHEAD = 400
"""So many crops at most wait to be sent: the queue is to be at the cloud."""
_RAN = ({"model": "yolox_nano", "runtime": "openvino", "device": "CPU", "precision": "f32"},)


@dataclass(frozen=True)
class Plan:
    """What it is to do.

    Attributes:
        home: its home.
        ledger: a file outside of it: what was stored, and what is to be answered.
        shared: the measuring data.
        settings: JSON of its settings.
        items: so many.
        crops: different ones.
        seed: of them.
        key: public key that they are sealed for.
    """

    home: str
    ledger: str
    shared: str
    settings: dict[str, Any]
    items: int
    crops: int
    seed: int
    key: str


class Desk:
    """Stores, and tells how far it is."""

    def __init__(self, plan: Plan, home: Home, store: Store) -> None:
        self._plan, self._store = plan, store
        self._writer = SealedWriter(home, store)
        self._policy = Cover(purpose="to try what the cloud answers", seal_doubtful_for=plan.key)
        self._ledger = Ledger(Path(plan.ledger), synced=False)
        self._told = float("-inf")

    def produce(self) -> None:
        """Store all items, each with its crop; no further ahead of the sending than a bound."""
        known = crops(Path(self._plan.shared), self._plan.seed, self._plan.crops)
        for number in range(self._plan.items):
            self._item(number, known[number % len(known)])
            while self._tell(number + 1)["waiting"] > _AHEAD:
                time.sleep(0.05)

    def wait(self) -> None:
        """Until everything is answered."""
        while self._tell(self._plan.items, at_once=True)["answered"] < self._plan.items:
            time.sleep(_TELL_S)

    def _item(self, number: int, crop: Crop) -> None:
        x, y, wide, high = crop.place
        box = Box((x + 1.0, y + 1.0, x + crop.bgr.shape[1] - 1.0, y + crop.bgr.shape[0] - 1.0), "car", 0.4, number)
        item = NewItem(
            str(uuid7()), "gate", "Gate", "car", box, "doubt", (box,), (wide, high), "yolox_nano", _RAN,
            datetime.now(UTC), {"low": 0.3, "high": 0.5}, None,
        )  # fmt: skip
        boot = self._store.boot_id
        stored: Future[int] = self._store.write(
            lambda db: review_rows.insert(db, item, boot, picture=None, crop=None, why="none"), wait_s=10
        )
        of = OfItem(stored.result(60), item.tracking_id, {"x": x, "y": y, "source_width": wide, "source_height": high})
        self._writer.write(crop.bgr, camera_id="gate", taken_at=item.taken_at, policy=self._policy, item=of)
        self._ledger.note(tracking_id=item.tracking_id, found=crop.found)

    def _tell(self, stored: int, *, at_once: bool = False) -> Counter[str]:
        if not at_once and time.monotonic() - self._told < _TELL_S:
            return Counter()
        if select.select([sys.stdin], [], [], 0)[0]:
            raise EOFError("whoever started this is gone")
        self._told = time.monotonic()
        with self._store.read() as db:
            (answered,) = db.execute("SELECT count(*) FROM answers WHERE state = 'done'").fetchone()
            (waiting,) = db.execute("SELECT count(*) FROM outbox_deliveries WHERE state = 'waiting'").fetchone()
        found = Counter(stored=stored, answered=int(answered), waiting=int(waiting))
        print(json.dumps(found), flush=True)
        return found


def main(path: Path) -> int:
    """See the module."""
    plan = Plan(**json.loads(path.read_text()))
    settings = Settings.model_validate(plan.settings)
    with Home.open(Path(plan.home)) as home, Store.open(home) as store:
        uploader = Uploader(home.path, store, settings, secret=lambda _name: "")
        uploader.apply(settings)
        try:
            desk = Desk(plan, home, store)
            desk.produce()
            desk.wait()
        finally:
            stuck = uploader.close()
        assert not stuck, stuck
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
