"""The slot between a camera and its tile, and the turns its work is done in."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
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


def test_turns_go_to_whoever_waits_longest_even_before_the_one_who_gave_it_back() -> None:
    places, order, done = Turns(1), list[int](), threading.Event()

    def work(number: int) -> None:
        for _ in range(3):
            with places.turn():
                order.append(number)
                done.wait(0.02)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2] * 3


def test_who_has_a_turn_goes_on_with_it() -> None:
    places = Turns(1)
    begin = time.monotonic()
    with places.turn(), places.turn():
        assert time.monotonic() - begin < turns.PATIENCE_S / 2
    with places.turn():  # it was given back once, and once only
        waited = threading.Thread(target=lambda: places.turn().__enter__())
        begin = time.monotonic()
        waited.start()
        waited.join()
        assert time.monotonic() - begin >= turns.PATIENCE_S


def test_a_camera_hands_its_picture_on_in_the_turn_it_was_decoded_in() -> None:
    """... and gives the turn back even where the reading is given up by another thread."""
    places, reading = Turns(1), threading.Event()

    def pictures() -> Iterator[int]:
        with places.turn():
            yield from (1, 2)

    source = pictures()
    reader = threading.Thread(target=lambda: (next(source), reading.set()))
    reader.start()
    reader.join()
    assert reading.is_set()
    source.close()  # type: ignore[attr-defined]
    begin = time.monotonic()
    with places.turn():
        assert time.monotonic() - begin < turns.PATIENCE_S / 2


def test_a_turn_that_is_never_given_back_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    places, came = Turns(1), list[bool]()

    def impatient() -> None:
        with places.turn():
            came.append(True)

    with places.turn():
        for _ in range(3):
            other = threading.Thread(target=impatient)
            other.start()
            other.join()
    assert came == [True] * 3
    with pytest.raises(ValueError, match="inside"), places.turn():
        raise ValueError("inside")
    monkeypatch.setattr(turns, "PATIENCE_S", 60.0)
    with places.turn():  # given back in spite of the failure
        pass
