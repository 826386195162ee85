from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from models.detections import Detections
from models.frames import ArrayPicture
from models.redaction import PublishedFootage, Redacted, SolidBoxes, Unanswered, redact
from models.results import Gap

PICTURE = ArrayPicture(np.full((100, 200, 3), 200, np.uint8))
BOXES = Detections.of([[50, 20, 90, 80], [120, 20, 150, 60], [-30, -30, 10, 10]], [0.9, 0.8, 0.7], [0, 1, 0])
LABELS = ("person", "dog")
GAPS = (Gap("faces", "no answer"),)
SOLID = SolidBoxes(classes=("person",), purpose="a test")


def test_only_redact_makes_a_redacted_picture() -> None:
    with pytest.raises(TypeError, match="nowhere else"):
        Redacted(PICTURE.view(200, 100), SOLID, 0)


def test_solid_boxes_leave_nothing_of_what_they_cover() -> None:
    redacted = redact(PICTURE, BOXES, LABELS, SOLID, gaps=())
    assert redacted.covered == 2
    assert (redacted.bgr[20:80, 50:90] == 24).all()
    assert (redacted.bgr[17:83, 48:92] == 24).all()  # padded
    assert (redacted.bgr[:10, :10] == 24).all()
    assert (redacted.bgr[20:60, 120:150] == 200).all()
    with pytest.raises(ValueError, match="read-only"):
        redacted.bgr[0] = 0


def test_published_footage_is_left_as_it_is() -> None:
    policy = PublishedFootage(published_as="a clip", purpose="a test")
    assert (redact(PICTURE, BOXES, LABELS, policy, gaps=GAPS).bgr == 200).all()


def test_the_annotation_is_drawn_over_the_covers_not_under() -> None:
    plain = redact(PICTURE, BOXES, LABELS, SOLID, gaps=())
    drawn = redact(PICTURE, BOXES, LABELS, SOLID, gaps=(), annotate=True)
    assert (plain.bgr != drawn.bgr).any()
    assert (drawn.bgr[40:60, 60:80] == 24).all()


def test_a_class_that_could_never_be_covered_is_refused() -> None:
    with pytest.raises(ValueError, match="face"):
        redact(PICTURE, BOXES, LABELS, SolidBoxes(classes=("face",), purpose="a test"), gaps=())


def test_every_number_of_a_name_is_covered() -> None:
    """The labels of several stages stand in one list and may repeat."""
    seen = Detections.of([[50, 20, 90, 80], [120, 20, 150, 60]], [0.9, 0.8], [0, 2])
    redacted = redact(PICTURE, seen, ("person", "dog", "person"), SOLID, gaps=())
    assert redacted.covered == 2
    assert (redacted.bgr[20:60, 120:150] == 24).all()


def test_a_model_that_did_not_answer_is_not_a_picture_without_people() -> None:
    with pytest.raises(Unanswered, match="faces: no answer"):
        redact(PICTURE, Detections.empty(), LABELS, SOLID, gaps=GAPS)


def test_a_redacted_picture_cannot_be_forged() -> None:
    redacted = redact(PICTURE, BOXES, LABELS, SOLID, gaps=())
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
    pixels: object = redact(PICTURE, BOXES, LABELS, SOLID, gaps=()).bgr
    while isinstance(pixels, np.ndarray):
        with pytest.raises(ValueError, match="WRITEABLE"):
            pixels.flags.writeable = True
        pixels = pixels.base
    assert isinstance(pixels, bytes)
