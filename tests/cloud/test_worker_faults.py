"""All that may go wrong while a worker works: models, databases, leases, memory, its own end."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backends.base import BackendError
from console.cloud.database.base import CLAIMING
from console.cloud.keeping.keeper import Keeper
from console.cloud.working import looking, worker
from console.cloud.working.looking import Hung
from tests.cloud.keeping_cases import DESK
from tests.cloud.worker_cases import (
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
from tests.cloud.worker_store import Faulty, keeper, soon

__all__ = ["keeper", "soon"]


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


def test_an_outage_of_a_model_costs_an_attempt_only_those_it_met(
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
        assert set(worked.totals) == {"done", "again", "given_back"}
        assert worked.totals["again"] <= 4
        assert [r.message for r in caplog.records if "out of order" in r.message] == [
            "plates is out of order, and jobs of its tasks wait: The server is away."
        ]
        with keeper.repository.reading() as db:
            assert sum(job["attempts"] - 1 for job in db.jobs(None, ["done"], 100)) == worked.totals["again"]


def test_a_picture_that_ends_its_model_again_and_again_has_failed_in_the_end(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        model = squares_of(plans["whole"])
        up = threading.Event()
        up.set()

        def poisoned(pixels: NDArray[np.uint8]) -> None:
            if (abs(pixels[:, 0, 0].astype(int) - 80) < 10).any():
                up.clear()
                threading.Timer(0.1, up.set).start()  # somebody starts it again
            if not up.is_set():
                raise BackendError("The server is away.")

        model.before = poisoned
        bad = square()
        bad[:16, :16] = 80
        keeper.take(DESK, [picture(jpeg_of(bad)), *(picture(jpeg_of(square(at=n + 8))) for n in range(4))])
        with working(keeper.repository, tmp_path, plans) as worked:
            until(settled(keeper, 5), 30)
        assert worked.totals["done"] == 4
        assert worked.totals["failed"] == 1


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
        with working(keeper.repository, tmp_path, plans, wait_s=0.5) as worked:
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
