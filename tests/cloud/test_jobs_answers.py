"""What workers say of jobs, and what desks and people see of it, over SQLite and PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.cloud.jobs.values import STATES, Outcome
from console.cloud.keeping.keeper import Keeper
from tests.cloud.jobs_cases import BODY, SECOND, Clock, Worker, all_jobs, clock, folder, ids, keeper, send, simple
from tests.cloud.keeping_cases import DESK, OTHER, notice, truth

__all__ = ["clock", "folder", "keeper", "simple"]
pytestmark = pytest.mark.services


def test_what_came_of_a_job_is_written_once_with_its_answer(simple: Keeper, database_url: str, folder: Path) -> None:
    send(simple, 4)
    worker = Worker(simple.repository)
    held = worker.claim()
    assert worker.settle(held, site=OTHER.site) == set()
    odd = "half a letter \ud800, a zero \0, and a novel " + "x" * 9999
    both = [Outcome(held[0].job_id, 1, "done", answer=BODY), Outcome(held[0].job_id, 1, "failed", "not this")]
    with simple.repository.writing(DESK.site) as db:
        assert db.settle(DESK.site, "w1", both) == {held[0].job_id}
    assert worker.settle(held[1:2], "failed", why=odd) == {held[1].job_id}
    assert worker.settle(held[2:3], "queued", why="Later.") == {held[2].job_id}
    page = simple.answers(DESK, 0, 10)
    done, failed = page["answers"]
    assert page["last"] == 2
    assert (done["number"], done["state"], done["why"], done["body"]) == (1, "done", "", BODY)
    assert (done["message_id"], done["tracking_id"]) == (held[0].message_id, held[0].tracking_id)
    assert (failed["number"], failed["state"], failed["body"]) == (2, "failed", {})
    assert failed["why"].startswith("half a letter ?, a zero ?, and")
    assert len(failed["why"]) == 2000
    jobs = {one["job_id"]: one for one in all_jobs(simple)}
    first, second, third, _fourth = (jobs[one.job_id] for one in held)
    assert (first["state"], first["answer"], first["ended_at"]) == ("done", BODY, done["at"])
    assert (second["state"], second["answer"], second["worker"]) == ("failed", None, "w1")
    assert (third["state"], third["why"], third["ended_at"]) == ("queued", "Later.", None)
    assert simple.job_figures().number == {"queued": 1, "processing": 1, "done": 1, "failed": 1}
    with simple.repository.reading() as db:
        assert db.queued_tasks() == {"cars": 1}
    truth(database_url, folder)


def test_an_answer_that_is_no_json_settles_nothing(simple: Keeper) -> None:
    send(simple, 2)
    held = Worker(simple.repository).claim()
    said = [Outcome(held[0].job_id, 1, "done"), Outcome(held[1].job_id, 1, "done", answer={"x": float("nan")})]
    with pytest.raises(ValueError, match="JSON"), simple.repository.writing(DESK.site) as db:
        db.settle(DESK.site, "w1", said)
    assert simple.job_figures().number["processing"] == 2
    assert simple.answers(DESK, 0, 10)["last"] == 0


def test_a_failed_job_is_replayed_and_its_later_answer_counts(
    simple: Keeper, clock: Clock, database_url: str, folder: Path
) -> None:
    send(simple, 3)
    worker = Worker(simple.repository)
    done, failed, running = worker.claim()
    worker.settle([done])
    worker.settle([failed], "failed", why="No such model.")
    clock.go(5)
    assert worker.replay(done.job_id, failed.job_id, running.job_id, "none", failed.job_id) == {failed.job_id}
    assert worker.replay(failed.job_id) == set()
    job = next(one for one in all_jobs(simple) if one["job_id"] == failed.job_id)
    assert (job["state"], job["attempts"], job["why"], job["queued_at"]) == ("queued", 0, "", clock.at)
    assert (job["began_at"], job["ended_at"], job["answer"]) == (None, None, None)
    assert [one["number"] for one in simple.answers(DESK, 0, 10)["answers"]] == [1, 2]
    (again,) = worker.claim()
    assert again.attempt == 1
    assert worker.settle([again]) == {again.job_id}
    page = simple.answers(DESK, 1, 10)
    assert [(one["number"], one["state"]) for one in page["answers"]] == [(3, "done")]
    assert page["last"] == 3
    truth(database_url, folder)


def test_erasing_takes_jobs_and_answers_whatever_they_stand_at(simple: Keeper, database_url: str, folder: Path) -> None:
    send(simple, 4)
    worker = Worker(simple.repository)
    done, failed, running, waits = worker.claim()
    worker.settle([done])
    worker.settle([failed], "failed")
    worker.give_back([waits])
    for job in (done, failed, running, waits):
        other = Worker(simple.repository, "w2")
        simple.take(OTHER, [notice(job.tracking_id)])
        assert job.job_id in {one["job_id"] for one in all_jobs(simple)}, "another site's erasure takes nothing"
        simple.take(DESK, [notice(job.tracking_id)])
        assert job.job_id not in {one["job_id"] for one in all_jobs(simple)}
        assert worker.renew([job]) == set()
        assert worker.settle([job]) == set()
        worker.give_back([job])
        assert other.replay(job.job_id) == set()
        found = simple.trace(DESK.site, job.tracking_id)
        assert found is not None
        assert (found["state"], found["jobs"]) == ("erased", [])
        truth(database_url, folder)
    nothing = {"store": "", "last": 2, "takes": ["picture"], "answers": []}
    assert simple.answers(DESK, 0, 10) | {"store": ""} == nothing
    assert simple.job_figures().number == dict.fromkeys(STATES, 0)
    assert simple.job_figures().oldest_queued_at is None
    send(simple)
    worker.settle(worker.claim())
    assert [one["number"] for one in simple.answers(DESK, 2, 10)["answers"]] == [3], "numbers never come again"


def test_each_desk_gets_the_answers_to_its_own(simple: Keeper) -> None:
    send(simple, 2)
    send(simple, 2, SECOND)
    send(simple, 2, OTHER)
    worker = Worker(simple.repository)
    held = worker.claim()
    for site in (DESK.site, OTHER.site):
        worker.settle(held, site=site)
    for who, last in ((DESK, 4), (SECOND, 4), (OTHER, 2)):
        page = simple.answers(who, 0, 500)
        assert page["last"] == last
        assert {one["message_id"] for one in page["answers"]} == {
            one.message_id for one in held if (one.site, one.desk) == (who.site, who.desk)
        }
    assert len({simple.answers(who, 0, 1)["store"] for who in (DESK, OTHER)}) == 1
    assert {one["site"] for one in all_jobs(simple, OTHER.site)} == {OTHER.site}
    assert simple.trace(OTHER.site, held[0].tracking_id) is None
    numbers = [
        one["number"] for one in (*simple.answers(DESK, 0, 1)["answers"], *simple.answers(DESK, 1, 9)["answers"])
    ]
    assert numbers == sorted(set(numbers))


def test_a_page_of_long_answers_ends_early(simple: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.cloud.keeping.keeper._MOST_BYTES", 1000)
    monkeypatch.setattr("console.cloud.keeping.keeper._ANSWERS_AT_ONCE", 3)
    send(simple, 20)
    worker = Worker(simple.repository)
    worker.settle(worker.claim(20))
    seen: list[int] = []
    while page := simple.answers(DESK, seen[-1] if seen else 0, 17)["answers"]:
        assert len(page) < 17
        seen += [one["number"] for one in page]
    assert seen == list(range(1, 21))


def test_jobs_are_listed_by_state_and_site_page_by_page(simple: Keeper) -> None:
    send(simple, 5)
    send(simple, 2, OTHER)
    worker = Worker(simple.repository)
    held = worker.claim(3)
    worker.settle(held[:1], "failed", why="No.")
    with simple.repository.reading() as db:
        assert [one["job_id"] for one in db.jobs(None, ("failed",), 10)] == ids(held[:1])
        assert {one["job_id"] for one in db.jobs(DESK.site, ("failed", "processing"), 10)} == set(ids(held))
        assert len(db.jobs(OTHER.site, STATES, 10)) == 2
        assert db.jobs(OTHER.site, ("failed",), 10) == []
        seen: list[str] = []
        while page := db.jobs(None, STATES, 2, seen[-1] if seen else ""):
            seen += [one["job_id"] for one in page]
        assert seen == sorted(set(seen))
        assert len(seen) == 7
        assert [one["job_id"] for one in db.jobs_of(DESK.site, held[0].tracking_id)] == ids(held[:1])
        assert db.jobs_of(OTHER.site, held[0].tracking_id) == []


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (["done", "done"], "done"), (["failed", "done"], "failed"), (["failed", None], "queued"),
        ([None, "processing"], "processing"), (["done", None], "queued"),
    ],
)  # fmt: skip
def test_a_tracking_id_says_how_far_its_jobs_are(keeper: Keeper, ends: list[str | None], state: str) -> None:
    (name,) = send(keeper)
    worker = Worker(keeper.repository)
    for job, end in zip(worker.claim(), ends, strict=True):
        if end is None:
            worker.give_back([job])
        elif end != "processing":
            worker.settle([job], end)
    found = keeper.message(DESK.site, name)
    assert found is not None
    item = keeper.trace(DESK.site, found["tracking_id"])
    assert item is not None
    assert item["state"] == state
    assert len(item["jobs"]) == 2
