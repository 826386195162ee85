"""A desk that is killed while it fetches answers: each of them is there once in the end, whenever it was."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.settings.home import Home
from console.store.store import Store
from tests.console.answer_cases import cloud_settings, cursor, rows, send_files
from tests.servers.authority import Authority
from tests.servers.receiver import Receiver
from tests.servers.receiver_answers import Book

ANSWERS, PAGE = 1200, 20
# Imports once, then forks a fetcher for each line on stdin: a home and the site's settings.
ZYGOTE = r"""
import json, os, sys
from pathlib import Path
import filelock, httpcore, sqlite_utils
from console.settings.home import Home
from console.settings.schema import Settings
from console.store.store import Store
from console.sync.answers import asking
from tests.console.answer_cases import fetching

asking.MOST = %d
for line in sys.stdin:
    place, settings = line.split(" ", 1)
    pid = os.fork()
    if not pid:
        with Home.open(Path(place)) as home, Store.open(home) as store:
            fetching(store, Settings.model_validate(json.loads(settings)))
            os.write(1, b"begun\n")
            os.read(0, 1)
    os.write(1, f"pid {pid}\n".encode())
    os.waitpid(pid, 0)
    os.write(1, b"gone\n")
"""
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")


@pytest.fixture
def zygote() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ZYGOTE % PAGE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.timeout(60)
def test_nothing_is_lost_or_doubled_whenever_it_is_killed(
    zygote: subprocess.Popen[str], own_home: Path, tmp_path: Path
) -> None:
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    chance, authority = random.Random(5), Authority(tmp_path / "ca")
    with Home.open(own_home) as home, Store.open(home) as store:
        sent = send_files(store, ANSWERS)
    with Receiver(tmp_path / "receiver", authority.server_context()) as receiver:
        receiver.answers = book = Book()
        for one in sent:
            book.add(*one)
        settings = cloud_settings(receiver.url, authority, authority.client()).model_dump_json()
        kills, reached = 0, [0]
        while reached[-1] < book.last:
            asked = len(book.asked)
            zygote.stdin.write(f"{own_home} {settings}\n")
            zygote.stdin.flush()
            said = {zygote.stdout.readline().split()[0] for _line in range(2)}
            assert said == {"begun", "pid"}
            pid = _child(zygote.pid)
            until, pages = time.monotonic() + 10, chance.randrange(2, 12)
            while len(book.asked) < asked + pages and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.02))
            os.kill(pid, signal.SIGKILL)
            while zygote.stdout.readline() != "gone\n":
                pass
            kills += 1
            with Home.open(own_home) as home, Store.open(home) as store:
                number, there = cursor(store).get("number", 0), rows(store)
            assert [row["number"] for row in there] == list(range(1, number + 1))  # as far as it says, and no further
            reached.append(number)
            if len(book.asked) == asked:
                pytest.fail("it asked nothing")
    assert kills > 5
    assert len(there) == ANSWERS == cursor_came(own_home)
    assert {(row["message_id"], row["tracking_id"]) for row in there} == set(sent)
    assert json.loads(there[0]["body"])["found"]


def cursor_came(place: Path) -> int:
    with Home.open(place) as home, Store.open(home) as store:
        return int(cursor(store)["came"])


def _child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return int(children[0])
