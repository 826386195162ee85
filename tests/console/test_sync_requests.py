"""What is asked of an outbox through its database, whether a desk runs or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.settings.home import Home
from console.store.outbox import change
from console.store.store import Store
from console.sync import requests
from tests.console.sync_fakes import Bench


@pytest.fixture
def bench(own_home: Path) -> Iterator[Bench]:
    with Home.open(own_home) as home, Store.open(home) as store:
        bench = Bench(own_home, store)
        yield bench
        bench.counts_are_right()


def _refuse(bench: Bench, target: str, numbers: list[int]) -> None:
    bench.store.write(lambda db: change(db, target, numbers, "refused", "no")).result()


def _holds(bench: Bench) -> int:
    return int(bench.rows("SELECT count(*) FROM holds")[0][0])


def test_a_push_is_counted(bench: Bench) -> None:
    requests.ask_push(bench.store, "one")
    requests.ask_push(bench.store, "two")
    requests.ask_push(bench.store)
    assert bench.rows("SELECT name, asked FROM outbox_targets ORDER BY name") == [("one", 2), ("two", 2)]


def test_a_pause_stays_until_it_ends(bench: Bench) -> None:
    requests.ask_pause(bench.store, "one", True)
    requests.ask_pause(bench.store, "one", True)
    assert bench.rows("SELECT name, paused FROM outbox_targets") == [("one", 1)]
    requests.ask_pause(bench.store, "one", False)
    assert bench.rows("SELECT name, paused FROM outbox_targets") == [("one", 0)]


def test_what_was_set_aside_waits_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "AT_ONCE", 3)
    numbers = bench.put_many(["picture"] * 10, targets=["one", "two"])
    _refuse(bench, "one", numbers)
    _refuse(bench, "two", numbers[:2])
    message = bench.rows("SELECT message_id FROM outbox WHERE id = ?", numbers[0])[0][0]
    assert requests.retry(bench.store, message_ids=[message]) == 2
    assert requests.retry(bench.store, "two") == 1
    assert requests.retry(bench.store, "one") == 9
    assert requests.retry(bench.store) == 0
    assert bench.states("one") == bench.states("two") == {"waiting": 10}


@pytest.mark.parametrize(
    ("state", "left"), [("refused", {"waiting": 6, "later": 1}), ("waiting", {"refused": 3, "later": 1}), ("all", {})]
)
def test_what_is_given_up_goes_with_its_files(
    bench: Bench, state: Any, left: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "AT_ONCE", 4)
    numbers = bench.put_many(["picture"] * 10)
    also = bench.put("picture", targets=["one", "two"])
    _refuse(bench, "one", numbers[:3])
    bench.store.write(lambda db: change(db, "one", numbers[3:4], "later")).result()
    before = _holds(bench)
    sent = bench.put("event")
    bench.store.write(
        lambda db: (
            db.execute(
                "UPDATE outbox_deliveries SET state = 'sent', sent_at = 'x' WHERE outbox_id = ?", (sent,)
            ).rowcount
        )
    ).result()
    gone = requests.drop(bench.store, "one", state)
    waiting = left.get("waiting", 0) + (1 if state == "refused" else 0)
    assert bench.states("one") == {**left, "sent": 1, **({"waiting": waiting} if waiting else {})}
    assert bench.states("two") == {"waiting": 1}
    assert gone == 11 - sum(bench.states("one").values()) + 1
    assert bench.rows("SELECT count(*) FROM outbox WHERE id = ?", also) == [(1,)]
    held = bench.rows(
        "SELECT count(DISTINCT m.picture_id) FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id "
        "WHERE d.state IN ('waiting', 'refused') AND m.picture_id IS NOT NULL"
    )
    assert _holds(bench) == held[0][0] < before
