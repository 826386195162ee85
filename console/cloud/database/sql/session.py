"""A transaction of SQLite or PostgreSQL, with all that is done within one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from console.cloud.database.base import Changes
from console.cloud.database.sql import answers, jobs_looking, looking, rows
from console.cloud.database.sql import jobs as queue
from console.cloud.jobs.values import Answer, Claimed, JobFigures, JobSaid, NewJob, Outcome, State
from console.cloud.keeping.arrivals import Arrival
from console.cloud.keeping.deciding import Known
from console.cloud.keeping.said import Figures, Message, Trace
from console.cloud.pki.identity import Identity


class SqlSession:
    """See `console.cloud.database.base.Session`.

    Attributes:
        db: the connection, in the transaction.
    """

    def __init__(self, db: Connection) -> None:
        self.db = db

    def known_of(self, site: str, batch: list[Arrival]) -> Known:
        """See the protocol."""
        return rows.known_of(self.db, site, batch)

    def marks_of(self, site: str, batch: list[Arrival]) -> set[str]:
        """See the protocol."""
        return rows.marks_of(self.db, site, batch)

    def names_of(self, site: str, files: Iterable[str]) -> dict[str, str]:
        """See the protocol."""
        return rows.names_of(self.db, site, files)

    def with_rows(self, names: Iterable[str]) -> set[str]:
        """See the protocol."""
        return rows.with_rows(self.db, names)

    def rename_files(self, site: str, names: Mapping[str, str]) -> None:
        """See the protocol."""
        rows.rename_files(self.db, site, names)

    def add_files(self, site: str, names: Mapping[str, str], sizes: Mapping[str, int], to: Changes) -> None:
        """See the protocol."""
        rows.add_files(self.db, site, names, sizes, to)

    def add_messages(self, who: Identity, batch: Iterable[Arrival], now: str, to: Changes) -> None:
        """See the protocol."""
        rows.add_messages(self.db, who, batch, now, to)

    def erase(self, site: str, tracking_ids: Iterable[str], now: str, to: Changes) -> list[str]:
        """See the protocol."""
        return rows.erase(self.db, site, tracking_ids, now, to)

    def count(self, site: str, changes: Changes) -> None:
        """See the protocol."""
        rows.count(self.db, site, changes)

    def trace(self, site: str, tracking_id: str) -> Trace | None:
        """See the protocol."""
        return looking.trace(self.db, site, tracking_id)

    def message(self, site: str, message_id: str) -> Message | None:
        """See the protocol."""
        return looking.message(self.db, site, message_id)

    def file_name(self, site: str, sha256: str) -> str | None:
        """See the protocol."""
        return looking.file_name(self.db, site, sha256)

    def figures(self) -> Figures:
        """See the protocol."""
        return looking.figures(self.db)

    def about(self, key: str) -> str | None:
        """See the protocol."""
        return looking.about(self.db, key)

    def set_about(self, key: str, value: str) -> None:
        """See the protocol."""
        rows.set_about(self.db, key, value)

    def now(self) -> str:
        """See the protocol."""
        return looking.now(self.db)

    def add_jobs(self, who: Identity, jobs: Sequence[NewJob]) -> None:
        """See the protocol."""
        queue.add_jobs(self.db, who, jobs)

    def claim(self, tasks: Sequence[str], most: int, worker: str, lease_s: float) -> list[Claimed]:
        """See the protocol."""
        return queue.claim(self.db, tasks, most, worker, lease_s)

    def renew(self, worker: str, job_ids: Iterable[str], lease_s: float) -> set[str]:
        """See the protocol."""
        return queue.renew(self.db, worker, job_ids, lease_s)

    def give_back(self, worker: str, job_ids: Iterable[str]) -> None:
        """See the protocol."""
        queue.give_back(self.db, worker, job_ids)

    def settle(self, site: str, worker: str, outcomes: Sequence[Outcome]) -> set[str]:
        """See the protocol."""
        return queue.settle(self.db, site, worker, outcomes)

    def unpublished(self, most: int) -> list[str]:
        """See the protocol."""
        return queue.unpublished(self.db, most)

    def published(self, job_ids: Sequence[str]) -> None:
        """See the protocol."""
        queue.published(self.db, job_ids)

    def jobs(self, site: str | None, states: Sequence[State], most: int, after: str = "") -> list[JobSaid]:
        """See the protocol."""
        return jobs_looking.jobs(self.db, site, states, most, after)

    def jobs_of(self, site: str, tracking_id: str) -> list[JobSaid]:
        """See the protocol."""
        return jobs_looking.jobs_of(self.db, site, tracking_id)

    def replay(self, job_ids: Iterable[str]) -> set[str]:
        """See the protocol."""
        return queue.replay(self.db, job_ids)

    def job_figures(self) -> JobFigures:
        """See the protocol."""
        return jobs_looking.figures(self.db)

    def queued_tasks(self) -> dict[str, int]:
        """See the protocol."""
        return jobs_looking.queued_tasks(self.db)

    def answers(self, site: str, desk: str, after: int, most: int) -> list[Answer]:
        """See the protocol."""
        return answers.of_desk(self.db, site, desk, after, most)

    def last_answer(self, site: str) -> int:
        """See the protocol."""
        return answers.last(self.db, site)
