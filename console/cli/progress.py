"""Progress of fetches, on standard error: bars where that is a terminal, a few lines where it is a log."""

from __future__ import annotations

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
