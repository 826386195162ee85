"""The desk as a process on a real X server, with real keys."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.console.desks import settle
from tests.servers.xvfb import Screen

pytestmark = pytest.mark.services


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as made:
        yield made


def wait(until: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@contextmanager
def running(command: list[str], screen: Screen, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process on the screen, what it says in a file; never left behind."""
    with said.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=screen.environment, stderr=file)
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


def remembered(home: Path, key: str) -> object:
    try:
        return json.loads((home / "desk.json").read_text(encoding="utf-8")).get(key)
    except (FileNotFoundError, ValueError):
        return None


def test_the_tour_by_keyboard_on_a_real_screen(screen: Screen) -> None:
    """The same tests that run without a screen, on one."""
    tour = [sys.executable, "-m", "pytest", "-q", "tests/console/test_desk.py", "-k", "keyboard or remembered"]
    done = subprocess.run(
        tour, check=False, cwd=ROOT, env=screen.environment, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_killed_outright_it_comes_back_to_the_same_wall(screen: Screen, tmp_path: Path) -> None:
    home = tmp_path / "home"
    settle(home, cameras=4)
    command = [sys.executable, "-m", "console", "--home", str(home)]

    def pressed(keys: str, what: str, value: object) -> None:
        """Keys are pressed until they have had their effect: a window takes a moment to listen."""
        for _ in range(20):
            screen.press(keys)
            deadline = time.monotonic() + 1.5
            while time.monotonic() < deadline:
                if remembered(home, what) == value:
                    return
                time.sleep(0.05)
        pytest.fail(f"{keys} had no effect")

    with running(command, screen, tmp_path / "first.txt") as desk:
        wait(lambda: remembered(home, "page") == "live" or desk.poll() is not None)
        pressed("9", "wall", 9)
        pressed("ctrl+3", "page", "cameras")
        desk.send_signal(signal.SIGKILL)
        desk.wait(10)
    with running(command, screen, tmp_path / "second.txt") as desk:
        wait(lambda: "Sightdesk" in screen.windows())
        time.sleep(4)  # longer than it takes to write down another wall
        assert (remembered(home, "wall"), remembered(home, "page")) == (9, "cameras")
        desk.send_signal(signal.SIGTERM)
        assert desk.wait(10) == 0
    assert "Traceback" not in (tmp_path / "second.txt").read_text(encoding="utf-8")


def test_the_demo_opens_the_desk_and_says_how_long_it_took(screen: Screen, shared: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "console", "demo", "--seconds", "16", "--json", "--home", str(tmp_path / "home")]
    environment = {**screen.environment, "SIGHTDESK_MODEL_PATH": str(shared)}
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert set(said["seconds_to"]) == {"window", "first picture", "first box"}
    assert len(said["cameras"]) == 4
    assert all(camera["inferred"] > 0 for camera in said["cameras"].values())


def test_without_a_screen_the_desk_says_what_is_missing(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}}
    command = [sys.executable, "-m", "console", "--home", str(tmp_path / "home")]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "no screen" in done.stderr
    assert "Traceback" not in done.stderr
