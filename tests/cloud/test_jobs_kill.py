"""Processes that work on jobs are killed, one in the middle of settling; their database's server crashes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.jobs_cases import ONE, keeping, opened
from tests.cloud.jobs_racing import CLAIMERS, JOBS, check, filled, work_all
from tests.cloud.keeping_cases import truth
from tests.servers.postgres import serving

pytestmark = pytest.mark.services

# Imports once, then forks for each line on stdin: `URL NAME SEED POINT`. At a point it kills itself, in the middle.
ZYGOTE = """
import os, signal, sys
from tests.cloud.jobs_cases import opened
from tests.cloud.jobs_racing import work_all

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def after(module, name):
    whole = getattr(module, name)
    setattr(module, name, lambda *a, **k: (whole(*a, **k), die()))

children = {}
for line in sys.stdin:
    url, name, seed, point = line.split()
    pid = os.fork()
    if not pid:
        from console.cloud.database.sql import answers, jobs
        if point == "numbered":
            after(answers, "_more_numbers")
        if point == "answered":
            after(answers, "write")
        if point == "counted":
            after(jobs, "count")
        with opened(url) as database:
            told = die if point == "committed" else lambda *said: os.write(1, f"{' '.join(said)}\\n".encode())
            work_all(database, name, int(seed), told)
        os._exit(0)
    children[pid] = name
    os.write(1, f"pid {name} {pid}\\n".encode())
    if point != "-" or len(children) == int(os.environ["AT_ONCE"]):
        while children:
            name = children.pop(os.wait()[0])
            os.write(1, f"gone {name}\\n".encode())
"""


@pytest.fixture(scope="module")
def zygote() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ZYGOTE]
    root, environment = Path(__file__).resolve().parents[2], {**os.environ, "AT_ONCE": str(CLAIMERS)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def start(zygote: subprocess.Popen[str], url: str, name: str, seed: int, point: str = "-") -> None:
    assert zygote.stdin is not None
    zygote.stdin.write(f"{url} {name} {seed} {point}\n")
    zygote.stdin.flush()


def ended(zygote: subprocess.Popen[str], number: int, kill: float = 0) -> Counter[str]:
    """What they said they settled, until so many are gone; one of four is killed that many seconds after it began."""
    assert zygote.stdout is not None
    told: Counter[str] = Counter()
    left = number
    for line in zygote.stdout:
        word, *rest = line.split() or [""]
        if word == "gone":
            left -= 1
        elif word == "pid":
            if kill and rest[0].endswith("0"):
                threading.Timer(kill, os.kill, (int(rest[1]), signal.SIGKILL)).start()
        else:
            told.update([word, *rest] if word else [])
        if not left:
            break
    return told


def test_four_processes_settle_each_job_once_though_one_is_killed(
    zygote: subprocess.Popen[str], database_url: str, tmp_path: Path
) -> None:
    with keeping(database_url, tmp_path / "cloud", ONE) as keeper:
        filled(keeper)
        for seed in range(CLAIMERS):
            start(zygote, database_url, f"p{seed}", seed)
        told = ended(zygote, CLAIMERS, kill=0.3)
        assert len(told) > JOBS // 2
        check(keeper, told, JOBS)
        truth(database_url, tmp_path / "cloud")


def test_a_kill_in_the_middle_of_settling_leaves_all_or_nothing(
    zygote: subprocess.Popen[str], database_url: str, tmp_path: Path
) -> None:
    with keeping(database_url, tmp_path / "cloud", ONE) as keeper:
        filled(keeper, 80)
        for seed, point in enumerate(("numbered", "answered", "counted", "committed")):
            before = keeper.job_figures().number["done"]
            start(zygote, database_url, point, seed, point)
            assert ended(zygote, 1) == {}
            done = keeper.job_figures().number["done"]
            assert (done > before) == (point == "committed")
            truth(database_url, tmp_path / "cloud")
        with opened(database_url) as database:
            work_all(database, "last", 9)
        check(keeper, Counter(), 80)


def test_a_server_that_crashes_under_them_loses_nothing(tmp_path: Path) -> None:
    with serving() as server, keeping(server.url, tmp_path / "cloud", ONE) as keeper:
        filled(keeper, 800)
        told: list[str] = []

        def run(seed: int) -> None:
            with opened(server.url) as database:
                work_all(database, f"w{seed}", seed, lambda *said: told.extend(said))

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(CLAIMERS)]
        for thread in threads:
            thread.start()
        while len(told) < 100:
            time.sleep(0.005)
        server.stop("immediate")
        server.start()
        for thread in threads:
            thread.join()
        check(keeper, Counter(told), 800)
