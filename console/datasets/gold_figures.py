"""How good a model is on a gold set: average precision where all of a picture is known, shares where one box is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.datasets.gold_content import Member
from console.datasets.gold_precision import Boxes, Curve, Precision, curves, precision
from console.datasets.gold_running import Run, scale_of, truth_boxes
from console.datasets.gold_splits import groups
from console.datasets.gold_verify import Interrupted, Stopped, Told
from models.agreement import wilson
from models.boxes import iou
from models.words import _

CONFIDENCE = 0.3
"""Boxes that score less are not reported, as where nothing else is set for a camera."""
RESAMPLES = 1000
LEAST_GROUPS = 5
"""Of fewer stretches of time nothing can be said about others."""
NAMES = ("ap", "ap50", "found", "false")
"""Of figures: average precision, the same at IoU .50, and the shares of accepted and of rejected boxes reported."""
_SAME = 0.5
_SEED = 6

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Share:
    """Some of a number of things.

    Attributes:
        of: how many there are.
        hits: how many of them.
    """

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval of 95 %."""
        known = wilson(self.hits, self.of)
        return (known.low, known.high) if known else None


@dataclass(frozen=True, slots=True)
class Judged:
    """Boxes that people judged, one each, over all pictures.

    Attributes:
        label: (N,) number of the class.
        group: (N,) number of the group of pictures it belongs to.
        hit: (N,) whether the model reports a box there, of that class, that scores enough.
    """

    label: NDArray[np.int64]
    group: NDArray[np.int64]
    hit: NDArray[np.bool_]

    def share(self, label: int | None = None) -> Share:
        """The share that is reported, of one class or of all."""
        mine = slice(None) if label is None else self.label == label
        return Share(int(self.hit[mine].sum()), int(self.hit[mine].size))

    def resampled(self, times: NDArray[np.int64]) -> float | None:
        """The share where each group counts so often (groups,)."""
        often = times[self.group]
        return float(self.hit @ often / often.sum()) if often.sum() else None


@dataclass(frozen=True, slots=True)
class Figures:
    """A model on a gold set's members.

    Attributes:
        run: what it found.
        labels: the classes that count: those of the set that every model compared knows.
        unknown: the set's classes with something to find that don't count.
        exhaustive: how many pictures AP is of.
        groups: how many stretches of a camera's time there are.
        group: (exhaustive,) the number of each picture's group.
        curves: for AP, by number of the class.
        found: boxes that were accepted or relabelled: whether it reports them.
        false: boxes that were rejected: whether it reports them still.
    """

    run: Run
    labels: tuple[str, ...]
    unknown: tuple[str, ...]
    exhaustive: int
    groups: int
    group: NDArray[np.int64]
    curves: dict[int, Curve]
    found: Judged
    false: Judged

    def precision(self, times: NDArray[np.int64] | None = None) -> Precision:
        """AP; where each group counts so often (groups,)."""
        return precision(self.curves, None if times is None else times[self.group])


def figures(
    members: Sequence[Member], labels: Sequence[str], runs: Sequence[Run], block_s: int, confidence: float = CONFIDENCE
) -> list[Figures]:
    """Figures of each model on the same members: those every one could look at, and the classes that all know.

    Args:
        members: of the set.
        labels: the set's classes.
        runs: what each model found.
        block_s: length of the set's blocks of time.
        confidence: boxes that score less are not reported.
    """
    there = [one for one in members if all(one.picture_id in run.found for run in runs)]
    numbers = _numbered(groups(there, block_s))
    known = frozenset.intersection(*(run.knows for run in runs))
    spoken = set[str]().union(*(one.labels for one in there))
    whole = {one.picture_id: at for at, one in enumerate(there) if one.exhaustive}  # the last said of a picture counts
    truth = [truth_boxes(there[at].truth, labels, scale_of(there[at])) for at in whole.values()]
    group = np.array([numbers[at] for at in whole.values()], np.int64)
    wanted = [number for number, label in enumerate(labels) if label in known]
    judged = [(one, number) for one, number in zip(there, numbers, strict=True) if not one.exhaustive]
    return [
        Figures(
            run=run,
            labels=tuple(label for label in labels if label in known),
            unknown=tuple(label for label in labels if label in spoken - known),
            exhaustive=len(whole),
            groups=len(set(numbers)),
            group=group,
            curves=curves(truth, [run.found[picture] for picture in whole], wanted),
            found=_judged(judged, run, labels, wanted, confidence, rejected=False),
            false=_judged(judged, run, labels, wanted, confidence, rejected=True),
        )
        for run in runs
    ]


def resamples(groups: int) -> NDArray[np.int64]:
    """(RESAMPLES, groups) how often each group is drawn, as many as there are at a time; the same every time."""
    drawn = np.random.default_rng(_SEED).integers(0, groups, (RESAMPLES, groups))
    return np.stack([np.bincount(one, minlength=groups) for one in drawn])


def drawn_again(
    of: Sequence[Figures], told: Told = lambda _done, _of, _words: None, stopped: Stopped = lambda: False
) -> NDArray[np.float64]:
    """What figures are when groups of pictures are drawn again, the same for all models: that pairs them.

    Args:
        of: of models on the same members.
        told: how far it is.
        stopped: whether the operator wants it to end.

    Returns:
        (models, 4, resamples) in the order of `NAMES`; NaN where a figure can't be worked out. No resamples where there
        are fewer than `LEAST_GROUPS` groups.

    Raises:
        Interrupted: `stopped` said so.
    """
    groups = of[0].groups
    times = resamples(groups) if groups >= LEAST_GROUPS else np.zeros((0, groups), np.int64)
    values = np.full((len(of), len(NAMES), len(times)), np.nan)
    for number, often in enumerate(times):
        if stopped():
            raise Interrupted
        told(number, len(times), _("intervals"))
        for model, one in enumerate(of):
            exact = one.precision(often)
            row = (exact.ap, exact.ap50, one.found.resampled(often), one.false.resampled(often))
            values[model, :, number] = [np.nan if value is None else value for value in row]
    return values


def spread(values: NDArray[np.float64]) -> Interval | None:
    """95 % of a figure's resamples (resamples,); None where too few could be worked out."""
    known = values[~np.isnan(values)]
    if len(known) < RESAMPLES // 2:
        return None
    low, high = np.percentile(known, (2.5, 97.5))
    return float(low), float(high)


def _numbered(names: Sequence[str]) -> list[int]:
    order = {name: number for number, name in enumerate(sorted(set(names)))}
    return [order[name] for name in names]


def _judged(
    members: Sequence[tuple[Member, int]],
    run: Run,
    labels: Sequence[str],
    wanted: Sequence[int],
    confidence: float,
    *,
    rejected: bool,
) -> Judged:
    rows = []
    for member, group in members:
        boxes = member.rejected if rejected else member.truth
        there = truth_boxes(boxes, labels, scale_of(member))
        seen = run.found[member.picture_id]
        for xyxy, label in zip(there.xyxy, there.label.tolist(), strict=True):
            if label in wanted:
                rows.append((label, group, _reports(seen, xyxy, label, confidence)))
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Judged(table[:, 0], table[:, 1], table[:, 2].astype(bool))


def _reports(seen: Boxes, xyxy: NDArray[np.float64], label: int, confidence: float) -> bool:
    own = seen.xyxy[(seen.label == label) & (seen.score >= confidence)]
    return bool(len(own)) and bool(iou(xyxy[None, :], own).max() >= _SAME)
