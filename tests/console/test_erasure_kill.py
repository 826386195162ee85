"""An erasure that is killed at any moment, while a desk writes, goes on at the next start and leaves nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.privacy.erasing import erasure
from console.privacy.erasing.scope import Scope
from console.settings.home import Home
from console.store.backups import back_up
from console.store.connect import in_turn, turn
from console.store.erasures import get, unfinished
from console.store.store import Store
from tests.console.erasing import Item, plant, remains, stale

# Imports once, then forks for each line on stdin a process that goes on with what is unfinished in that home.
ZYGOTE = r"""
import os, sys
from pathlib import Path
from console.privacy.erasing import rows as erasing_rows
from console.privacy.erasing.erasure import carry_on
from console.settings.home import Home
from console.store.store import Store
import filelock, sqlite_utils

erasing_rows.AT_ONCE = 2
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        home = Home.look(Path(line.strip()))
        with Store.open(home) as store:
            carry_on(home, store, lambda *_said: os.write(1, b"step\n"), lambda: False)
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


def go_on(zygote: subprocess.Popen[str], home: Home, steps: int | None, wait_s: float = 0.0) -> None:
    """Go on with what is unfinished, in a process that is killed a moment after so many steps; None: to the end."""
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    zygote.stdin.write(f"{home.path}\n")
    zygote.stdin.flush()
    pid, done = 0, 0
    while (said := zygote.stdout.readline().split())[0] != "gone":
        pid = int(said[1]) if said[0] == "pid" else pid
        done += said[0] == "step"
        if pid and steps is not None and done >= steps:
            time.sleep(wait_s)
            os.kill(pid, signal.SIGKILL)
            steps = None


@contextmanager
def desk_at_work(home: Home, store: Store) -> Iterator[list[Item]]:
    """A desk that makes events all the time."""
    stop, made = threading.Event(), list[Item]()

    def work() -> None:
        while not stop.wait(0.01):
            made.append(plant(home, store, "yard", 10_000 + len(made), at=datetime.now(UTC)))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()


def kill_rounds(zygote: subprocess.Popen[str], folder: Path, rounds: int) -> list[str]:
    """Each round erases what a camera left, killed up to three times; where each kill met it."""
    met: list[str] = []
    with Home.open(folder) as home, Store.open(home) as store, desk_at_work(home, store) as made:
        for seed in range(rounds):
            chance = random.Random(seed)
            camera = f"gate{seed:03}"
            items = [plant(home, store, camera, number) for number in range(12)]
            with in_turn(turn(home.run), home.database):
                back_up(home.database, home.backups, 3)
                stale(home, items)
            with (home.logs / "sightdesk.log").open("a") as log:
                log.write(f'{{"event": "saved {items[0].picture}"}}\n')
            needles = [needle for item in items for needle in item.needles]
            assert len({path.split("/")[0] for path in remains(home.path, needles)}) >= 4
            row = erasure.begin(home, store, Scope(camera_id=camera), "Mira")
            for _kill in range(chance.randrange(1, 4)):
                go_on(zygote, home, chance.randrange(0, 22), chance.uniform(0, 0.02))
                met.append(get(store, row.id).stage)
            go_on(zygote, home, None)
            assert unfinished(home.database) == []
            assert remains(home.path, [*needles, camera.encode()]) == {}, f"seed {seed}"
            figures = get(store, row.id).figures
            assert [figures[name] for name in ("events", "pictures", "sealed")] == [12, 12, 12], f"seed {seed}"
    with Store.open(Home.look(folder)) as store, store.read() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] == len(made)
    assert all((folder / item.picture).exists() and (folder / item.crop).exists() for item in made)
    return met


def test_killed_erasures_go_on_and_leave_nothing(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    met = kill_rounds(zygote, tmp_path / "home", 3)
    assert "rows" in met
    assert len(set(met)) > 1, met


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_many_killed_erasures_go_on_and_leave_nothing(zygote: subprocess.Popen[str], tmp_path: Path) -> None:
    met = kill_rounds(zygote, tmp_path / "home", 150)
    print({stage: met.count(stage) for stage in sorted(set(met))})
    assert {"rows", "backups", "clean"} <= set(met)
