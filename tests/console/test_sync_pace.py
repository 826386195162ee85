"""Hours, back-off, bandwidth and the order of the line: the rules by themselves."""

from __future__ import annotations

from datetime import datetime, time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings.sync import hours_of
from console.sync.uploading.hours import Hours, within
from console.sync.uploading.line import Line, Load
from console.sync.uploading.pace import MOST_AFTER_S, MOST_S, PERSON_MOST_S, Backoff, Bucket, Effort, Meter
from console.sync.uploading.records import Waiting
from tests.console.sync_fakes import FakeClock

TIMES = st.times()
PRIORITY = {"erased": 0, "event": 1, "verdict": 2, "picture": 4}


@pytest.mark.parametrize(
    ("text", "at", "is_in"),
    [
        ("", "03:00", True),
        ("22:00-06:00", "21:59", False),
        ("22:00-06:00", "22:00", True),
        ("22:00-06:00", "00:00", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("12:00-13:00, 22:00-24:00", "12:30", True),
        ("12:00-13:00, 22:00-24:00", "23:59", True),
        ("12:00-13:00, 22:00-24:00", "00:00", False),
        ("00:00-24:00", "17:00", True),
        ("08:00-08:00", "07:59", True),
    ],
)
def test_hours(text: str, at: str, is_in: bool) -> None:
    assert within(hours_of(text), time.fromisoformat(at)) is is_in


@given(TIMES, TIMES, TIMES)
def test_a_time_is_in_a_span_or_in_what_is_left_of_the_day(begin: time, end: time, at: time) -> None:
    if begin != end:
        assert within(((begin, end),), at) is not within(((end, begin),), at)


def test_pictures_go_when_both_say_so() -> None:
    hours = Hours("08:00-20:00", "18:00-23:00")
    told = [hours.now(datetime(2026, 1, 1, hour)) for hour in (7, 9, 19, 21)]  # noqa: DTZ001  # what the wall shows
    assert told == [(False, False), (True, False), (True, True), (False, False)]


@given(st.integers(1, 60), st.booleans(), st.none() | st.floats(0, 1e6), st.integers(0, 1000))
def test_backoff_stays_in_its_bounds_and_hears_what_is_asked(
    failures: int, person: bool, after_s: float | None, seed: int
) -> None:
    backoff = Backoff(Random(seed))
    for n in range(1, failures + 1):
        wait = backoff.failed(0.0, person=person, after_s=after_s)
        least, most = (15.0, PERSON_MOST_S) if person else (1.0, MOST_S)
        most = min(most, least * 2**n)
        asked = min(after_s or 0.0, MOST_AFTER_S)
        assert max(least, asked) <= wait <= max(most, asked)


def test_two_desks_do_not_come_back_at_once() -> None:
    waits = [Backoff(Random(seed)).failed(0.0) for seed in range(50)]
    assert max(waits) - min(waits) > 0.5


def test_a_target_that_was_well_begins_anew() -> None:
    backoff = Backoff(Random(1))
    for _n in range(5):
        backoff.failed(0.0)
    backoff.well(10.0)
    assert backoff.failed(11.0) <= 0.25
    assert backoff.failed(11.5) >= 1.0
    backoff.well(12.0)
    assert backoff.failed(30.0) >= 1.0  # that was long ago
    backoff.well(31.0)
    assert backoff.failed(31.0, person=True) >= 15.0


@given(st.floats(100, 1e6), st.lists(st.tuples(st.integers(0, 200_000), st.floats(0, 3)), min_size=1, max_size=50))
def test_no_more_goes_than_the_rate_and_one_send(rate: float, wanted: list[tuple[int, float]]) -> None:
    bucket, now, gone, largest = Bucket(rate, 0.0), 0.0, 0, 0
    for size, pause in wanted:
        now += pause
        if not bucket.wait_s(now):
            bucket.take(size, now)
            gone, largest = gone + size, max(largest, size)
        assert gone <= rate * (now + 1) + largest + 1


def test_a_bucket_says_when_it_may_go_on() -> None:
    bucket = Bucket(1000.0, 0.0)
    bucket.take(5000, 0.0)
    assert bucket.wait_s(1.0) == pytest.approx(3.0)
    assert bucket.wait_s(4.1) == 0.0
    free = Bucket(None, 0.0)
    free.take(10**12, 0.0)
    assert (free.wait_s(0.0), free.most) == (0.0, None)


def test_rates_are_of_the_last_seconds() -> None:
    meter = Meter()
    for n in range(100):
        meter.add(2, 200, n / 10)
    messages, size = meter.rates(10.0)
    assert messages == pytest.approx(20, rel=0.1)
    assert size == pytest.approx(2000, rel=0.1)
    assert meter.rates(25.0) == (0.0, 0.0)


def _row(number: int, tracking: int, kind: str, size: int = 10) -> Waiting:
    return Waiting(number, "m", f"t{tracking}", kind, "", PRIORITY[kind], size, "", "{}", None, None, "")  # type: ignore[arg-type]


ROWS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(sorted(PRIORITY)), st.integers(1, 60)), max_size=40)


@given(ROWS, st.integers(1, 8), st.integers(1, 4), st.randoms(use_true_random=False), st.booleans())
def test_the_line_keeps_its_promises_until_it_is_empty(
    given_rows: list[tuple[int, str, int]], messages: int, senders: int, random: Random, poisoned: bool
) -> None:
    """Sends end in any order; some fail. Nothing overtakes, nothing is doubled, everything is gone in the end."""
    line, load = Line(), Load(messages, 100.0)
    rows = sorted((_row(n, *one) for n, one in enumerate(given_rows, 1)), key=lambda row: (row.priority, row.number))
    poison = {row.number for row in rows if row.number % 7 == 0} if poisoned else set()
    come: dict[int, int] = {row.number: random.randrange(40) for row in rows}
    under_way: list[list[Waiting]] = []
    gone: list[Waiting] = []
    for turn in range(5000):
        flying = [row for send in under_way for row in send]
        there = [row for row in rows if come[row.number] <= turn]
        waiting = [row for row in there if row not in flying and row.number not in line.at_the_end]
        erasing = any(row.kind == "erased" for row in flying)
        batch = (
            [] if erasing or len(under_way) >= senders else line.next(waiting, {r.tracking_id for r in flying}, load)
        )
        if batch:
            _is_allowed(batch, flying, there, load)
            under_way.append(batch)
            continue
        if not under_way:
            if turn > 40:
                break
            continue
        send = under_way.pop(random.randrange(len(under_way)))
        if poison & {row.number for row in send} or random.random() < 0.05:
            line.failed(send)
        else:
            gone += send
            rows = [row for row in rows if row not in send]
            line.over([row.number for row in send])
    behind = {(row.priority, row.tracking_id) for row in rows if row.number in line.at_the_end}
    assert {row.number for row in rows if (row.priority, row.tracking_id) not in behind} == set()
    assert poison & {row.number for row in gone} == set()
    last = line.next(rows, (), load, probe=True, last=True)
    assert len(last) == bool(rows)


def _is_allowed(batch: list[Waiting], flying: list[Waiting], rows: list[Waiting], load: Load) -> None:
    assert not {row.tracking_id for row in batch} & {row.tracking_id for row in flying}
    assert len({row.tracking_id for row in batch}) == len(batch) <= load.messages
    assert len(batch) == 1 or sum(row.size for row in batch) <= load.size
    kinds = {row.kind for row in batch}
    assert "erased" not in kinds or (kinds == {"erased"} and not flying)
    for row in batch:
        before = [one for one in rows if one.tracking_id == row.tracking_id and one.kind == row.kind]
        assert row is before[0]


def test_one_that_failed_goes_alone_and_a_probe_takes_another() -> None:
    line, load = Line(), Load(10, 1000.0)
    rows = [_row(n, n, "event") for n in range(1, 5)]
    line.failed(rows[:2])
    assert [row.number for row in line.next(rows, (), load)] == [1]
    assert [row.number for row in line.next(rows, (), Load(1, 1000.0), probe=True)] == [3]
    line.failed(rows[:1])
    assert [row.number for row in line.next(rows[:2], (), Load(1, 1000.0), probe=True)] == [2]
    line.over([1, 2])
    assert len(line.next(rows, (), load)) == 4


def test_effort_is_held_to_a_share_of_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, computed = FakeClock(), [0.0]
    monkeypatch.setattr("console.sync.uploading.pace.time.thread_time", lambda: computed[0])
    effort, spent, begun = Effort(0.1, clock), 0.0, clock.monotonic()
    assert effort.bound
    while clock.monotonic() - begun < 60:
        if wait := effort.wait_s():
            clock.move(wait)
            continue
        with effort.counted():
            computed[0] += 0.004
        spent += 0.004
    assert 0.1 * 60 <= spent <= 0.1 * 60 + 0.1 + 0.004
    free = Effort(None, clock)
    with free.counted():
        computed[0] += 1000
    assert not free.bound
    assert free.wait_s() == 0


def test_what_fails_is_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, computed = FakeClock(), [0.0]
    monkeypatch.setattr("console.sync.uploading.pace.time.thread_time", lambda: computed[0])
    effort = Effort(0.1, clock)

    def failing() -> None:
        with effort.counted():
            computed[0] += 1.0
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert effort.wait_s() == pytest.approx(9.0)
