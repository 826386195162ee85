"""Whether a model may be activated: what it shows on a gold set, by itself and beside what runs now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.datasets.gold_figures import Figures
from console.datasets.gold_report import FIGURES, comparison, evaluation, overall
from console.datasets.gold_running import Run
from console.datasets.gold_trial import Candidate, Trial
from console.errors import SightdeskError
from console.settings.inference import GateSettings
from models.words import _

SPLIT = "test"
"""What nobody trains with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a gate says.

    Attributes:
        passed: the model may be activated.
        why: each reason, with its figures: why not, or how it passed.
        report: all figures, as plain values.
    """

    passed: bool
    why: tuple[str, ...]
    report: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"passed": self.passed, "why": list(self.why), **self.report}


def measure(gate: GateSettings, trial: Trial, new: Candidate, now: Candidate | None) -> Outcome:
    """Measure a model, and what runs now, on the same pictures.

    What runs now and can't be measured any more (its file is gone) doesn't keep others out that reach `least_ap`.

    Raises:
        SightdeskError: the model can't be measured.
        Interrupted: the operator wants it to end.
    """
    tried = trial.run(new)
    beside, trouble = None, ""
    if now is not None:
        try:
            beside = trial.run(now)
        except SightdeskError as error:
            trouble = _("What runs now can't be measured: {why}").format(why=error.what)
    return judge(gate, trial, tried, beside, trouble)


def judge(gate: GateSettings, trial: Trial, new: Run, now: Run | None, trouble: str = "") -> Outcome:
    """What the gate says of what two models found. `trouble`: why what runs now is None, though something does run."""
    alone = trial.figures([new])[0]
    against, good = _least(gate, trial.gold.title, alone)
    report: dict[str, Any] = {"set": trial.gold.title, "least_ap": gate.least_ap, "loss": gate.loss}
    if trouble:
        (good if gate.least_ap is not None else against).append(trouble)
    if now is not None:
        before, after = trial.figures([now, new])
        worse, fine = _beside(gate, before, after)
        against, good = against + worse, good + fine
        report |= _compared(before, after, trial)
    else:
        report["new"] = evaluation(alone, trial.drawn([alone])[0])
    return Outcome(not against, tuple(against or good), report)


def _least(gate: GateSettings, title: str, of: Figures) -> tuple[list[str], list[str]]:
    """What speaks against a model by itself, and what for it."""
    ap = of.precision().ap
    if ap is None:
        words = _("AP can't be measured on {title}: it has no picture of which all is known.").format(title=title)
        return ([words], []) if gate.least_ap is not None else ([], [words])
    said = {"model": of.run.model, "ap": _points(ap), "n": of.exhaustive, "title": title}
    if gate.least_ap is None:
        return [], [_("{model} has AP {ap} on {n} pictures of {title}.").format(**said)]
    said["least"] = _points(gate.least_ap)
    if ap < gate.least_ap:
        return [_("{model} has AP {ap} on {n} pictures of {title}; it takes {least}.").format(**said)], []
    return [], [_("{model} has AP {ap} on {n} pictures of {title}, and it takes {least}.").format(**said)]


def _beside(gate: GateSettings, before: Figures, after: Figures) -> tuple[list[str], list[str]]:
    """What speaks against a model beside what runs now, and what for it; by judged boxes where there is no AP."""
    against, good = [], []
    if lost := [label for label in after.unknown if label in before.run.knows]:
        words = _("{model} does not know what {now} finds: {labels}.")
        against.append(words.format(model=after.run.model, now=before.run.model, labels=", ".join(lost)))
    old, new = before.precision().ap, after.precision().ap
    figures: list[tuple[str, float | None, float | None, int]] = [("ap", old, new, 1)]
    if old is None:
        figures = [
            ("found", before.found.share().value, after.found.share().value, 1),
            ("false", before.false.share().value, after.false.share().value, -1),
        ]
    measured = [(name, a, b, way) for name, a, b, way in figures if a is not None and b is not None]
    for name, a, b, way in measured:
        said = {"what": _(FIGURES[name]), "new": _points(b), "now": _points(a), "loss": _points(gate.loss)}
        if (a - b) * way > gate.loss + 1e-9:
            words = _("{what}: {new}, and {now} for what runs now; it may be worse by {loss} at most.")
            against.append(words.format(**said))
        else:
            good.append(_("{what}: {new}, and {now} for what runs now.").format(**said))
    if not measured:
        against.append(_("There is nothing in the set that both models can be measured on."))
    return against, good


def _compared(before: Figures, after: Figures, trial: Trial) -> dict[str, Any]:
    drawn = trial.drawn([before, after])
    found = comparison(before, after, drawn)
    return {
        "now": evaluation(before, drawn[0]),
        "new": evaluation(after, drawn[1]),
        "differences": {one.name: one.as_json() for one in found},
        "verdict": overall(found),
    }


def _points(value: float) -> str:
    return f"{value:.3f}"
