"""Looking at jobs: for people, for desks, and how many there are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from console.cloud.database.base import DONE_COUNT
from console.cloud.database.mongo.client import Document
from console.cloud.database.mongo.schema import ANSWERS, COUNTS, JOBS
from console.cloud.database.mongo.transaction import Tx, parts
from console.cloud.jobs.values import STATES, JobFigures, JobSaid, State


def jobs(db: Tx, site: str | None, states: Sequence[State], most: int, after: str) -> list[JobSaid]:
    """Jobs in these states, by their IDs, from behind one on; site None: of all sites."""
    if most < 1:
        return []
    found: list[Document] = []
    for state in STATES:  # each by its own index; what is done is found by the IDs alone
        if state in states:
            wanted = {"state": state, "_id": {"$gt": after}} | ({} if site is None else {"site": site})
            found += db.find(JOBS, wanted, by=("_id",), most=most)
    return _said(db, list(islice(sorted(found, key=lambda one: str(one["_id"])), most)))


def jobs_of(db: Tx, site: str, tracking_id: str) -> list[JobSaid]:
    """The jobs of a tracking ID, by their IDs."""
    return _said(db, db.find(JOBS, {"tracking_id": tracking_id, "site": site}, by=("_id",)))


def figures(db: Tx) -> JobFigures:
    """How many there are, of all sites; costs little however many are done."""
    done = sum(int(one["number"]) for one in db.find(COUNTS, {"what": DONE_COUNT}))
    number: dict[State, int] = {
        state: done if state == "done" else db.number(JOBS, {"state": state}) for state in STATES
    }
    oldest = db.find(JOBS, {"state": "queued"}, by=("queued_at",), most=1, only=("queued_at",))
    return JobFigures(number, oldest[0]["queued_at"] if oldest else None)


def queued_tasks(db: Tx) -> dict[str, int]:
    """How many are queued, of all sites, by their task."""
    return dict(Counter(str(one["task"]) for one in db.find(JOBS, {"state": "queued"}, only=("task",))))


def _said(db: Tx, found: Sequence[Document]) -> list[JobSaid]:
    """Jobs; what came of one only where it is done: while it is tried again, the earlier answer is not its."""
    bodies = _bodies(db, (one["message_id"] for one in found if one["state"] == "done"))
    return [
        _one(job, bodies.get((job["message_id"], job["task"])) if job["state"] == "done" else None) for job in found
    ]


def _bodies(db: Tx, message_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for ids in parts(message_ids):
        answers = db.find(ANSWERS, {"message_id": {"$in": ids}}, only=("message_id", "task", "body"))
        found.update(((one["message_id"], one["task"]), one["body"]) for one in answers)
    return found


def _one(job: Document, body: str | None) -> JobSaid:
    return JobSaid(
        job_id=job["_id"], site=job["site"], tracking_id=job["tracking_id"], message_id=job["message_id"],
        camera_id=job["camera_id"], task=job["task"], state=job["state"], attempts=job["attempts"],
        worker=job["worker"], why=job["why"], queued_at=job["queued_at"], began_at=job["began_at"],
        ended_at=job["ended_at"], answer=None if body is None else json.loads(body),
    )  # fmt: skip
