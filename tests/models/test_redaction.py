"""Redacted pictures: made in one way, not to be forged, and covered to the last pixel."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.coverage import Coverage, Findings, cover
from models.detections import Detections
from models.frames import ArrayPicture
from models.policy import Area, Cover, PublishedFootage, Style
from models.redaction import Redacted, redact

PICTURE = ArrayPicture(np.full((100, 200, 3), 200, np.uint8))
BOXES = Detections.of([[50, 20, 90, 80], [120, 20, 150, 60], [-30, -30, 10, 10]], [0.9, 0.8, 0.7], [0, 1, 0])
LABELS = ("person", "dog")
SOLID = Cover(faces=False, heads="never", plates="no", classes=("person",), purpose="a test")


def covered(
    policy: Cover | PublishedFootage = SOLID, seen: Detections = BOXES, size: tuple[int, int] = (200, 100)
) -> Coverage:
    return cover(policy, size, seen, LABELS, (), Findings.NOTHING_ASKED)


def test_only_redact_makes_a_redacted_picture() -> None:
    with pytest.raises(TypeError, match="nowhere else"):
        Redacted(PICTURE.view(200, 100), SOLID, 0)


def test_solid_boxes_leave_nothing_of_what_they_cover() -> None:
    redacted = redact(PICTURE, covered())
    assert redacted.covered == 2
    assert (redacted.bgr[20:80, 50:90] == 24).all()
    assert (redacted.bgr[16:84, 47:93] == 24).all()  # padded
    assert (redacted.bgr[:10, :10] == 24).all()
    assert (redacted.bgr[20:60, 120:150] == 200).all()
    with pytest.raises(ValueError, match="read-only"):
        redacted.bgr[0] = 0


def test_published_footage_is_left_as_it_is() -> None:
    policy = PublishedFootage(published_as="a clip", purpose="a test")
    assert (redact(PICTURE, covered(policy)).bgr == 200).all()


def test_the_annotation_is_drawn_over_the_covers_not_under() -> None:
    plain = redact(PICTURE, covered())
    drawn = redact(PICTURE, covered(), annotate=(BOXES, LABELS))
    assert (plain.bgr != drawn.bgr).any()
    assert (drawn.bgr[40:60, 60:80] == 24).all()


def test_the_coverage_of_another_picture_covers_nothing_of_this_one() -> None:
    with pytest.raises(ValueError, match="belongs to a picture"):
        redact(PICTURE, covered(size=(100, 200)))
    with pytest.raises(TypeError, match="not by"):
        redact(PICTURE, BOXES.xyxy)  # type: ignore[arg-type]


def test_a_redacted_picture_cannot_be_forged() -> None:
    redacted = redact(PICTURE, covered())
    plain = PICTURE.view(200, 100)
    with pytest.raises(TypeError):
        dataclasses.replace(redacted, bgr=plain)  # type: ignore[type-var]
    for name in ("bgr", "_pixels", "policy"):
        with pytest.raises(AttributeError):
            setattr(redacted, name, plain)
        with pytest.raises(AttributeError):
            delattr(redacted, name)
    for again in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            again(redacted)
    with pytest.raises(TypeError):
        type("Forged", (Redacted,), {})
    assert not hasattr(redacted, "__dict__")


def test_its_pixels_cannot_be_made_writable_again() -> None:
    pixels: object = redact(PICTURE, covered()).bgr
    while isinstance(pixels, np.ndarray):
        with pytest.raises(ValueError, match="WRITEABLE"):
            pixels.flags.writeable = True
        pixels = pixels.base
    assert isinstance(pixels, bytes)


sides = st.integers(1, 90)
edges = st.floats(-20, 110, width=32)
corner = st.floats(0, 1, width=32)


@settings(max_examples=300, deadline=None)
@given(
    own=st.tuples(sides, sides),
    out=st.tuples(sides, sides) | st.none(),
    boxes=st.lists(st.tuples(edges, edges, edges, edges), max_size=4),
    areas=st.lists(st.lists(st.tuples(corner, corner), min_size=3, max_size=6), max_size=2),
    pad=st.sampled_from([0.0, 0.15]),
)
def test_every_pixel_of_a_covered_region_is_covered_at_any_size(
    own: tuple[int, int],
    out: tuple[int, int] | None,
    boxes: list[tuple[float, float, float, float]],
    areas: list[list[tuple[float, float]]],
    pad: float,
) -> None:
    """What is to be covered is white on black: nothing of the white may come through, whatever is done to the size."""
    wide, high = own
    xyxy = np.array([[min(a, c), min(b, d), max(a, c), max(b, d)] for a, b, c, d in boxes], np.float32).reshape(-1, 4)
    secret = touched(xyxy, own)
    for area in areas:
        secret |= inside(np.array(area) * own, own)
    pixels = np.zeros((high, wide, 3), np.uint8)
    pixels[secret] = 255
    policy = SOLID.model_copy(update={"areas": tuple(Area(points=tuple(area)) for area in areas), "pad": pad})
    seen = Detections.of(xyxy, np.ones(len(xyxy)), np.zeros(len(xyxy)))
    redacted = redact(ArrayPicture(pixels), covered(policy, seen, own), size=out)
    assert redacted.bgr.shape == (*(out or own)[::-1], 3)
    assert redacted.bgr.max(initial=0) <= 24


def touched(xyxy: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels that any box touches with its inside."""
    x, y = np.arange(size[0]), np.arange(size[1])
    hit = np.zeros((size[1], size[0]), np.bool_)
    for x0, y0, x1, y1 in xyxy:
        if x0 < x1 and y0 < y1:
            hit |= ((y + 1 > y0) & (y < y1))[:, None] & ((x + 1 > x0) & (x < x1))[None]
    return hit


def inside(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels of which some point (of a fine grid) lies in a polygon by the even-odd rule: slow, and of another kind."""
    grid = np.array([0.1, 0.5, 0.9])
    x = (np.arange(size[0])[:, None] + grid).ravel()[None, :]
    y = (np.arange(size[1])[:, None] + grid).ravel()[:, None]
    odd = np.zeros((y.size, x.size), np.bool_)
    for (ax, ay), (bx, by) in zip(points, np.roll(points, -1, 0), strict=True):
        if ay != by:
            odd ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return odd.reshape(size[1], 3, size[0], 3).any((1, 3))


def test_a_cover_reaches_no_farther_than_it_must() -> None:
    half = SOLID.model_copy(update={"areas": (Area(points=((0, 0), (0.5, 0), (0.5, 1), (0, 1))),)})
    bgr = redact(PICTURE, covered(half, Detections.empty())).bgr
    assert (bgr[:, :100] == 24).all()
    assert (bgr[:, 103:] == 200).all()


def test_an_area_that_crosses_itself_has_no_hole() -> None:
    star = tuple((0.5 + 0.5 * np.sin(k * 4 * np.pi / 5), 0.5 - 0.5 * np.cos(k * 4 * np.pi / 5)) for k in range(5))
    bgr = redact(PICTURE, covered(SOLID.model_copy(update={"areas": (Area(points=star),)}), Detections.empty())).bgr
    assert (bgr[50, 100] == 24).all()


WEAK: tuple[Style, ...] = ("pixelate", "blur")


def weak(content: NDArray[np.uint8], style: Style) -> NDArray[np.uint8]:
    """A picture of which the content is one face, weakly covered; what is seen of it."""
    policy = SOLID.model_copy(update={"style": style, "pad": 0.0})
    pixels = np.full((content.shape[0] + 20, content.shape[1] + 30, 3), 90, np.uint8)
    pixels[10:-10, 15:-15] = content
    seen = Detections.of([[15, 10, 15 + content.shape[1], 10 + content.shape[0]]], [1], [0])
    size = pixels.shape[1], pixels.shape[0]
    return redact(ArrayPicture(pixels), covered(policy, seen, size)).bgr[10:-10, 15:-15]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WEAK), st.integers(1, 130), st.integers(1, 130), st.integers(0, 2**32 - 1))
def test_pixelate_and_blur_leave_sixteen_coarse_colours_and_no_more(
    style: Style, wide: int, high: int, seed: int
) -> None:
    content = np.random.default_rng(seed).integers(0, 256, (high, wide, 3), np.uint8)
    shown = weak(content, style)
    assert len(np.unique(weak(content, "pixelate").reshape(-1, 3), axis=0)) <= 16
    if style == "pixelate" and wide < 24:  # so narrow a thing is one block wide
        assert (shown == shown[:, :1]).all()
    # its blocks in another order inside: the same few numbers, and the same output to the last bit
    assert (weak(shuffled(content, seed), style) == shown).all()


def shuffled(content: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Another content that has the same means, block by block."""
    rng = np.random.default_rng(seed + 1)
    out = content.copy()
    high, wide = content.shape[:2]
    for y in cells(high):
        for x in cells(wide):
            block = out[y, x].reshape(-1, 3)
            out[y, x] = rng.permutation(block, axis=0).reshape(out[y, x].shape)
    return out


def cells(side: int) -> list[slice]:
    count = max(1, min(4, side // 12))
    ends = [side * k // count for k in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(ends)]


@pytest.mark.parametrize("style", WEAK)
def test_two_very_different_faces_with_the_same_means_look_the_same(style: Style) -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[::2] = 240
    halves = np.zeros((96, 96, 3), np.uint8)
    for top in range(0, 96, 24):
        halves[top : top + 12] = 240
    assert (stripes != halves).mean() > 0.4
    assert (weak(stripes, style) == weak(halves, style)).all()


def test_plates_are_solid_whatever_the_style() -> None:
    policy = Cover(faces=False, heads="never", plates="plates", style="pixelate", pad=0, purpose="a test")
    found = Findings(None, Detections.of([[40, 40, 100, 60]], [0.9], [0]))
    bgr = redact(PICTURE, cover(policy, (200, 100), Detections.empty(), (), (), found)).bgr
    assert (bgr[40:60, 40:100] == 24).all()


def test_a_region_within_another_says_nothing_more_of_it() -> None:
    rng = np.random.default_rng(1)
    picture = ArrayPicture(rng.integers(0, 256, (100, 200, 3), np.uint8))
    policy = SOLID.model_copy(update={"style": "pixelate", "pad": 0.0})
    one = Detections.of([[50, 10, 110, 90]], [0.9], [0])
    two = Detections.of([[50, 10, 110, 90], [60, 20, 100, 80]], [0.9, 0.9], [0, 0])
    assert (redact(picture, covered(policy, one)).bgr == redact(picture, covered(policy, two)).bgr).all()
