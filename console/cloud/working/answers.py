"""The answer to a job, as it is kept and as a desk gets it: never more than a desk reads, or other than it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from console.cloud.working.cascade import Box, Found, Plan
from console.cloud.working.looking import Model
from console.cloud.working.opening import Opened
from console.sync.wire import MOST_FOUND, MOST_NAME


@dataclass(frozen=True, slots=True)
class Ran:
    """How an answer came about.

    Attributes:
        took_s: how long the models had the batch.
        batch: pictures in it.
        worker: its name.
    """

    took_s: float
    batch: int
    worker: str


def body(plan: Plan, opened: Opened, found: Found, how: Ran) -> dict[str, Any]:
    """The answer, as JSON values.

    ``left_out`` and ``not_looked_into`` are there where a picture had more boxes than are kept, or looked into.

    Args:
        plan: what ran.
        opened: on which picture.
        found: and what it found.
        how: see there.
    """
    wanted = [(n, box) for n, box in enumerate(found.boxes) if not plan.task.answer or box.label in plan.task.answer]
    best = sorted(wanted, key=lambda one: -one[1].score)[:MOST_FOUND]
    answered = sorted(best, key=lambda one: one[0])
    places = {before: after for after, (before, _box) in enumerate(answered)}
    said = {
        "space": opened.space.kind,
        "size": list(opened.space.size),
        "found": list(_said(answered, places, opened)),
        "ran": [ran(model) for model in plan.models],
        "took_s": round(how.took_s, 4),
        "batch": how.batch,
        "worker": _line(how.worker),
    }
    cut = {"left_out": found.left_out + len(wanted) - len(answered), "not_looked_into": found.not_looked_into}
    return said | {name: number for name, number in cut.items() if number}


def ran(model: Model) -> dict[str, str]:
    """What a model really runs on."""
    info = model.backend.info
    said = {
        "model": model.name,
        "runtime": info.runtime,
        "version": info.version,
        "device": info.device,
        "precision": info.precision,
        "served": model.served,
    }
    return {name: value and _line(value) for name, value in said.items()}


def _said(answered: list[tuple[int, Box]], places: dict[int, int], opened: Opened) -> Iterator[dict[str, Any]]:
    xyxy = np.array([box.xyxy for _n, box in answered], np.float32).reshape(-1, 4)
    for (_n, box), placed in zip(answered, opened.space.place(xyxy).tolist(), strict=True):
        yield {
            "box": [round(side, 2) for side in placed],
            "label": _line(box.label),
            "score": round(box.score, 4),
            "stage": box.stage,
            "of": None if box.of is None else places.get(box.of),
        }


def _line(name: str) -> str:
    """A name that stands on a line and is seen."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:MOST_NAME]) or "?"
