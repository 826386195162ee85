"""A store for workers in tests, one that can be made to fail, and pauses that are short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.cloud.database.base import Repository, Session
from console.cloud.errors import DatabaseAway
from console.cloud.keeping.keeper import Keeper
from console.cloud.working import outcomes, reading, retrying, worker
from tests.cloud.worker_cases import TASKS


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once."""
    monkeypatch.setattr(outcomes, "FIRST_S", 0.02)
    monkeypatch.setattr(retrying, "pause_s", lambda tries: min(0.1 * tries, 0.5))
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
