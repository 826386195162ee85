"""What redaction costs detection: average precision before and after, on the same pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from console.datasets.accuracy import detect, read_picture, rows, score, shared_categories
from console.datasets.privacy import Sight, Stage, Trial, input_order, looked
from models.coverage import Unanswered
from models.findings import PERSONS
from models.frames import ArrayPicture
from models.redaction import redact

_Answers = dict[int, list[dict[str, Any]]]
"""By a picture's number, what the detector found in it, as COCO's rows."""


def detection_cost(
    coco: Mapping[tuple[str, ...], Mapping[str, Any]],
    trials: Sequence[Trial],
    stage: Stage,
    *,
    told: Callable[[int, int, str], None] = lambda _done, _of, _name: None,
    stop: threading.Event | None = None,
) -> list[dict[str, Any]]:
    """AP of the stage's own detector on plain pictures, and on the same ones as each trial would keep them.

    A detector that learned from plain pictures is surprised by covers, so this bounds from above what a detector loses
    that learns from redacted ones. A picture that a trial refuses is left out of both.

    Args:
        coco: instances by their categories, with whole paths; those the detector has no label of are passed over.
        trials: how pictures are redacted.
        stage: the detector that is measured, and finds persons and vehicles for the trials too.
        told: called before each picture.
        stop: set from elsewhere, ends it; the dataset at hand is then left out.

    Raises:
        SightdeskError: a picture can't be read, the detector failed, or faster-coco-eval is not installed.
    """
    report: list[dict[str, Any]] = []
    for content in coco.values():
        category = shared_categories(content, stage.detector.manifest.labels)
        if not category:
            continue
        plain: _Answers = {}
        after: list[_Answers] = [{} for _trial in trials]
        for done, image in enumerate(sorted(content["images"], key=_order)):
            if stop is not None and stop.is_set():
                return report
            told(done, len(content["images"]), Path(image["file_name"]).name)
            _answer(image, category, trials, stage, plain, after)
        report.append(_reported(content, category, stage, trials, plain, after))
    return report


def _answer(  # noqa: PLR0917  # one picture's turn in the loop above
    image: Mapping[str, Any],
    category: dict[int, int],
    trials: Sequence[Trial],
    stage: Stage,
    plain: _Answers,
    after: Sequence[_Answers],
) -> None:
    """Have the detector look at one picture, plain and as each trial would keep it."""
    number, picture = int(image["id"]), read_picture(Path(image["file_name"]))
    plain[number] = rows(number, detect(stage.detector, stage.backend, picture), category)
    seen = detect(stage.detector, stage.backend, picture, stage.confidence)
    found = looked((trial.looks for trial in trials), picture)
    for trial, answers in zip(trials, after, strict=True):
        sight = Sight(picture, seen, stage.detector.manifest.labels, found[id(trial.looks)])
        try:
            covered = ArrayPicture(redact(picture, sight.coverage(trial.policy)).bgr)
        except Unanswered:
            continue
        answers[number] = rows(number, detect(stage.detector, stage.backend, covered), category)


def _reported(  # noqa: PLR0917  # what the loop above gathered
    content: Mapping[str, Any],
    category: dict[int, int],
    stage: Stage,
    trials: Sequence[Trial],
    plain: _Answers,
    after: Sequence[_Answers],
) -> dict[str, Any]:
    """The figures of one set of categories."""
    labels = stage.detector.manifest.labels
    persons = {c: i for c, i in category.items() if labels[c].casefold() in PERSONS}
    return {
        "pictures": len(plain),
        "categories": len(category),
        "trials": [
            {
                "name": trial.name,
                "refused": len(plain) - len(answers),
                **_compared(content, plain, answers, category),
                "persons": _compared(content, plain, answers, persons) if persons else None,
            }
            for trial, answers in zip(trials, after, strict=True)
        ],
    }


def _compared(
    content: Mapping[str, Any],
    plain: Mapping[int, list[dict[str, Any]]],
    answers: Mapping[int, list[dict[str, Any]]],
    category: Mapping[int, int],
) -> dict[str, Any]:
    """Before and after, both on the pictures that have answers after; nothing where there are none."""
    if not answers:
        return {"before": None, "after": None}
    before = {number: plain[number] for number in answers}
    return {"before": score(content, before, category), "after": score(content, answers, category)}


def _order(image: Mapping[str, Any]) -> int:
    return input_order((int(image["width"]), int(image["height"])))
