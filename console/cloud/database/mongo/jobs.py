"""Jobs: queued, claimed, held, given back, settled, replayed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from console.cloud.database.base import DONE_COUNT, LONGEST_S, Changes
from console.cloud.database.mongo import answers
from console.cloud.database.mongo.client import Document
from console.cloud.database.mongo.rows import count
from console.cloud.database.mongo.schema import FILES, JOBS, MESSAGES
from console.cloud.database.mongo.transaction import Tx, parts
from console.cloud.jobs.times import later
from console.cloud.jobs.values import Claimed, NewJob, Outcome
from console.cloud.pki.identity import Identity

_IDLE: Document = {"lease_until": None, "published": 0}


def add_jobs(db: Tx, who: Identity, jobs: Sequence[NewJob]) -> None:
    """Queue jobs; of a message and task that has one already none is added."""
    if not jobs:
        return
    at = db.now()
    there: set[tuple[str, str]] = set()
    for ids in parts(one.message_id for one in jobs):
        found = db.find(JOBS, {"message_id": {"$in": ids}}, only=("message_id", "task"))
        there.update((one["message_id"], one["task"]) for one in found)
    new: dict[tuple[str, str], NewJob] = {}
    for one in jobs:
        if (one.message_id, one.task) not in there:
            new.setdefault((one.message_id, one.task), one)
    db.insert(
        JOBS,
        [
            {
                "_id": one.job_id, "site": who.site, "desk": who.desk, "tracking_id": one.tracking_id,
                "message_id": one.message_id, "camera_id": one.camera_id, "task": one.task, "state": "queued",
                "attempts": 0, "worker": "", "not_before": at, "why": "", "queued_at": at, "began_at": None,
                "ended_at": None, **_IDLE,
            }
            for one in new.values()
        ],
    )  # fmt: skip


def claim(db: Tx, tasks: Sequence[str], most: int, worker: str, lease_s: float) -> list[Claimed]:
    """Have a worker hold the jobs that have waited for longest; see the protocol."""
    at, names = db.now(), {"task": {"$in": list(tasks)}}
    chosen = _ended(db, names, at) or _due(db, names, max(most, 1), at)
    if not chosen:
        return []
    held = {
        "state": "processing", "worker": worker, "began_at": at, "lease_until": later(at, min(lease_s, LONGEST_S)),
    }  # fmt: skip
    db.change(JOBS, {"_id": {"$in": chosen}}, {"$set": held, "$inc": {"attempts": 1}})
    return _claimed(db, chosen)


def renew(db: Tx, worker: str, job_ids: Iterable[str], lease_s: float) -> set[str]:
    """Hold jobs for so long from now on; those that this worker still holds."""
    held = _held(db, worker, job_ids)
    until = later(db.now(), min(lease_s, LONGEST_S))
    for part in parts(held):
        db.change(JOBS, {"_id": {"$in": part}}, {"$set": {"lease_until": until}})
    return set(held)


def give_back(db: Tx, worker: str, job_ids: Iterable[str]) -> None:
    """Queue jobs again that were not begun; the attempt does not count."""
    idle = {**_IDLE, "state": "queued", "worker": "", "began_at": None}
    for part in parts(_held(db, worker, job_ids)):
        db.change(JOBS, {"_id": {"$in": part}}, {"$set": idle, "$inc": {"attempts": -1}})


def settle(db: Tx, site: str, worker: str, outcomes: Sequence[Outcome]) -> set[str]:
    """Write down what attempts came to, with the answers for the desks; those it was written for."""
    held, at = _held(db, worker, (one.job_id for one in outcomes), site), db.now()
    counted: dict[str, Outcome] = {}
    for one in outcomes:
        job = held.get(one.job_id)
        if job is not None and job["attempts"] == one.attempt:
            counted.setdefault(one.job_id, one)
    ends = [one for one in counted.values() if one.state != "queued"]
    answers.write(db, site, [(held[one.job_id], one) for one in ends], at)
    for one in counted.values():
        db.change(JOBS, {"_id": one.job_id}, {"$set": _settled(held[one.job_id], one, at)})
    changes = Changes()
    changes.add(DONE_COUNT, sum(one.state == "done" for one in ends))
    count(db, site, changes)
    return set(counted)


def unpublished(db: Tx, most: int) -> list[str]:
    """Jobs that are queued, may be claimed now, and that no broker was told of; by their IDs."""
    wanted = {"state": "queued", "published": 0, **_due_by(db.now())}
    return [str(one["_id"]) for one in db.find(JOBS, wanted, by=("_id",), most=most, only=("_id",))]


def published(db: Tx, job_ids: Sequence[str]) -> None:
    """A broker was told of these."""
    for part in parts(sorted(job_ids)):
        db.change(JOBS, {"_id": {"$in": part}, "state": "queued", "published": 0}, {"$set": {"published": 1}})


def replay(db: Tx, job_ids: Iterable[str]) -> set[str]:
    """Queue failed jobs again as if they were new; those that were failed."""
    at = db.now()
    fresh = {
        **_IDLE, "state": "queued", "attempts": 0, "worker": "", "why": "", "not_before": at, "queued_at": at,
        "began_at": None, "ended_at": None,
    }  # fmt: skip
    found: set[str] = set()
    for part in parts(sorted(job_ids)):
        failed = db.find(JOBS, {"_id": {"$in": part}, "state": "failed"}, only=("_id",))
        again = [str(one["_id"]) for one in failed]
        db.change(JOBS, {"_id": {"$in": again}}, {"$set": fresh})
        found.update(again)
    return found


def _ended(db: Tx, names: Document, at: str) -> list[str]:
    """The job whose lease ended first."""
    over = [{"lease_until": {"$lte": at}}, {"lease_until": {"$gt": later(at, LONGEST_S)}}]
    found = db.find(JOBS, {"state": "processing", **names, "$or": over}, by=("lease_until",), most=1, only=("_id",))
    return [str(one["_id"]) for one in found]


def _due(db: Tx, names: Document, most: int, at: str) -> list[str]:
    """The first that may be begun, in order; those that wait from before a clock was set back come last."""
    for due in ({"$lte": at}, {"$gt": later(at, LONGEST_S)}):
        wanted = {"state": "queued", **names, "not_before": due}
        found = db.find(JOBS, wanted, by=("not_before", "_id"), most=most, only=("attempts",))
        if found and found[0]["attempts"]:
            return [str(found[0]["_id"])]
        if found:
            return [str(one["_id"]) for one in found if not one["attempts"]]
    return []


def _due_by(at: str) -> Document:
    return {"$or": [{"not_before": {"$lte": at}}, {"not_before": {"$gt": later(at, LONGEST_S)}}]}


def _held(db: Tx, worker: str, job_ids: Iterable[str], site: str | None = None) -> dict[str, Document]:
    """Those of these jobs that a worker has."""
    own: Document = {"state": "processing", "worker": worker} | ({} if site is None else {"site": site})
    found: dict[str, Document] = {}
    for part in parts(sorted(job_ids)):
        found.update((str(one["_id"]), one) for one in db.find(JOBS, {"_id": {"$in": part}, **own}, by=("_id",)))
    return found


def _settled(job: Document, one: Outcome, at: str) -> Document:
    """Values of a job after an attempt."""
    waits = one.state == "queued"
    return {
        "state": one.state, "attempts": job["attempts"] - (not one.begun),
        "published": 0 if waits else job["published"], "lease_until": None,
        "not_before": later(at, min(one.wait_s, LONGEST_S)) if waits else job["not_before"],
        "why": answers.plain(one.why), "ended_at": None if waits else at,
    }  # fmt: skip


def _claimed(db: Tx, chosen: Sequence[str]) -> list[Claimed]:
    """Jobs with their messages and files, in this order."""
    jobs = {one["_id"]: one for one in db.find(JOBS, {"_id": {"$in": list(chosen)}})}
    wanted = {"$in": [one["message_id"] for one in jobs.values()]}
    messages = {one["_id"]: one for one in db.find(MESSAGES, {"_id": wanted})}
    wanted = {"$in": [one["file_sha256"] for one in messages.values()]}
    files = {(one["site"], one["sha256"]): one for one in db.find(FILES, {"sha256": wanted})}
    found = []
    for job in (jobs[name] for name in chosen if name in jobs):
        message = messages.get(job["message_id"])
        file = None if message is None else files.get((message["site"], message["file_sha256"]))
        if message is not None and file is not None:
            found.append(_one(job, message, file))
    return found


def _one(job: Document, message: Document, file: Document) -> Claimed:
    return Claimed(
        job_id=job["_id"], site=job["site"], desk=job["desk"], message_id=job["message_id"],
        tracking_id=job["tracking_id"], camera_id=job["camera_id"], kind=message["kind"], task=job["task"],
        attempt=job["attempts"], file=file["path"], sha256=file["sha256"], body=json.loads(message["head"])["body"],
    )  # fmt: skip
