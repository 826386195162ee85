"""A site run from the command line: build it, wait, print what came of it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import psutil

from console.cli.options import Reported, print_json
from console.cli.plan import Plan
from console.cli.progress import fetching
from console.cli.status import StatusTable
from console.health.watchdog import Pulse, Watchdog
from console.pipeline.costs import Costs, NativeThreads
from console.pipeline.pipeline import Pipeline
from console.pipeline.results_file import ResultsFile
from console.settings.home import Home, find_home
from console.site.open import open_site
from console.site.process import watched
from console.site.site import Site
from console.site.summary import failures, summary

_TICK_S = 0.05


class Run:
    """One run of a site, from building it to its summary.

    Args:
        plan: what to run.
        home: the home option.
        seconds: stop after so long; None: when every source has ended, or on Ctrl+C.
        out: results file, or None.
        measure_costs: charge CPU time to stages.

    Raises:
        SightdeskError: it can't start; in words.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        home: Path | None,
        seconds: float | None,
        out: Path | None = None,
        measure_costs: bool = False,
    ) -> None:
        self._seconds = seconds
        self._costs = Costs() if measure_costs else None
        self._file = ResultsFile(out) if out else None
        self._stop = threading.Event()
        self._plan = plan
        self._home = Home.look(find_home(home))
        self.summary: dict[str, Any] = {}
        self.failures: dict[str, str] = {}
        self.left: list[str] = []
        self._site: Site | None = None

    @property
    def pipeline(self) -> Pipeline:
        """What ran.

        Raises:
            RuntimeError: nothing has run yet.
        """
        if self._site is None:
            raise RuntimeError("nothing has run yet")
        return self._site.pipeline

    def until_done(self) -> Self:
        """Run until every source has ended, the time is over, or somebody presses Ctrl+C."""
        with _stopped_by_signals(self._stop), ExitStack() as around:
            home = around.enter_context(Home.open(self._home.path)) if self._plan.whole_site else None
            watchdog = around.enter_context(watched(self._plan.settings.log, home))
            try:
                self._site = self._start(watchdog)
                clock = _Clock(self._costs)
                with watchdog.watch("command line", limit_s=10) as pulse:
                    self._watch(clock, pulse)
                seconds, states = clock.seconds, summary(self.pipeline, clock.seconds)
                self.failures = failures(self.pipeline)
                clock.look()
            finally:
                self.left = [] if self._site is None else self._site.close()
                if self._file:
                    self._file.close()
        self.summary = summary(self.pipeline, seconds)
        for camera_id, camera in self.summary["cameras"].items():  # after the end every camera is merely "stopped"
            camera.update({key: states["cameras"][camera_id][key] for key in ("state", "detail")})
        self.summary.update(clock.figures())
        return self

    def print(self, *, as_json: bool) -> None:
        """The summary; then fail where a camera failed.

        Raises:
            SightdeskError: a source could not be read, or the results could not be written.
        """
        if as_json:
            print_json(self.summary)
        else:
            sys.stdout.write(StatusTable.in_words(self.summary) + "\n")
        sys.stdout.flush()
        if self._file and self._file.failure:
            raise Reported(self._file.failure, "The results are not complete.")
        if self.failures:
            raise Reported("; ".join(f"{camera}: {why}" for camera, why in self.failures.items()))

    def _start(self, watchdog: Watchdog) -> Site:
        with fetching() as announce:
            site = open_site(
                self._home,
                watchdog,
                passwords=self._plan.passwords,
                costs=self._costs,
                announce=announce,
                cancel=self._stop,
            )
            if self._file:
                site.subscribe(self._file.put)
            try:
                site.apply(self._plan.settings)
            except BaseException:
                site.close()
                raise
        return site

    def _watch(self, clock: _Clock, pulse: Pulse) -> None:
        with StatusTable(self.pipeline) as table:
            while not self._stop.wait(_TICK_S):
                pulse.beat()
                table.tick()
                if self.pipeline.idle() or (self._seconds is not None and clock.seconds >= self._seconds):
                    return


class _Clock:
    """Time and CPU time of a run, from its making."""

    def __init__(self, costs: Costs | None) -> None:
        self._begun = time.monotonic()
        self._process, self._thread = time.process_time(), time.thread_time()
        self._costs = costs
        self._native = NativeThreads() if costs else None

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun

    def look(self) -> None:
        """Note the runtime's threads before they end."""
        if self._native:
            self._native.look()

    def figures(self) -> dict[str, Any]:
        """What the process used; with costs, by stage."""
        process = {"cpu_s": time.process_time() - self._process, "peak_rss_mb": _peak_rss() / 2**20}
        figures = {"process": {name: round(value, 3) for name, value in process.items()}}
        if self._costs and self._native:
            main = time.thread_time() - self._thread
            costs = {**self._costs.seconds(), "main": main, "runtime": self._native.seconds()}
            figures["costs_s"] = {name: round(seconds, 4) for name, seconds in costs.items()}
        return figures


@contextmanager
def _stopped_by_signals(event: threading.Event) -> Iterator[None]:
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


def _peak_rss() -> int:
    """Bytes of memory at most, or now where the system doesn't say."""
    memory = psutil.Process().memory_info()
    if sys.platform == "win32":
        return int(memory.peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(peak if sys.platform == "darwin" else peak * 1024, memory.rss)
