"""How the queue gives jobs to workers, over SQLite and PostgreSQL alike."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.cloud.database.base import CLAIMING, LONGEST_S
from console.cloud.errors import CloudError
from console.cloud.jobs.ending import worn_out
from console.cloud.jobs.values import Claimed
from console.cloud.keeping.keeper import Keeper
from tests.cloud.jobs_cases import (
    ONE,
    Clock,
    Worker,
    all_jobs,
    clock,
    folder,
    ids,
    keeper,
    keeping,
    opened,
    send,
    simple,
)
from tests.cloud.keeping_cases import DESK, jpeg, message, notice, sealed, truth

__all__ = ["clock", "folder", "keeper", "simple"]
pytestmark = pytest.mark.services


def test_files_that_are_kept_are_queued_for_each_task_that_takes_them(
    keeper: Keeper, database_url: str, folder: Path
) -> None:
    told: list[int] = []

    def look() -> None:
        with opened(database_url) as beside, beside.reading() as db:
            told.append(len(db.jobs(None, ("queued",), 100)))

    keeper.queued = look
    crop, shown, far = message(sealed("plate")), message(jpeg("a")), message(jpeg("b"), camera_id="yard")
    batch = [crop, shown, far, message(), message(kind="audit"), message(b"no picture", kind="picture")]
    keeper.take(DESK, batch)
    assert told == [4], "called once, when all can be seen"
    found = {(one["message_id"], one["task"]) for one in all_jobs(keeper)}
    wanted = [(crop, "plates"), (shown, "cars"), (shown, "gate-only"), (far, "cars")]
    assert found == {(one.head["message_id"], task) for one, task in wanted}
    keeper.take(DESK, batch)
    gone = message(jpeg("c"))
    keeper.take(DESK, [gone, notice(gone.head["tracking_id"]), gone, message()])
    assert len(all_jobs(keeper)) == 4
    assert len(told) == 1
    truth(database_url, folder)


def test_without_tasks_files_are_only_kept(database_url: str, folder: Path) -> None:
    with keeping(database_url, folder, None) as keeper:
        keeper.queued = lambda: pytest.fail("nothing was queued")
        (name,) = send(keeper)
        assert all_jobs(keeper) == []
        found = keeper.message(DESK.site, name)
        assert found is not None
        item = keeper.trace(DESK.site, found["tracking_id"])
        assert item is not None
        assert (item["state"], item["jobs"]) == ("received", [])


def test_those_that_waited_longest_come_first_and_say_all_a_worker_needs(
    keeper: Keeper, clock: Clock, folder: Path
) -> None:
    sent: list[str] = []
    for _n in range(4):
        sent += send(keeper, camera_id="yard")
        clock.go(1)
    crop = message(sealed("plate"), body={"bytes": 5, "deep": {"x": [1.5]}})
    keeper.take(DESK, [crop])
    worker = Worker(keeper.repository)
    assert worker.claim(tasks=[]) == []
    assert worker.claim(tasks=["unknown"]) == []
    first = worker.claim(3)
    assert [one.message_id for one in first] == sent[:3]
    (job,) = Worker(keeper.repository, "w2").claim(tasks=["plates"])
    assert (job.site, job.desk, job.camera_id, job.kind, job.task) == (DESK.site, DESK.desk, "gate", "sealed", "plates")
    assert (job.message_id, job.tracking_id) == (crop.head["message_id"], crop.head["tracking_id"])
    assert (job.attempt, job.body, job.sha256) == (1, crop.head["body"], crop.head["file"]["sha256"])
    assert (folder / "files" / job.file).read_bytes() == crop.file
    assert [one.message_id for one in worker.claim()] == sent[3:]
    assert worker.claim() == []


def test_a_job_whose_worker_is_gone_is_given_to_another_alone_and_answered_once(simple: Keeper, clock: Clock) -> None:
    send(simple, 4)
    gone, other = Worker(simple.repository), Worker(simple.repository, "w2")
    held = gone.claim(2)
    clock.go(59)
    assert len(other.claim(1)) == 1
    clock.go(2)
    first, second = other.claim(), other.claim()
    assert [len(first), len(second)] == [1, 1]
    assert {*ids(first), *ids(second)} == set(ids(held))
    assert [one.attempt for one in (*first, *second)] == [2, 2]
    assert len(other.claim()) == 1, "what was never begun comes behind them"
    assert gone.renew(held) == set()
    assert gone.settle(held) == set()
    gone.give_back(held)
    assert other.settle([*held, *first]) == {first[0].job_id}, "not with the number of an earlier attempt"
    assert other.settle(first) == set()
    assert [one["number"] for one in simple.answers(DESK, 0, 10)["answers"]] == [1]


def test_a_lease_that_is_renewed_does_not_end(simple: Keeper, clock: Clock) -> None:
    send(simple, 2)
    worker, other = Worker(simple.repository), Worker(simple.repository, "w2")
    held = worker.claim(lease_s=LONGEST_S * 5)
    clock.go(LONGEST_S - 1)
    assert other.claim() == []
    assert worker.renew(held) == set(ids(held))
    assert other.renew(held) == set()
    clock.go(61)
    assert worker.renew(held) == set(ids(held)), "it ended, but nobody took it over"
    assert other.claim() == []
    assert worker.settle(held[:1]) == {held[0].job_id}
    assert worker.renew(held) == {held[1].job_id}


def test_what_was_begun_before_comes_alone(simple: Keeper, clock: Clock) -> None:
    send(simple, 5)
    worker = Worker(simple.repository)
    tried = worker.claim(2)
    assert worker.settle(tried, "queued", why="The file can't be read.", wait_s=30) == set(ids(tried))
    clock.go(10)
    assert len(worker.claim(2)) == 2
    clock.go(21)
    assert len(worker.claim()) == 1, "the fresh one waited for longer"
    assert [ids(worker.claim()), ids(worker.claim())] == [[ids(tried)[0]], [ids(tried)[1]]]


def test_a_job_that_is_given_back_counts_as_never_begun(simple: Keeper) -> None:
    send(simple, 3)
    worker = Worker(simple.repository)
    held = worker.claim()
    with simple.repository.writing(CLAIMING) as db:
        db.published(ids(held))
    worker.give_back(held[:2])
    Worker(simple.repository, "w2").give_back(held[2:])
    jobs = {one["job_id"]: one for one in all_jobs(simple)}
    for one in held[:2]:
        job = jobs[one.job_id]
        assert (job["state"], job["attempts"], job["worker"], job["began_at"]) == ("queued", 0, "", None)
    assert jobs[held[2].job_id]["state"] == "processing"
    assert ids(worker.claim()) == ids(held[:2]), "together, where they stood"


def test_a_clock_set_back_holds_up_nothing(simple: Keeper, clock: Clock) -> None:
    send(simple, 3)
    worker, other = Worker(simple.repository), Worker(simple.repository, "w2")
    held = worker.claim(1)
    tried = worker.claim(1)
    worker.settle(tried, "queued", wait_s=1e9)
    clock.go(-3 * LONGEST_S)
    (fresh,) = send(simple)
    assert ids(other.claim()) == ids(held), "its lease lies too far ahead"
    assert [one.message_id for one in other.claim()] == [fresh]
    assert len(other.claim()) == 1, "queued before the clock was set back"
    assert ids(other.claim()) == ids(tried)
    with simple.repository.reading() as db:
        assert db.unpublished(10) == []
    send(simple)
    clock.go(-2 * LONGEST_S)
    with simple.repository.reading() as db:
        assert len(db.unpublished(10)) == 1
    clock.go(9 * LONGEST_S)
    assert len(other.claim()) == 1


def test_a_job_that_only_ends_its_workers_fails_by_whoever_claims_it_then(simple: Keeper, clock: Clock) -> None:
    send(simple)
    for attempt in range(1, 6):
        (job,) = Worker(simple.repository, f"w{attempt}").claim()
        assert (job.attempt, worn_out(job, 5)) == (attempt, None)
        clock.go(61)
    last = Worker(simple.repository, "w6")
    (job,) = last.claim()
    outcome = worn_out(job, 5)
    assert outcome is not None
    with simple.repository.writing(DESK.site) as db:
        assert db.settle(DESK.site, "w6", [outcome]) == {job.job_id}
    (said,) = all_jobs(simple)
    assert (said["state"], said["attempts"]) == ("failed", 5)
    assert "begun 5 times and never ended" in said["why"]
    (answer,) = simple.answers(DESK, 0, 10)["answers"]
    assert (answer["state"], answer["why"]) == ("failed", said["why"])


def test_a_broker_is_told_of_what_may_be_claimed_and_no_broker_was_told_of(simple: Keeper, clock: Clock) -> None:
    send(simple, 5)
    worker = Worker(simple.repository)

    def untold(most: int = 100) -> list[str]:
        with simple.repository.reading() as db:
            return db.unpublished(most)

    every = untold()
    assert every == sorted(every)
    assert untold(2) == every[:2]
    held = worker.claim(2)
    with simple.repository.writing(CLAIMING) as db:
        db.published([*every, "none"])
    assert untold() == []
    worker.settle(held, "queued", wait_s=5)
    assert untold() == []
    clock.go(6)
    assert untold() == sorted(ids(held))
    more = worker.claim()
    worker.settle(more, "failed")
    worker.replay(*ids(more))
    assert set(untold()) == {*ids(held), *ids(more)}


def test_the_clock_is_the_servers_where_there_is_one(postgresql_url: str, folder: Path) -> None:
    with keeping(postgresql_url, folder) as keeper, keeper.repository.writing("x") as first:
        begun = first.now()
        with keeper.repository.reading() as second:
            between = second.now()
        assert begun < between < first.now(), "of the moment, in a form that sorts"
    assert abs((datetime.fromisoformat(begun) - datetime.now(UTC)).total_seconds()) < 60
    assert len(begun) == len(datetime.now(UTC).isoformat(timespec="microseconds"))


def test_who_stands_still_while_claiming_holds_up_its_own_alone(postgresql_url: str, folder: Path) -> None:
    with keeping(postgresql_url, folder, ONE) as keeper:
        send(keeper, 6)
        with keeper.repository.writing(CLAIMING) as db:
            stuck = db.claim(["cars"], 2, "stuck", 60)
            others: list[Claimed] = []
            thread = threading.Thread(target=lambda: others.extend(Worker(keeper.repository, "w2").claim()))
            thread.start()
            thread.join(5)
            assert [len(stuck), len(others)] == [2, 4]
            assert not {*ids(stuck)} & {*ids(others)}
            send(keeper)
            keeper.take(DESK, [notice(others[0].tracking_id)])
        assert len(Worker(keeper.repository, "w3").claim()) == 1


def test_the_database_must_be_there_for_who_only_works_with_it(tmp_path: Path) -> None:
    with (
        pytest.raises(CloudError, match=r"not the database of a cloud side|can't be opened"),
        opened(f"sqlite:///{tmp_path}/none.db"),
    ):
        pass
    assert not (tmp_path / "none.db").exists()
