"""How far to trust what verdicts give: intervals, agreement, calibration, the threshold that costs least."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054
"""Half-width of a 95 % interval of the normal distribution, in standard deviations."""
Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share, 0..1.

    Attributes:
        value: the estimate.
        low, high: its interval.
        n: of how many it comes; with weights the effective number, which need not be whole.
    """

    value: float
    low: float
    high: float
    n: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores that lie near each other, and how many of their boxes were right.

    Attributes:
        low, high: the scores, low included, high excluded but in the last bin.
        score: their mean.
        right: the share that was right; a calibrated model has it equal to `score`.
    """

    low: float
    high: float
    score: float
    right: Share


@dataclass(frozen=True, slots=True)
class Costs:
    """What each threshold would cost, and the one that costs least.

    Attributes:
        thresholds: (N,) float64, rising; a box counts from its threshold on, the last is above every score.
        costs: (N,) float64, a box on average.
        best: the cheapest; of several the highest, since it shows fewer boxes.
        cost: what it costs a box.
        false_alarms, missed: share of all boxes that are shown and wrong, or right and not shown, at `best`.
        n: boxes it comes of; with weights the effective number.
    """

    thresholds: Reals
    costs: Reals
    best: float
    cost: float
    false_alarms: float
    missed: float
    n: float


def wilson(successes: float, n: float, z: float = Z95) -> Share | None:
    """Wilson's score interval of a share (Wilson 1927); None where there is nothing to go by.

    Args:
        successes: of n; need not be whole.
        n: how many; with weights the effective number.
        z: half-width in standard deviations.

    Raises:
        ValueError: more successes than n, or fewer than none.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    if n == 0:
        return None
    p, zz = successes / n, z * z
    middle = (p + zz / (2 * n)) / (1 + zz / n)
    half = z / (1 + zz / n) * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == n else min(1.0, middle + half)
    return Share(p, low, high, n)


def effective(weights: Reals) -> float:
    """How many equally weighted ones say as much as these: Kish's (sum w)^2 / sum w^2; 0 of nothing."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def weighted(right: NDArray[np.bool_], weights: Reals, z: float = Z95) -> Share | None:
    """A share of what was drawn with unequal probabilities, with Wilson's interval for the effective number.

    Args:
        right: (N,).
        weights: (N,) positive: 1 / the probability each was drawn with.
        z: half-width in standard deviations.

    Returns:
        None of nothing.
    """
    _check(right, weights)
    n = effective(weights)
    if n == 0:
        return None
    p = float(weights[right].sum() / weights.sum())
    return wilson(min(p, 1.0) * n, n, z)


def kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of two people who judged the same things (Cohen 1960): 1 always the same, 0 as by chance.

    Args:
        pairs: what the first and what the second said of each.

    Returns:
        None: nothing was judged by two, or both always said one and the same, so that chance explains it all.
    """
    both = Counter(pairs)
    n = both.total()
    if n == 0:
        return None
    first: Counter[Hashable] = Counter()
    second: Counter[Hashable] = Counter()
    for (one, other), count in both.items():
        first[one] += count
        second[other] += count
    same = sum(count for (one, other), count in both.items() if one == other)
    chance = sum(count * second[said] for said, count in first.items())  # n^2 times its probability: whole numbers
    if chance == n * n:
        return None
    return (n * same - chance) / (n * n - chance)


def calibration(
    scores: Reals, right: NDArray[np.bool_], bins: int = 10, weights: Reals | None = None, z: float = Z95
) -> list[Bin]:
    """How often boxes of each score were right; bins of equal width, empty ones left out.

    Args:
        scores: (N,) in 0..1.
        right: (N,).
        bins: so many.
        weights: (N,) positive; None: all alike.
        z: half-width of the intervals in standard deviations.

    Raises:
        ValueError: the lengths differ, or a weight is not positive.
    """
    weight = np.ones(len(scores)) if weights is None else weights
    _check(right, weight, scores)
    place = np.clip((scores * bins).astype(int), 0, bins - 1)
    edges = np.linspace(0.0, 1.0, bins + 1)
    found = []
    for number in range(bins):
        inside = place == number
        share = weighted(right[inside], weight[inside], z)
        if share is not None:
            score = float(np.average(scores[inside], weights=weight[inside]))
            found.append(Bin(float(edges[number]), float(edges[number + 1]), score, share))
    return found


def threshold(
    scores: Reals, right: NDArray[np.bool_], cost_false: float, cost_missed: float, weights: Reals | None = None
) -> Costs | None:
    """What it would cost to show boxes from each score on, by what was judged.

    Only boxes that the model gave can be judged: what it never saw is missed at every threshold, and not counted.

    Args:
        scores: (N,) in 0..1.
        right: (N,).
        cost_false: of a box that is shown and wrong.
        cost_missed: of one that is right and not shown.
        weights: (N,) positive; None: all alike.

    Returns:
        None of nothing.

    Raises:
        ValueError: the lengths differ, or a weight is not positive.
    """
    weight = np.ones(len(scores)) if weights is None else weights
    _check(right, weight, scores)
    if not len(scores):
        return None
    order = np.argsort(scores, kind="stable")
    ordered, all_of = scores[order], float(weight.sum())
    good, bad = (np.where(right[order] == wanted, weight[order], 0.0) for wanted in (True, False))
    below_good = np.concatenate(([0.0], np.cumsum(good)))
    from_bad = np.concatenate((np.cumsum(bad[::-1])[::-1], [0.0]))
    first = np.concatenate(([True], ordered[1:] > ordered[:-1], [True]))  # a threshold takes all of the same score
    missed, false = below_good[first] / all_of, from_bad[first] / all_of
    thresholds = np.concatenate((ordered[first[:-1]], [np.nextafter(ordered[-1], np.inf)]))
    costs = cost_false * false + cost_missed * missed
    best = len(costs) - 1 - int(np.argmin(costs[::-1]))
    return Costs(
        thresholds, costs, float(thresholds[best]), float(costs[best]), float(false[best]), float(missed[best]),
        effective(weight),
    )  # fmt: skip


def _check(right: NDArray[np.bool_], weights: Reals, scores: Reals | None = None) -> None:
    if len(right) != len(weights) or (scores is not None and len(scores) != len(right)):
        raise ValueError("scores, verdicts and weights are of one length")
    if not (weights > 0).all():
        raise ValueError("a weight is positive")
