"""What the uploader keeps: what was sent while the disk refuses, the quota, what was sent long ago, and its own end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.errors import AuditError, StoreError
from console.privacy.audit.chain import FILE
from console.privacy.audit.record import Audit
from console.settings.home import Home
from console.store import writer as store_writer
from console.store.outbox import QUOTA_KEY, Message, put
from console.store.store import Store, utc_text
from console.sync.targets.base import Parcel, Unreachable
from console.sync.uploading.keeping import STEADY_S, Pruning
from tests.console.sync_fakes import BEGIN, Bench, FakeClock, FakeTarget, settings, wait_until


@pytest.fixture
def bench(own_home: Path) -> Iterator[Bench]:
    with Home.open(own_home) as home, Store.open(home) as store:
        bench = Bench(own_home, store)
        bench.targets["one"] = FakeTarget()
        yield bench
        bench.stop()
        bench.counts_are_right()


class FullDisk:
    """While `full`, no transaction is stored."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.refused = 0
        real = store_writer.transaction

        @contextmanager
        def transaction(connection: Any) -> Iterator[None]:
            if self.full:
                self.refused += 1
                raise StoreError("The disk is full.", "Make room on it.")
            with real(connection):
                yield

        monkeypatch.setattr(store_writer, "transaction", transaction)


def test_what_was_sent_while_the_disk_is_full_is_not_sent_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sync.uploading.ledger._PAUSES_S", (0.05,))
    disk, target = FullDisk(monkeypatch), bench.targets["one"]
    target.at_once = 7
    bench.put_many(["event"] * 30)
    uploader = bench.start(settings())
    disk.full = True
    target.fail = lambda _parcels: None
    wait_until(lambda: len(target.order) == 30)
    wait_until(lambda: uploader.figures["one"].problem is not None)
    assert "disk is full" in str(uploader.figures["one"].problem)
    wait_until(lambda: disk.refused >= 4)
    assert bench.states()["waiting"] > 0
    disk.full = False
    wait_until(lambda: uploader.empty)
    assert set(target.taken.values()) == {1}
    assert bench.states() == {"sent": 30}
    wait_until(lambda: uploader.figures["one"].problem is None)


def test_no_more_is_sent_than_can_be_remembered(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sync.uploading.ledger.MOST_KEPT", 20)
    disk, target = FullDisk(monkeypatch), bench.targets["one"]
    bench.put_many(["event"] * 60)
    uploader = bench.start(settings(concurrency=2))
    disk.full = True
    wait_until(lambda: uploader.figures["one"].state == "waiting")
    assert len(target.order) <= 20 + 60  # whatever was recorded before the disk was full
    unrecorded = len(target.order) - bench.states()["sent"]
    assert 20 <= unrecorded <= 24
    disk.full = False
    wait_until(lambda: uploader.empty)
    assert set(target.taken.values()) == {1}


def test_what_waited_aside_comes_in_oldest_first_as_room_is_made(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sync.uploading.watch.TICK_S", 0.05)
    size, target, gate = 20_000, bench.targets["one"], threading.Event()
    content = b"\xff\xd8\xff" + b"x" * (size - 3)

    def hold(_parcels: Sequence[Parcel]) -> None:
        assert gate.wait(20)

    target.fail = hold
    uploader = bench.start(settings(quota_gigabytes=100_000 / 1e9, concurrency=1))
    wait_until(lambda: bench.rows("SELECT 1 FROM meta WHERE key = ?", QUOTA_KEY))
    numbers = bench.put_many(["picture"] * 20, content=content)
    event = bench.put("event")
    later = [number for (number,) in bench.rows("SELECT outbox_id FROM outbox_deliveries WHERE state = 'later'")]
    assert later == numbers[4:]
    assert bench.rows("SELECT count(*) FROM holds") == [(4,)]
    paths = [bench.home / path for (path,) in bench.rows("SELECT path FROM pictures ORDER BY id")]
    paths[5].unlink()  # nothing held it
    assert not uploader.empty
    gate.set()
    wait_until(lambda: uploader.empty)
    assert sorted(target.order) == sorted([*numbers[:5], *numbers[6:], event])
    pictures = [number for number in target.order if number != event]
    assert pictures == sorted(pictures)
    assert bench.rows("SELECT count(*) FROM outbox WHERE id = ?", numbers[5]) == [(0,)]
    assert bench.rows("SELECT count(*) FROM holds") == [(0,)]


def test_a_picture_larger_than_the_quota_does_not_wait_for_ever(bench: Bench) -> None:
    bench.start(settings(quota_gigabytes=1000 / 1e9))
    wait_until(lambda: bench.rows("SELECT 1 FROM meta WHERE key = ?", QUOTA_KEY))
    bench.put("picture", content=b"\xff\xd8\xff" + b"x" * 5000)
    assert bench.states() == {"later": 1}
    wait_until(lambda: bench.states() == {"sent": 1})


def _sent_at(bench: Bench, ages_days: Sequence[float], now: datetime) -> list[int]:
    """Messages that were sent so many days ago."""
    numbers = bench.put_many(["event"] * len(ages_days))

    def job(db: Any) -> None:
        for number, age in zip(numbers, ages_days, strict=True):
            at = utc_text(now - timedelta(days=age))
            db.execute("UPDATE outbox_deliveries SET state = 'sent', sent_at = ? WHERE outbox_id = ?", (at, number))

    bench.store.write(job).result()
    return numbers


def _left(bench: Bench) -> list[int]:
    return [number for (number,) in bench.rows("SELECT id FROM outbox ORDER BY id")]


def test_what_was_sent_long_ago_goes_and_nothing_else(bench: Bench) -> None:
    now = datetime.now(UTC)
    numbers = _sent_at(bench, [50, 40, 31, 29, 0, -300, -300, 45, -300, 35, 1, -2], now)
    waits = bench.put("event", targets=["one", "two"])
    pruning = Pruning()
    while pruning.step(bench.store, now, 30):
        pass
    # those of the future that come before an old one go with it; the others stay until an old one comes after them
    assert _left(bench) == [*(numbers[n] for n in (3, 4, 10, 11)), waits]
    assert pruning.gone == 8
    pruning = Pruning()
    assert not pruning.step(bench.store, now - timedelta(days=3000), 30)  # a clock set back takes nothing
    assert len(_left(bench)) == 5


def test_a_picture_that_is_still_here_stays_known_as_sent(bench: Bench) -> None:
    """Else a verdict that comes after weeks would send it a second time, as another message."""
    now = datetime.now(UTC)
    bench.put("picture")
    uploader = bench.start(settings())
    wait_until(lambda: uploader.empty)
    ((picture, name),) = bench.rows("SELECT picture_id, tracking_id FROM outbox")
    Pruning().step(bench.store, now + timedelta(days=31), 30)

    def again(db: Any) -> int | None:
        message = Message("picture", name, "yard", {}, picture_id=picture, file_bytes=64)
        return put(db, message, "boot", route="verdict picture", targets=["one"])

    assert bench.store.write(again).result(10) is None
    bench.store.write(lambda db: db.execute("DELETE FROM pictures").rowcount).result(10)
    Pruning().step(bench.store, now + timedelta(days=31), 30)
    assert _left(bench) == []


def test_pruning_goes_in_steps_past_what_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sync.uploading.keeping._LOOKED_AT", 10)
    now = datetime.now(UTC)
    waiting = bench.put_many(["event"] * 25)
    _sent_at(bench, [60] * 25, now)
    pruning, steps = Pruning(), 0
    while pruning.step(bench.store, now, 30):
        steps += 1
    assert steps == 5
    assert _left(bench) == waiting


def test_nothing_goes_for_its_age_before_the_clock_kept_step_for_a_while(bench: Bench) -> None:
    clock = bench.clock = FakeClock()
    _sent_at(bench, [29], BEGIN)
    bench.start(settings())
    for jump in (86400.0 * 400, -86400.0 * 400) * 2:  # it is set for ten minutes at a time
        clock.move(1.0, wall=jump)
        for _step in range(60):
            clock.move(10.0)
        threading.Event().wait(0.1)
        assert len(_left(bench)) == 1
    clock.move(86400.0 * 2, wall=0)
    clock.at = BEGIN + timedelta(days=2)
    threading.Event().wait(0.05)
    clock.move(STEADY_S + 1)
    wait_until(lambda: not _left(bench))


def test_what_was_sent_last_is_settled_before_the_end(bench: Bench) -> None:
    clock = bench.clock = FakeClock()
    target = bench.targets["one"]
    settled: list[int] = []

    def settle() -> None:
        clock.move(100.0)  # it is not settled again for long
        settled.append(len(target.order))

    target.settle_fails = settle
    uploader = bench.start(settings())
    wait_until(lambda: settled == [0])
    bench.put("event")
    clock.move(1.0)
    wait_until(lambda: (clock.move(0.1), uploader.empty)[1])
    assert bench.stop() == []
    assert settled == [0, 1]


def test_closing_waits_for_what_is_under_way_and_records_it(bench: Bench) -> None:
    target, begun = bench.targets["one"], threading.Event()

    def slow(_parcels: Sequence[Parcel]) -> None:
        begun.set()
        threading.Event().wait(0.3)

    target.fail = slow
    bench.put_many(["event"] * 20)
    bench.start(settings(concurrency=2))
    assert begun.wait(20)
    assert bench.stop() == []
    assert bench.states() == {"sent": len(target.order), "waiting": 20 - len(target.order)}
    assert target.closed
    assert bench.rows("SELECT state, next_try_at FROM outbox_targets") == [("stopped", None)]


def test_closing_is_over_in_time_whatever_hangs(bench: Bench) -> None:
    gate = threading.Event()
    for name in ("send", "settle", "make", "close"):
        bench.targets[name] = FakeTarget(name)
    bench.targets["send"].fail = lambda _parcels: gate.wait(20) and None  # type: ignore[func-returns-value]
    bench.targets["settle"].settle_fails = lambda: gate.wait(20) and None  # type: ignore[func-returns-value]
    bench.targets["close"].close = lambda: gate.wait(20) and None  # type: ignore[assignment,func-returns-value]
    make = bench.make

    def making(one: Any, *more: Any) -> FakeTarget:
        if one.name == "make":
            gate.wait(20)
        return make(one, *more)

    bench.make = making  # type: ignore[method-assign]
    bench.put_many(["event"] * 3, targets=["send", "close", "one"])
    uploader = bench.start(settings("one", "send", "settle", "make", "close"))
    wait_until(lambda: bench.states("one") == {"sent": 3} and bench.targets["send"].sends)
    begin = time.monotonic()
    stuck = uploader.close(1.5)
    took = time.monotonic() - begin
    assert took < 2.2
    assert {name.split()[1] for name in stuck} == {"send", "settle", "make", "close"}
    gate.set()
    wait_until(lambda: uploader.close(0.5) == [])
    assert bench.targets["make"].closed  # it came too late, and was let go of
    assert bench.states("send")["waiting"] >= 2


def test_a_send_that_hangs_is_broken_off_by_closing_its_target(bench: Bench) -> None:
    target, gate = bench.targets["one"], threading.Event()

    def hang(_parcels: Sequence[Parcel]) -> None:
        gate.wait(20)
        raise Unreachable("closed beneath it")

    target.fail = hang
    target.close = gate.set  # type: ignore[method-assign]
    bench.put("event")
    bench.start(settings())
    wait_until(lambda: target.sends)
    assert bench.stop() == []
    assert bench.states() == {"waiting": 1}


def test_other_settings_are_gone_by_without_a_restart(bench: Bench) -> None:
    bench.targets |= {"two": FakeTarget("two")}
    bench.put_many(["event"] * 2, targets=["one", "two"])
    uploader = bench.start(settings("one"))
    wait_until(lambda: bench.states("one") == {"sent": 2})
    assert bench.states("two") == {"waiting": 2}
    uploader.apply(settings("one", "two", concurrency=2))
    wait_until(lambda: bench.states("two") == {"sent": 2})
    assert bench.targets["one"].opened == 1  # how fast it is sent to is not its business
    uploader.apply(settings("one", "two", region="here"))
    wait_until(lambda: bench.targets["one"].opened == 2)
    assert bench.targets["one"].closed == 1
    uploader.apply(settings("one", "two", enabled=False))
    wait_until(lambda: uploader.figures["one"].state == "stopped" and bench.targets["one"].closed == 2)
    assert bench.rows("SELECT count(*) FROM outbox_routes") == [(0,)]
    bench.put("event")
    uploader.apply(settings("two"))
    wait_until(lambda: list(uploader.figures) == ["two"] and bench.targets["two"].opened == 3)
    uploader.apply(settings("one", quota_gigabytes=1.0))
    wait_until(lambda: uploader.empty and bench.states("one") == {"sent": 3})
    wait_until(lambda: bench.rows("SELECT value FROM meta WHERE key = ?", QUOTA_KEY) == [("1000000000",)])


def test_routes_that_could_not_be_stored_are_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(monkeypatch)
    disk.full = True
    bench.start(settings())
    wait_until(lambda: disk.refused)
    disk.full = False
    wait_until(lambda: bench.rows("SELECT count(*) FROM outbox_routes")[0][0] > 0)


def test_what_left_is_recorded_in_sum(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = bench.clock = FakeClock()
    audit = Audit(bench.home)
    bench.put_many(["event"] * 3)
    uploader = bench.start(settings(), audit=audit)
    wait_until(lambda: uploader.empty)
    real = audit.write

    def refuse(*_args: object, **_more: object) -> None:
        raise AuditError("the disk is full")

    monkeypatch.setattr(audit, "write", refuse)
    clock.move(601.0)
    threading.Event().wait(0.1)
    monkeypatch.setattr(audit, "write", real)
    bench.put("event")
    clock.move(1.5)
    wait_until(lambda: uploader.empty)
    bench.stop()
    lines = [line for line in (bench.home / FILE).read_text().splitlines() if "outbox sent" in line]
    assert len(lines) == 1
    assert '"messages": 4' in lines[0].replace('":4', '": 4')
    assert '"nowhere' in lines[0] or "one" in lines[0]


def test_a_seal_alone_is_not_recorded_as_sent(bench: Bench) -> None:
    """Else its line would have a seal, which is sent, which is a line: the outbox would never be empty."""
    audit = Audit(bench.home)
    uploader = bench.start(settings(), audit=audit)
    bench.put("audit")
    wait_until(lambda: uploader.empty)
    bench.stop()
    assert not (bench.home / FILE).exists() or "outbox sent" not in (bench.home / FILE).read_text()
    uploader = bench.start(settings(), audit=audit)
    bench.put_many(["audit", "event"])
    wait_until(lambda: uploader.empty)
    uploader.sum_up()
    bench.stop()
    assert (bench.home / FILE).read_text().count("outbox sent") == 1
