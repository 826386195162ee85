"""Holding: what was found stays covered over pictures in which it is missed, wherever it goes meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.holding import HOLD_NS, MOST, Holder
from models.tracks import Tracks

SIZE = (1280, 720)
STEP_NS = 100_000_000
NOBODY = np.empty((0, 4), np.float32)
Box = tuple[float, float, float, float]


def boxes(*rows: Box) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


def tracks(time_ns: int, *rows: Box, velocity: tuple[float, float] = (0, 0), seen_ns: int | None = None) -> Tracks:
    n = len(rows)
    return Tracks(
        time_ns,
        boxes(*rows),
        np.tile(np.array([*velocity, *velocity], np.float32), (n, 1)),
        np.full(n, 0.9, np.float32),
        np.zeros(n, np.int32),
        np.arange(1, n + 1, dtype=np.int64),
        np.full(n, time_ns if seen_ns is None else seen_ns, np.int64),
        SIZE,
    )


def holds(regions: NDArray[np.float32], box: Box) -> bool:
    x0, y0, x1, y1 = np.clip(box, 0, [SIZE[0], SIZE[1]] * 2)
    return any(a <= x0 and b <= y0 and c >= x1 and d >= y1 for a, b, c, d in regions.tolist())


def moved(box: Box, way: tuple[float, float]) -> Box:
    return box[0] + way[0], box[1] + way[1], box[2] + way[0], box[3] + way[1]


FACE: Box = (600, 300, 630, 340)
PERSON: Box = (570, 290, 660, 560)


def test_what_is_found_again_is_not_held_beside_itself() -> None:
    holder = Holder()
    for number in range(20):
        face = moved(FACE, (6.0 * number, 0))
        assert len(holder.update(boxes(face), Tracks.empty(), number * STEP_NS, SIZE)) == 0


def test_a_region_missed_stays_covered_for_a_while_and_grows() -> None:
    holder = Holder()
    holder.update(boxes(FACE), Tracks.empty(), 0, SIZE)
    areas = []
    for time_ns in range(STEP_NS, HOLD_NS + 1, STEP_NS):
        held = holder.update(NOBODY, Tracks.empty(), time_ns, SIZE)
        assert holds(held, FACE)
        areas.append(float(np.prod(held[0, 2:] - held[0, :2])))
    assert areas == sorted(areas)
    assert areas[-1] > areas[0]
    assert len(holder.update(NOBODY, Tracks.empty(), HOLD_NS + 1, SIZE)) == 0


@settings(max_examples=150, deadline=None)
@given(
    speed=st.tuples(st.floats(-400, 400), st.floats(-200, 200)),
    missed=st.integers(1, HOLD_NS // STEP_NS),
    found=st.integers(1, 4),
)
def test_a_face_in_a_moving_track_stays_covered_over_missed_frames(
    speed: tuple[float, float], missed: int, found: int
) -> None:
    """The track knows where its person is; the face is the same part of it, found or not."""
    holder = Holder()
    for number in range(found + missed):
        way = speed[0] * number * STEP_NS / 1e9, speed[1] * number * STEP_NS / 1e9
        person, face = moved(PERSON, way), moved(FACE, way)
        seen = boxes(face) if number < found else NOBODY
        held = holder.update(seen, tracks(number * STEP_NS, person, velocity=speed), number * STEP_NS, SIZE)
        if number >= found and face[2] > 0 and face[0] < SIZE[0] and face[3] > 0 and face[1] < SIZE[1]:
            assert holds(held, face)


@settings(max_examples=150, deadline=None)
@given(speed=st.tuples(st.floats(-300, 300), st.floats(-300, 300)), missed=st.integers(1, HOLD_NS // STEP_NS))
def test_without_a_track_it_goes_on_as_it_was_seen_to_go(speed: tuple[float, float], missed: int) -> None:
    holder = Holder()
    step = speed[0] * STEP_NS / 1e9, speed[1] * STEP_NS / 1e9
    for number in range(3 + missed):
        face = moved(FACE, (step[0] * number, step[1] * number))
        held = holder.update(boxes(face) if number < 3 else NOBODY, Tracks.empty(), number * STEP_NS, SIZE)
        if number >= 3 and face[2] > 0 and face[0] < SIZE[0] and face[3] > 0 and face[1] < SIZE[1]:
            assert holds(held, face)


def test_one_that_stopped_while_it_was_missed_is_covered_too() -> None:
    holder = Holder()
    for number in range(4):
        face = moved(FACE, (20.0 * number, 0))
        holder.update(boxes(face), Tracks.empty(), number * STEP_NS, SIZE)
    for number in range(4, 12):
        assert holds(holder.update(NOBODY, Tracks.empty(), number * STEP_NS, SIZE), face)


def test_a_track_that_is_waited_for_still_carries_its_face() -> None:
    holder = Holder()
    holder.update(boxes(FACE), tracks(0, PERSON), 0, SIZE)
    late = tracks(9 * STEP_NS, PERSON, seen_ns=0)  # faded from the screen: behind something
    assert holds(holder.update(NOBODY, late, 9 * STEP_NS, SIZE), FACE)


def test_of_two_faces_side_by_side_the_one_missed_stays_covered() -> None:
    holder = Holder()
    other = moved(FACE, (45, 0))
    holder.update(boxes(FACE, other), Tracks.empty(), 0, SIZE)
    held = holder.update(boxes(moved(FACE, (2, 0))), Tracks.empty(), STEP_NS, SIZE)
    assert holds(held, other)


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_numbers_that_are_none_are_no_sighting(spoilt: float) -> None:
    holder = Holder()
    holder.update(boxes(FACE), Tracks.empty(), 0, SIZE)
    held = holder.update(boxes((spoilt, 0, 5, 5)), tracks(STEP_NS, (np.nan, 0, 9, 9)), STEP_NS, SIZE)
    assert holds(held, FACE)


def test_a_clock_that_goes_back_lets_nothing_go() -> None:
    holder = Holder()
    holder.update(boxes(FACE), Tracks.empty(), 50 * STEP_NS, SIZE)
    assert holds(holder.update(NOBODY, Tracks.empty(), 0, SIZE), FACE)
    assert len(holder.update(NOBODY, Tracks.empty(), HOLD_NS + 1, SIZE)) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_held_lies_in_the_picture_and_is_never_too_much(seed: int) -> None:
    rng = np.random.default_rng(seed)
    holder = Holder()
    for number in range(6):
        low = rng.uniform(-200, 1400, (int(rng.integers(0, 300)), 2))
        found = np.concatenate([low, low + rng.uniform(0, 80, low.shape)], 1).astype(np.float32)
        held = holder.update(found, Tracks.empty(), number * STEP_NS, SIZE)
        assert len(held) <= MOST
        assert (held >= 0).all()
        assert (held <= np.array([*SIZE, *SIZE])).all()
        assert (held[:, 2:] > held[:, :2]).all()
