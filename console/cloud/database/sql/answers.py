"""Answers: what came of jobs, for the desks that sent their files, numbered in the order of commits within a site."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from console.cloud.database.sql.engines import insert_or
from console.cloud.database.sql.tables import ANSWERS, NUMBERS
from console.cloud.jobs.values import Answer, Outcome
from console.sync.wire import canonical

_WHY_CHARS = 2000


def write(db: Connection, site: str, ends: Sequence[tuple[Row[Any], Outcome]], now: str) -> None:
    """Write answers, in their order; one takes the place of an earlier one of its message and task.

    Args:
        db: in the turn of the site.
        site: whose.
        ends: rows of jobs, with what they came to: done or failed.
        now: by the database's clock.

    Raises:
        ValueError: an answer has a number JSON has not, or half a letter.
    """
    if not ends:
        return
    first = _more_numbers(db, site, len(ends)) - len(ends) + 1
    rows = [_row(job, one, first + n, now) for n, (job, one) in enumerate(ends)]
    new = insert_or(db, ANSWERS)
    changed = {name: new.excluded[name] for name in ("number", "state", "why", "body", "at")}
    db.execute(new.on_conflict_do_update(index_elements=["message_id", "task"], set_=changed), rows)


def of_desk(db: Connection, site: str, desk: str, after: int, most: int) -> list[Answer]:
    """Answers for a desk, by their numbers, from behind one on."""
    own = (ANSWERS.c.desk == desk, ANSWERS.c.site == site, ANSWERS.c.number > after)
    return [_answer(row) for row in db.execute(select(ANSWERS).where(*own).order_by(ANSWERS.c.number).limit(most))]


def last(db: Connection, site: str) -> int:
    """The highest number an answer of this site ever had; 0: it has had none."""
    return int(db.execute(select(NUMBERS.c.answer).where(NUMBERS.c.site == site)).scalar_one_or_none() or 0)


def plain(why: str) -> str:
    """Words that any database keeps: without half letters and zeros, and no novel."""
    return why.encode(errors="replace").decode().replace("\0", "?")[:_WHY_CHARS]


def _more_numbers(db: Connection, site: str, many: int) -> int:
    """The last of so many numbers that nobody else of the site is given."""
    new = insert_or(db, NUMBERS).values(site=site, answer=many)
    more = {"answer": NUMBERS.c.answer + new.excluded.answer}
    given = new.on_conflict_do_update(index_elements=["site"], set_=more).returning(NUMBERS.c.answer)
    return int(db.execute(given).scalar_one())


def _row(job: Row[Any], one: Outcome, number: int, now: str) -> dict[str, Any]:
    return {
        "message_id": job.message_id, "task": job.task, "site": job.site, "desk": job.desk, "number": number,
        "tracking_id": job.tracking_id, "camera_id": job.camera_id, "state": one.state, "why": plain(one.why),
        "body": canonical(one.answer).decode(), "at": now,
    }  # fmt: skip


def _answer(row: Row[Any]) -> Answer:
    return Answer(
        number=row.number, message_id=row.message_id, tracking_id=row.tracking_id, camera_id=row.camera_id,
        task=row.task, state=row.state, why=row.why, at=row.at, body=json.loads(row.body),
    )  # fmt: skip
