"""Ctrl+C and TERM for commands that end in good order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_signals(event: threading.Event) -> Iterator[None]:
    """The first Ctrl+C or TERM sets `event`, so that the run ends in good order; the second ends it as usual."""

    def stop(number: int, _frame: object) -> None:
        event.set()
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
