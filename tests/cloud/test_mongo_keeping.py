"""What the keeper and the queue promise, over MongoDB's documents: the cases of the other kinds, on mongomock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mongomock.store import ServerStore

from console.cloud.keeping.keeper import Keeper
from tests.cloud import test_jobs, test_jobs_answers, test_jobs_model, test_keeping, test_keeping_model
from tests.cloud.jobs_cases import ONE, Clock
from tests.cloud.jobs_cases import keeping as keeping_jobs
from tests.cloud.mongo_cases import URL, Server, server, truth_of

__all__ = ["server"]
CLOCK = "console.cloud.database.mongo.database.clock"
NOT_HERE = {
    "test_the_clock_is_the_servers_where_there_is_one",  # of PostgreSQL's
    "test_who_stands_still_while_claiming_holds_up_its_own_alone",  # needs two transactions at once
    "test_the_database_must_be_there_for_who_only_works_with_it",  # of SQLite's file
}
globals().update(
    (name, case)
    for module in (test_keeping, test_keeping_model, test_jobs, test_jobs_answers, test_jobs_model)
    for name, case in vars(module).items()
    if name.startswith("test_") and name not in NOT_HERE
)


@pytest.fixture
def database_url(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database; what is found beside the keeper is looked for there, too."""

    def true(_url: str, folder: Path) -> object:
        return truth_of(server, folder)

    def everything(_url: str) -> str:
        return "".join(str(server.documents(name)) for name in ("about", "files", "messages", "erased", "counts"))

    def fresh(_url: str) -> None:
        server.store = ServerStore()

    def turned_by_hand() -> Clock:
        made = Clock()
        monkeypatch.setattr(CLOCK, made)
        return made

    for module in (test_keeping, test_keeping_model, test_jobs, test_jobs_answers, test_jobs_model):
        monkeypatch.setattr(module, "truth", true)
    for module in (test_keeping_model, test_jobs_model):
        monkeypatch.setattr(module, "fresh", fresh)
    monkeypatch.setattr(test_jobs_model, "Clock", turned_by_hand)
    monkeypatch.setattr(test_keeping, "everything", everything)
    return URL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cloud"


@pytest.fixture
def keeper(database_url: str, folder: Path) -> Iterator[Keeper]:
    with keeping_jobs(database_url, folder) as made:
        yield made


@pytest.fixture
def simple(database_url: str, folder: Path) -> Iterator[Keeper]:
    with keeping_jobs(database_url, folder, ONE) as made:
        yield made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """In place of the server's."""
    made = Clock()
    monkeypatch.setattr(CLOCK, made)
    return made
