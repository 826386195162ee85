"""Names the thread that stands still: each watched thread has a pulse, and one thread looks at all of them."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from console.settings.disk import in_words

FROZEN = "frozen.log"
INTERVAL_S = 0.5
FROZEN_S = 10.0
_log = logging.getLogger(__name__)


class Pulse:
    """The pulse of one thread. `beat` and `idle` belong to that thread and cost less than a microsecond.

    It begins idle: the clock runs from the first beat.
    """

    __slots__ = ("_at", "_clock", "_forget", "_ident", "limit_s", "name")

    def __init__(self, name: str, limit_s: float, clock: Callable[[], float], forget: Callable[[Pulse], None]) -> None:
        self.name = name
        self.limit_s = limit_s
        self._clock = clock
        self._forget = forget
        self._ident = 0
        self._at: float | None = None

    def beat(self) -> None:
        """I am alive, and shall be again within the limit."""
        self._ident = threading.get_ident()
        self._at = self._clock()

    def idle(self) -> None:
        """I wait for something that may take its time: an empty queue, a pause, the end."""
        self._at = None

    def close(self) -> None:
        """No longer watch me."""
        self.idle()
        self._forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def seen(self) -> tuple[float, int] | None:
        """When and in which thread it beat last; None while idle."""
        at = self._at  # one read: the thread may set it to None at any moment
        return None if at is None else (at, self._ident)


@dataclass(frozen=True, slots=True)
class Stall:
    """A thread that stands still.

    Attributes:
        name: what it does, such as "capture gate".
        for_s: seconds since its last beat.
        stack: where it stands, as Python's traceback prints it; empty when the thread is gone.
    """

    name: str
    for_s: float
    stack: str


class Watchdog:
    """Looks at all pulses twice a second on a thread of its own; says once for each stall who and where, and its end.

    A machine that slept, or a process that stood still as a whole, is no thread's fault: then the watchdog itself was
    late, and all pulses count from its waking. What held the process is written by faulthandler, which needs no
    interpreter, to `frozen.log`.

    Args:
        folder: where `frozen.log` goes; None: none is kept.
        clock: seconds, monotonic.
    """

    def __init__(self, folder: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._folder = folder
        self._file: TextIO | None = None
        self._lock = threading.Lock()
        self._pulses: list[Pulse] = []
        self._stalls: dict[Pulse, Stall] = {}
        self._looked_at = self._awake_since = clock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, name: str, limit_s: float) -> Pulse:
        """A pulse for the calling room's thread.

        Args:
            name: what the thread does, in the operator's words.
            limit_s: it stands still when it hasn't beaten for so long.
        """
        pulse = Pulse(name, limit_s, self._clock, self._forget)
        with self._lock:
            self._pulses.append(pulse)
        return pulse

    def _forget(self, pulse: Pulse) -> None:
        with self._lock:
            self._stalls.pop(pulse, None)
            if pulse in self._pulses:
                self._pulses.remove(pulse)

    def stalled(self) -> list[Stall]:
        """The threads that stand still now, the longest first."""
        with self._lock:
            return sorted(self._stalls.values(), key=lambda stall: -stall.for_s)

    def start(self) -> Watchdog:
        """Begin to look.

        Raises:
            HomeError: `frozen.log` can't be opened.
        """
        if self._folder is not None:
            try:
                self._file = (self._folder / FROZEN).open("a", encoding="utf-8")
            except OSError as error:
                raise in_words(error, self._folder / FROZEN) from error
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the thread; harmless when it never ran."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        file, self._file = self._file, None
        if file is not None:
            faulthandler.cancel_dump_traceback_later()
            file.close()
            path = Path(file.name)
            with suppress(OSError):
                if not path.stat().st_size:
                    path.unlink()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            if self._file is not None:  # armed anew each time: it only goes off when this thread can't run
                faulthandler.dump_traceback_later(FROZEN_S, file=self._file)
            self.look()

    def look(self) -> None:
        """Look at every pulse once."""
        now = self._clock()
        late = now - self._looked_at - INTERVAL_S
        self._looked_at = now
        if late > max(4 * INTERVAL_S, 2.0):
            self._awake_since = now
            _log.warning("The whole process stood still, or the machine slept, for %.1f s.", late)
        with self._lock:
            pulses = list(self._pulses)
        for pulse in pulses:
            seen = pulse.seen
            for_s = now - max(seen[0], self._awake_since) if seen is not None else 0.0
            if seen is not None and for_s > pulse.limit_s:
                self._stands(pulse, for_s, seen[1])
            elif pulse in self._stalls:
                self._moves(pulse)

    def _stands(self, pulse: Pulse, for_s: float, ident: int) -> None:
        known = self._stalls.get(pulse)
        stall = Stall(pulse.name, for_s, known.stack if known else _stack(ident))
        with self._lock:
            if pulse in self._pulses:
                self._stalls[pulse] = stall
        if known is None:
            _log.error("%s stands still for %.1f s, at:\n%s", pulse.name, for_s, stall.stack or "(its thread is gone)")

    def _moves(self, pulse: Pulse) -> None:
        with self._lock:
            stall = self._stalls.pop(pulse, None)
        if stall is not None:
            _log.warning("%s moves again, after %.1f s.", pulse.name, stall.for_s)


def _stack(ident: int) -> str:
    frame = sys._current_frames().get(ident)  # noqa: SLF001  # the documented way to see another thread's stack
    return "".join(traceback.format_stack(frame)) if frame is not None else ""
