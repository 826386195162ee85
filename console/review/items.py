"""Review items and verdicts as values: what a person is asked about, and what he said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal

Reason = Literal["doubt", "flicker", "change", "wrong", "missed", "random", "import"]
"""Why an item is there. doubt: its score lies in the doubt band; flicker: its track comes and goes; change: its track
changed class; wrong, missed: an operator flagged a live picture; random: drawn by chance; import: from another tool."""
State = Literal["open", "skipped", "second", "disputed", "done"]
"""Where an item stands. second: waits for somebody else's verdict; disputed: two differ, a supervisor decides."""
VerdictKind = Literal["accept", "reject", "relabel", "edit", "skip"]
"""accept: the box and its class are right; reject: there is no object; relabel: the class is another; edit: all that is
in the picture was put right, or found right as it is; skip: not decided."""
Role = Literal["first", "second", "supervisor", "import"]


@dataclass(frozen=True, slots=True)
class Box:
    """A box in a picture.

    Attributes:
        xyxy: x0, y0, x1, y1 in source pixels.
        label: its class.
        score: 0..1; None where a person drew it.
        track: the tracker's number, or None.
    """

    xyxy: tuple[float, float, float, float]
    label: str
    score: float | None = None
    track: int | None = None


def boxes_json(boxes: Iterable[Box]) -> str:
    """Boxes as the database holds them."""
    return json.dumps([[*(round(v, 2) for v in b.xyxy), b.label, b.score, b.track] for b in boxes], ensure_ascii=False)


def boxes_of(text: str) -> tuple[Box, ...]:
    """Boxes from what `boxes_json` made."""
    return tuple(
        Box((float(x0), float(y0), float(x1), float(y1)), str(label), score, track)
        for x0, y0, x1, y1, label, score, track in json.loads(text)
    )


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item that is to be stored.

    Attributes:
        tracking_id: UUIDv7, made when the frame was looked at; leads from the frame to the cloud and back.
        camera_id, camera_name: the camera, and what it was called then.
        label: the class asked about; empty: the whole picture is asked about.
        box: the box asked about; None: the whole picture.
        reason: why it is there.
        why: figures the reason goes by, such as low and high of the doubt band.
        probability: with which a random item was drawn, in (0, 1]; None for all others.
        boxes: all boxes of the frame.
        size: (width, height) of the source picture.
        model: the model package, as the settings name it.
        ran: what really ran, as `Pipeline.ran` says it.
        taken_at: when the frame was taken, with its time zone.
    """

    tracking_id: str
    camera_id: str
    camera_name: str
    label: str
    box: Box | None
    reason: Reason
    boxes: tuple[Box, ...]
    size: tuple[int, int]
    model: str
    ran: tuple[Mapping[str, Any], ...]
    taken_at: datetime
    why: Mapping[str, Any] = field(default_factory=dict)
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody said of an item.

    Attributes:
        id: later ones have higher ones.
        kind: accept, reject, relabel, edit or skip.
        label: the class it is: of relabel; of accept the item's.
        boxes: of edit: all that is in the picture, source pixels; else None.
        who, role: a person's name, and as what he said it.
        decided_at: UTC.
        seconds: how long he looked at it.
        replaces: id of the verdict it replaced, or None.
        taken_back_at: when it was undone, or None.
    """

    id: int
    kind: VerdictKind
    label: str
    boxes: tuple[Box, ...] | None
    who: str
    role: Role
    decided_at: datetime
    seconds: float
    replaces: int | None
    taken_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """A stored item.

    Attributes:
        id: later ones have higher ones.
        picture, crop: paths relative to the home, of the whole picture and of what is around the box; None without.
        picture_size: (width, height) as stored, which may be smaller than `size`; None without a picture.
        picture_why: why there is none; empty while it is being made.
        state: where it stands.
        verdict: the one in force, or None.
        The others as in `NewItem`.
    """

    id: int
    tracking_id: str
    camera_id: str
    camera_name: str
    label: str
    score: float | None
    track: int | None
    box: Box | None
    reason: Reason
    why: Mapping[str, Any]
    probability: float | None
    boxes: tuple[Box, ...]
    size: tuple[int, int]
    model: str
    ran: tuple[Mapping[str, Any], ...]
    taken_at: datetime
    boot_id: str
    picture: PurePosixPath | None
    picture_size: tuple[int, int] | None
    crop: PurePosixPath | None
    picture_why: str
    state: State
    verdict: Verdict | None
