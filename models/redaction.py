"""Redaction: the only way to a picture that may leave memory.

`Redacted` is a type, so that the next change can't forget: whatever writes or sends pictures takes nothing else, and
only `redact` makes one, under a policy that is kept with it. It has no constructor, can't be copied, replaced, pickled
or changed, and its pixels are immutable bytes: a plain picture can't slip into one by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.boxes import clip
from models.detections import Detections
from models.drawing import draw_detections
from models.frames import Picture
from models.results import Gap


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


class Unanswered(ValueError):
    """A model did not answer for the frame, so what it would have found can't be covered; says which and why."""


class Redacted:
    """A picture that may leave memory. Made by `redact` alone.

    Attributes:
        policy: what it was redacted under.
        covered: boxes that were covered.
    """

    __slots__ = ("_pixels", "_shape", "covered", "policy")

    _pixels: bytes
    _shape: tuple[int, ...]
    covered: int
    policy: SolidBoxes | PublishedFootage

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a Redacted picture is made by models.redaction.redact, nowhere else")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Redacted has no subclasses")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Redacted picture can't be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Redacted picture can't be changed")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Redacted picture is neither copied nor pickled")

    @property
    def bgr(self) -> NDArray[np.uint8]:
        """The pixels, (H, W, 3) uint8; a view of immutable bytes, which nobody can make writable."""
        return np.frombuffer(self._pixels, np.uint8).reshape(self._shape)


def redact(
    picture: Picture,
    detections: Detections,
    labels: Sequence[str],
    policy: SolidBoxes | PublishedFootage,
    *,
    gaps: Sequence[Gap],
    annotate: bool = False,
) -> Redacted:
    """Redact a picture under a policy; what can't be covered for certain is refused, not let through.

    Args:
        picture: at its own size.
        detections: boxes in its pixels.
        labels: names behind the class numbers.
        policy: what to cover.
        gaps: the result's: stages that gave no answer for this frame, which is not the same as nothing found.
        annotate: also draw boxes, labels and scores, over the covers.

    Raises:
        Unanswered: boxes are to be covered, and a stage gave no answer.
        ValueError: a class of the policy is not among the labels, so it could never be covered.
    """
    if gaps and isinstance(policy, SolidBoxes):
        silent = "; ".join(f"{gap.stage}: {gap.why}" for gap in gaps)
        raise Unanswered(f"what is to be covered in this picture is not known ({silent})")
    bgr = picture.view(picture.width, picture.height).copy()
    covered = _cover(bgr, detections, labels, policy) if isinstance(policy, SolidBoxes) else 0
    if annotate:
        draw_detections(bgr, detections, labels)
    made = object.__new__(Redacted)
    for name, value in {"_pixels": bgr.tobytes(), "_shape": bgr.shape, "policy": policy, "covered": covered}.items():
        object.__setattr__(made, name, value)
    return made


def _cover(bgr: NDArray[np.uint8], detections: Detections, labels: Sequence[str], policy: SolidBoxes) -> int:
    unknown = [name for name in policy.classes if name not in labels]
    if unknown:
        raise ValueError(f"the policy covers {', '.join(unknown)}, which the model does not know")
    # every number of a name: the labels of several stages stand in one list, and may repeat
    numbers = [number for number, label in enumerate(labels) if label in policy.classes]
    xyxy = detections.xyxy[np.isin(detections.class_id, numbers)]
    margin = (xyxy[:, 2:] - xyxy[:, :2]) * policy.pad / 2
    grown = np.concatenate([np.floor(xyxy[:, :2] - margin), np.ceil(xyxy[:, 2:] + margin)], 1)
    for x0, y0, x1, y1 in clip(grown, bgr.shape[1], bgr.shape[0]).astype(int):
        cv2.rectangle(bgr, (int(x0), int(y0)), (int(x1), int(y1)), (24, 24, 24), thickness=-1)
    return len(xyxy)
