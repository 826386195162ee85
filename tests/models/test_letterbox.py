from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.frames import ArrayPicture
from models.letterbox import Fit, Letterbox

sides = st.integers(1, 5000)
fits = st.sampled_from(["corner", "center", "stretch"])


@given(sides, sides, st.integers(32, 1280), st.integers(32, 1280), fits)
def test_boxes_come_back_where_they_were(w: int, h: int, tw: int, th: int, how: Fit) -> None:
    box = Letterbox.fit((w, h), (tw, th), how)
    assert box.left >= 0
    assert box.top >= 0
    assert 1 <= box.width <= tw - box.left
    assert 1 <= box.height <= th - box.top
    xyxy = np.array([[0, 0, w, h], [w / 4, h / 4, w / 2, h / 2]], np.float32)
    np.testing.assert_allclose(box.undo(box.apply(xyxy)), xyxy, rtol=1e-3, atol=0.05)


@pytest.mark.parametrize("how", ["corner", "center", "stretch"])
@pytest.mark.parametrize("scaling", ["fast", "exact"])
def test_the_picture_lands_in_its_place_and_the_rest_is_padding(how: Fit, scaling: str) -> None:
    picture = ArrayPicture(np.full((60, 100, 3), 7, np.uint8))
    box = Letterbox.fit((100, 60), (64, 64), how)
    out = np.zeros((64, 64, 3), np.uint8)
    box.draw(picture, out, 114, scaling)  # type: ignore[arg-type]
    inside = out[box.top : box.top + box.height, box.left : box.left + box.width]
    assert (inside == 7).all()
    assert (out == 114).all(2).sum() == 64 * 64 - box.width * box.height


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Letterbox.fit((0, 10), (64, 64), "corner")


@pytest.mark.parametrize(
    ("source", "drawn"),
    [((720, 576), (416, 332)), ((768, 576), (416, 312)), ((1280, 720), (416, 234)), ((576, 720), (332, 416))],
)
def test_a_side_that_fits_exactly_is_not_cut_by_binary_fractions(
    source: tuple[int, int], drawn: tuple[int, int]
) -> None:
    box = Letterbox.fit(source, (416, 416), "corner")
    assert (box.width, box.height) == drawn


def test_boxes_follow_the_drawn_picture_not_the_wished_for_scale() -> None:
    box = Letterbox.fit((720, 576), (416, 416), "center")
    whole = np.array([[box.left, box.top, box.left + box.width, box.top + box.height]], np.float32)
    np.testing.assert_allclose(box.undo(whole), [[0, 0, 720, 576]], atol=1e-3)
    np.testing.assert_allclose(box.apply(np.array([[0, 0, 720, 576]], np.float32)), whole, atol=1e-3)
