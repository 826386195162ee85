"""Redaction: the only way to a picture that may leave memory.

`Redacted` is a type, so that the next change can't forget: whatever writes or sends pictures takes nothing else, and
only `redact` makes one, under a policy that is kept with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.boxes import clip
from models.detections import Detections
from models.drawing import draw_detections
from models.frames import Picture


class SolidBoxes(BaseModel):
    """Cover every detection of these classes with a solid box.

    Attributes:
        classes: labels to cover.
        pad: how much wider and higher than the detection the cover is, as a share of the box's sides.
        purpose: why pictures are kept at all, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["solid boxes"] = "solid boxes"
    classes: tuple[str, ...] = Field(min_length=1)
    pad: float = Field(default=0.1, ge=0, le=1)
    purpose: str = Field(min_length=1)


class PublishedFootage(BaseModel):
    """Leave the picture as it is: it was published already, with the consent or under the law of its publisher.

    Attributes:
        published_as: which footage, where, under which licence.
        purpose: why pictures are kept at all, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["published footage"] = "published footage"
    published_as: str = Field(min_length=1)
    purpose: str = Field(min_length=1)


Policy = Annotated[SolidBoxes | PublishedFootage, Field(discriminator="kind")]

_KEY = object()


@dataclass(frozen=True, slots=True, eq=False)
class Redacted:
    """A picture that may leave memory. Made by `redact` alone.

    Attributes:
        bgr: (H, W, 3) uint8, read-only.
        policy: what it was redacted under.
        covered: boxes that were covered.
    """

    bgr: NDArray[np.uint8]
    policy: SolidBoxes | PublishedFootage
    covered: int
    _key: Any = None

    def __post_init__(self) -> None:
        if self._key is not _KEY:
            raise TypeError("a Redacted picture is made by models.redaction.redact, nowhere else")


def redact(
    picture: Picture,
    detections: Detections,
    labels: Sequence[str],
    policy: SolidBoxes | PublishedFootage,
    *,
    annotate: bool = False,
) -> Redacted:
    """Redact a picture under a policy.

    Args:
        picture: at its own size.
        detections: boxes in its pixels.
        labels: names behind the class numbers.
        policy: what to cover.
        annotate: also draw boxes, labels and scores, over the covers.

    Raises:
        ValueError: a class of the policy is not among the labels, so it could never be covered.
    """
    bgr = picture.view(picture.width, picture.height).copy()
    covered = _cover(bgr, detections, labels, policy) if isinstance(policy, SolidBoxes) else 0
    if annotate:
        draw_detections(bgr, detections, labels)
    bgr.flags.writeable = False
    return Redacted(bgr, policy, covered, _KEY)


def _cover(bgr: NDArray[np.uint8], detections: Detections, labels: Sequence[str], policy: SolidBoxes) -> int:
    unknown = [name for name in policy.classes if name not in labels]
    if unknown:
        raise ValueError(f"the policy covers {', '.join(unknown)}, which the model does not know")
    numbers = [labels.index(name) for name in policy.classes]
    xyxy = detections.xyxy[np.isin(detections.class_id, numbers)]
    margin = (xyxy[:, 2:] - xyxy[:, :2]) * policy.pad / 2
    grown = np.concatenate([np.floor(xyxy[:, :2] - margin), np.ceil(xyxy[:, 2:] + margin)], 1)
    for x0, y0, x1, y1 in clip(grown, bgr.shape[1], bgr.shape[0]).astype(int):
        cv2.rectangle(bgr, (int(x0), int(y0)), (int(x1), int(y1)), (24, 24, 24), thickness=-1)
    return len(xyxy)
