"""Figures as they change: every camera's rates and latencies, and the machine's load, pulled twice a second.

Everything comes from the cameras' meters; a pull costs well under a millisecond a camera. Whoever shows or exports
figures keeps one `Series`, calls `pull` on a timer and reads from it on the same thread.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from console.health.usage import Usage, Used
from console.pipeline.meters import CameraMeter, DropCause, Passed, Span, Window
from console.pipeline.rings import Rings, Times, Values
from models.traces import Stage

LIMIT_S = 0.1
"""Boxes that come later than this after their picture was taken are called late: a walker has gone 15 cm by then."""
CURRENT_S = 10.0
"""What is called the current latency is over so many seconds: at a few results a second, less would be chance."""
_RATE_S = 4.0
_USAGE_NS = 900_000_000
_SILENT_S = 2.0
_FORGET_S = 3600.0

QUANTILES: tuple[tuple[str, float], ...] = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
STAGES: tuple[Span, ...] = ("end to end", *get_args(Stage))
CAUSES: tuple[DropCause, ...] = get_args(DropCause)

CHANNELS: tuple[str, ...] = ("in", "inferred", *CAUSES, *(f"{s} {q}" for s in STAGES for q, _ in QUANTILES))
"""A camera's channels: frames a second in, inferred and dropped by cause; seconds by stage and quantile."""
MACHINE: tuple[str, ...] = ("machine share", "own cores", "own bytes", "memory share")

_Recent = deque[tuple[int, Passed]]
_PLACES = {name: number for number, name in enumerate(CHANNELS)}
_PEAKS = np.array([name.endswith(("p95", "p99")) for name in CHANNELS])


@dataclass(frozen=True, slots=True)
class Latency:
    """Quantiles of a stage, seconds; None without any result. `n` is how many results they are of."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Current:
    """How a camera, or all together, does now.

    Attributes:
        fps_in: frames a second that come in.
        fps_inferred: frames a second that are inferred.
        dropped: frames a second that are not, by cause; causes that don't occur are left out.
        dropped_share: of the frames that came in lately, 0 to 1; None when none did.
    """

    fps_in: float = 0.0
    fps_inferred: float = 0.0
    dropped: Mapping[DropCause, float] = field(default_factory=dict)
    dropped_share: float | None = None


@dataclass(slots=True)
class _Camera:
    """What is kept of a camera; a restarted one goes on in the same rings with a fresh window.

    `rates`: frames in and inferred a second, as last measured between two of them.
    """

    meter: CameraMeter
    window: Window
    rings: Rings = field(default_factory=lambda: Rings(_PEAKS))
    recent: _Recent = field(default_factory=deque)
    rates: tuple[float, float] = 0.0, 0.0
    seen_ns: int = 0


class Series:
    """The figures of the last hour. Belongs to one thread.

    Args:
        usage: asks for the machine's load; a new one by default.
    """

    def __init__(self, usage: Usage | None = None) -> None:
        self._usage = usage or Usage()
        self._cameras: dict[str, _Camera] = {}
        self._machine = Rings(np.zeros(len(MACHINE), np.bool_))
        self._used: deque[Used] = deque(maxlen=3)
        self._ask_usage_ns = 0

    def pull(self, meters: Mapping[str, CameraMeter], now_ns: int | None = None) -> None:
        """Take in what has passed since the last pull; `meters` are those of the cameras that run."""
        now = time.monotonic_ns() if now_ns is None else now_ns
        for camera_id, meter in meters.items():
            known = self._cameras.get(camera_id)
            if known is None:
                known = self._cameras[camera_id] = _Camera(meter, meter.watch())
            elif known.meter is not meter:
                known.meter, known.window = meter, meter.watch()
                known.recent.clear()
            self._pull(known, now)
        for camera_id, known in list(self._cameras.items()):
            if known.seen_ns != now:  # not running: its time goes on without figures
                known.recent.clear()
                known.rings.add(now, np.full(len(CHANNELS), np.nan, np.float32))
                if now - known.seen_ns > _FORGET_S * 1e9:
                    del self._cameras[camera_id]
        if now >= self._ask_usage_ns:
            self._ask_usage_ns = now + _USAGE_NS
            self._used.append(self._usage.read())
        used = self._used[-1]
        row = [used.machine_share, used.own_cores, used.own_bytes, used.memory_share]
        self._machine.add(now, np.array(row, np.float32))

    def current(self, camera_id: str) -> Current:
        """How a camera does now; zeros when it is not running."""
        known = self._cameras.get(camera_id)
        if known is None or not known.recent:
            return Current()
        now, new = known.recent[-1]
        old_ns, old = next(entry for entry in known.recent if now - entry[0] <= _RATE_S * 1e9)
        seconds = max((now - old_ns) / 1e9, 1e-3)
        dropped = {c: (new.dropped.get(c, 0) - old.dropped.get(c, 0)) / seconds for c in CAUSES}
        return Current(
            _rate((old.frames, old.last_ns or old_ns), (new.frames, new.last_ns), now, known.rates[0]),
            _rate((old.inferred, old.published_ns or old_ns), (new.inferred, new.published_ns), now, known.rates[1]),
            {cause: rate for cause, rate in dropped.items() if rate > 0},
            _dropped_share([known.recent]),
        )

    def total(self) -> Current:
        """How all cameras do together."""
        each = [self.current(camera_id) for camera_id in self._cameras]
        dropped = {c: sum(camera.dropped.get(c, 0.0) for camera in each) for c in CAUSES}
        return Current(
            sum(camera.fps_in for camera in each),
            sum(camera.fps_inferred for camera in each),
            {cause: rate for cause, rate in dropped.items() if rate > 0},
            _dropped_share([known.recent for known in self._cameras.values()]),
        )

    def latency(self, camera_id: str | None = None, stage: Span = "end to end") -> Latency:
        """A stage's quantiles over the last `CURRENT_S`; of all cameras together when none is named."""
        of = [self._cameras[camera_id]] if camera_id in self._cameras else []
        of = list(self._cameras.values()) if camera_id is None else of
        spans = [spans[stage] for known in of for _, p in known.recent for spans in p.spans if stage in spans]
        if not spans:
            return Latency()
        p50, p95, p99 = _quantiles(spans)
        return Latency(p50, p95, p99, len(spans))

    def slowest(self) -> str | None:
        """The camera with the highest p99 now."""
        found = [(latency.p99, c) for c in self._cameras if (latency := self.latency(c)).p99 is not None]
        return max(found)[1] if found else None

    def used(self) -> Used | None:
        """The machine's load over the last seconds; None before the first pull."""
        if not self._used:
            return None
        last = self._used[-1]
        cpu = sum(used.machine_share for used in self._used) / len(self._used)
        return Used(
            cpu, sum(used.own_cores for used in self._used) / len(self._used), last.own_bytes, last.memory_share
        )

    def history(self, camera_id: str, channels: Iterable[str], minutes: int) -> tuple[Times, Values]:
        """Some `CHANNELS` of a camera over the last 1, 10 or 60 minutes.

        Returns:
            times: (N,) monotonic ns, oldest first.
            values: (N, channels) float32, frames a second or seconds; NaN where nothing is known. Coarser points are
                means; p95 and p99 are the highest, so that no peak is hidden.
        """
        places = [_PLACES[name] for name in channels]
        known = self._cameras.get(camera_id)
        if known is None:
            return np.empty(0, np.int64), np.empty((0, len(places)), np.float32)
        times, values = known.rings.view(minutes)
        return times, values[:, places]

    def machine(self, minutes: int) -> tuple[Times, Values]:
        """The channels of `MACHINE` over the last 1, 10 or 60 minutes; see `history`."""
        return self._machine.view(minutes)

    @staticmethod
    def _pull(known: _Camera, now: int) -> None:
        known.seen_ns = now
        new = known.window.read()
        row = np.full(len(CHANNELS), np.nan, np.float32)
        if known.recent:
            then, old = known.recent[-1]
            fps_in = _rate((old.frames, old.last_ns or then), (new.frames, new.last_ns), now, known.rates[0])
            published = old.published_ns or then
            inferred = _rate((old.inferred, published), (new.inferred, new.published_ns), now, known.rates[1])
            known.rates = (
                fps_in if new.frames > old.frames else known.rates[0],
                inferred if new.inferred > old.inferred else known.rates[1],
            )
            seconds = max((now - then) / 1e9, 1e-3)
            drops = [(new.dropped.get(c, 0) - old.dropped.get(c, 0)) / seconds for c in CAUSES]
            row[: 2 + len(CAUSES)] = [fps_in, inferred, *drops]
        for stage in {stage for spans in new.spans for stage in spans}:
            begin = _PLACES[f"{stage} p50"]
            row[begin : begin + 3] = _quantiles(spans[stage] for spans in new.spans if stage in spans)
        known.rings.add(now, row)
        known.recent.append((now, new))
        while now - known.recent[0][0] > CURRENT_S * 1e9:
            known.recent.popleft()


def _quantiles(seconds: Iterable[float]) -> list[float]:
    """p50, p95, p99: values that were measured, none in between. For a handful, ten times as fast as numpy's."""
    ordered = sorted(seconds)
    return [ordered[math.ceil(q * len(ordered)) - 1] for _, q in QUANTILES]


def _rate(old: tuple[int, int], new: tuple[int, int | None], now: int, before: float) -> float:
    """Events a second between two looks, each (count, time of the newest): the events' own times, so it does not dance.

    Without any since, it is at most what the silence allows, and nothing once that is longer than usual by far.
    """
    (old_count, old_ns), (count, at_ns) = old, new
    if at_ns is None:
        return 0.0
    if count > old_count:
        return (count - old_count) * 1e9 / max(at_ns - old_ns, 1_000_000)
    silent_s = max((now - at_ns) / 1e9, 1e-3)
    usual_s = 1 / before if before > 0 else 0.0
    return 0.0 if silent_s > max(_SILENT_S, 3 * usual_s) else min(before, 1 / silent_s)


def _dropped_share(recents: Iterable[_Recent]) -> float | None:
    came, lost = 0, 0
    for recent in recents:
        if recent:
            old, new = recent[0][1], recent[-1][1]
            came += new.frames - old.frames
            lost += sum(new.dropped.values()) - sum(old.dropped.values())
    return min(max(lost / came, 0.0), 1.0) if came > 0 else None
