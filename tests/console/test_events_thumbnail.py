"""Thumbnails: covered or not there at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.events.thumbnail import MOST, NoPicture, thumbnail
from console.privacy.redactor import Redactor
from models.boxes import around
from models.frames import ArrayPicture, Frame
from models.policy import Cover, PublishedFootage
from models.results import Gap
from tests.console.event_cases import CAR, PERSON, Seen, frame_of, result

COVER = Cover(faces=False, heads="never", plates="no", classes=("person",), purpose="a test")
BLIND = Redactor()

OPEN = PublishedFootage(published_as="made up", purpose="a test")


def test_the_crop_surrounds_the_box_and_the_person_in_it_is_covered() -> None:
    made = result(0, Seen(1, box=(400, 300, 440, 380)), size=(1280, 720))
    picture = thumbnail(frame_of(made), made, (400, 300, 440, 380), COVER, BLIND)
    high, wide = picture.bgr.shape[:2]
    assert picture.covered == 2  # as a detection and as a track
    assert wide < 300
    assert abs(wide / high - 4 / 3) < 0.05
    assert (picture.bgr[high // 2, wide // 2] == 24).all()
    assert (picture.bgr[0, 0] == 200).all()


def test_a_person_whom_the_detector_missed_in_this_frame_is_covered_by_his_track() -> None:
    made = result(0, Seen(1, CAR, (40, 30, 80, 90)), Seen(2, PERSON, (60, 40, 90, 100), missed=True))
    picture = thumbnail(frame_of(made), made, (40, 30, 80, 90), COVER, BLIND)
    assert picture.covered == 1
    assert (picture.bgr == 24).any()


def test_published_footage_stays_as_it_is() -> None:
    made = result(0, Seen(1))
    assert (thumbnail(frame_of(made), made, (40, 30, 80, 90), OPEN, BLIND).bgr == 200).all()


def test_large_things_are_made_small_and_small_ones_never_large() -> None:
    made = result(0, Seen(1, CAR, (0, 0, 1900, 1000)), size=(1920, 1080))
    high, wide = thumbnail(frame_of(made), made, (0, 0, 1900, 1000), COVER, BLIND).bgr.shape[:2]
    assert wide <= MOST[0]
    assert high <= MOST[1]
    tiny = result(0, Seen(1, CAR, (5, 5, 9, 9)), size=(32, 24))
    assert thumbnail(frame_of(tiny), tiny, (5, 5, 9, 9), COVER, BLIND).bgr.shape[:2] == (24, 32)


def test_what_cannot_be_covered_for_certain_gives_no_picture() -> None:
    silent = result(0, Seen(1, CAR), gaps=[Gap("yolox", "gave no answer")])
    with pytest.raises(NoPicture, match=r"not certain.*gave no answer"):
        thumbnail(frame_of(silent), silent, (40, 30, 80, 90), COVER, BLIND)
    blind = result(0, Seen(1, 0), labels=("car", "dog"))
    with pytest.raises(NoPicture, match=r"not certain.*person"):
        thumbnail(frame_of(blind), blind, (40, 30, 80, 90), COVER, BLIND)


def test_a_frame_of_another_result_gives_no_picture() -> None:
    made, later = result(0, Seen(1)), result(1, Seen(1))
    with pytest.raises(NoPicture, match="gone"):
        thumbnail(frame_of(later), made, (40, 30, 80, 90), COVER, BLIND)


edge = st.floats(-50, 700)


def ordered(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


@settings(max_examples=150, deadline=None)
@given(st.tuples(edge, edge, edge, edge), st.tuples(edge, edge, edge, edge))
def test_no_pixel_of_a_person_is_ever_seen(
    event: tuple[float, float, float, float], person: tuple[float, float, float, float]
) -> None:
    """Persons are white on black, boxes anything at all: nothing of the white may come through."""
    event, person = ordered(event), ordered(person)
    made = result(0, Seen(1, CAR, event), Seen(2, PERSON, person), size=(640, 480))
    pixels = np.zeros((480, 640, 3), np.uint8)
    x0, y0, x1, y1 = (int(max(v, 0)) for v in (np.ceil(person[0]), np.ceil(person[1]), *np.floor(person[2:])))
    pixels[y0:y1, x0:x1] = 255
    frame = Frame("gate", 0, 0, made.taken_at, None, ArrayPicture(pixels))
    assert thumbnail(frame, made, event, COVER, BLIND).bgr.max(initial=0) <= 24


@given(st.tuples(edge, edge, edge, edge), st.integers(1, 2000), st.integers(1, 2000))
def test_a_crop_is_always_inside_the_picture(box: tuple[float, float, float, float], wide: int, high: int) -> None:
    x0, y0, x1, y1 = around(box, (wide, high))
    assert 0 <= x0 < x1 <= wide
    assert 0 <= y0 < y1 <= high
