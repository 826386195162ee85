"""Whatever a worker answers, a desk can read: one answer that it refused would keep all later ones from it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from console.cloud.jobs.values import Claimed
from console.cloud.working.answers import Ran, body
from console.cloud.working.cascade import Box, Found, Plan
from console.cloud.working.opening import Opened
from console.cloud.working.spaces import Space
from console.sync.answers.page import read_page
from console.sync.wire import MOST_FOUND
from tests.cloud.worker_cases import planned, square

ID = "01a205ab-6cc6-7694-9c23-229b3a474cb3"
AT = "2026-03-04T12:00:00.000000+00:00"
JOB = Claimed(ID, "plant-1", "gate", ID, ID, "gate", "sealed", "crops", 1, "x", "0" * 64, {})
OPENED = Opened(JOB, square(), Space("source", (1920, 1080), corner=(100, 50)))


def read_by_a_desk(said: dict[str, Any]) -> dict[str, Any]:
    one = {
        "number": 1, "message_id": ID, "tracking_id": ID, "camera_id": "gate", "task": "crops", "state": "done",
        "why": "", "at": AT, "body": said,
    }  # fmt: skip
    page = {"store": "a", "last": 1, "takes": ["sealed"], "answers": [one]}
    (answer,) = read_page(json.dumps(page).encode(), 0, 500).answers
    assert (answer.state, answer.why) == ("done", "")
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.fixture
def plan() -> Any:
    with planned() as plans:
        yield plans["crops"]


def test_many_boxes_of_several_stages_are_the_best_of_them(plan: Plan) -> None:
    cars = [Box((0, 0, 9, 9), "car", 0.5 + n / 4000, 0, None) for n in range(MOST_FOUND)]
    plates = [Box((1, 1, 2, 2), "plate", 0.3 + n / 4000, 1, n) for n in range(MOST_FOUND)]
    said = body(plan, OPENED, Found([*cars, *plates], left_out=3), Ran(0.1, 1, "w"))
    assert said["left_out"] == 3 + MOST_FOUND
    read = read_by_a_desk(said)
    assert len(read["found"]) == MOST_FOUND
    kept = sorted([*cars, *plates], key=lambda box: -box.score)[:MOST_FOUND]
    assert sorted(box["score"] for box in read["found"]) == sorted(round(box.score, 4) for box in kept)
    for one in read["found"]:
        assert one["of"] is None or read["found"][one["of"]]["label"] == "car"
    assert any(one["of"] is not None for one in read["found"])


@pytest.mark.parametrize("label", ["", "a\nb", "\x00", "x" * 300, "\u200b", " "])
def test_labels_that_no_line_can_show_are_said_so_that_one_can(plan: Plan, label: str) -> None:
    said = body(plan, OPENED, Found([Box((0, 0, 9, 9), label, 0.5, 0, None)]), Ran(0.1, 1, "w" * 255))
    (box,) = read_by_a_desk(said)["found"]
    assert box["label"]


def test_models_with_long_names_too(plan: Plan) -> None:
    stage = replace(plan.stages[0], model=replace(plan.stages[0].model, name="m\n" * 200, served="grpc://" + "s" * 300))
    said = body(replace(plan, stages=(stage,)), OPENED, Found([]), Ran(0.1, 1, "w"))
    assert read_by_a_desk(said)["ran"][0]["runtime"] == "squares"
