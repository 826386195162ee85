"""A desk that is killed while things are stored: what is stored has its messages once, and no message is alone."""

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
from pathlib import Path

import pytest

from console.settings.home import Home
from console.store.store import Store
from tests.console.outbox_cases import contradictions, wanted
from tests.console.review_queue import new_item, with_pictures

ITEMS = 200
# Imports once, then forks a desk for each line on stdin: a home, a ledger outside of it, a seed. The ledger says what
# is confirmed, and is synced after the future was done.
ZYGOTE = r"""
import json, os, random, sys
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
import filelock, sqlite_utils
from uuid_utils import uuid7
from console.events.rows import NewEvent, insert, link
from console.review.items import Box
from console.review.verdicts import Decision, VerdictLane
from console.settings.home import Home
from console.settings.review import ReviewSettings
from console.store import pictures
from console.store.store import Store

def desk(home, store, ledger, seed):
    chance, now = random.Random(seed), datetime.now(UTC)
    file = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    def note(**values):
        os.write(file, (json.dumps(values) + "\n").encode())
        os.fsync(file)
        os.write(1, b"kept\n")
    lane = VerdictLane(store, supervisor=lambda: True, settings=ReviewSettings(second_share=.2))
    with store.read() as db:
        last = db.execute("SELECT max(id) FROM review_items").fetchone()[0]
    os.write(1, b"ready\n")
    while True:
        if chance.random() < .5:
            event = NewEvent("gate", "Gate", "dog", 1, "r", "none", .5, (1, 2, 3, 4), (8, 6), now)
            many = [(event, "")] * chance.randrange(1, 40)
            ids = store.write(lambda db: insert(db, many, store.boot_id)).result()
            note(events=ids)
            path = PurePosixPath(f"pictures/{uuid7()}.jpg")
            row = pictures.PictureRow(path, "0" * 64, 8, 6, "gate", now, store.boot_id, "cover", "{}",
                                      f"event {ids[0]}: x", 9)
            store.write(lambda db: pictures.insert(db, row)).result()
            store.write(lambda db: link(db, ids[0], str(path))).result()
            note(linked=ids[0])
        else:
            kind, who = chance.choice(("accept", "reject", "edit", "skip")), chance.choice(("Ann", "Bob"))
            said = Decision(kind, "", (Box((1, 2, 3, 4), "dog"),) if kind == "edit" else None)
            if chance.random() < .3 and kind != "edit":
                future = lane.decide_many(range(1, 60), said, who=who)
            else:
                future = lane.decide(chance.randrange(1, last), said, who=who)
            if future.exception() is None:
                note(verdict=said.key)
                if chance.random() < .4:
                    lane.take_back([said.key], who).result()
                    note(undone=said.key)

for line in sys.stdin:
    place, ledger, seed = line.split()
    pid = os.fork()
    if not pid:
        with Home.open(Path(place)) as home, Store.open(home) as store:
            desk(home, store, ledger, int(seed))
        os._exit(0)
    os.write(1, f"pid {pid}\n".encode())
    os.waitpid(pid, 0)
    os.write(1, b"gone\n")
"""
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")


@pytest.fixture
def zygote() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ZYGOTE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def kill_one(zygote: subprocess.Popen[str], home: Path, ledger: Path, seed: int) -> None:
    """Start a desk, and kill it some moments after something was confirmed, whatever it is at by then."""
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    chance = random.Random(seed)
    zygote.stdin.write(f"{home} {ledger} {seed}\n")
    zygote.stdin.flush()
    pid = int(zygote.stdout.readline().split()[1])
    for _n in range(chance.randrange(5, 25)):
        assert zygote.stdout.readline() in {"ready\n", "kept\n"}, "the desk ended by itself"
    time.sleep(chance.uniform(0, 0.02))
    os.kill(pid, signal.SIGKILL)
    while zygote.stdout.readline() != "gone\n":
        pass


def look(db: sqlite3.Connection, ledger: Path) -> int:
    """Hold rows against messages, and both against what was confirmed; how many things that was."""
    found = db.execute("SELECT kind, tracking_id, body, picture_id FROM outbox ORDER BY id").fetchall()
    events = Counter(row[1] for row in found if row[0] == "event")
    stored = [row[0] for row in db.execute("SELECT tracking_id FROM events")]
    assert events == Counter(stored), "each event has its message, and no message is without its event"
    said = Counter(
        (body["verdict"]["key"], body["verdict"]["taken_back"])
        for body in (json.loads(row[2]) for row in found if row[0] == "verdict")
    )
    kept = Counter((row[0], False) for row in db.execute("SELECT key FROM verdicts WHERE kind <> 'skip'"))
    kept += Counter(
        (row[0], True)
        for row in db.execute("SELECT key FROM verdicts WHERE kind <> 'skip' AND taken_back_at IS NOT NULL")
    )
    assert said == kept, "each verdict and each that was taken back has its message, and no message is without it"
    linked = {row[0] for row in db.execute("SELECT picture_id FROM events WHERE picture_id IS NOT NULL")}
    done = {row[0] for row in db.execute("SELECT picture_id FROM review_items WHERE state = 'done'")}
    shown = Counter(row[3] for row in found if row[0] == "picture")
    assert linked | done <= shown.keys(), "each picture that is linked, and each that is judged, has its message"
    assert set(shown.values()) <= {1}
    assert contradictions(db) == []
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    confirmed = [json.loads(line) for line in ledger.read_text().splitlines(keepends=True) if line.endswith("\n")]
    for one in confirmed:
        for number in one.get("events", ()):
            assert db.execute("SELECT 1 FROM events WHERE id = ?", (number,)).fetchone(), "a confirmed event is lost"
        if "linked" in one:
            row = db.execute("SELECT picture_id FROM events WHERE id = ?", (one["linked"],)).fetchone()
            assert row[0] in shown
    return len(confirmed)


def rounds(zygote: subprocess.Popen[str], folder: Path, number: int) -> int:
    with Home.open(folder / "home") as home, Store.open(home) as store:
        wanted(store, "cloud", ways=["event", "event picture", "verdict", "verdict picture"])
        for n in range(ITEMS):
            with_pictures(store, new_item(track=n))
    confirmed = 0
    for seed in range(number):
        kill_one(zygote, folder / "home", folder / f"{seed}", seed)
        with closing(sqlite3.connect(folder / "home" / "sightdesk.db")) as db:
            confirmed += look(db, folder / f"{seed}")
    return confirmed


def test_what_is_stored_has_its_messages_however_the_desk_ends(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    assert rounds(zygote, tmp_path, 5) > 20


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_kills_part_no_message_from_what_it_is_about(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    """Prints what the README says."""
    print(f"100 desks killed: {rounds(zygote, tmp_path, 100)} things confirmed, each with its messages, each once")
