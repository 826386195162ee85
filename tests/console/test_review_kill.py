"""A desk that is killed while somebody judges: what was confirmed is there once, whatever was in flight."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.settings.home import Home
from console.store.store import Store
from tests.console.review_queue import contradictions, fill, new_item

ITEMS = 2500
# Imports once, then forks a desk for each line on stdin: a home, a folder for ledgers, a seed. Ledgers are kept outside
# the home: what is about to be said, before it is said; what is confirmed, synced after its future was done; and where
# commits begin and end.
ZYGOTE = r"""
import json, os, random, sys, time
from pathlib import Path
import console.store.connect as connect
from console.review.verdicts import Decision, VerdictLane
from console.review.items import Box
from console.settings.home import Home
from console.settings.review import ReviewSettings
from console.store.store import Store
import filelock, sqlite_utils

def ledger(folder, name):
    return os.open(folder / name, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

def note(file, sync=False, **values):
    os.write(file, (json.dumps(values) + "\n").encode())
    if sync:
        os.fsync(file)

def judge(home, store, folder, seed):
    chance = random.Random(seed)
    said, kept, commits = (ledger(folder, name) for name in ("said", "kept", "commits"))
    real = connect._commit
    def commit(connection):
        os.write(commits, b"begin\n")
        os.write(1, b"commit\n")
        real(connection)
        os.write(commits, b"end\n")
    connect._commit = commit
    lane = VerdictLane(store, supervisor=lambda: chance.random() < .2, settings=ReviewSettings(second_share=.3))
    with store.read() as db:
        last = db.execute("SELECT max(id) FROM review_items").fetchone()[0]
    mine = []
    def done(values):
        def call(future):
            if future.exception() is None:
                number = future.result()
                stored = number if isinstance(number, int) else 1
                note(kept, sync=True, **values, stored=stored)
        return call
    os.write(1, b"ready\n")
    while True:
        who, what = chance.choice(("Ann", "Bob", "Cy")), chance.random()
        if what < .04:
            first = chance.randrange(1, last - 800)
            decision = Decision(chance.choice(("accept", "reject")))
            values = {"do": "bulk", "key": decision.key, "first": first, "who": who}
            note(said, **values)
            os.write(1, b"said\n")
            future = lane.decide_many(range(first, first + 700), decision, who=who)
        elif what < .12 and mine:
            key, who = mine.pop()
            values = {"do": "undo", "key": key, "who": who}
            note(said, **values)
            os.write(1, b"said\n")
            future = lane.take_back([key], who)
        else:
            kind = chance.choice(("accept", "reject", "relabel", "edit", "skip"))
            boxes = (Box((1, 2, 3, 4), "dog"),) if kind == "edit" else None
            decision, number = Decision(kind, "dog" if kind == "relabel" else "", boxes), chance.randrange(1, last)
            values = {"do": "one", "key": decision.key, "item": number, "kind": kind, "who": who}
            note(said, **values)
            os.write(1, b"said\n")
            future = lane.decide(number, decision, who=who, seconds=1)
            mine.append((decision.key, who))
        future.add_done_callback(done(values))
        time.sleep(.1)

for line in sys.stdin:
    place, folder, seed = line.split()
    pid = os.fork()
    if not pid:
        with Home.open(Path(place)) as home, Store.open(home) as store:
            judge(home, store, Path(folder), int(seed))
        os._exit(0)
    os.write(1, f"pid {pid}\n".encode())
    os.waitpid(pid, 0)
    os.write(1, b"gone\n")
"""
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")


@dataclass
class Told:
    """What the rounds met.

    Attributes:
        rounds: desks killed.
        confirmed: verdicts and undos that were confirmed, each of a bulk counted.
        open: rounds killed with something said and not confirmed.
        committing: of them, between a commit's begin and its end.
        kept: of what was not confirmed, so many were stored all the same.
    """

    rounds: int = 0
    confirmed: int = 0
    open: int = 0
    committing: int = 0
    kept: int = 0


@pytest.fixture
def zygote() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ZYGOTE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def kill_one(zygote: subprocess.Popen[str], home: Path, ledgers: Path, seed: int) -> None:
    """Start a desk and kill it: at any moment, or shortly after something is said, or after a commit begins."""
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    chance = random.Random(seed)
    zygote.stdin.write(f"{home} {ledgers} {seed}\n")
    zygote.stdin.flush()
    pid = int(zygote.stdout.readline().split()[1])
    while (line := zygote.stdout.readline()) != "ready\n":
        assert line, "the desk did not start"
    if event := ("", "said\n", "commit\n")[seed % 3]:
        for _n in range(chance.randrange(1, 8)):
            while (line := zygote.stdout.readline()) != event:
                assert line in {"said\n", "commit\n"}, "the desk ended by itself"
        time.sleep(chance.uniform(0, 0.003 if event == "said\n" else 0.0005))
    else:
        time.sleep(chance.uniform(0, 1.2))
    os.kill(pid, signal.SIGKILL)
    while zygote.stdout.readline() != "gone\n":
        pass


def rounds(zygote: subprocess.Popen[str], home: Path, ledgers: Path, number: int) -> Told:
    with Home.open(home) as opened, Store.open(opened) as store:
        fill(store, [new_item(track=n) for n in range(ITEMS)])
    told = Told()
    for seed in range(number):
        folder = ledgers / str(seed)
        folder.mkdir(parents=True)
        kill_one(zygote, home, folder, seed)
        told.rounds += 1
        with closing(sqlite3.connect(home / "sightdesk.db")) as db:
            db.row_factory = sqlite3.Row
            look(db, folder, told, f"seed {seed}")
    return told


def look(db: sqlite3.Connection, folder: Path, told: Told, where: str) -> None:
    """Hold the database against the ledgers of the desk that was killed last."""
    said, kept = lines(folder / "said"), {(one["do"], one["key"]): one for one in lines(folder / "kept")}
    unconfirmed = [one for one in said if (one["do"], one["key"]) not in kept]
    marks = Counter((folder / "commits").read_text().split()) if (folder / "commits").exists() else Counter()
    told.open += bool(unconfirmed)
    told.committing += marks["begin"] > marks["end"]
    undone = {one["key"] for one in said if one["do"] == "undo"}
    for one in kept.values():
        told.confirmed += one["stored"]
        if one["do"] == "one":
            (row,) = db.execute("SELECT * FROM verdicts WHERE key = ?", (one["key"],)).fetchall()
            assert (row["item_id"], row["kind"], row["who"]) == (one["item"], one["kind"], one["who"]), where
            assert row["taken_back_at"] is None or one["key"] in undone, where
        elif one["do"] == "bulk":
            (stored, items) = db.execute(
                "SELECT count(*), count(DISTINCT item_id) FROM verdicts WHERE bulk = ?", (one["key"],)
            ).fetchone()
            assert stored == items == one["stored"], where
        elif one["stored"]:
            (row,) = db.execute("SELECT taken_back_at FROM verdicts WHERE key = ?", (one["key"],)).fetchall()
            assert row["taken_back_at"] is not None, where
    for one in unconfirmed:
        told.kept += bool(db.execute("SELECT 1 FROM verdicts WHERE :k IN (key, bulk)", {"k": one["key"]}).fetchone())
    keys = {one["key"] for one in said}
    boot = db.execute("SELECT boot_id FROM boot ORDER BY id DESC LIMIT 1").fetchone()[0]
    stored = {row[0] for row in db.execute("SELECT coalesce(bulk, key) FROM verdicts WHERE boot_id = ?", (boot,))}
    assert stored <= keys, f"{where}: something is stored that nobody said"
    assert db.execute("SELECT count(*) - count(DISTINCT key) FROM verdicts").fetchone()[0] == 0, where
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", where
    assert db.execute("PRAGMA foreign_key_check").fetchall() == [], where
    assert contradictions(db) == [], where


def lines(path: Path) -> list[dict[str, Any]]:
    """A ledger's lines; the last one may have been cut off."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def test_no_confirmed_verdict_is_lost_or_doubled(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    told = rounds(zygote, tmp_path / "home", tmp_path / "ledgers", 5)
    assert told.confirmed > 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_kills_lose_no_confirmed_verdict(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    """Prints what the README says."""
    told = rounds(zygote, tmp_path / "home", tmp_path / "ledgers", 200)
    print(
        f"{told.rounds} desks killed: {told.open} with something not confirmed, {told.committing} in a commit; "
        f"{told.confirmed} verdicts confirmed, none lost or doubled; {told.kept} were stored before they were confirmed"
    )
    assert told.confirmed > 1000
    assert told.committing >= 50
