"""What desk and cloud have, held against what was stored and what the model says of it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos.cloud_side.truth import LEAST, SLACK
from tests.chaos.comparing import Differences
from tests.chaos.ledger import lines

_LEAST_IOU = 0.9


def compare_answers(home: Path, ledger: Path, differences: Differences) -> dict[str, int]:
    """Hold the desk's answers against the ledger: one for each crop, and what the model finds in it."""
    wanted = {line["tracking_id"]: line["found"] for line in lines(ledger)}
    with closing(sqlite3.connect(home / "sightdesk.db")) as db:
        db.row_factory = sqlite3.Row
        rows = db.execute("SELECT * FROM answers").fetchall()
    had = Counter(row["tracking_id"] for row in rows)
    for name in wanted.keys() - had.keys():
        differences.add("without an answer", name)
    for name in had.keys() - wanted.keys():
        differences.add("answers about nothing that was stored", name)
    boxes = 0
    for row in rows:
        name, body = row["tracking_id"], json.loads(row["body"])
        if had[name] != 1:
            differences.add("answered more than once", name)
        if row["state"] != "done" or body["space"] != "source":
            differences.add("not done", f"{name}: {row['state']} {row['why']}")
        elif name in wanted:
            boxes += len(body["found"])
            if why := _differs(wanted[name], body["found"]):
                differences.add("another answer", f"{name}: {why}")
    return {"answers": len(rows), "boxes": boxes}


def _differs(wanted: list[Any], found: list[Mapping[str, Any]]) -> str:
    """Why an answer is not what the model says; boxes about the least score may be there or not."""
    left = list(found)
    for label, score, *box in wanted:
        near = [
            one
            for one in left
            if one["label"] == label and abs(one["score"] - score) <= SLACK and _iou(one["box"], box) >= _LEAST_IOU
        ]
        if near:
            left.remove(near[0])
        elif score >= LEAST + SLACK:
            return f"no {label} {score:.2f} at {[round(edge) for edge in box]}"
    unknown = [one for one in left if one["score"] >= LEAST + SLACK]
    return f"also {unknown[0]['label']} {unknown[0]['score']} at {unknown[0]['box']}" if unknown else ""


def _iou(one: list[float], other: list[float]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    both = max(wide, 0) * max(high, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both) if sum(areas) > both else float(one == other)


def compare_cloud(folder: Path, database: str, ledger: Path, differences: Differences) -> dict[str, Any]:
    """See that the cloud has each crop, job and answer once, each job done, and no file that nobody names."""
    items = Counter(line["tracking_id"] for line in lines(ledger))
    with _asking(folder, database) as ask:
        messages = Counter(row[0] for row in ask("SELECT tracking_id FROM messages WHERE kind = 'sealed'"))
        jobs = Counter(row[0] for row in ask("SELECT tracking_id FROM jobs"))
        answers = Counter(row[0] for row in ask("SELECT tracking_id FROM answers WHERE state = 'done'"))
        for what, got in (("messages", messages), ("jobs", jobs), ("answers", answers)):
            if got != items:
                differences.add(f"the cloud's {what}", f"{sum(got.values())} instead of {sum(items.values())}")
        for state, number in ask("SELECT state, count(*) FROM jobs WHERE state <> 'done' GROUP BY state"):
            differences.add("jobs that are not done", f"{number} {state}")
        numbers = [row[0] for row in ask("SELECT number FROM answers")]
        if len(set(numbers)) != len(numbers):
            differences.add("answers with the same number", str(len(numbers) - len(set(numbers))))
        ((done,),) = ask("SELECT coalesce(sum(number), 0) FROM counts WHERE what = 'done jobs'")
        if int(done) != len(numbers):
            differences.add("miscounted", f"{done} done jobs instead of {len(numbers)}")
        named = {str(row[0]) for row in ask("SELECT path FROM files")}
        attempts = Counter(dict(ask("SELECT attempts, count(*) FROM jobs GROUP BY attempts")))
    there = {path.relative_to(folder / "files").as_posix() for path in (folder / "files").rglob("*") if path.is_file()}
    for name in named - there:
        differences.add("files that are lost", name)
    for name in there - named:
        differences.add("files that nobody names", name)
    begun = sum(number * count for number, count in attempts.items())
    return {"jobs": sum(jobs.values()), "begun": begun, "begun_again": begun - sum(jobs.values())}


@contextmanager
def _asking(folder: Path, database: str) -> Iterator[Any]:
    if database:
        with psycopg.connect(database, autocommit=True) as server:
            yield lambda sql: server.execute(sql).fetchall()
    else:
        with closing(sqlite3.connect(folder / "cloud.db")) as db:
            yield lambda sql: db.execute(sql).fetchall()
