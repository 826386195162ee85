"""Errors nobody caught, and crashes of native code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.health.crash import FILE, PREVIOUS, CrashHooks, asyncio_handler


@pytest.fixture
def hooks() -> Iterator[CrashHooks]:
    made = CrashHooks(None)
    yield made
    made.uninstall()


def records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "console.health.crash"]


@pytest.mark.usefixtures("hooks")
def test_an_error_in_a_thread_is_logged_once_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    def work() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=work, name="capture gate")
    thread.start()
    thread.join()
    (record,) = records(caplog)
    assert "the thread capture gate has ended" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


@pytest.mark.usefixtures("hooks")
def test_a_thread_that_exits_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    thread = threading.Thread(target=lambda: sys.exit(1))
    thread.start()
    thread.join()
    assert records(caplog) == []


@pytest.mark.usefixtures("hooks")
def test_an_error_in_a_destructor_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError("in a destructor")

    Broken()
    gc.collect()
    (record,) = records(caplog)
    assert "MainThread" in record.getMessage()
    assert record.exc_info is not None


def test_an_error_in_an_asyncio_task_is_logged_with_the_tasks_name(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("in a task")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(asyncio_handler)
        task = asyncio.create_task(work(), name="fetch")
        await asyncio.sleep(0)
        del task
        gc.collect()
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.01)

    asyncio.run(main())
    first, second = records(caplog)
    assert "(fetch, in the thread MainThread)" in first.getMessage()
    assert first.exc_info is not None
    assert isinstance(first.exc_info[1], ValueError)
    assert second.exc_info is not None
    assert isinstance(second.exc_info[1], ZeroDivisionError)


def test_uninstalling_puts_back_what_was_there() -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    hooks = CrashHooks(None)
    assert sys.excepthook is not before[0]
    hooks.uninstall()
    hooks.uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


RUN = """
import ctypes, faulthandler, io, logging, sys, threading
from pathlib import Path
from console.health import logs
from console.health.crash import CrashHooks
from console.settings.schema import LogSettings
folder = Path(sys.argv[1])
started = logs.start(LogSettings(), folder)
hooks = CrashHooks(folder)
what = sys.argv[2]
if what == "segfault":
    ctypes.string_at(0)
if what == "abort":
    threading.Thread(target=lambda: faulthandler._sigabrt(), name="inference").start()
if what == "main":
    raise ValueError("open rtsp://u:hunter2@h/x failed")
hooks.uninstall()
started.stop()
"""


def run(folder: Path, what: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "faulthandler=0", "-c", RUN, str(folder), what]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_error_in_the_main_thread_is_said_once_and_without_secrets(tmp_path: Path) -> None:
    ended = run(tmp_path, "main")
    assert ended.returncode == 1
    assert ended.stderr.count("Nobody caught an error in the thread MainThread") == 1
    assert "Traceback" not in ended.stderr
    log = (tmp_path / "sightdesk.log").read_text()
    assert log.count("Nobody caught") == 1
    assert "hunter2" not in ended.stderr + log


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("what", "number"), [("segfault", signal.SIGSEGV), ("abort", signal.SIGABRT)])
def test_a_native_crash_leaves_a_trace_that_the_next_run_reports(tmp_path: Path, what: str, number: int) -> None:
    assert run(tmp_path, what).returncode == -number
    assert "Fatal Python error" in (tmp_path / FILE).read_text()
    ended = run(tmp_path, "nothing")
    assert ended.returncode == 0
    assert "The last run ended in a crash of native code" in ended.stderr
    assert "Fatal Python error" in (tmp_path / PREVIOUS).read_text()
    assert not (tmp_path / FILE).exists()
    assert "last run" not in run(tmp_path, "nothing").stderr
