"""The watchdog: it names who stands still and where, once, and nobody else."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from console.health.watchdog import FROZEN, INTERVAL_S, Watchdog


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watchdog(clock: Clock) -> Watchdog:
    return Watchdog(clock=clock)


def run_for(watchdog: Watchdog, clock: Clock, seconds: float) -> None:
    for _ in range(round(seconds / INTERVAL_S)):
        clock.now += INTERVAL_S
        watchdog.look()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "console.health.watchdog"]


def test_a_thread_that_beats_is_left_alone(watchdog: Watchdog, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    pulse = watchdog.watch("capture gate", 2)
    for _ in range(20):
        pulse.beat()
        run_for(watchdog, clock, 1.5)
    assert watchdog.stalled() == []
    assert said(caplog) == []


def test_a_stalled_thread_is_named_once_with_its_stack(
    watchdog: Watchdog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    entered, go, again, end = (threading.Event() for _ in range(4))

    def stuck_in_a_read() -> None:
        pulse.beat()
        entered.set()
        go.wait(20)
        pulse.beat()
        again.set()
        end.wait(20)

    pulse = watchdog.watch("capture gate", 2)
    thread = threading.Thread(target=stuck_in_a_read)
    thread.start()
    assert entered.wait(10)
    run_for(watchdog, clock, 10)
    (stall,) = watchdog.stalled()
    assert stall.name == "capture gate"
    assert 9.5 <= stall.for_s <= 10.5
    assert "stuck_in_a_read" in stall.stack
    assert "go.wait(20)" in stall.stack
    (line,) = said(caplog)
    assert line.startswith("capture gate stands still for 2.5 s")
    assert "stuck_in_a_read" in line
    go.set()
    assert again.wait(10)
    run_for(watchdog, clock, 1)
    assert watchdog.stalled() == []
    assert said(caplog)[1:] == ["capture gate moves again, after 10.0 s."]
    run_for(watchdog, clock, 5)
    assert len(said(caplog)) == 3, "a second stall is told again"
    end.set()
    thread.join()


def test_waiting_is_no_stall(watchdog: Watchdog, clock: Clock) -> None:
    pulse = watchdog.watch("inference", 1)
    run_for(watchdog, clock, 5)
    assert watchdog.stalled() == [], "it has not begun"
    pulse.beat()
    pulse.idle()
    run_for(watchdog, clock, 50)
    assert watchdog.stalled() == []
    pulse.beat()
    run_for(watchdog, clock, 2)
    assert len(watchdog.stalled()) == 1
    pulse.idle()
    run_for(watchdog, clock, 1)
    assert watchdog.stalled() == []


def test_a_closed_pulse_is_forgotten(watchdog: Watchdog, clock: Clock) -> None:
    with watchdog.watch("uploader", 1) as pulse:
        pulse.beat()
        run_for(watchdog, clock, 3)
        assert len(watchdog.stalled()) == 1
    assert watchdog.stalled() == []
    run_for(watchdog, clock, 3)
    pulse.close()
    assert watchdog.stalled() == []


def test_a_machine_that_slept_accuses_nobody(
    watchdog: Watchdog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    pulse = watchdog.watch("capture gate", 2)
    pulse.beat()
    clock.now += 3600
    watchdog.look()
    assert watchdog.stalled() == []
    assert "or the machine slept, for 3599.5 s" in said(caplog)[0]
    run_for(watchdog, clock, 3)
    assert len(watchdog.stalled()) == 1, "but who doesn't move after it woke is named"


def test_a_thread_that_died_without_closing_is_told_as_gone(
    watchdog: Watchdog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    pulse = watchdog.watch("capture gate", 1)
    thread = threading.Thread(target=pulse.beat)
    thread.start()
    thread.join()
    run_for(watchdog, clock, 2)
    assert watchdog.stalled()[0].stack == ""
    assert "its thread is gone" in said(caplog)[0]


def test_the_longest_stall_comes_first(watchdog: Watchdog, clock: Clock) -> None:
    first, second = watchdog.watch("first", 1), watchdog.watch("second", 1)
    first.beat()
    run_for(watchdog, clock, 2)
    second.beat()
    run_for(watchdog, clock, 2)
    assert [stall.name for stall in watchdog.stalled()] == ["first", "second"]


def test_it_looks_by_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Watchdog(tmp_path) as watchdog:
        watchdog.watch("capture gate", 0.1).beat()
        deadline = time.monotonic() + 10
        while not watchdog.stalled() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [stall.name for stall in watchdog.stalled()] == ["capture gate"]
    assert not (tmp_path / FROZEN).exists()
    watchdog.stop()


def test_beating_is_cheap() -> None:
    pulse = Watchdog().watch("x", 1)
    begun = time.process_time()
    for _ in range(100_000):
        pulse.beat()
    assert time.process_time() - begun < 1.0


FREEZE = """
import ctypes, sys, threading, time
from pathlib import Path
from console.health import watchdog
watchdog.FROZEN_S = 1.0
watchdog.INTERVAL_S = 0.1
def holds_the_interpreter():
    ctypes.PyDLL(None).sleep(3)     # PyDLL keeps the GIL: no Python thread runs, the watchdog's neither
dog = watchdog.Watchdog(Path(sys.argv[1])).start()
time.sleep(0.5)
holds_the_interpreter()
dog.stop()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sleep of libc")
def test_a_frozen_interpreter_leaves_a_trace(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FREEZE, str(tmp_path)], check=True, timeout=60)
    assert "holds_the_interpreter" in (tmp_path / FROZEN).read_text()
