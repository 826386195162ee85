"""With many jobs, most of them done, no statement of the queue reads a table whole; nor is a prepared one worse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, event, text

from console.cloud.database.base import CLAIMING, Changes
from console.cloud.database.sql.database import Database
from console.cloud.database.sql.looking import now
from console.cloud.jobs.values import Outcome

pytestmark = pytest.mark.services

DONE, QUEUED = 27_000, 3_000
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
_OF = "'site-' || (i % 3) AS site, 'desk-' || (i % 2) AS desk"
FILES = f"""{_NUMBERS} INSERT INTO files SELECT 'site-' || (i % 3), 'sha-' || i, 1, 'path-' || i FROM n"""
MESSAGES = f"""{_NUMBERS} INSERT INTO messages
    SELECT 'm-' || i, 't-' || i, {_OF}, 1, 'picture', 'gate', :at, :at,
        '{{"body": {{}}}}', 'head', 'sha-' || i, 1, 'image/jpeg' FROM n"""
JOBS = f"""{_NUMBERS} INSERT INTO jobs
    SELECT 'j-' || (10000000 + i), site, desk, 't-' || i, 'm-' || i, 'gate', 'cars',
        CASE WHEN i < :done THEN 'done' ELSE 'queued' END, 0, 0, '', :at, NULL, '', :at, NULL, NULL
    FROM (SELECT i, {_OF} FROM n) one"""
ANSWERS = f"""{_NUMBERS} INSERT INTO answers
    SELECT 'm-' || i, 'cars', {_OF}, i + 1, 't-' || i, 'gate', 'done', '', '{{}}', :at FROM n WHERE i < :done"""
NUMBERS = "INSERT INTO numbers SELECT DISTINCT site, CAST(:done AS INTEGER) FROM answers"


@contextmanager
def filled(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        with database.writing("fill") as session:
            values = {"most": DONE + QUEUED - 1, "done": DONE, "at": now(session.db)}
            for statement in (FILES, MESSAGES, JOBS, ANSWERS, NUMBERS):
                session.db.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
        if url.startswith("postgresql"):
            with psycopg.connect(url, autocommit=True) as db:
                db.execute("ANALYZE")
        yield database


def plan(db: Connection, statement: str, values: Any) -> str:
    """How it is done; on PostgreSQL, as of a statement that was prepared, before any value is known."""
    raw: Any = db.connection.cursor()
    if db.dialect.name == "sqlite":
        return "\n".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values))
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement)
    raw.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    raw.execute(f"PREPARE looked_at AS {numbered}")
    given = sql.SQL(", ").join(sql.Literal(values[name]) for name in names)
    told = raw.execute(
        sql.SQL("EXPLAIN EXECUTE looked_at ({})" if names else "EXPLAIN EXECUTE looked_at").format(given)
    )
    found = "\n".join(row[0] for row in told)
    raw.execute("DEALLOCATE looked_at")
    raw.execute("RESET plan_cache_mode")
    return found


@contextmanager
def watched(database: Database) -> Iterator[dict[str, str]]:
    """Plans of what is asked meanwhile, by the statements."""
    plans: dict[str, str] = {}

    def look(db: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        known = ("FROM jobs", "UPDATE jobs", "FROM answers", "FROM messages", "JOIN messages")
        if any(part in statement for part in known) and statement not in plans and not many:
            plans[statement] = plan(db, statement, dict(values) if isinstance(values, Mapping) else values)

    event.listen(database._engine, "before_cursor_execute", look)
    yield plans
    event.remove(database._engine, "before_cursor_execute", look)


def test_no_statement_reads_a_table_whole(database_url: str, tmp_path: Path) -> None:
    with filled(database_url) as database, watched(database) as plans:
        with database.writing(CLAIMING) as db:
            first, *more = db.claim(["cars"], 9, "w1", 60)
            assert len(more) == 8
            assert len(db.renew("w1", [one.job_id for one in more], 60)) == 8
            db.give_back("w1", [more[-1].job_id])
            db.published(db.unpublished(50))
            assert db.replay([first.job_id]) == set()
        with database.writing(first.site) as db:
            assert db.settle(first.site, "w1", [Outcome(first.job_id, 1, "done")])
            assert db.erase(first.site, [first.tracking_id], db.now(), Changes())
        with database.reading() as db:
            assert len(db.answers("site-1", "desk-1", 200, 50)) == 50
            assert len(db.jobs_of("site-1", "t-1")) == 1
            assert db.job_figures().number["queued"] == QUEUED - 8
            assert db.jobs(None, ("failed",), 10) == []
    assert len(plans) > 12
    for statement, found in plans.items():
        whole = re.search(r"Seq Scan on (jobs|answers|messages)|SCAN (jobs|answers|messages)$", found, re.MULTILINE)
        assert whole is None, f"{statement}\n{found}"
        assert "TEMP B-TREE" not in found or "tracking_id" in statement, f"{statement}\n{found}"
    claims = [found for statement, found in plans.items() if "not_before <=" in statement and "task" in statement]
    assert claims
    assert all("jobs_queued" in found and "Sort" not in found for found in claims)
