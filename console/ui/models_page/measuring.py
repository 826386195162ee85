"""Measures a model in a process of its own: a driver that crashes ends the measurement, never the desk."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import console
from console.errors import ModelError
from console.ui.jobs import Job
from models.words import _

SECONDS = 3.0
_LAST_WORDS = 400
_LOOK_S = 0.2
Row = dict[str, Any]


def command(model: str, home: Path, data: Path | None = None, seconds: float = SECONDS) -> list[str]:
    """The command line that measures a model."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "console"]
    more = ["--data", str(data)] if data is not None else []
    return [*program, "bench", "backends", model, "--lines", "--seconds", f"{seconds:g}", "--home", str(home), *more]


def measure(job: Job, argv: Sequence[str], took: Callable[[Row], None]) -> int:
    """Run the measurement until it ends or the job is cancelled; returns how many variants were measured.

    Args:
        job: told how far it is.
        argv: see `command`.
        took: given each row as it comes, on this thread.

    Raises:
        ModelError: it measured nothing; in its own last words.
    """
    child = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=None if getattr(sys, "frozen", False) else Path(console.__file__).parent.parent,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    said: list[str] = []
    over = threading.Event()
    threads = [
        threading.Thread(target=lambda: said.extend(child.stderr or ()), name="words of the bench", daemon=True),
        threading.Thread(target=_end_when_cancelled, args=(job, child, over), name="end of the bench", daemon=True),
    ]
    for thread in threads:
        thread.start()
    count = 0
    try:
        for line in child.stdout or ():
            count += _take(line, job, took)
        child.wait()
    finally:
        over.set()
        child.kill()
        child.wait()
        for thread in threads:
            thread.join()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    if not count and not job.cancelled.is_set():
        words = " ".join(line.strip() for line in said[-3:])[-_LAST_WORDS:]
        words = words or _("it ended with status {code}").format(code=child.returncode)
        raise ModelError(
            _("Nothing could be measured: {words}").format(words=words),
            _("`sightdesk backends` says what can run here; `sightdesk doctor` what is missing."),
        )
    return count


def _take(line: str, job: Job, took: Callable[[Row], None]) -> int:
    """Take one line of the child; 1 where it was a row."""
    try:
        value = json.loads(line)
    except ValueError:  # a library that writes to standard output
        return 0
    if "row" in value:
        took(value["row"])
        return 1
    if "of" in value:
        job.report(int(value["done"]), int(value["of"]), str(value["words"]))
    return 0


def _end_when_cancelled(job: Job, child: subprocess.Popen[str], over: threading.Event) -> None:
    while not over.wait(_LOOK_S):
        if job.cancelled.is_set():
            child.terminate()
            return
