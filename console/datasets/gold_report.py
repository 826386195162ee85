"""Figures of gold sets as plain values: one model's, or two models' side by side with paired intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from console.datasets.gold_figures import LEAST_GROUPS, NAMES, Figures, Interval, Judged, spread
from models.words import N_, _

Verdict = Literal["better", "worse", "can't be told"]
Report = dict[str, Any]

WORDS: Mapping[str, str] = {"better": N_("better"), "worse": N_("worse"), "can't be told": N_("can't be told")}
"""Verdicts, to be translated when shown."""
FIGURES: Mapping[str, str] = {
    "ap": N_("AP"),
    "ap50": N_("AP50"),
    "found": N_("accepted boxes found"),
    "false": N_("rejected boxes still reported"),
}
"""What is compared, to be translated when shown."""
NOTE = N_(
    "Gold sets hold pictures as they were kept, covered as the privacy policy wants. Models find fewer persons in them "
    "than in front of the camera: compare models on them, but don't take the figures for a camera's."
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two models, the second less the first.

    Attributes:
        name: ap, ap50, found or false.
        before, after: the figure of the first and of the second; None: there is nothing to measure it on.
        interval: 95 % of the difference, of the same pictures drawn again for both; None: it can't be told.
    """

    name: str
    before: float | None
    after: float | None
    interval: Interval | None

    @property
    def value(self) -> float | None:
        """The difference."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def verdict(self) -> Verdict:
        """Of the second model; of false reports, fewer are better."""
        if self.interval is None:
            return "can't be told"
        low, high = self.interval if self.name != "false" else (-self.interval[1], -self.interval[0])
        return "better" if low > 0 else "worse" if high < 0 else "can't be told"

    def as_json(self) -> Report:
        """As plain values."""
        return {
            "before": _rounded(self.before), "after": _rounded(self.after), "difference": _rounded(self.value),
            "interval": _pair(self.interval), "verdict": self.verdict,
        }  # fmt: skip


def evaluation(of: Figures, drawn: NDArray[np.float64]) -> Report:
    """One model's figures. `drawn`: its part of `drawn_again`, (4, resamples)."""
    exact = of.precision()
    return {
        "model": of.run.model,
        "ran": of.run.ran,
        "exhaustive": of.exhaustive,
        "ap": _rounded(exact.ap),
        "ap_interval": _pair(spread(drawn[0])),
        "ap50": _rounded(exact.ap50),
        "found": _share(of.found),
        "false": _share(of.false),
        "classes": {
            label: {
                "ap": _rounded(exact.classes.get(number, (None, None))[0]),
                "ap50": _rounded(exact.classes.get(number, (None, None))[1]),
                "found": _share(of.found, number),
                "false": _share(of.false, number),
            }
            for number, label in zip(of.curves, of.labels, strict=True)
            if number in exact.classes or of.found.share(number).of or of.false.share(number).of
        },
        "unknown_classes": list(of.unknown),
        "groups": of.groups,
        "left_out": of.run.left_out,
    }


def comparison(first: Figures, second: Figures, drawn: NDArray[np.float64]) -> list[Difference]:
    """Two models' figures on the same members, with paired intervals. `drawn`: of both, as `drawn_again` gives it."""
    one, other = first.precision(), second.precision()
    values = (
        (one.ap, other.ap),
        (one.ap50, other.ap50),
        (first.found.share().value, second.found.share().value),
        (first.false.share().value, second.false.share().value),
    )
    gaps = drawn[1] - drawn[0]
    return [
        Difference(name, *pair, spread(gap) if pair[0] is not None else None)
        for name, pair, gap in zip(NAMES, values, gaps, strict=True)
    ]


def overall(differences: list[Difference]) -> Verdict:
    """Of the second model: better where something is and nothing is worse, and the other way round."""
    said = {one.verdict for one in differences} - {"can't be told"}
    return said.pop() if len(said) == 1 else "can't be told"


def why_untold(differences: list[Difference], groups: int) -> str:
    """Why it can't be told which model is better, in words."""
    said = {one.verdict for one in differences}
    if {"better", "worse"} <= said:
        return _("It is better in one and worse in another.")
    if groups < LEAST_GROUPS:
        return _(
            "The pictures are of {n} stretches of a camera's time; it takes {least} to say anything of others."
        ).format(n=groups, least=LEAST_GROUPS)
    if all(one.value is None for one in differences):
        return _("There is nothing that both can be measured on.")
    return _("Every difference is within what chance makes of so few pictures.")


def _share(of: Judged, label: int | None = None) -> Report:
    share = of.share(label)
    return {
        "hits": share.hits, "of": share.of, "share": _rounded(share.value), "interval": _pair(share.interval)
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _pair(of: Interval | None) -> list[float] | None:
    return None if of is None else [round(of[0], 4), round(of[1], 4)]
