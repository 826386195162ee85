"""Any order of sending, claiming, dying, renewing, settling, erasing, replaying leaves what a dictionary would have."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.cloud.database.base import LONGEST_S
from console.cloud.jobs.times import later
from console.cloud.jobs.values import STATES, Claimed
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Identity
from tests.cloud.jobs_cases import ONE, SECOND, Clock, Worker
from tests.cloud.keeping_cases import DESK, OTHER, jpeg, message, notice, truth
from tests.cloud.test_keeping_model import fresh

pytestmark = pytest.mark.services

WHO = (DESK, SECOND, OTHER)
WORKERS = ("w1", "w2", "w3")
number, worker = st.integers(0, 30), st.sampled_from(WORKERS)
step = st.one_of(
    st.tuples(st.just("send"), st.sampled_from(WHO), st.integers(1, 3)),
    st.tuples(st.just("claim"), worker, st.integers(1, 4)),
    st.tuples(st.just("settle"), worker, st.sampled_from(["done", "done", "failed", "queued"])),
    st.tuples(st.just("renew"), worker),
    st.tuples(st.just("give back"), worker, number),
    st.tuples(st.just("forget"), worker),  # killed: what it had, it never speaks of
    st.tuples(st.just("replay"), number),
    st.tuples(st.just("erase"), number),
    st.tuples(st.just("pass"), st.sampled_from([1.0, 30.0, 61.0, 700.0, -700.0])),
)


@dataclass
class Job:
    """A job as it must stand."""

    who: Identity
    tracking_id: str
    not_before: str
    state: str = "queued"
    attempts: int = 0
    worker: str = ""
    lease: str = ""


@dataclass
class Model:
    """What must be so."""

    clock: Clock
    jobs: dict[str, Job] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def claim(self, name: str, most: int) -> list[str]:
        now, far = self.clock.at, later(self.clock.at, LONGEST_S)
        ended = [
            key for key, job in self.jobs.items() if job.state == "processing" and not now < job.lease <= far
        ]  # fmt: skip
        queued = sorted(
            (job.not_before > now, job.not_before, key) for key, job in self.jobs.items()
            if job.state == "queued" and not now < job.not_before <= far
        )  # fmt: skip
        chosen = sorted(ended, key=lambda key: self.jobs[key].lease)[:1]
        if not chosen and queued:
            first = [key for ahead, _at, key in queued if ahead == queued[0][0]][:most]
            fresh_ones = [key for key in first if not self.jobs[key].attempts]
            chosen = first[:1] if self.jobs[first[0]].attempts else fresh_ones
        for key in chosen:
            job = self.jobs[key]
            job.state, job.worker, job.lease, job.attempts = "processing", name, later(now, 60), job.attempts + 1
        return chosen

    def held(self, name: str, claimed: list[Claimed]) -> list[Claimed]:
        found = [(one, self.jobs.get(one.job_id)) for one in claimed]
        return [one for one, job in found if job is not None and (job.state, job.worker) == ("processing", name)]

    def settle(self, name: str, claimed: list[Claimed], site: str, state: str) -> set[str]:
        told: set[str] = set()
        for one in self.held(name, claimed):
            job = self.jobs[one.job_id]
            if job.attempts != one.attempt or job.who.site != site or one.job_id in told:
                continue
            told.add(one.job_id)
            job.state = state
            if state == "queued":
                job.not_before = later(self.clock.at, 45)
                continue
            self.numbers[site] = self.numbers.get(site, 0) + 1
            self.answers[one.job_id] = self.numbers[site], state
        return told


class Run:
    """The same done to both."""

    def __init__(self, keeper: Keeper, clock: Clock) -> None:
        self.keeper, self.clock, self.model = keeper, clock, Model(clock)
        self.hands: dict[str, list[Claimed]] = {name: [] for name in WORKERS}
        self.of: dict[str, str] = {}
        self.sent = 0

    def step(self, what: str, *how: Any) -> None:
        getattr(self, what.replace(" ", "_"))(*how)

    def send(self, who: Identity, many: int) -> None:
        batch = [message(jpeg(f"{self.sent + n}")) for n in range(many)]
        self.sent += many
        self.keeper.take(who, batch)
        with self.keeper.repository.reading() as db:
            for one in batch:
                tracking_id = str(one.head["tracking_id"])
                (job,) = db.jobs_of(who.site, tracking_id)
                self.model.jobs[job["job_id"]] = Job(who, tracking_id, self.clock.at)
                self.of[str(one.head["message_id"])] = job["job_id"]

    def claim(self, name: str, most: int) -> None:
        got = Worker(self.keeper.repository, name).claim(most, ["cars"])
        assert [one.job_id for one in got] == self.model.claim(name, most)
        assert [one.attempt for one in got] == [self.model.jobs[one.job_id].attempts for one in got]
        self.hands[name] += got

    def settle(self, name: str, state: str) -> None:
        for site in (DESK.site, OTHER.site):
            got = Worker(self.keeper.repository, name).settle(self.hands[name], state, site, wait_s=45)
            assert got == self.model.settle(name, self.hands[name], site, state)

    def renew(self, name: str) -> None:
        held = {one.job_id for one in self.model.held(name, self.hands[name])}
        assert Worker(self.keeper.repository, name).renew(self.hands[name]) == held
        for key in held:
            self.model.jobs[key].lease = later(self.clock.at, 60)

    def give_back(self, name: str, which: int) -> None:
        part = self.hands[name][which:] or self.hands[name][:1]
        held = {one.job_id for one in self.model.held(name, part)}
        Worker(self.keeper.repository, name).give_back(part)
        for key in held:
            job = self.model.jobs[key]
            job.state, job.attempts, job.worker = "queued", job.attempts - 1, ""

    def forget(self, name: str) -> None:
        self.hands[name] = []

    def replay(self, which: int) -> None:
        some = list(self.model.jobs)[which::3]
        failed = {key for key in some if self.model.jobs[key].state == "failed"}
        assert Worker(self.keeper.repository).replay(*some) == failed
        for key in failed:
            old = self.model.jobs[key]
            self.model.jobs[key] = Job(old.who, old.tracking_id, self.clock.at)

    def erase(self, which: int) -> None:
        for key in list(self.model.jobs)[which : which + 1]:
            gone = self.model.jobs.pop(key)
            self.model.answers.pop(key, None)
            self.keeper.take(gone.who, [notice(gone.tracking_id)])

    def pass_(self, seconds: float) -> None:
        self.clock.go(seconds)

    def check(self) -> None:
        with self.keeper.repository.reading() as db:
            found = {one["job_id"]: one for one in db.jobs(None, STATES, 1000)}
            figures = db.job_figures().number
        assert {key: (job["state"], job["attempts"], job["worker"]) for key, job in found.items()} == {
            key: (job.state, job.attempts, job.worker) for key, job in self.model.jobs.items()
        }
        states = [job.state for job in self.model.jobs.values()]
        assert figures == {state: states.count(state) for state in STATES}
        for who in WHO:
            page = self.keeper.answers(who, 0, 500)
            assert page["last"] == self.model.numbers.get(who.site, 0)
            assert [(one["number"], self.of[one["message_id"]], one["state"]) for one in page["answers"]] == sorted(
                (given, key, state) for key, (given, state) in self.model.answers.items()
                if self.model.jobs[key].who == who
            )  # fmt: skip


setattr(Run, "pass", Run.pass_)


@settings(
    max_examples=int(os.environ.get("SIGHTDESK_EXAMPLES", "15")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(steps=st.lists(step, min_size=12, max_size=50))
def test_the_queue_is_what_a_dictionary_would_be(database_url: str, steps: list[tuple[Any, ...]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="sightdesk-jobs-"))
    fresh(database_url)
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("console.cloud.database.sql.looking.now", clock)
        patch.setattr("console.cloud.database.sql.jobs.now", clock)
        keeper = Keeper(database_url, folder, reserve_bytes=0, tasks=ONE)
        try:
            run = Run(keeper, clock)
            for one in [("send", DESK, 3), *steps]:
                run.step(*one)
                clock.go(0.001)
            run.check()
            truth(database_url, folder)
        finally:
            keeper.close()
            shutil.rmtree(folder)
