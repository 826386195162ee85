"""What `sightdesk cloud serve` runs beside the server: what tells a broker of jobs, and workers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.cloud.keeping.keeper import Keeper
    from console.cloud.waking.relay import Relay
    from console.cloud.working.beside import Beside


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to run.

    Attributes:
        folder: of the server.
        database: its URL.
        tasks: the file; None: there is none, and no workers are wanted.
        broker: its URL; empty: there is none.
        workers: how many.
    """

    folder: Path
    database: str
    tasks: Path | None
    broker: str
    workers: int


class Running:
    """What runs.

    Attributes:
        broker: where the broker is, without a password; empty: there is none.
    """

    def __init__(self, wanted: Wanted, relay: Relay | None, workers: Beside | None, broker: str) -> None:
        self._wanted, self._relay, self._workers, self.broker = wanted, relay, workers, broker

    def problem(self) -> str:
        """What a person should look at, in words; empty: all is well. Messages are taken all the same."""
        said = [] if self._relay is None else [self._relay.problem]
        if self._workers is not None and (alive := self._workers.alive) < self._wanted.workers:
            said.append(f"Only {alive} of {self._wanted.workers} workers run; the log says why.")
        return " ".join(filter(None, said))


@contextmanager
def beside(keeper: Keeper, wanted: Wanted) -> Iterator[Running]:
    """Run them; workers end before the relay, and both before the keeper.

    Raises:
        SightdeskError: the broker's URL can't be used, or workers can't be started.
    """
    relay: Relay | None = None
    workers: Beside | None = None
    place = ""
    with ExitStack() as stack:
        if wanted.broker:
            from console.cloud.waking.address import read_url
            from console.cloud.waking.relay import Relay

            place = read_url(wanted.broker).place
            relay = stack.enter_context(closing(Relay(keeper.repository, wanted.broker)))
            keeper.queued = relay.wake
        if wanted.workers:
            from console.cloud.working.beside import Beside

            stack.enter_context(_told_to_children(wanted))
            workers = stack.enter_context(closing(Beside(_command(wanted), wanted.workers)))
        yield Running(wanted, relay, workers, place)


def _command(wanted: Wanted) -> list[str]:
    """Of a worker; it ends with this process, however that ends."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "console"]
    return [
        *program, "cloud", "worker", "--folder", str(wanted.folder), "--tasks", str(wanted.tasks), "--with-parent",
    ]  # fmt: skip


@contextmanager
def _told_to_children(wanted: Wanted) -> Iterator[None]:
    """URLs may hold passwords, so workers are told them by their environment: others can't read that."""
    told = {"SIGHTDESK_CLOUD_DATABASE": wanted.database, "SIGHTDESK_CLOUD_BROKER": wanted.broker}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
