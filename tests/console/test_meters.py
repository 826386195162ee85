from __future__ import annotations

import threading
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.pipeline.meters import CameraMeter, Histogram, total
from console.pipeline.slots import FifoSlot, LatestSlot
from models.frames import ArrayPicture, Frame

PICTURE = ArrayPicture(np.zeros((2, 2, 3), np.uint8))


def frame(seq: int) -> Frame:
    return Frame("cam", seq, seq, datetime.now(UTC), None, PICTURE)


@given(st.lists(st.floats(2e-6, 100), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_quantiles_are_right_within_two_percent(values: list[float], q: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = float(np.quantile(values, q, method="inverted_cdf"))
    assert histogram.quantile(q) == pytest.approx(exact, rel=0.021)


@given(st.lists(st.floats(0, 100), max_size=50), st.lists(st.floats(0, 100), max_size=50))
def test_merged_histograms_are_one(a: list[float], b: list[float]) -> None:
    both, left, right = Histogram(), Histogram(), Histogram()
    for value in a:
        left.add(value)
        both.add(value)
    for value in b:
        right.add(value)
        both.add(value)
    left.merge(right)
    assert left.summary() == both.summary()


def test_nothing_measured_is_none_not_zero() -> None:
    assert Histogram().summary() == {"p50": None, "p95": None, "p99": None}


def test_frames_are_in_or_dropped_or_under_way() -> None:
    meter = CameraMeter()
    for n in range(10):
        meter.came_in(n)
    for _ in range(3):
        meter.drop("busy")
    meter.drop("error")
    assert meter.on_the_way() == 6
    assert total([meter], 2.0)["dropped"] == {"busy": 3, "error": 1}


def test_the_latest_slot_keeps_the_newest_and_hands_back_the_old() -> None:
    woken: list[int] = []
    slot = LatestSlot(lambda: woken.append(1))
    assert slot.put(frame(1)) is None
    dropped = slot.put(frame(2))
    assert dropped is not None
    assert dropped.seq == 1
    taken = slot.take()
    assert taken is not None
    assert taken.seq == 2
    assert slot.take() is None
    assert len(woken) == 2
    slot.close()
    last = frame(3)
    assert slot.put(last) is last


def test_the_fifo_slot_waits_and_loses_nothing() -> None:
    slot = FifoSlot(lambda: None, room=2)
    writer = threading.Thread(target=lambda: [slot.put(frame(n)) for n in range(50)])
    writer.start()
    got: list[int] = []
    while len(got) < 50:
        assert len(slot) <= 2
        if (taken := slot.take()) is not None:
            got.append(taken.seq)
    writer.join()
    assert got == list(range(50))


def test_closing_the_fifo_slot_lets_its_writer_go() -> None:
    slot = FifoSlot(lambda: None, room=1)
    slot.put(frame(1))
    refused: list[Frame | None] = []
    writer = threading.Thread(target=lambda: refused.append(slot.put(frame(2))))
    writer.start()
    slot.close()
    writer.join(2)
    assert refused[0] is not None
