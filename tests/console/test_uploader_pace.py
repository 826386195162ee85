"""When the uploader sends: back-off, Retry-After, hours, bandwidth, pauses, pushes, and clocks that are wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from console.settings.home import Home
from console.store.store import Store
from console.sync.requests import ask_pause, ask_push
from console.sync.targets.base import Busy, Denied, Parcel, Unreachable
from tests.console.sync_fakes import Bench, FakeClock, FakeTarget, settings, wait_until


class Failing:
    """Fails with an error as long as it is told to."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error

    def __call__(self, _parcels: Sequence[Parcel]) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bench(own_home: Path, clock: FakeClock) -> Iterator[Bench]:
    with Home.open(own_home) as home, Store.open(home) as store:
        bench = Bench(own_home, store, clock)
        bench.targets["one"] = FakeTarget()
        yield bench
        bench.stop()
        bench.counts_are_right()
        assert not [words for target in bench.targets.values() for words in target.wrong]


def later(clock: FakeClock, until: Callable[[], object], *, most_s: float = 60.0, step_s: float = 0.5) -> float:
    """Let time pass until something holds; how much passed."""
    begin = clock.now
    while not until():
        assert clock.now - begin < most_s, "waited in vain"
        clock.move(step_s)
        threading.Event().wait(0.004)
    return clock.now - begin


def stays(clock: FakeClock, holds: Callable[[], object], for_s: float, step_s: float = 1.0) -> None:
    """Something holds all the time."""
    end = clock.now + for_s
    while clock.now < end:
        clock.move(min(step_s, end - clock.now))
        threading.Event().wait(0.003)
        assert holds()


def test_a_dead_target_is_probed_with_one_message_less_and_less(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    target.at_once = 10
    target.fail = failing = Failing(Unreachable("away"))
    bench.put_many(["event"] * 100)
    uploader = bench.start(settings(concurrency=1))
    times: list[float] = []

    def seen() -> bool:
        while len(times) < len(target.sends):
            times.append(clock.now)
        return len(times) >= 10

    later(clock, seen, most_s=4000, step_s=1.0)
    assert [len(one) for one in target.sends] == [10] + [1] * 9
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps[0] <= 8  # of 1 to 2 s, and what it takes this machine to notice
    assert max(gaps) <= 302
    assert sum(gaps[6:]) > sum(gaps[:3])
    tried = bench.rows("SELECT sum(attempts) FROM outbox_deliveries WHERE error = 'away'")
    wait_until(lambda: bench.rows("SELECT sum(attempts) FROM outbox_deliveries WHERE error = 'away'")[0][0] >= 18)
    assert tried[0][0] <= 19
    failing.error = None
    later(clock, lambda: uploader.empty, most_s=600, step_s=2.0)
    assert len(target.sends[11]) > 1


def test_what_fails_together_is_one_failure(bench: Bench) -> None:
    target, gate = bench.targets["one"], threading.Barrier(8, timeout=20)

    def fail(_parcels: Sequence[Parcel]) -> None:
        gate.wait()
        raise Unreachable("away")

    target.fail = fail
    bench.put_many(["event"] * 20)
    uploader = bench.start(settings(concurrency=8))
    wait_until(lambda: uploader.figures["one"].state == "waiting" and uploader.figures["one"].in_flight == 0)
    assert len(target.sends) == 8
    assert (uploader.figures["one"].next_try_s or 9) <= 2.0


def test_retry_after_is_waited_for_exactly(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    target.fail = failing = Failing(Busy("later", after_s=100.0))
    bench.put_many(["event"] * 3)
    uploader = bench.start(settings())
    wait_until(lambda: uploader.figures["one"].state == "waiting" and target.under_way == 0)
    sends = len(target.sends)
    failing.error = None
    left = uploader.figures["one"].next_try_s
    assert left is not None
    assert 99.0 <= left <= 100.0
    stays(clock, lambda: len(target.sends) == sends, left - 0.5)
    clock.move(0.6)
    wait_until(lambda: uploader.empty)


@pytest.mark.parametrize("wall_s", [-40 * 86400.0, 40 * 86400.0])
def test_a_clock_that_is_set_does_not_change_when_it_is_tried_again(
    bench: Bench, clock: FakeClock, wall_s: float
) -> None:
    target = bench.targets["one"]
    target.fail = failing = Failing(Busy("later", after_s=50.0))
    bench.put("event")
    uploader = bench.start(settings())
    wait_until(lambda: uploader.figures["one"].state == "waiting")
    failing.error = None
    clock.move(1.0, wall=wall_s)
    stays(clock, lambda: len(target.sends) == 1, 47.0)
    clock.move(3.0)
    wait_until(lambda: uploader.empty)


def test_what_needs_a_person_is_asked_seldom(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    target.fail = Failing(Denied("wrong key"))
    bench.put("event")
    bench.start(settings())
    wait_until(lambda: len(target.sends) == 1)
    threading.Event().wait(0.05)
    stays(clock, lambda: len(target.sends) == 1, 13.0)
    later(clock, lambda: len(target.sends) == 2, most_s=18)


def test_a_target_that_was_well_is_tried_again_almost_at_once(bench: Bench, clock: FakeClock) -> None:
    target, errors = bench.targets["one"], iter([None, None, Unreachable("cut"), None, None])

    def fail(_parcels: Sequence[Parcel]) -> None:
        if (error := next(errors, None)) is not None:
            raise error

    target.fail = fail
    bench.put_many(["event"] * 5)
    uploader = bench.start(settings(concurrency=1))
    wait_until(lambda: len(target.sends) == 3)
    assert later(clock, lambda: len(target.sends) >= 4, step_s=0.01) <= 0.6
    wait_until(lambda: uploader.empty)


def test_hours_are_kept_over_midnight_and_pushed_past_once(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    bench.put_many(["event"] * 5)
    uploader = bench.start(settings(hours="22:00-06:00"))  # it is noon
    wait_until(lambda: uploader.figures["one"].state == "hours")
    stays(clock, lambda: not target.sends, 20.0)
    uploader.push()
    later(clock, lambda: len(target.order) == 5)
    bench.put_many(["event"] * 3)  # for these nobody asked
    stays(clock, lambda: len(target.order) == 5, 10.0)
    clock.at = datetime(2026, 5, 4, 23, 59, 58, tzinfo=UTC)
    later(clock, lambda: len(target.order) == 8)
    clock.at = datetime(2026, 5, 5, 5, 59, 0, tzinfo=UTC)
    bench.put("event")
    later(clock, lambda: len(target.order) == 9)
    clock.at = datetime(2026, 5, 5, 6, 0, 1, tzinfo=UTC)
    later(clock, lambda: uploader.figures["one"].state == "hours")
    bench.put("event")
    stays(clock, lambda: len(target.order) == 9, 10.0)


def test_pictures_wait_for_their_hours_and_the_rest_does_not(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    pictures = bench.put_many(["picture"] * 300)
    event = bench.put("event")
    uploader = bench.start(settings(picture_hours="20:00-24:00"))
    later(clock, lambda: target.order == [event])
    later(clock, lambda: uploader.figures["one"].state == "hours")
    stays(clock, lambda: target.order == [event], 5.0)
    clock.at = datetime(2026, 5, 4, 20, 0, 0, tzinfo=UTC)
    later(clock, lambda: uploader.empty)
    assert sorted(target.order[1:]) == pictures


def test_no_more_goes_than_the_bandwidth_allows(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    target.at_once = 50
    bench.put_many(["picture"] * 40, content=b"\xff\xd8\xff" + b"x" * 4997)
    size = bench.rows("SELECT max(bytes) FROM outbox")[0][0]
    uploader = bench.start(settings(kilobytes_per_second=20.0))
    wait_until(lambda: target.order)
    begin, most = clock.now, 0.0

    def over() -> bool:
        nonlocal most
        most = max(most, len(target.order) * size - 20_000 * (clock.now - begin + 1))
        return uploader.empty

    took = later(clock, over, step_s=0.1)
    assert most <= size
    assert took == pytest.approx(40 * size / 20_000 - 1, rel=0.2)
    assert max(map(len, target.sends)) <= 4


def test_a_pause_holds_over_a_restart_and_for_pushes(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    uploader = bench.start(settings())
    uploader.pause("one", True).result(20)
    bench.put_many(["event"] * 3)
    stays(clock, lambda: not target.sends, 5.0)
    uploader = bench.start(settings())
    uploader.push()
    stays(clock, lambda: not target.sends, 5.0)
    wait_until(lambda: uploader.figures["one"].state == "paused")
    uploader.pause("one", False).result(20)
    later(clock, lambda: uploader.empty)


def test_a_pause_lets_what_is_under_way_arrive_and_nothing_more(bench: Bench) -> None:
    target, gate = bench.targets["one"], threading.Event()
    target.fail = lambda _parcels: gate.wait(20) and None  # type: ignore[func-returns-value]
    bench.put_many(["event"] * 20)
    uploader = bench.start(settings(concurrency=2))
    wait_until(lambda: len(target.sends) == 2)
    uploader.pause("one", True).result(20)
    wait_until(lambda: uploader.figures["one"].state == "paused")
    gate.set()
    wait_until(lambda: bench.states() == {"sent": 2, "waiting": 18})
    assert len(target.sends) == 2


def test_another_process_pauses_and_pushes_through_the_database(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    target.fail = failing = Failing(Denied("no"))
    ask_push(bench.store)  # asked before it ran: it tries everything anyway
    uploader = bench.start(settings())
    bench.put("event")
    later(clock, lambda: len(target.sends) == 1)
    failing.error = None
    later(clock, lambda: uploader.figures["one"].state == "waiting")
    ask_push(bench.store, "one")
    assert later(clock, lambda: uploader.empty) <= 5.0
    ask_pause(bench.store, "one", True)
    later(clock, lambda: uploader.figures["one"].state == "paused")
    ask_pause(bench.store, "one", False)
    later(clock, lambda: uploader.figures["one"].state == "idle")


def test_it_is_settled_when_the_queue_ran_empty_and_now_and_then_before(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    uploader = bench.start(settings(concurrency=1))
    wait_until(lambda: target.settled == 1)  # once a run: the last one may not have come to it
    stays(clock, lambda: target.settled == 1, 100.0, step_s=5.0)
    bench.put_many(["event"] * 3)
    later(clock, lambda: target.settled == 2)
    target.fail = lambda _parcels: clock.move(5.0)  # type: ignore[func-returns-value]
    bench.put_many(["event"] * 20)
    clock.move(1.0)
    wait_until(lambda: uploader.empty and target.settled >= 5)
    assert 5 <= target.settled <= 8


def test_settling_that_takes_long_is_done_seldom(bench: Bench, clock: FakeClock) -> None:
    """An event now and then: the lists of a long day are not put anew after each."""
    target = bench.targets["one"]
    target.settle_fails = lambda: clock.move(1.0)
    uploader = bench.start(settings(concurrency=1))
    wait_until(lambda: target.settled == 1)
    begin, sent = clock.now, 0
    while clock.now - begin < 100.0:
        sent += 1
        bench.put("event")
        later(clock, lambda: uploader.empty)
    assert sent > 20
    assert 4 <= target.settled <= 6  # one in twenty seconds
    later(clock, lambda: target.settled >= 6)
    uploader.push()
    bench.put("event")
    later(clock, lambda: target.settled >= 7, most_s=8.0)


def test_settling_that_fails_is_said_and_tried_again_and_holds_up_nothing(bench: Bench, clock: FakeClock) -> None:
    target = bench.targets["one"]
    full = [True]

    def fails() -> None:
        if full[0]:
            raise Unreachable("the list could not be put")

    target.settle_fails = fails
    bench.put("event")
    uploader = bench.start(settings())
    later(clock, lambda: uploader.empty)
    wait_until(lambda: uploader.figures["one"].state == "waiting")
    assert str(uploader.figures["one"].problem) == "the list could not be put"
    bench.put("event")
    later(clock, lambda: uploader.empty)
    uploader = bench.start(settings())  # and after a restart
    full[0] = False
    later(clock, lambda: target.settled)
    wait_until(lambda: uploader.figures["one"].state == "idle" and uploader.figures["one"].problem is None)
