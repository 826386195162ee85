"""A site run from the command line: build it, wait, print what came of it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

import psutil

from console.cli.options import Reported, Stopped, print_json, say
from console.cli.plan import Plan
from console.cli.progress import fetching
from console.cli.results_file import ResultsFile, check_out
from console.cli.status import StatusTable
from console.cli.stopping import stopped_by_signals
from console.errors import SightdeskError
from console.health.watchdog import Pulse, Watchdog
from console.pipeline.costs import Costs, NativeThreads
from console.pipeline.pipeline import Pipeline
from console.settings.home import Home, find_home
from console.site.open import open_site
from console.site.process import watched
from console.site.site import Site
from console.site.summary import failures, summary
from console.sources.factory import stored_at

_TICK_S = 0.05
_BEFORE = "Stopped before the cameras started."
_CAPTURE = "capture "
_LOAD_ENDS_S = 1.0
"""How long Ctrl+C waits for a model that is being fetched or compiled; compiling can't be cancelled."""


class Run:
    """One run of a site, from building it to its summary.

    Args:
        plan: what to run.
        home: the home option.
        seconds: stop after so long; None: when every source has ended, or on Ctrl+C.
        out: results file, or None.
        measure_costs: charge CPU time to stages.

    Raises:
        UsageError: `out` can't be written, or is what the run is to read.
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
        self._out = out
        self._file: ResultsFile | None = None
        self._stop = threading.Event()
        self._plan = plan
        self._home = Home.look(find_home(home))
        self.summary: dict[str, Any] = {}
        self.failures: dict[str, str] = {}
        self.left: list[str] = []
        self._site: Site | None = None
        if out:
            check_out(out, _inputs(plan))

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
        """Run until every source has ended, the time is over, or somebody presses Ctrl+C.

        Raises:
            Stopped: by Ctrl+C, before it began.
            SightdeskError: it can't start; in words.
        """
        with stopped_by_signals(self._stop), ExitStack() as around:
            home = around.enter_context(Home.open(self._home.path)) if self._plan.whole_site else None
            watchdog = around.enter_context(watched(self._plan.settings.log, home))
            try:
                self._site = self._start(watchdog)
                clock = _Clock(self._costs)
                with watchdog.watch("command line", limit_s=10) as pulse:
                    self._watch(clock, pulse)
                seconds = clock.seconds
                self.summary = states = summary(self.pipeline, seconds)
                self.failures = failures(self.pipeline)
                clock.look()
            finally:
                self.left = [] if self._site is None else self._site.close()
                if self._file:
                    self._file.close(even_empty=bool(self.summary) and not self.failures)
        self.summary = summary(self.pipeline, seconds)
        for camera_id, camera in self.summary["cameras"].items():  # after the end every camera is merely "stopped"
            camera.update({key: states["cameras"][camera_id][key] for key in ("state", "detail")})
        self.summary.update(clock.figures())
        return self

    def print(self, *, as_json: bool) -> None:
        """The summary; `raise_failures` is to follow."""
        if as_json:
            print_json(self.summary)
        else:
            sys.stdout.write(StatusTable.in_words(self.summary) + "\n")
        sys.stdout.flush()

    def raise_failures(self) -> None:
        """Say what was left behind, and fail where a camera failed.

        Raises:
            Reported: a source could not be read, or the results could not be written.
        """
        reading = [name.removeprefix(_CAPTURE) for name in self.left if name.startswith(_CAPTURE)]
        others = [name for name in self.left if not name.startswith(_CAPTURE)]
        if reading:
            say(f"{_count(len(reading), 'camera was', 'cameras were')} still in a read: {', '.join(reading)}")
        if others:
            say(f"{_count(len(others), 'thread was', 'threads were')} still running: {', '.join(others)}")
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
            try:
                if self._out:
                    self._file = ResultsFile(self._out)
                    site.subscribe(self._file.put)
                self._apply(site)
            except Stopped as stopped:
                if not stopped.stuck:  # a site that is still being built can't be closed
                    site.close()
                raise
            except BaseException:
                site.close()
                raise
        return site

    def _apply(self, site: Site) -> None:
        """Start the site on a thread of its own, so that Ctrl+C is heard while a model is compiled.

        Raises:
            Stopped: by Ctrl+C.
            SightdeskError: it can't start.
        """
        failed: list[BaseException] = []

        def apply() -> None:
            try:
                site.apply(self._plan.settings)
            except BaseException as error:  # handed to whoever waits
                failed.append(error)

        worker = threading.Thread(target=apply, name="start", daemon=True)
        worker.start()
        while worker.is_alive() and not self._stop.is_set():
            worker.join(_TICK_S)
        worker.join(_LOAD_ENDS_S if self._stop.is_set() else None)
        if worker.is_alive():
            raise Stopped(_BEFORE, stuck=True)
        if self._stop.is_set():
            raise Stopped(_BEFORE)
        if failed:
            raise failed[0]

    def _watch(self, clock: _Clock, pulse: Pulse) -> None:
        with StatusTable(self.pipeline) as table:
            while not self._stop.wait(_TICK_S):
                pulse.beat()
                table.tick()
                if self.pipeline.idle() or (self._seconds is not None and clock.seconds >= self._seconds):
                    return


def _inputs(plan: Plan) -> Iterator[Path]:
    """Files and folders the run reads; what can't be read is said when it is."""
    named = [plan.settings.inference.model]
    for camera in plan.settings.cameras:
        named += [camera.source, *(stage.model for stage in camera.stages)]
    for name in named:
        with suppress(SightdeskError):
            if path := stored_at(name):
                yield path


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


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


def _peak_rss() -> int:
    """Bytes of memory at most, or now where the system doesn't say."""
    memory = psutil.Process().memory_info()
    if sys.platform == "win32":
        return int(memory.peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(peak if sys.platform == "darwin" else peak * 1024, memory.rss)
