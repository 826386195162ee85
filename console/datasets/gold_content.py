"""What a gold set holds, as values, and the hash over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from console.datasets.truth import Judgement
from console.review.items import Box

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Member:
    """A judged picture in a gold set; boxes in pixels of the source picture.

    Attributes:
        tracking_id: of the review item it was made of.
        picture_id, picture: the row of its picture, and its path within the home.
        picture_sha256: of the picture's file when the set was made.
        stored, source: (width, height) of the picture on the disk and of the camera's.
        truth: the boxes that are there, without scores.
        verdict: what was said: accept, reject, relabel or edit.
        asked: the box asked about, with its class; None: the whole picture.
        exhaustive: whether `truth` is all there is.
        split: train, val or test.
        camera_id, boot_id, taken_at: where and when it was taken.
        tracks: numbers of the objects in it that were followed.
        item_id: the review item.
        block: what it belongs to where its time says nothing: an imported picture that came without one.
    """

    tracking_id: str
    picture_id: int
    picture: str
    picture_sha256: str
    stored: tuple[int, int]
    source: tuple[int, int]
    truth: tuple[Box, ...]
    verdict: str
    asked: Box | None
    exhaustive: bool
    split: Split
    camera_id: str
    boot_id: str
    taken_at: datetime
    tracks: frozenset[int] = frozenset()
    item_id: int = 0
    block: str = ""

    @property
    def rejected(self) -> tuple[Box, ...]:
        """The box asked about, where no object of its class is there."""
        return Judgement(self.verdict, self.asked, self.truth[0].label if self.truth else "").rejected

    @property
    def labels(self) -> set[str]:
        """Every class it speaks of."""
        return {box.label for box in (*self.truth, *self.rejected) if box.label}

    def truth_json(self) -> str:
        """The boxes as the database holds them."""
        return _canonical([_box(box) for box in self.truth])

    def asked_json(self) -> str:
        """What was asked and said, as the database holds it."""
        box = [round(v, 2) for v in self.asked.xyxy] if self.asked else None
        return _canonical({"box": box, "verdict": self.verdict, "label": self.asked.label if self.asked else ""})

    def digest(self) -> str:
        """SHA-256 of all that makes it what it is, in hex.

        Its random tracking ID is part of it: nothing can be guessed from a digest once the member is erased.
        """
        content = {
            "tracking_id": self.tracking_id,
            "picture": self.picture_sha256,
            "size": list(self.source),
            "truth": [_box(box) for box in self.truth],
            "asked": json.loads(self.asked_json()),
            "split": self.split,
            "exhaustive": self.exhaustive,
        }
        return hashlib.sha256(_canonical(content).encode()).hexdigest()


def set_digest(labels: Sequence[str], digests: Iterable[str]) -> str:
    """SHA-256 of a whole set: its labels in their order, its members' digests in any."""
    return hashlib.sha256(_canonical({"labels": list(labels), "members": sorted(digests)}).encode()).hexdigest()


def frozen_labels(before: Sequence[str], members: Iterable[Member]) -> tuple[str, ...]:
    """The classes: those of the version before at their places, whether still there or not, then new ones by name."""
    there = {label for member in members for label in member.labels}
    return (*before, *sorted(there - set(before)))


def _box(box: Box) -> list[Any]:
    return [*(round(float(v), 2) for v in box.xyxy), box.label, None, box.track]


def _canonical(value: Any) -> str:
    """JSON of which there is one for a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
