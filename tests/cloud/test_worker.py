"""A worker from a job in the database to its answer, and all that may go wrong on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backends.base import BackendError
from console.cloud.database.base import CLAIMING, Repository, Session
from console.cloud.errors import DatabaseAway
from console.cloud.keeping.keeper import Keeper
from console.cloud.working import looking, outcomes, reading, worker
from console.cloud.working.looking import Hung
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
    square,
    squares_of,
    states,
    until,
    whys,
    working,
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once."""
    monkeypatch.setattr(outcomes, "FIRST_S", 0.02)
    monkeypatch.setattr(reading, "LOOK_S", 0.1)
    monkeypatch.setattr(worker, "GRACE_S", 1.0)


@contextmanager
def keeping(url: str, folder: Path) -> Iterator[Keeper]:
    keeper = Keeper(url, folder, reserve_bytes=0, tasks=TASKS)
    try:
        yield keeper
    finally:
        keeper.close()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with keeping(f"sqlite:///{tmp_path}/cloud.db", tmp_path) as made:
        yield made


class Faulty:
    """A database that is away when it is told so.

    Attributes:
        away: for whom: sites, or `CLAIMING`; empty: nobody.
        blind: renewing does nothing, as for a worker that is stopped.
    """

    def __init__(self, inner: Repository) -> None:
        self._inner, self.place = inner, inner.place
        self.away: set[str] = set()
        self.blind = False

    @contextmanager
    def writing(self, site: str) -> Iterator[Session]:
        if site in self.away:
            raise DatabaseAway("It is away.")
        with self._inner.writing(site) as db:
            if self.blind:
                db.renew = lambda _worker, ids, _lease: set(ids)  # type: ignore[method-assign]
            yield db

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self._inner.reading() as db:
            yield db


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


def test_a_picture_a_well_model_fails_on_is_tried_alone_and_then_failed(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        first = squares_of(plans["whole"])

        def refuse(pixels: NDArray[np.uint8]) -> None:
            if (abs(pixels[:, 0, 0].astype(int) - 80) < 10).any():
                raise BackendError("It broke.")

        first.before = refuse
        bad = square()
        bad[:16, :16] = 80
        others = [picture(jpeg_of(square(at=n + 8))) for n in range(5)]
        keeper.take(DESK, [others[0], picture(jpeg_of(bad)), *others[1:]])
        with working(keeper.repository, tmp_path, plans) as worked:
            until(settled(keeper, 6))
        assert worked.totals == {"done": 5, "again": 2, "failed": 1}
        assert "It broke." in whys(keeper)


def test_a_model_that_is_out_of_order_costs_no_job_an_attempt(
    keeper: Keeper, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with planned() as plans:
        second = squares_of(plans["crops"], 1)

        def away(_pixels: object) -> None:
            raise BackendError("The server is away.")

        second.before = away
        keeper.take(DESK, [sealed() for _n in range(12)])
        keeper.take(DESK, [picture()])
        with working(keeper.repository, tmp_path, plans, batch=4) as worked:
            until(lambda: list(states(keeper).values()).count("done") == 1)  # tasks of other models go on
            until(lambda: list(states(keeper).values()).count("queued") == 12)
            assert "done" not in {state for state in states(keeper).values() if state != "done"}
            second.before = lambda _pixels: None
            until(settled(keeper, 13))
        assert worked.totals["done"] == 13
        assert set(worked.totals) == {"done", "given_back"}
        assert [r.message for r in caplog.records if "out of order" in r.message] == [
            "plates is out of order, and jobs of its tasks wait: The server is away."
        ]
        with keeper.repository.reading() as db:
            assert {job["attempts"] for job in db.jobs(None, ["done"], 100)} == {1}


def test_a_mishap_ends_no_worker(keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = {"run": 0, "open": 0, "body": 0}
    run, body = worker.run, worker.body
    open_file = worker.Reader._open.__globals__["open_file"]

    def once(name: str, real: Any) -> Any:
        def call(*given: Any) -> Any:
            count[name] += 1
            if count[name] == 1:
                raise MemoryError
            return real(*given)

        return call

    monkeypatch.setattr(worker, "run", once("run", run))
    monkeypatch.setattr(worker, "body", once("body", body))
    monkeypatch.setitem(worker.Reader._open.__globals__, "open_file", once("open", open_file))
    with planned() as plans:
        keeper.take(DESK, [picture(jpeg_of(square(at=n))) for n in range(6)])
        with working(keeper.repository, tmp_path, plans) as worked:
            until(settled(keeper, 6))
        assert worked.totals == {"done": 6, "again": 2}
        assert count["run"] > 3


def test_a_lease_that_ends_hands_the_job_on_and_the_late_answer_is_dropped(keeper: Keeper, tmp_path: Path) -> None:
    faulty = Faulty(keeper.repository)
    faulty.blind = True
    with planned() as slow, planned() as plans:
        begun, go_on = threading.Event(), threading.Event()
        squares_of(slow["crops"]).before = lambda _pixels: (begun.set(), go_on.wait(15))
        keeper.take(DESK, [sealed()])
        with working(faulty, tmp_path, slow, name="late", lease_s=1.0) as late:
            assert begun.wait(10)
            with working(keeper.repository, tmp_path, plans, name="other"):
                until(settled(keeper, 1))
            go_on.set()
            until(lambda: late.totals)
            assert set(late.totals) == {"dropped"}  # it may have begun the job once more itself, and lost it again
        (answer,) = answers(keeper)
        assert answer["body"]["worker"] == "other"


def test_a_long_inference_keeps_its_lease(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as slow, planned() as plans:
        squares_of(slow["crops"]).before = lambda _pixels: time.sleep(2.5)
        keeper.take(DESK, [sealed()])
        with working(keeper.repository, tmp_path, slow, name="slow", lease_s=1.0) as one:
            until(lambda: "processing" in states(keeper).values())
            with working(keeper.repository, tmp_path, plans, name="other") as other:
                until(settled(keeper, 1))
                assert (one.totals, other.totals) == ({"done": 1}, {})


def test_a_database_that_is_away_is_waited_for(
    keeper: Keeper, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = Faulty(keeper.repository)
    with planned() as plans:
        begun, go_on = threading.Event(), threading.Event()
        squares_of(plans["crops"]).before = lambda _pixels: (begun.set(), go_on.wait(10))
        keeper.take(DESK, [sealed() for _n in range(3)])
        with working(faulty, tmp_path, plans, batch=2) as worked:
            assert begun.wait(10)
            faulty.away = {DESK.site, CLAIMING}
            go_on.set()
            time.sleep(1.5)
            assert worked.totals == {}
            faulty.away = set()
            until(settled(keeper, 3))
        assert worked.totals == {"done": 3}
    said = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert said.count("It is away.") <= 2  # once by who claims, once by who settles


@pytest.mark.parametrize("when", ["idle", "ready", "under way", "hangs"])
def test_a_worker_that_is_told_to_end_finishes_what_is_under_way(keeper: Keeper, tmp_path: Path, when: str) -> None:
    with planned(most=1) as plans:
        begun, go_on = threading.Event(), threading.Event()
        pause = {"hangs": 20.0, "under way": 0.5}.get(when, 0.05)
        squares_of(plans["crops"]).before = lambda _pixels: (begun.set(), go_on.wait(pause))
        if when != "idle":
            keeper.take(DESK, [sealed() for _n in range(6)])
        with working(keeper.repository, tmp_path, plans, batch=2) as worked:
            assert when == "idle" or begun.wait(10)
            assert worked.stop() < (4 if when == "hangs" else 2)
            go_on.set()
        assert worked.error is None
        found = list(states(keeper).values())
        assert set(found) <= {"done", "queued"}
        assert (
            found.count("done")
            == worked.totals.get("done", 0)
            == (0 if when in ("idle", "hangs") else found.count("done"))
        )
        with keeper.repository.reading() as db:
            assert {job["attempts"] for job in db.jobs(None, ["queued"], 100)} <= {0}


def test_a_model_that_hangs_ends_the_worker_in_words(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = looking.Patience
    monkeypatch.setattr(worker, "Patience", lambda stop, grace_s: patience(stop, grace_s, 0.5))
    with planned() as plans:
        go_on = threading.Event()
        squares_of(plans["crops"]).before = lambda _pixels: go_on.wait(20)
        keeper.take(DESK, [sealed(), sealed(), picture()])
        with working(keeper.repository, tmp_path, plans) as worked:
            until(lambda: not worked.alive)
            go_on.set()
        assert isinstance(worked.error, Hung)
        assert "gave no answer" in str(worked.error)
        found = states(keeper)
        assert "processing" not in found.values()
        with keeper.repository.reading() as db:
            tried = {job["task"]: job["attempts"] for job in db.jobs(None, ["queued", "done"], 100)}
        assert tried["crops"] == 1  # it may be what the model hangs over


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
