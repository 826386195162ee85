"""Answers: what came of jobs, for the desks that sent their files, numbered in the order of commits within a site."""

from __future__ import annotations

import json
from collections.abc import Sequence

from console.cloud.database.mongo.client import Document
from console.cloud.database.mongo.schema import ANSWERS, NUMBERS
from console.cloud.database.mongo.transaction import Tx
from console.cloud.jobs.values import Answer, Outcome
from console.sync.wire import canonical

_WHY_CHARS = 2000


def write(db: Tx, site: str, ends: Sequence[tuple[Document, Outcome]], now: str) -> None:
    """Write answers, in their order; one takes the place of an earlier one of its message and task.

    Args:
        db: in the turn of the site.
        site: whose.
        ends: jobs, with what they came to: done or failed.
        now: by the database's clock.

    Raises:
        ValueError: an answer has a number JSON has not, or half a letter.
    """
    if not ends:
        return
    first = db.add_to(NUMBERS, site, "answer", len(ends)) - len(ends) + 1
    db.put(ANSWERS, [_change(job, one, first + n, now) for n, (job, one) in enumerate(ends)])


def of_desk(db: Tx, site: str, desk: str, after: int, most: int) -> list[Answer]:
    """Answers for a desk, by their numbers, from behind one on."""
    wanted = {"desk": desk, "site": site, "number": {"$gt": after}}
    return [_answer(one) for one in db.find(ANSWERS, wanted, by=("number",), most=most)] if most > 0 else []


def last(db: Tx, site: str) -> int:
    """The highest number an answer of this site ever had; 0: it has had none."""
    found = db.one(NUMBERS, {"_id": site})
    return 0 if found is None else int(found["answer"])


def plain(why: str) -> str:
    """Words that any database keeps: without half letters and zeros, and no novel."""
    return why.encode(errors="replace").decode().replace("\0", "?")[:_WHY_CHARS]


def _change(job: Document, one: Outcome, number: int, now: str) -> tuple[Document, Document]:
    new = {key: job[key] for key in ("site", "desk", "tracking_id", "camera_id")}
    said = {
        "number": number, "state": one.state, "why": plain(one.why), "body": canonical(one.answer).decode(), "at": now,
    }  # fmt: skip
    return {"message_id": job["message_id"], "task": job["task"]}, {"$set": said, "$setOnInsert": new}


def _answer(one: Document) -> Answer:
    return Answer(
        number=one["number"], message_id=one["message_id"], tracking_id=one["tracking_id"], camera_id=one["camera_id"],
        task=one["task"], state=one["state"], why=one["why"], at=one["at"], body=json.loads(one["body"]),
    )  # fmt: skip
