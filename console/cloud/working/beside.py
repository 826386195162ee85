"""Worker processes beside a server: kept alive, and ended with it.

A worker's native code may die and take its process along, but not the server, which receives.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from console.cloud.working.retrying import pause_s
from console.errors import SightdeskError
from models.words import _

log = logging.getLogger(__name__)

END_S = 25.0
"""More than a worker takes to finish what is under way and to write it down."""
_STEADY_S = 60.0
"""One that ran for so long is started again at once; one that ends sooner, later each time."""
_LOOK_S = 0.2


class Beside:
    """Keeps so many processes of a command alive until `close`. What they write goes where the server's does.

    Each is given a pipe as its standard input that is never written to: when it ends, this process is gone, however it
    went, and a worker that was told so (`--with-parent`) ends, too.

    Args:
        command_line: of a worker.
        count: how many.

    Raises:
        SightdeskError: the command can't be started at all.
    """

    def __init__(self, command_line: Sequence[str], count: int) -> None:
        self._command = list(command_line)
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            for _number in range(count):
                self._processes.append(self._started())  # one by one: those that began are ended where one can't
        except OSError as error:
            self.close()
            raise SightdeskError(
                _("Workers can't be started: {why}.").format(why=error.strerror or error), self._command[0]
            ) from error
        for place in range(count):
            thread = threading.Thread(target=self._keep, args=(place,), name=f"worker process {place}", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def alive(self) -> int:
        """How many run at this moment."""
        return sum(process.poll() is None for process in self._processes)

    def close(self) -> None:
        """End them as TERM does; those that don't end in time are killed. Harmless when done already."""
        self._end.set()
        for thread in self._threads:
            thread.join(_LOOK_S * 5)
        for process in self._processes:
            with suppress(OSError):
                process.terminate()
        deadline = time.monotonic() + END_S
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.PIPE)

    def _keep(self, place: int) -> None:
        """Start one again whenever it ends."""
        tries, began = 0, time.monotonic()
        while not self._end.wait(_LOOK_S):
            process = self._processes[place]
            if process.poll() is None:
                continue
            tries = 1 if time.monotonic() - began > _STEADY_S else tries + 1
            wait_s = pause_s(tries)
            log.warning(
                "%s",
                _("A worker ended with status {status}; another is started in {seconds:.0f} s.").format(
                    status=process.returncode, seconds=wait_s
                ),
            )
            if process.stdin is not None:
                process.stdin.close()
            if self._end.wait(wait_s):
                return
            began = time.monotonic()
            try:
                self._processes[place] = self._started()
            except OSError as error:
                log.warning("a worker could not be started: %s", error)
