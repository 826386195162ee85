"""Batches of what is ready: full ones at once, others after a short while, jobs that were begun before alone."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from console.cloud.jobs.values import Claimed
from console.cloud.working import batching, retrying
from console.cloud.working.batching import Pool
from console.cloud.working.opening import Opened
from console.cloud.working.retrying import Standing, pause_s
from console.cloud.working.spaces import Space

SOON = 5.0


def opened(name: str, attempt: int = 1, side: int = 10) -> Opened:
    job = Claimed(name, "s", "d", "m", "t", "c", "sealed", "task", attempt, "f", "0", {})
    return Opened(job, np.zeros((side, side, 3), np.uint8), Space("file", (side, side)), 0.0, time.monotonic())


def names(batch: list[Opened]) -> str:
    return "".join(one.job.job_id for one in batch)


def pool(most: int = 3, wait_s: float = 0.15) -> tuple[Pool, threading.Event]:
    stop = threading.Event()
    return Pool(most, wait_s, stop), stop


def take(made: Pool, seconds: float = SOON) -> tuple[str, float]:
    begin = time.monotonic()
    batch = made.take(begin + seconds)
    return names(batch), time.monotonic() - begin


def test_a_full_batch_goes_at_once_and_another_after_its_wait() -> None:
    made, _stop = pool()
    for name in "abcd":
        made.put(opened(name))
    got, took_s = take(made)
    assert (got, took_s < 0.1) == ("abc", True)
    got, took_s = take(made)
    assert got == "d"
    assert 0.05 < took_s < 0.4


def test_one_that_waited_while_the_models_were_busy_waits_no_more() -> None:
    made, _stop = pool(wait_s=0.1)
    made.put(opened("a"))
    time.sleep(0.12)
    made.put(opened("b"))
    got, took_s = take(made)
    assert (got, took_s < 0.05) == ("ab", True)


def test_one_that_was_begun_before_comes_alone_and_in_its_turn() -> None:
    made, _stop = pool(most=8)
    for name, attempt in (("a", 1), ("b", 1), ("c", 2), ("d", 3), ("e", 1)):
        made.put(opened(name, attempt))
    assert [take(made)[0] for _n in range(4)] == ["ab", "c", "d", "e"]


def test_nothing_comes_before_its_time_or_after_the_stop() -> None:
    made, stop = pool()
    assert take(made, 0.1)[0] == ""
    made.put(opened("a"))
    stop.set()
    assert take(made)[0] == ""
    assert names(made.close()) == "a"
    assert not made.put(opened("b"))


def test_large_pictures_wait_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MOST_PIXELS", 250)
    made, _stop = pool(most=8, wait_s=0.05)
    entered: list[str] = []

    def put() -> None:
        for name in "abcd":
            made.put(opened(name))
            entered.append(name)

    thread = threading.Thread(target=put)
    thread.start()
    time.sleep(0.1)
    assert entered == ["a", "b"]
    assert take(made)[0] == "ab"
    assert take(made)[0] == "cd"
    thread.join(5)
    huge = opened("e", side=30)
    made.put(huge)  # alone, whatever its size
    assert take(made)[0] == "e"


def test_who_reads_looks_again_when_pictures_were_taken_or_the_models_wait() -> None:
    made, _stop = pool(wait_s=0.3)
    made.put(opened("a"))
    thread = threading.Thread(target=lambda: (time.sleep(0.05), take(made)))
    thread.start()
    begin = time.monotonic()
    made.rest(10)
    assert 0.1 < time.monotonic() - begin < 0.35  # half of what the batch waits, in which a second look may fill it
    thread.join(5)
    begin = time.monotonic()
    made.rest(10)
    assert time.monotonic() - begin < 0.1  # nothing is ready


def test_pauses_double_up_to_the_longest_and_vary() -> None:
    for tries, middle in ((1, 1), (2, 2), (3, 4), (30, 30), (10**6, 30)):
        found = [pause_s(tries) for _n in range(200)]
        assert middle * 0.5 <= min(found) < middle < max(found) <= middle * 1.5


def test_what_is_away_is_said_once_and_so_is_its_return(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", retrying.__name__)
    standing = Standing("It is back.")
    standing.good()
    for why in ("It is away.", "It is away.", "It is busy.", "It is busy."):
        assert standing.bad(why) > 0
    standing.good()
    standing.good()
    assert [record.message for record in caplog.records] == ["It is away.", "It is busy.", "It is back."]
