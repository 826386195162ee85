"""What the store's futures promise, when processes are killed in the middle and when several write at once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console.settings.home import Home
from console.store.store import Store

# Imports once, then forks a writer for each line on stdin. A writer tells of a pair of rows on stdout only after the
# future of their job was done: what the test has read there must be in the database, whatever happens to the process.
ZYGOTE = r"""
import os, random, sys, threading
from pathlib import Path
from console.settings.home import Home
from console.store.store import Store
import sqlite_utils

def tell(key):
    os.write(1, f"done {key}\n".encode())

def pair(key, size):
    def job(db):
        db["meta"].insert({"key": f"{key}-a", "value": "x" * size})
        db["meta"].insert({"key": f"{key}-b", "value": "x" * size})
        return key
    return job

def one_by_one(store, name, chance):
    for number in range(10**6):
        tell(store.write(pair(f"{name}-{number}", chance.randrange(30_000)), wait_s=60).result())

def in_bursts(store, name, chance):
    for number in range(10**6):
        future = store.write(pair(f"{name}-{number}", chance.randrange(2_000)), wait_s=60)
        future.add_done_callback(lambda done: tell(done.result()))

def write(folder, seed):
    with Home.open(Path(folder)) as home, Store.open(home, limit=64) as store:
        chance = random.Random(seed)
        works = [one_by_one, one_by_one, in_bursts]
        threads = [threading.Thread(target=work, args=(store, f"{seed}-{n}", chance)) for n, work in enumerate(works)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

for line in sys.stdin:
    folder, seed = line.split()
    pid = os.fork()
    if not pid:
        write(folder, int(seed))
        os._exit(0)
    os.write(1, f"pid {pid}\n".encode())
    os.waitpid(pid, 0)
    os.write(1, b"gone\n")
"""


@pytest.fixture
def zygote() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ZYGOTE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def kill_one(zygote: subprocess.Popen[str], home: Path, seed: int) -> list[str]:
    """Start a writer, kill it at a moment chosen by the seed, and return the keys it had been told are stored."""
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    chance = random.Random(seed)
    zygote.stdin.write(f"{home} {seed}\n")
    zygote.stdin.flush()
    pid = int(zygote.stdout.readline().split()[1])
    told: list[str] = []
    if chance.random() < 0.2:  # some while they open the database or hold nothing yet
        time.sleep(chance.uniform(0, 0.08))
    else:
        for _ in range(chance.randrange(1, 120)):
            line = zygote.stdout.readline().split()
            assert line[0] == "done", line
            told.append(line[1])
        time.sleep(chance.uniform(0, 0.02))
    os.kill(pid, signal.SIGKILL)
    while (line := zygote.stdout.readline().split())[0] != "gone":
        told.append(line[1])
    return told


def kill_rounds(zygote: subprocess.Popen[str], home: Path, rounds: int) -> int:
    told: set[str] = set()
    for seed in range(rounds):
        told.update(kill_one(zygote, home, seed))
        with closing(sqlite3.connect(home / "sightdesk.db")) as db:
            found = {key for (key,) in db.execute("SELECT key FROM meta")}
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert {f"{key}-{half}" for key in told for half in "ab"} <= found, f"seed {seed}: done, and not stored"
        assert {key[:-1] + "a" for key in found} == {key[:-1] + "a" for key in found if key[:-1] + "b" in found}, seed
    return len(told)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_killed_writers_lose_nothing_they_called_done(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    with Home.open(tmp_path) as home:
        Store.open(home).close()
    assert kill_rounds(zygote, tmp_path, 25) > 500
    with Home.open(tmp_path) as home, Store.open(home) as store:
        store.write(lambda db: db["meta"].insert({"key": "after", "value": "v"}) and None).result(10)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_many_killed_writers_lose_nothing_they_called_done(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    with Home.open(tmp_path) as home:
        Store.open(home).close()
    print(f"{kill_rounds(zygote, tmp_path, 400)} jobs called done in 400 killed processes, all stored")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_processes_killed_while_they_make_the_database(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    for seed in range(12):
        folder = tmp_path / str(seed)
        assert zygote.stdin is not None
        assert zygote.stdout is not None
        zygote.stdin.write(f"{folder} {seed}\n")
        zygote.stdin.flush()
        pid = int(zygote.stdout.readline().split()[1])
        time.sleep(random.Random(seed).uniform(0, 0.03))
        os.kill(pid, signal.SIGKILL)
        while zygote.stdout.readline() != "gone\n":
            pass
        with Home.open(folder) as home:
            Store.open(home).close()


BESIDE = """
import sys
from pathlib import Path
from console.settings.home import Home
from console.store.store import Store
with Store.open(Home.look(Path(sys.argv[1]))) as store:
    for number in range(int(sys.argv[3])):
        key = f"{sys.argv[2]}-{number}"
        store.write(lambda db: db["meta"].insert({"key": key, "value": "v"}) and None, wait_s=10).result(30)
"""


def test_commands_write_beside_the_desk(tmp_path: Path) -> None:
    with Home.open(tmp_path) as home, Store.open(home) as store:
        children = [
            subprocess.Popen([sys.executable, "-c", BESIDE, str(tmp_path), name, "150"]) for name in ("one", "two")
        ]
        number = 0
        while any(child.poll() is None for child in children):
            store.write(
                lambda db, key=f"desk-{number}": db["meta"].insert({"key": key, "value": "v"}) and None, wait_s=10
            ).result(30)
            number += 1
        assert [child.returncode for child in children] == [0, 0]
        with store.read() as db:
            assert db.execute("SELECT count(*) FROM meta").fetchone()[0] == 300 + number
            assert db.execute("SELECT count(*) FROM boot").fetchone()[0] == 3


def test_several_processes_make_the_database_at_once(tmp_path: Path) -> None:
    Home.look(tmp_path / "home").make()
    command = [sys.executable, "-c", BESIDE, str(tmp_path / "home")]
    children = [subprocess.Popen([*command, f"p{n}", "3"]) for n in range(4)]
    assert [child.wait(60) for child in children] == [0] * 4
    with Store.open(Home.look(tmp_path / "home")) as store, store.read() as db:
        assert db.execute("SELECT count(*) FROM meta").fetchone()[0] == 12
