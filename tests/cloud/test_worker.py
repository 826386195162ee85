"""A worker from a job in the database to its answer, and files that give none."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from console.cloud.database.base import CLAIMING
from console.cloud.keeping.keeper import Keeper
from console.cloud.working.opening import Keys
from console.privacy.sealing import PrivateKey
from tests.cloud.keeping_cases import DESK, OTHER, notice
from tests.cloud.worker_cases import (
    KEY,
    TASKS,
    answers,
    jpeg_of,
    picture,
    planned,
    sealed,
    settled,
    squares_of,
    states,
    until,
    whys,
    working,
)
from tests.cloud.worker_store import keeper, keeping, soon

__all__ = ["keeper", "soon"]


def test_crops_and_pictures_are_answered_in_the_pixels_of_their_source(database_url: str, tmp_path: Path) -> None:
    with keeping(database_url, tmp_path / "store") as keeper, planned() as plans:
        sent = [sealed(), picture()]
        keeper.take(DESK, sent)
        with working(keeper.repository, tmp_path / "store", plans, name="one") as worked:
            until(settled(keeper, 2))
        crop, whole = (next(a for a in answers(keeper) if a["message_id"] == m.head["message_id"]) for m in sent)
        body = crop["body"]
        assert (crop["state"], body["space"], body["size"], body["worker"]) == ("done", "source", [1920, 1080], "one")
        assert body["found"] == [
            {"box": [132, 82, 196, 146], "label": "car", "score": 0.9, "stage": 0, "of": None},
            {"box": [156, 110, 172, 118], "label": "plate", "score": 0.9, "stage": 1, "of": 0},
        ]
        assert [ran["model"] for ran in body["ran"]] == ["cars", "plates"]
        assert body["ran"][0] == {
            "model": "cars", "runtime": "squares", "version": "1.0", "device": "CPU", "precision": "f32", "served": "",
        }  # fmt: skip
        assert set(body) == {"space", "size", "found", "ran", "took_s", "batch", "worker"}
        (box,) = whole["body"]["found"]
        assert whole["body"]["size"] == [256, 256]
        assert box["box"] == pytest.approx([64, 64, 192, 192], abs=4)
        assert worked.totals == {"done": 2}


def test_only_labels_that_are_asked_for_are_answered(keeper: Keeper, tmp_path: Path) -> None:
    (task, _other) = TASKS.tasks
    with planned(TASKS.model_copy(update={"tasks": (task.model_copy(update={"answer": ("plate",)}),)})) as plans:
        keeper.take(DESK, [sealed()])
        with working(keeper.repository, tmp_path, plans):
            until(settled(keeper, 1))
        (box,) = answers(keeper)[0]["body"]["found"]
        assert (box["label"], box["stage"], box["of"]) == ("plate", 1, None)


def test_many_are_worked_on_in_batches_and_each_once(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        keeper.take(DESK, [sealed() for _n in range(30)])
        keeper.take(OTHER, [sealed() for _n in range(10)])
        with (
            working(keeper.repository, tmp_path, plans, name="a", wait_s=0.3) as a,
            working(keeper.repository, tmp_path, plans, name="b", wait_s=0.3) as b,
        ):
            until(settled(keeper, 40))
        assert a.totals["done"] + b.totals["done"] == 40
        assert set(a.totals) | set(b.totals) <= {"done", "given_back"}
        assert len(answers(keeper)) == 30
        assert {answer["number"] for answer in answers(keeper)} == set(range(1, 31))
        assert max(answer["body"]["batch"] for answer in answers(keeper)) == 8


def test_what_never_opens_has_failed_at_once_in_words(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        keeper.take(DESK, [sealed(key=PrivateKey.new()), picture(jpeg_of()[:-2]), sealed()])
        with working(keeper.repository, tmp_path, plans) as worked:
            until(settled(keeper, 3))
        assert worked.totals == {"failed": 2, "done": 1}
        said = {answer["why"] for answer in answers(keeper) if answer["state"] == "failed"}
        assert any("which the worker does not have" in why for why in said)
        assert any("cut short" in why for why in said)


def test_a_file_that_is_gone_is_looked_for_again_and_then_given_up(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        keeper.take(DESK, [picture()])
        for path in (tmp_path / "files").rglob("*.*"):
            path.unlink()
        with working(keeper.repository, tmp_path, plans) as worked:
            until(settled(keeper, 1))
        assert worked.totals == {"again": 2, "failed": 1}
        assert whys(keeper) == ["Its file is not there."]


def test_what_is_erased_beneath_a_worker_leaves_no_answer(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        first = squares_of(plans["crops"])
        begun, go_on = threading.Event(), threading.Event()
        first.before = lambda _pixels: (begun.set(), go_on.wait(10))
        sent = sealed()
        keeper.take(DESK, [sent])
        with working(keeper.repository, tmp_path, plans) as worked:
            assert begun.wait(10)
            keeper.take(DESK, [notice(str(sent.head["tracking_id"]))])
            go_on.set()
            until(lambda: worked.totals)
            assert worked.totals == {"dropped": 1}
        assert (states(keeper), answers(keeper)) == ({}, [])


def test_a_job_that_ended_its_workers_too_often_has_failed(keeper: Keeper, tmp_path: Path) -> None:
    keeper.take(DESK, [picture()])
    for attempt in range(3):
        with keeper.repository.writing(CLAIMING) as db:
            (job,) = db.claim(["whole"], 1, f"dead {attempt}", 0.01)
        assert job.attempt == attempt + 1
        time.sleep(0.02)
    with planned() as plans, working(keeper.repository, tmp_path, plans) as worked:
        until(settled(keeper, 1))
        assert worked.totals == {"failed": 1}
    assert "begun 3 times and never ended" in whys(keeper)[0]


def test_a_key_may_come_later(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        keeper.take(DESK, [sealed()])
        with working(keeper.repository, tmp_path, plans, Keys([PrivateKey.new()])):
            until(settled(keeper, 1))
        with keeper.repository.writing(CLAIMING) as db:
            assert len(db.replay([job["job_id"] for job in db.jobs(None, ["failed"], 10)])) == 1
        with working(keeper.repository, tmp_path, plans, Keys([KEY, PrivateKey.new()])):
            until(lambda: "done" in states(keeper).values())
        assert [answer["state"] for answer in answers(keeper)] == ["done"]
