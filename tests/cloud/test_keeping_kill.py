"""What the keeper has confirmed, after it, or its database's server, was killed in the middle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cloud.errors import DatabaseAway
from console.sync.wire import Received
from tests.cloud.keeping_cases import DESK, jpeg, keeping, message, notice, states, truth
from tests.servers.postgres import serving

pytestmark = pytest.mark.services

THREADS, SIZE, EVERY = 3, 6, 4
ROUNDS = 4

# Imports once, then forks a keeper for each line on stdin. A keeper tells of a batch only after it was taken.
ZYGOTE = """
import os, sys, threading
from pathlib import Path
from tests.cloud.keeping_cases import DESK
from tests.cloud.test_keeping_kill import THREADS, batch, keeping

def work(keeper, name):
    for number in range(10**6):
        keeper.take(DESK, batch(name, number))
        os.write(1, f"done {name} {number}\\n".encode())

for line in sys.stdin:
    url, folder, seed = line.split()
    pid = os.fork()
    if not pid:
        with keeping(url, Path(folder)) as keeper:
            threads = [threading.Thread(target=work, args=(keeper, f"{seed}-{n}")) for n in range(THREADS)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        os._exit(0)
    os.write(1, f"pid {pid}\\n".encode())
    os.waitpid(pid, 0)
    os.write(1, b"gone\\n")
"""


def batch(name: str, number: int) -> list[Received]:
    """A thread's batch of this number: every fourth also erases what the one before it brought."""
    made = []
    for n in range(SIZE):
        file = jpeg(f"{name}-{number}-{n // 2}", 5000) if n % 3 else None
        about = {"message_id": f"m-{name}-{number}-{n}", "tracking_id": f"t-{name}-{number}-{n % 4}"}
        made.append(message(file, number=number, **about))
    if number % EVERY == EVERY - 1:
        gone = notice(*(f"t-{name}-{number - 1}-{n}" for n in range(4)))
        made.append(
            Received({**gone.head, "message_id": f"e-{name}-{number}", "tracking_id": f"o-{name}-{number}"}, None)
        )
    return made


@pytest.fixture(scope="module")
def zygote() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ZYGOTE]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def kill_one(zygote: subprocess.Popen[str], url: str, folder: Path, seed: int) -> list[tuple[str, int]]:
    """Start a keeper, kill it at a moment chosen by the seed, and return the batches it had said are taken."""
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    zygote.stdin.write(f"{url} {folder} {seed}\n")
    zygote.stdin.flush()
    pid, confirmed = 0, []
    for line in zygote.stdout:
        word, *rest = line.split()
        if word == "gone":
            break
        if word == "pid":
            pid = int(rest[0])
            continue
        if not confirmed:
            threading.Timer(random.Random(seed).uniform(0, 0.25), os.kill, (pid, signal.SIGKILL)).start()
        confirmed.append((rest[0], int(rest[1])))
    return confirmed


def check(url: str, folder: Path, confirmed: list[tuple[str, int]]) -> None:
    """Every batch that was confirmed is there, every other is whole or absent, and what was erased is gone."""
    kept = truth(url, folder).messages
    there: dict[tuple[str, int], set[str]] = {}
    for key in kept:
        _kind, seed, thread, number, *_n = key.split("-")
        there.setdefault((f"{seed}-{thread}", int(number)), set()).add(key)
    assert set(there) | {(name, n) for name, n in confirmed if n % EVERY == EVERY - 2} >= set(confirmed)
    for (name, number), keys in there.items():
        assert (name, number + 1) not in there or number % EVERY != EVERY - 2, "it was erased"
        wanted = {str(one.head["message_id"]): one.file for one in batch(name, number)}
        assert {key: kept[key] for key in keys} == wanted
    for name, number in confirmed:
        if number % EVERY == EVERY - 2:
            assert (name, number) in there or (name, number + 1) in there


def test_what_was_confirmed_is_there_after_kill_9(
    zygote: subprocess.Popen[str], database_url: str, tmp_path: Path
) -> None:
    confirmed: list[tuple[str, int]] = []
    for seed in range(ROUNDS):
        confirmed += kill_one(zygote, database_url, tmp_path / "cloud", seed)
        with keeping(database_url, tmp_path / "cloud") as keeper:  # sweeps what is left behind
            name, number = confirmed[-1]
            assert set(states(keeper.take(DESK, batch(name, number)))) == {"known"}
        check(database_url, tmp_path / "cloud", confirmed)
    assert len(confirmed) >= ROUNDS


def test_what_was_confirmed_is_there_after_its_server_crashed(tmp_path: Path) -> None:
    with serving() as server, keeping(server.url, tmp_path / "cloud") as keeper:
        confirmed: list[tuple[str, int]] = []
        over = threading.Event()

        def send(name: str) -> None:
            number = 0
            while not over.is_set():
                try:
                    said = keeper.take(DESK, batch(name, number))
                except DatabaseAway:
                    over.wait(0.05)
                    continue  # the same again, as a desk does
                assert {one.state for one in said} <= {"received", "known"}
                confirmed.append((name, number))
                number += 1

        threads = [threading.Thread(target=send, args=(f"0-{n}",)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            for _crash in range(2):
                wait_for_more(confirmed)
                server.stop("immediate")
                server.start()
            wait_for_more(confirmed)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        keeper.take(DESK, [])
        check(server.url, tmp_path / "cloud", confirmed)


def wait_for_more(confirmed: list[tuple[str, int]]) -> None:
    """Until ten more were confirmed."""
    deadline, enough = time.monotonic() + 60, len(confirmed) + 10
    while len(confirmed) < enough:
        assert time.monotonic() < deadline
        time.sleep(0.01)
