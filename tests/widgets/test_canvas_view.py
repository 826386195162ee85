"""From source pixels to the screen and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.canvas.view import MOST, View, fitted

ROOM, SOURCE = (1000, 700), (1920, 1080)


def test_all_of_the_picture_fills_its_room() -> None:
    view = View.fit(ROOM, SOURCE)
    assert fitted(SOURCE, ROOM) == (1000, 562)
    assert view.place() == pytest.approx((0, 69, 1000, 562))
    assert view.to_screen(0, 0) == (0, 69)
    assert view.to_screen(*SOURCE) == pytest.approx((1000, 631))


def test_a_picture_that_nearly_fits_is_taken_as_it_is() -> None:
    assert View.fit(ROOM, SOURCE, (1000, 560)).place()[2:] == pytest.approx((1000, 560))
    assert View.fit(ROOM, SOURCE, (640, 360)).place()[2:] == pytest.approx((1000, 562))
    assert View.fit(ROOM, SOURCE, (1002, 563)).place()[2:] == pytest.approx((1000, 562))  # larger than its room


def test_zoom_keeps_what_is_under_the_mouse() -> None:
    view = View.fit(ROOM, SOURCE)
    under = view.to_source(400, 300)
    near = view.zoomed(4, 400, 300)
    assert near.to_source(400, 300) == pytest.approx(under, abs=0.5 / near.sx)
    assert not near.whole
    assert near.zoomed(0.01, 0, 0) == view
    assert near.zoomed(1e6, 10, 10).sx == MOST


def test_there_is_no_gap_beside_a_near_picture() -> None:
    near = View.fit(ROOM, SOURCE).zoomed(3, 500, 350).moved(1e6, -1e6)
    assert near.left == 0
    assert near.top + SOURCE[1] * near.sy == pytest.approx(ROOM[1], abs=1)
    assert View.fit(ROOM, SOURCE).moved(50, 50).whole


def test_a_view_of_a_box_has_it_in_the_middle_with_room_around() -> None:
    view = View.fit(ROOM, SOURCE).at((900, 500, 1000, 700), 2)
    assert view.to_source(500, 350) == pytest.approx((950, 600), abs=1)
    x0, y0, x1, y1 = view.seen()
    assert (x1 - x0, y1 - y0) == pytest.approx((400 * 1000 / 700, 400), abs=1)
    assert View.fit(ROOM, SOURCE).at((0, 0, 1900, 1000), 3).whole


def test_another_room_has_the_same_middle() -> None:
    near = View.fit(ROOM, SOURCE).zoomed(4, 500, 350)
    other = near.in_room((600, 600))
    assert other.to_source(300, 300) == pytest.approx(near.to_source(500, 350), abs=1)
    assert View.fit(ROOM, SOURCE).in_room((600, 600)).place() == View.fit((600, 600), SOURCE).place()


@given(
    st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    st.tuples(st.integers(1, 8000), st.integers(1, 8000)),
    st.lists(st.tuples(st.floats(-4, 4), st.floats(0, 4000), st.floats(0, 4000)), max_size=6),
)
def test_there_and_back(
    room: tuple[int, int], source: tuple[int, int], zooms: list[tuple[float, float, float]]
) -> None:
    view = View.fit(room, source)
    for steps, x, y in zooms:
        view = view.zoomed(2.0**steps, x, y).moved(x - y, y - x)
        assert view.to_screen(*view.to_source(x, y)) == pytest.approx((x, y), abs=1e-6)
        x0, y0, x1, y1 = view.seen()
        assert 0 <= x0 < x1 <= source[0] + 1e-9
        assert 0 <= y0 < y1 <= source[1] + 1e-9
