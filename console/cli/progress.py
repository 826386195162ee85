"""Progress of fetches and measurements, on standard error: bars on a terminal, a few lines in a log."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.cli.options import say

if TYPE_CHECKING:
    from console.catalog.catalog import Progress

_STEP = 50


@contextmanager
def fetching() -> Iterator[Callable[[str], Progress]]:
    """Inside, the function given takes the name of what is fetched next and answers with where its progress goes."""
    if not sys.stderr.isatty():
        yield _lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("Fetching {task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:

        def announce(name: str) -> Progress:
            bar = bars.add_task(name, total=None, start=True)
            return lambda done, total: bars.update(bar, completed=done, total=total, visible=done < total)

        yield announce


@contextmanager
def ended_by_ctrl_c(stop: threading.Event) -> Iterator[None]:
    """Inside, Ctrl+C sets `stop`: an exception in the middle of a runtime's native code would abort the process."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def measuring() -> Iterator[Callable[[int, int, str], None]]:
    """Inside, the function given is told how many things are done, of how many, and what comes next."""
    if not sys.stderr.isatty():
        yield _quarters()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=None)
        yield lambda done, of, words: bars.update(bar, completed=done, total=of, description=words)


def _quarters() -> Callable[[int, int, str], None]:
    """A line at the beginning and after each quarter."""
    said: tuple[int, int] | None = None

    def told(done: int, of: int, words: str) -> None:
        nonlocal said
        quarter = (of, done * 4 // max(of, 1))
        if quarter != said:
            said = quarter
            say(f"{done + 1} of {of}: {words}")

    return told


def _lines(name: str) -> Progress:
    """A line at the beginning, in the middle and at the end."""
    lock = threading.Lock()
    said = -1

    def progress(done: int, total: int) -> None:
        nonlocal said
        percent = done * 100 // total // _STEP * _STEP if total else 0
        with lock:
            if percent == said:
                return
            said = percent
        say(f"Fetching {name}: {percent} % of {total / 1e6:.1f} MB")

    return progress
