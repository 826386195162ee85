"""Areas as values: every step stays inside the picture and can be taken back."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings.privacy import AreaSettings
from console.sources.orientation import Orientation
from widgets.areas import MOST_CORNERS, NONE, Areas, turned

_NUMBER = st.floats(-2, 2) | st.sampled_from([math.nan, math.inf, -math.inf])
_POINT = st.tuples(_NUMBER, _NUMBER)
_STEP: st.SearchStrategy[Callable[[Areas], object]] = st.one_of(
    st.tuples(_POINT, _POINT).map(lambda two: lambda a: a.rectangle(*two)),
    _POINT.map(lambda one: lambda a: a.put_corner(one)),
    _POINT.map(lambda one: lambda a: a.move(*one)),
    st.tuples(st.integers(-2, 4), st.integers(-2, 8)).map(lambda two: lambda a: a.choose(*two)),
    st.tuples(st.integers(-1, 3), st.text(max_size=3)).map(lambda two: lambda a: a.rename(*two)),
    st.sampled_from(
        (
            Areas.close,
            Areas.give_up,
            Areas.remove,
            Areas.add_corner,
            Areas.add_in_the_middle,
            Areas.step_corner,
            Areas.undo,
            Areas.redo,
            Areas.rest,
            lambda a: a.step(1),
            lambda a: a.step(-1),
        )
    ),
)


@given(st.lists(_STEP, max_size=40))
def test_whatever_is_done_the_settings_take_the_areas_and_all_of_it_can_be_undone(steps: list) -> None:
    drawn = Areas([[(0.1, 0.1), (0.3, 0.1), (0.2, 0.4)]], ["door"])
    begin = drawn.all, drawn.names
    for step in steps:
        step(drawn)
        assert len(drawn.names) == len(drawn.all)
        assert drawn.chosen == NONE or 0 <= drawn.chosen < len(drawn.all)
        assert drawn.corner == NONE or 0 <= drawn.corner < len(drawn.all[drawn.chosen])
        for points in drawn.all:
            assert len(points) <= MOST_CORNERS
            AreaSettings(points=points)
    end = drawn.all, drawn.names
    undone = 0
    while drawn.can_undo:
        drawn.undo()
        undone += 1
        assert undone <= 2 * len(steps)
    assert (drawn.all, drawn.names) == begin
    while drawn.can_redo:
        drawn.redo()
    if not any(step in (Areas.undo, Areas.redo) for step in steps):
        assert (drawn.all, drawn.names) == end


def test_an_area_stops_at_the_edge_in_its_own_shape() -> None:
    drawn = Areas()
    drawn.rectangle((0.2, 0.2), (0.5, 0.4))
    drawn.move(0.9, -0.9)
    assert np.allclose(drawn.all[0], [(0.7, 0.0), (1.0, 0.0), (1.0, 0.2), (0.7, 0.2)])


def test_moves_that_follow_each_other_are_one_step_and_a_rest_begins_another() -> None:
    drawn = Areas([[(0.1, 0.1), (0.2, 0.1), (0.2, 0.2)]])
    drawn.choose(0)
    for _ in range(5):
        drawn.move(0.01, 0)
    drawn.rest()
    drawn.move(0, 0.1)
    drawn.undo()
    assert drawn.all[0][0] == pytest.approx((0.15, 0.1))
    drawn.undo()
    assert drawn.all[0][0] == (0.1, 0.1)
    assert not drawn.can_undo


def test_what_is_too_small_to_see_is_not_drawn() -> None:
    drawn = Areas()
    assert not drawn.rectangle((0.5, 0.5), (0.501, 0.9))
    for at in ((0.1, 0.1), (0.5, 0.5), (0.9, 0.9)):
        drawn.put_corner(at)
    assert not drawn.close()
    assert drawn.all == ()
    assert not drawn.begun


def test_the_last_three_corners_go_together() -> None:
    drawn = Areas([[(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)]])
    drawn.choose(0, 1)
    drawn.remove()
    assert len(drawn.all[0]) == 3
    drawn.remove()
    assert drawn.all == ()
    drawn.undo()
    assert len(drawn.all[0]) == 3


@pytest.mark.parametrize("before", [(r, m) for r in (0, 90, 180, 270) for m in (False, True)])
@pytest.mark.parametrize("after", [(r, m) for r in (0, 90, 180, 270) for m in (False, True)])
def test_a_turned_picture_has_its_areas_on_the_same_things(before: tuple[int, bool], after: tuple[int, bool]) -> None:
    """Against the pixels themselves: a thing painted into the stored picture lies where its area does."""
    stored = np.zeros((60, 80, 3), np.uint8)
    stored[6:12, 50:70] = 255

    def seen(way: tuple[int, bool]) -> tuple[np.ndarray, tuple[float, float, float, float]]:
        pixels = Orientation(way[0], mirror=way[1]).turn(stored)
        ys, xs = np.nonzero(pixels[..., 0])
        high, wide = pixels.shape[:2]
        return pixels, (xs.min() / wide, ys.min() / high, (xs.max() + 1) / wide, (ys.max() + 1) / high)

    x0, y0, x1, y1 = seen(before)[1]
    moved = turned([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], before, after)
    xs, ys = [x for x, _ in moved], [y for _, y in moved]
    assert (min(xs), min(ys), max(xs), max(ys)) == pytest.approx(seen(after)[1])
