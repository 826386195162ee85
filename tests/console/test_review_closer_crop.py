"""The crop for who looks closer: which piece of the camera's picture it is, at edges too, and where it says it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.review.closer import MOST, crop_of
from models.boxes import closely
from models.frames import ArrayPicture, Frame
from models.policy import Cover
from tests.console.review_cases import START

POLICY = Cover(purpose="the gate")


def frame(size: tuple[int, int]) -> Frame:
    """Of pixels that no two rows or columns have in common."""
    width, height = size
    pixels = np.random.default_rng(3).integers(60, 256, (height, width, 3), np.uint8)
    return Frame("gate", 0, 0, START, None, ArrayPicture(pixels))


@given(
    corner=st.tuples(st.integers(-20, 640), st.integers(-20, 480)),
    sides=st.tuples(st.floats(0.5, 700), st.floats(0.5, 700)),
    size=st.sampled_from([(640, 480), (40, 30), (1, 1)]),
)
def test_the_crop_holds_the_box_lies_in_the_picture_and_keeps_its_margin_small(
    corner: tuple[int, int], sides: tuple[float, float], size: tuple[int, int]
) -> None:
    box = (*map(float, corner), corner[0] + sides[0], corner[1] + sides[1])
    x0, y0, x1, y1 = closely(box, size)
    assert 0 <= x0 < x1 <= size[0]
    assert 0 <= y0 < y1 <= size[1]
    seen = np.clip(box, 0, (*size, *size))
    assert x0 <= seen[0]
    assert y0 <= seen[1]
    assert seen[2] <= x1
    assert seen[3] <= y1
    longer = max(seen[2] - seen[0], seen[3] - seen[1])
    for whole, side in ((x1 - x0, seen[2] - seen[0]), (y1 - y0, seen[3] - seen[1])):
        assert whole <= max(side + 0.4 * longer, 64) + 1


@pytest.mark.parametrize(
    ("box", "part"),
    [
        ((0, 0, 1, 1), (0, 0, 64, 64)),
        ((599, 399, 600, 400), (536, 336, 600, 400)),
        ((300, 200, 301, 201), (268, 168, 332, 232)),
        ((550, 10, 640, 60), (530, 0, 600, 70)),
        ((0, 0, 600, 400), (0, 0, 600, 400)),
    ],
    ids=["one pixel in a corner", "in the other", "in the middle", "over the edge", "all of it"],
)
def test_at_the_edge_and_of_one_pixel_it_is_a_piece_of_the_frame(
    box: tuple[float, float, float, float], part: tuple[int, int, int, int]
) -> None:
    shown = frame((600, 400))
    crop, place = crop_of(shown, box, POLICY)
    x0, y0, x1, y1 = part
    assert place == {"x": x0, "y": y0, "source_width": 600, "source_height": 400}
    assert np.array_equal(crop, shown.picture.view(600, 400)[y0:y1, x0:x1])


def test_a_large_one_is_made_smaller_and_says_how_large_it_was() -> None:
    shown = frame((1920, 1080))
    crop, place = crop_of(shown, (100, 40, 1500, 900), POLICY)
    assert place == {
        "x": 0, "y": 0, "source_width": 1920, "source_height": 1080, "crop_width": 1920, "crop_height": 1080,
    }  # fmt: skip
    assert crop.shape == (576, MOST, 3)
    tall, place = crop_of(frame((300, 2000)), (0, 0, 300, 2000), POLICY)
    assert (tall.shape, place["crop_width"], place["crop_height"]) == ((MOST, 154, 3), 300, 2000)
    exact, place = crop_of(frame((MOST, MOST)), (0, 0, MOST, MOST), POLICY)
    assert exact.shape == (MOST, MOST, 3)
    assert "crop_width" not in place
