"""What every long-running process of Sightdesk has around it: logs, crash hooks, a watchdog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from console.health import logs
from console.health.crash import CrashHooks
from console.health.watchdog import Watchdog
from console.settings.home import Home
from console.settings.schema import LogSettings
from console.store.store import Store


@contextmanager
def watched(settings: LogSettings, home: Home | None = None, *, words: str = "warning") -> Iterator[Watchdog]:
    """Log, catch what nobody catches, and watch the threads, until the block ends.

    Args:
        settings: level and size of the log files.
        home: the locked home this process runs; its database is opened, which migrates it and records the run. None:
            a command beside a running desk, which writes no file of the desk's.
        words: the least that goes to the terminal.
    """
    folder = home.logs if home else None
    with ExitStack() as stack:
        log = logs.start(settings, folder, words=words)
        stack.callback(log.stop)
        stack.callback(CrashHooks(folder).uninstall)
        if home:
            stack.enter_context(Store.open(home))
        yield stack.enter_context(Watchdog(home.run if home else None))
