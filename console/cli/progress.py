"""Progress of a fetch, on standard error: a line that grows where it is a terminal, a few lines where it is a log."""

from __future__ import annotations

import sys
import threading

from console.catalog.catalog import Progress
from console.cli.options import say


def announce(name: str) -> Progress:
    """Say that `name` is being fetched; the answer shows how far it is."""
    lock = threading.Lock()
    shown = -1

    def progress(done: int, total: int) -> None:
        nonlocal shown
        step = 1 if sys.stderr.isatty() else 50
        percent = done * 100 // total // step * step if total else 0
        with lock:
            if percent == shown:
                return
            shown = percent
        words = f"Fetching {name}: {percent} % of {total / 2**20:.1f} MB"
        if not sys.stderr.isatty():
            say(words)
            return
        sys.stderr.write(f"\r\x1b[K{words}" + ("\n" if percent >= 100 else ""))
        sys.stderr.flush()

    return progress
