"""The slot between a camera and its tile, and the turns its work is done in."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.pipeline.display import LEAST_GAP_NS, Display, contained
from console.sources import turns
from console.sources.turns import Turns
from models.frames import ArrayPicture, Frame


def frame(seq: int = 0, at_ns: int = 1, size: tuple[int, int] = (64, 48)) -> Frame:
    picture = ArrayPicture(np.full((size[1], size[0], 3), 90, np.uint8))
    return Frame("gate", seq, at_ns, datetime.now(UTC), None, picture)


def test_nothing_is_drawn_while_nobody_looks() -> None:
    display = Display()
    display.offer(frame())
    assert display.latest is None


def test_a_picture_is_drawn_to_the_tile_in_its_own_shape_and_replaced_by_the_next() -> None:
    display = Display()
    display.size = (200, 90)
    first, second = frame(0, 1), frame(1, 2)
    display.offer(first)
    kept = display.latest
    assert kept is not None
    assert kept.frame is first
    assert kept.pixels.shape == (90, 120, 4)
    assert not kept.pixels.flags.writeable
    display.offer(second)
    assert display.latest is not None
    assert display.latest.frame is second
    assert kept.frame is first  # whoever holds the old one keeps it whole
    display.size = None
    display.offer(frame(2, 3))
    assert display.latest.frame is second


def test_a_file_read_as_fast_as_possible_is_shown_thirty_times_a_second() -> None:
    display = Display()
    display.size = (64, 48)
    display.skip_what_no_eye_sees()
    shown = set()
    for seq in range(500):  # a millisecond apart
        display.offer(frame(seq, seq * 1_000_000))
        assert display.latest is not None
        shown.add(display.latest.frame.seq)
    assert len(shown) == pytest.approx(0.5e9 / LEAST_GAP_NS, abs=2)


def test_a_picture_that_cannot_be_drawn_does_not_end_its_camera(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        width, height = 64, 48

        def view(self, *_: object) -> None:
            raise ValueError("no such pixels")

    display = Display()
    display.size = (64, 48)
    with caplog.at_level(logging.ERROR):
        for seq in range(3):
            display.offer(replace(frame(seq), picture=Broken()))
    assert display.latest is None
    assert len(caplog.records) == 1
    display.offer(frame(3))
    assert display.latest is not None


@given(*[st.integers(16, 4000)] * 4)
def test_a_picture_fits_its_room(width: int, height: int, wide: int, high: int) -> None:
    w, h = contained((width, height), (wide, high))
    assert w % 2 == h % 2 == 0
    assert w <= max(wide, 16)
    assert h <= max(high, 16)
    assert w >= min(wide, wide * 1.0) - 2 or h >= high - 2 or min(w, h) == 16


def test_no_more_work_at_a_time_than_there_are_turns() -> None:
    places, now, most, lock = Turns(2), [0], [0], threading.Lock()

    def work() -> None:
        for _ in range(20):
            with places.turn():
                with lock:
                    now[0] += 1
                    most[0] = max(most[0], now[0])
                time.sleep(0.0005)
                with lock:
                    now[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 2


def test_a_turn_that_is_never_given_back_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    places = Turns(1)
    with places.turn(), places.turn():
        pass
    with pytest.raises(ValueError, match="inside"), places.turn():
        raise ValueError("inside")
    monkeypatch.setattr(turns, "PATIENCE_S", 60.0)
    with places.turn():  # given back in spite of the failure
        pass
