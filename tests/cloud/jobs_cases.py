"""Jobs for tests: tasks that take files, a clock of one's own, workers that do nothing but say what came of a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.cloud.database.base import CLAIMING, Repository
from console.cloud.database.opening import open_repository
from console.cloud.jobs.times import later
from console.cloud.jobs.values import STATES, Claimed, Outcome
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Identity
from console.cloud.tasks import CloudTasks
from tests.cloud.keeping_cases import DESK, jpeg, message

SECOND = Identity(DESK.site, "yard", 9)
"""Another desk of DESK's site."""
_STAGES = [{"model": "m"}]
TASKS = CloudTasks.model_validate(
    {
        "tasks": [
            {"name": "plates", "takes": "sealed", "stages": _STAGES},
            {"name": "cars", "takes": "pictures", "stages": _STAGES},
            {"name": "gate-only", "takes": "pictures", "cameras": ["gate"], "stages": _STAGES},
            {"name": "elsewhere", "takes": "pictures", "sites": ["plant-9"], "stages": _STAGES},
        ]
    }
)
ONE = CloudTasks.model_validate({"tasks": [{"name": "cars", "takes": "pictures", "stages": _STAGES}]})
NAMES = [task.name for task in TASKS.tasks]
BODY = {"space": "file", "size": [320, 240], "found": [{"box": [1.5, 2.0, 3.0, 4.25], "label": "Straße 🚲"}]}


class Clock:
    """The database's clock, turned by hand."""

    def __init__(self) -> None:
        self.at = "2026-03-04T12:00:00.000000+00:00"

    def __call__(self, _db: object = None) -> str:
        return self.at

    def go(self, seconds: float) -> None:
        self.at = later(self.at, seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """In place of that of SQLite and PostgreSQL."""
    made = Clock()
    monkeypatch.setattr("console.cloud.database.sql.looking.now", made)
    monkeypatch.setattr("console.cloud.database.sql.jobs.now", made)
    return made


@contextmanager
def keeping(url: str, folder: Path, tasks: CloudTasks | None = TASKS) -> Iterator[Keeper]:
    keeper = Keeper(url, folder, reserve_bytes=0, tasks=tasks)
    try:
        yield keeper
    finally:
        keeper.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cloud"


@pytest.fixture
def keeper(database_url: str, folder: Path) -> Iterator[Keeper]:
    with keeping(database_url, folder) as made:
        yield made


@pytest.fixture
def simple(database_url: str, folder: Path) -> Iterator[Keeper]:
    """With one task, so one job for each picture."""
    with keeping(database_url, folder, ONE) as made:
        yield made


@contextmanager
def opened(url: str) -> Iterator[Repository]:
    """The database, as a worker has it."""
    database = open_repository(url, make=False)
    try:
        yield database
    finally:
        database.close()


def send(keeper: Keeper, number: int = 1, who: Identity = DESK, **values: Any) -> list[str]:
    """Pictures, one for each; their messages' IDs."""
    batch = [message(jpeg(f"{who}-{values}-{n}"), number=n, **values) for n in range(number)]
    assert {one.state for one in keeper.take(who, batch)} == {"received"}
    return [str(one.head["message_id"]) for one in batch]


class Worker:
    """Claims, and says what is told to be said."""

    def __init__(self, database: Repository, name: str = "w1") -> None:
        self.database, self.name = database, name

    def claim(self, most: int = 10, tasks: list[str] | None = None, lease_s: float = 60.0) -> list[Claimed]:
        with self.database.writing(CLAIMING) as db:
            return db.claim(NAMES if tasks is None else tasks, most, self.name, lease_s)

    def renew(self, jobs: list[Claimed], lease_s: float = 60.0) -> set[str]:
        with self.database.writing(CLAIMING) as db:
            return db.renew(self.name, [one.job_id for one in jobs], lease_s)

    def give_back(self, jobs: list[Claimed]) -> None:
        with self.database.writing(CLAIMING) as db:
            db.give_back(self.name, [one.job_id for one in jobs])

    def settle(self, jobs: list[Claimed], state: Any = "done", site: str = DESK.site, **values: Any) -> set[str]:
        answer = BODY if state == "done" else {}
        said = [Outcome(one.job_id, one.attempt, state, answer=answer, **values) for one in jobs]
        with self.database.writing(site) as db:
            return db.settle(site, self.name, said)

    def replay(self, *job_ids: str) -> set[str]:
        with self.database.writing(CLAIMING) as db:
            return db.replay(job_ids)


def all_jobs(keeper: Keeper, site: str | None = None) -> list[Any]:
    with keeper.repository.reading() as db:
        return db.jobs(site, STATES, 1000)


def ids(jobs: list[Claimed]) -> list[str]:
    return [one.job_id for one in jobs]
