"""What every long-running process of Sightdesk has around it: logs, crash hooks, a watchdog."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from console.errors import SightdeskError
from console.health import logs
from console.health.crash import CrashHooks
from console.health.watchdog import Watchdog
from console.privacy.writer import sweep
from console.settings.home import Home
from console.settings.schema import LogSettings
from console.site.keeper import Keeper
from console.store.store import Store

log = logging.getLogger(__name__)


@contextmanager
def watched(settings: LogSettings, home: Home | None = None, *, words: str = "warning") -> Iterator[Watchdog]:
    """Log, catch what nobody catches, and watch the threads, until the block ends.

    Args:
        settings: level and size of the log files.
        home: the locked home this process runs; its database is opened, which migrates it and records the run, and
            pictures left over from a crash are removed, as are, while it runs, those that were kept long enough. None:
            a command beside a running desk, which writes no file of the desk's.
        words: the least that goes to the terminal.
    """
    folder = home.logs if home else None
    with ExitStack() as stack:
        stack.callback(logs.start(settings, folder, words=words).stop)
        stack.callback(CrashHooks(folder).uninstall)
        if home:
            store = stack.enter_context(_stored(home))
            stack.callback(Keeper(home, store).close)
        yield stack.enter_context(Watchdog(home.run if home else None))


@contextmanager
def attended(settings: LogSettings, home: Home) -> Iterator[tuple[Watchdog, Store]]:
    """`watched`, and the open database with it: for a desk, which reads and writes it."""
    with ExitStack() as stack:
        stack.callback(logs.start(settings, home.logs).stop)
        stack.callback(CrashHooks(home.logs).uninstall)
        store = stack.enter_context(_stored(home))
        stack.callback(Keeper(home, store).close)
        yield stack.enter_context(Watchdog(home.run)), store


def _stored(home: Home) -> Store:
    """The home's database, open, without pictures that nobody knows of."""
    store = Store.open(home)
    _sweep(home)
    return store


def _sweep(home: Home) -> None:
    """Remove pictures that a crash left without a row. A site runs all the same where that fails."""
    try:
        for path in sweep(home):
            log.info("removed %s: no row knew of it", path.name)
    except (SightdeskError, OSError) as error:
        log.warning("pictures left over from a crash could not be removed: %s", error)
