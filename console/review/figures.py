"""Figures that verdicts give: precision and calibration of the model, agreement and pace of people.

What is said of the model comes of random items alone. All others were put before a person because the model was in
doubt, and would make it look worse than it is. A random item stands for 1 / probability tracks.
"""

from __future__ import annotations

import itertools
import sqlite3
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.review.items import Box, VerdictKind, boxes_of
from console.store.store import utc_text
from models.agreement import Bin, Costs, Share, kappa, threshold, weighted
from models.agreement import calibration as calibration_of
from models.boxes import iou
from models.words import N_

PRECISION = N_(
    "Precision, not recall: of what the model showed, the share that was right. What it never showed is not in it."
)
"""Stands beside every such figure."""
SAME_OBJECT_IOU = 0.5
"""A box somebody drew is of the object asked about from here on."""
_IDLE_S = 60.0
_PACE_OF = 10_000
_RANDOM = """
SELECT i.camera_id, i.label, i.score, i.probability, i.x0, i.y0, i.x1, i.y1, i.state,
       v.kind, v.label AS said, v.boxes
FROM review_items i INDEXED BY review_random LEFT JOIN verdicts v ON v.id = i.verdict_id
WHERE i.reason = 'random' AND i.label <> '' AND (:camera = '' OR i.camera_id = :camera)
  AND (:label = '' OR i.label = :label) AND (:since = '' OR i.taken_at >= :since)
"""
_PAIRS = """
SELECT i.label, i.x0, i.y0, i.x1, i.y1, f.kind AS f_kind, f.label AS f_said, f.boxes AS f_boxes,
       s.kind, s.label AS said, s.boxes
FROM verdicts s INDEXED BY verdicts_second JOIN verdicts f ON f.id = s.replaces JOIN review_items i ON i.id = s.item_id
WHERE s.role = 'second' AND s.kind <> 'skip' AND s.taken_back_at IS NULL AND i.label <> ''
"""


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a class was right.

    Attributes:
        camera_id: at this camera; empty: at all of them.
        label: the class; empty: all of them.
        share: the share that was right with its interval of 95 %, `n` being the effective number (Kish); None: nothing
            was judged yet.
        judged: random items that are done.
        drawn: all that were drawn. Where many are not judged, the share speaks for those that are.
    """

    camera_id: str
    label: str
    share: Share | None
    judged: int
    drawn: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two people say the same of a class without seeing each other's verdict.

    Attributes:
        label: the class asked about; empty: all of them.
        kappa: Cohen's; None: nothing was judged twice, or chance explains all of it.
        pairs: items judged twice.
        same: of them, judged alike.
    """

    label: str
    kappa: float | None
    pairs: int
    same: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast somebody judges.

    Attributes:
        verdicts: since then, skips included, those taken back not.
        seconds: he looked at an item, the median; None: no verdict.
        per_hour: verdicts an hour while he is at it: pauses count for a minute at most; None: less than two.
    """

    verdicts: int
    seconds: float | None
    per_hour: float | None


@dataclass(frozen=True, slots=True)
class _Drawn:
    camera_id: str
    label: str
    score: float
    weight: float
    right: bool | None


def says(asked: Box, kind: VerdictKind, label: str, boxes: tuple[Box, ...] | None) -> str:
    """Which class a verdict says the box asked about to be; empty: there is no object, or not there.

    An edit says it by the box that fits best, with an intersection over union of `SAME_OBJECT_IOU` at least.

    Raises:
        ValueError: it was skipped, so nothing was said.
    """
    if kind == "skip":
        raise ValueError("a skip says nothing")
    if kind == "edit":
        drawn = boxes or ()
        if not drawn:
            return ""
        overlap = iou(np.array([asked.xyxy], float), np.array([box.xyxy for box in drawn], float))[0]
        best = max(range(len(drawn)), key=lambda n: (overlap[n], drawn[n].label == asked.label))
        return drawn[best].label if overlap[best] >= SAME_OBJECT_IOU else ""
    return asked.label if kind == "accept" else label


def precision(db: sqlite3.Connection, *, camera_id: str = "", since: datetime | None = None) -> list[Precision]:
    """Precision of each class at each camera, then of each class at all cameras, by name.

    Args:
        db: from `Store.read`.
        camera_id: of this camera alone; then without the second part.
        since: of what was taken from then on.
    """
    drawn = list(_drawn(db, camera_id, "", since))
    found = [
        _precision(camera, label, list(some))
        for (camera, label), some in itertools.groupby(
            sorted(drawn, key=lambda one: (one.camera_id, one.label)), lambda one: (one.camera_id, one.label)
        )
    ]
    if camera_id:
        return found
    drawn.sort(key=lambda one: one.label)
    return found + [
        _precision("", label, list(some)) for label, some in itertools.groupby(drawn, lambda one: one.label)
    ]


def agreement(db: sqlite3.Connection) -> list[Agreement]:
    """Cohen's kappa of each class, over what was judged a second time; last that of all of them."""
    pairs: dict[str, list[tuple[str, str]]] = {}
    for row in db.execute(_PAIRS):
        asked = _asked(row)
        first = says(asked, row["f_kind"], row["f_said"], _boxes(row["f_boxes"]))
        pairs.setdefault(asked.label, []).append((first, says(asked, row["kind"], row["said"], _boxes(row["boxes"]))))
    every = list(itertools.chain.from_iterable(pairs.values()))
    return [
        Agreement(label, kappa(some), len(some), sum(one == other for one, other in some))
        for label, some in (*sorted(pairs.items()), ("", every))
        if some
    ]


def pace(db: sqlite3.Connection, who: str, since: datetime) -> Pace:
    """How fast somebody judges; of many verdicts the last `_PACE_OF`.

    Args:
        db: from `Store.read`.
        who: the person.
        since: with its time zone.
    """
    seconds, moments = [], []
    for row in db.execute(
        "SELECT decided_at, seconds FROM verdicts WHERE who = ? AND taken_back_at IS NULL ORDER BY id DESC LIMIT ?",
        (" ".join(who.split()), _PACE_OF),
    ):
        if row[0] < utc_text(since):
            break
        moments.append(datetime.fromisoformat(row[0]))
        seconds.append(float(row[1]))
    if not seconds:
        return Pace(0, None, None)
    gaps = [min(max((a - b).total_seconds(), 0.0), _IDLE_S) for a, b in itertools.pairwise(moments)]
    active = sum(gaps)
    return Pace(len(seconds), statistics.median(seconds), 3600 * len(gaps) / active if active > 0 else None)


def calibration(db: sqlite3.Connection, camera_id: str = "", label: str = "", bins: int = 10) -> list[Bin]:
    """How often boxes of each score were right, of random items; see `models.agreement.calibration`."""
    scores, right, weights = _columns(db, camera_id, label)
    return calibration_of(scores, right, bins, weights)


def tune(
    db: sqlite3.Connection, cost_false: float, cost_missed: float, camera_id: str = "", label: str = ""
) -> Costs | None:
    """The threshold that costs least, of random items; None: nothing was judged yet.

    What the model showed was judged, so no threshold below its own can be spoken of.

    Args:
        db: from `Store.read`.
        cost_false: of a false alarm.
        cost_missed: of an object that is not shown, in the same coin.
        camera_id: of this camera; empty: of all.
        label: of this class; empty: of all.
    """
    scores, right, weights = _columns(db, camera_id, label)
    return threshold(scores, right, cost_false, cost_missed, weights)


def _drawn(db: sqlite3.Connection, camera_id: str, label: str, since: datetime | None) -> Iterator[_Drawn]:
    values = {"camera": camera_id, "label": label, "since": utc_text(since) if since else ""}
    for row in db.execute(_RANDOM, values):
        right = None
        if row["state"] == "done" and row["kind"] not in (None, "skip"):
            asked = _asked(row)
            right = says(asked, row["kind"], row["said"], _boxes(row["boxes"])) == asked.label
        yield _Drawn(row["camera_id"], row["label"], float(row["score"] or 0), 1 / row["probability"], right)


def _columns(
    db: sqlite3.Connection, camera_id: str, label: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Score, whether it was right, and weight of each random item that is done."""
    judged = [one for one in _drawn(db, camera_id, label, None) if one.right is not None]
    return (
        np.array([one.score for one in judged], float),
        np.array([one.right for one in judged], bool),
        np.array([one.weight for one in judged], float),
    )


def _precision(camera_id: str, label: str, drawn: list[_Drawn]) -> Precision:
    judged = [one for one in drawn if one.right is not None]
    right = np.array([one.right for one in judged], bool)
    share = weighted(right, np.array([one.weight for one in judged], float))
    return Precision(camera_id, label, share, len(judged), len(drawn))


def _asked(row: sqlite3.Row) -> Box:
    corners = (row["x0"] or 0.0, row["y0"] or 0.0, row["x1"] or 0.0, row["y1"] or 0.0)
    return Box(corners, row["label"])


def _boxes(text: str | None) -> tuple[Box, ...] | None:
    return boxes_of(text) if text is not None else None
