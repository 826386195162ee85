"""Intervals, agreement, calibration and thresholds, against values worked out by hand or by another formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from models.agreement import Z95, calibration, effective, kappa, threshold, weighted, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(successes: int, n: int, low: float, high: float) -> None:
    share = wilson(successes, n)
    assert share is not None
    assert [share.low, share.high] == pytest.approx([low, high], abs=5e-5)
    assert (share.value, share.n) == (successes / n, n)


@given(n=st.integers(1, 500), share=st.floats(0, 1))
def test_wilson_ends_where_the_score_test_does(n: int, share: float) -> None:
    """Its ends are the p for which |p^ - p| is just z standard errors, taken at p: found here by search."""
    successes = round(share * n)
    found = wilson(successes, n)
    assert found is not None
    p = successes / n

    def off(other: float) -> float:
        return abs(p - other) - Z95 * math.sqrt(other * (1 - other) / n)

    inside = min(max(p, 1e-9), 1 - 1e-9)
    assert found.low == pytest.approx(brentq(off, 1e-12, inside) if successes else 0.0, abs=1e-6)
    assert found.high == pytest.approx(brentq(off, inside, 1 - 1e-12) if successes < n else 1.0, abs=1e-6)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_wilson_of_nothing_and_of_nonsense() -> None:
    assert wilson(0, 0) is None
    for successes, n in ((2, 1), (-1, 3), (0, -1)):
        with pytest.raises(ValueError, match="successes"):
            wilson(successes, n)


def test_kish() -> None:
    assert effective(np.ones(7)) == pytest.approx(7)
    assert effective(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert effective(np.array([])) == 0
    assert effective(np.full(5, 100.0)) == pytest.approx(5)


def test_weights_count_for_the_share_and_for_its_interval() -> None:
    """Two drawn at 1 of 100 and one at 1 of 1: (100 + 0 + 1) / 201, as if of 201^2 / 20001."""
    share = weighted(np.array([True, False, True]), np.array([100.0, 100.0, 1.0]))
    assert share is not None
    assert share.value == pytest.approx(101 / 201)
    assert share.n == pytest.approx(201**2 / 20001)
    plain = wilson(101 / 201 * share.n, share.n)
    assert plain is not None
    assert (share.low, share.high) == (plain.low, plain.high)
    alike = weighted(np.array([True] * 3 + [False]), np.full(4, 50.0))
    assert alike is not None
    assert [alike.value, alike.n] == pytest.approx([0.75, 4])
    assert weighted(np.array([], bool), np.array([])) is None
    with pytest.raises(ValueError, match="positive"):
        weighted(np.array([True]), np.array([0.0]))
    with pytest.raises(ValueError, match="length"):
        weighted(np.array([True]), np.array([1.0, 1.0]))


def test_kappa_of_three_classes_by_hand() -> None:
    """58 of 200 alike; by chance (100 x 80 + 60 x 60 + 40 x 60) / 200^2 = .35: (.29 - .35) / (1 - .35)."""
    table = {"aa": 50, "ab": 26, "ac": 24, "ba": 24, "bb": 4, "bc": 32, "ca": 6, "cb": 30, "cc": 4}
    found = kappa([(said[0], said[1]) for said, count in table.items() for _n in range(count)])
    assert found == pytest.approx(-0.06 / 0.65)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], None),
        ([("a", "a")] * 9, None),  # both always say one and the same: chance explains it all
        ([("a", "b")] * 9, 0.0),
        ([("a", "a"), ("b", "b")], 1.0),
        ([("a", "b"), ("b", "a")], -1.0),
        ([("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15, 0.4),
    ],
)
def test_kappa_by_hand(pairs: list[tuple[str, str]], expected: float | None) -> None:
    assert kappa(pairs) == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=40))
def test_kappa_is_the_matrix_formula(pairs: list[tuple[str, str]]) -> None:
    found = kappa(pairs)
    table = np.zeros((3, 3))
    for one, other in pairs:
        table["abc".index(one), "abc".index(other)] += 1
    if not pairs or np.trace(np.outer(table.sum(1), table.sum(0))) == table.sum() ** 2:
        assert found is None
        return
    share = table / table.sum()
    chance = float(share.sum(1) @ share.sum(0))
    assert found == pytest.approx((np.trace(share) - chance) / (1 - chance))
    assert found == kappa([(other, one) for one, other in pairs])
    assert found is not None
    assert found <= 1


def test_calibration_bins() -> None:
    scores = np.array([0.0, 0.05, 0.1, 0.25, 0.29, 0.95, 1.0])
    right = np.array([False, True, True, True, False, True, True])
    bins = calibration(scores, right)
    assert [(round(one.low, 3), round(one.high, 3), one.right.n) for one in bins] == [
        (0.0, 0.1, 2), (0.1, 0.2, 1), (0.2, 0.3, 2), (0.9, 1.0, 2),
    ]  # fmt: skip
    assert [round(one.score, 3) for one in bins] == [0.025, 0.1, 0.27, 0.975]
    assert [one.right.value for one in bins] == [0.5, 1.0, 0.5, 1.0]
    lone = wilson(1, 1)
    assert lone is not None
    assert bins[1].right == lone
    assert calibration(np.array([]), np.array([], bool)) == []
    (weighed,) = calibration(np.array([0.2, 0.6]), np.array([True, False]), 1, np.array([3.0, 1.0]))
    assert [weighed.score, weighed.right.value] == pytest.approx([0.3, 0.75])
    with pytest.raises(ValueError, match="length"):
        calibration(np.array([0.2]), np.array([True, False]))


def test_the_threshold_that_costs_least_by_hand() -> None:
    """From .2 on: 2 false of 4. From .4: 1 false, none missed ... a miss costs 3, a false alarm 1."""
    scores, right = np.array([0.6, 0.2, 0.4, 0.8]), np.array([False, False, True, True])
    found = threshold(scores, right, 1, 3)
    assert found is not None
    assert found.thresholds.tolist()[:4] == [0.2, 0.4, 0.6, 0.8]
    assert found.thresholds[4] > 0.8
    assert found.costs.tolist() == [2 / 4, 1 / 4, 4 / 4, 3 / 4, 6 / 4]
    assert (found.best, found.cost, found.false_alarms, found.missed, found.n) == (0.4, 0.25, 0.25, 0.0, 4)
    dear = threshold(scores, right, 100, 1)
    assert dear is not None
    assert (dear.best, dear.missed) == (0.8, 0.25)
    assert threshold(np.array([]), np.array([], bool), 1, 1) is None


@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.integers(1, 4)), min_size=1, max_size=30),
    st.floats(0.1, 10),
    st.floats(0.1, 10),
)
def test_every_threshold_costs_what_counting_says(
    judged: list[tuple[int, bool, int]], cost_false: float, cost_missed: float
) -> None:
    scores, right, weights = (np.array([one[n] for one in judged]) for n in range(3))
    found = threshold(scores / 8, right, cost_false, cost_missed, weights.astype(float))
    assert found is not None
    for at, cost in zip(found.thresholds, found.costs, strict=True):
        shown = scores / 8 >= at
        counted = cost_false * weights[shown & ~right].sum() + cost_missed * weights[~shown & right].sum()
        assert cost == pytest.approx(counted / weights.sum())
    assert found.cost == pytest.approx(min(found.costs))
    assert not [at for at, c in zip(found.thresholds, found.costs, strict=True) if c < found.cost - 1e-9]
    assert set((scores / 8).tolist()) == set(found.thresholds[:-1].tolist())
