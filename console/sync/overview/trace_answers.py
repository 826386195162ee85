"""What clouds answered, as steps on the way of an event or review item."""

from __future__ import annotations

from collections.abc import Iterator

from console.store.answers import AnswerRow
from console.sync.answers.words import found_words, ran_words
from console.sync.overview.steps import Step, StepKind
from models.words import _


def answered(answers: list[AnswerRow]) -> Iterator[Step]:
    """A step for each, in their order."""
    for one in answers:
        words = _("{target} answered: {task}: {what}").format(target=one.target, task=one.task, what=found_words(one))
        kind: StepKind = "answered" if one.state == "done" else "unanswered"
        yield Step(one.received_at, words, ran_words(one, whole=True), kind, one.target)
