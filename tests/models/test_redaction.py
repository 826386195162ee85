from __future__ import annotations

import numpy as np
import pytest

from models.detections import Detections
from models.frames import ArrayPicture
from models.redaction import PublishedFootage, Redacted, SolidBoxes, redact

PICTURE = ArrayPicture(np.full((100, 200, 3), 200, np.uint8))
BOXES = Detections.of([[50, 20, 90, 80], [120, 20, 150, 60], [-30, -30, 10, 10]], [0.9, 0.8, 0.7], [0, 1, 0])
LABELS = ("person", "dog")
SOLID = SolidBoxes(classes=("person",), purpose="a test")


def test_only_redact_makes_a_redacted_picture() -> None:
    with pytest.raises(TypeError, match="nowhere else"):
        Redacted(PICTURE.view(200, 100), SOLID, 0)


def test_solid_boxes_leave_nothing_of_what_they_cover() -> None:
    redacted = redact(PICTURE, BOXES, LABELS, SOLID)
    assert redacted.covered == 2
    assert (redacted.bgr[20:80, 50:90] == 24).all()
    assert (redacted.bgr[17:83, 48:92] == 24).all()  # padded
    assert (redacted.bgr[:10, :10] == 24).all()
    assert (redacted.bgr[20:60, 120:150] == 200).all()
    with pytest.raises(ValueError, match="read-only"):
        redacted.bgr[0] = 0


def test_published_footage_is_left_as_it_is() -> None:
    policy = PublishedFootage(published_as="a clip", purpose="a test")
    assert (redact(PICTURE, BOXES, LABELS, policy).bgr == 200).all()


def test_the_annotation_is_drawn_over_the_covers_not_under() -> None:
    plain = redact(PICTURE, BOXES, LABELS, SOLID)
    drawn = redact(PICTURE, BOXES, LABELS, SOLID, annotate=True)
    assert (plain.bgr != drawn.bgr).any()
    assert (drawn.bgr[40:60, 60:80] == 24).all()


def test_a_class_that_could_never_be_covered_is_refused() -> None:
    with pytest.raises(ValueError, match="face"):
        redact(PICTURE, BOXES, LABELS, SolidBoxes(classes=("face",), purpose="a test"))
