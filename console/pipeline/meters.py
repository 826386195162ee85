"""Counts and latencies. Every figure the product shows comes from here, and none is computed twice."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from models.results import Result
from models.traces import Stage

DropCause = Literal["busy", "fps cap", "error", "no model", "stopped"]
"""Why a frame was not inferred: a fresher one came first; the camera's cap; the model failed; it was not there yet; it
was stopped."""

Span = Stage | Literal["end to end"]
"""What a duration is of: a stage, or the whole way from capture to publication."""

_GROWTH = math.log(1.02)
_SMALLEST_S = 1e-6
_UNREAD = 4096
"""A window that nobody reads for long keeps the durations of so many results, the newest."""


class Histogram:
    """Durations in buckets 2 % apart, so that any quantile is right within 2 % in constant memory. Not thread-safe."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        """Record one duration."""
        self._buckets[max(math.ceil(math.log(max(seconds, _SMALLEST_S) / _SMALLEST_S) / _GROWTH), 0)] += 1
        self.count += 1
        self.total_s += seconds

    def quantile(self, q: float) -> float | None:
        """Seconds that a share `q` of the durations did not exceed; None without any."""
        if not self.count:
            return None
        wanted, seen = q * self.count, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return _SMALLEST_S * math.exp((bucket - 0.5) * _GROWTH) if bucket else _SMALLEST_S
        raise AssertionError("the buckets hold fewer than were counted")

    def merge(self, other: Histogram) -> None:
        """Add another's durations to these."""
        self._buckets.update(other._buckets)
        self.count += other.count
        self.total_s += other.total_s

    def summary(self) -> dict[str, float | None]:
        """p50, p95 and p99 in seconds."""
        return {name: _rounded(self.quantile(q)) for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


@dataclass(frozen=True, slots=True)
class Passed:
    """A camera's counts so far, and the durations of the results since the same window was read before.

    Attributes:
        frames, inferred, dropped: counts since the camera was started.
        first_ns, last_ns: monotonic capture times of its first and newest frame; None before any.
        published_ns: monotonic time of its newest result; None before any.
        spans: one entry a result, seconds by stage and end to end.
    """

    frames: int
    inferred: int
    dropped: Mapping[DropCause, int]
    first_ns: int | None
    last_ns: int | None
    published_ns: int | None
    spans: tuple[Mapping[Span, float], ...]


class Window:
    """One reader's view of a camera's figures; made by `CameraMeter.watch`. `read` is for one thread, its owner's."""

    def __init__(self, meter: CameraMeter) -> None:
        self._meter = meter
        self._spans: deque[Mapping[Span, float]] = deque(maxlen=_UNREAD)

    def add(self, spans: Mapping[Span, float]) -> None:
        """Keep a result's durations until the next `read`; for the meter, under its lock."""
        self._spans.append(spans)

    def read(self) -> Passed:
        """What has passed by now."""
        return self._meter.read(self._spans)


class CameraMeter:
    """What happened to one camera's frames. Any thread may write or read.

    ``frames = inferred + dropped (all causes) + those still on the way``, at any moment.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.frames = 0
        self.inferred = 0
        self.dropped: Counter[DropCause] = Counter()
        self.errors: Counter[str] = Counter()
        self.detections = 0
        self.tracks = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self._published_ns: tuple[int, int] | None = None
        self._stages: dict[Span, Histogram] = {}
        self._windows: tuple[Window, ...] = ()

    def watch(self) -> Window:
        """A view of these figures for one more reader, from now on and for as long as this meter lives."""
        window = Window(self)
        with self._lock:
            self._windows = (*self._windows, window)
        return window

    def read(self, spans: deque[Mapping[Span, float]]) -> Passed:
        """The counts so far and what a window has kept, which is thereby taken out; for `Window.read`."""
        with self._lock:
            published = None if self._published_ns is None else self._published_ns[1]
            taken = tuple(spans)
            spans.clear()
            return Passed(self.frames, self.inferred, dict(self.dropped), self.first_ns, self.last_ns, published, taken)

    def came_in(self, captured_ns: int) -> None:
        """A frame was captured."""
        with self._lock:
            self.frames += 1
            self.first_ns = captured_ns if self.first_ns is None else self.first_ns
            self.last_ns = captured_ns

    def drop(self, cause: DropCause) -> None:
        """A captured frame will not be inferred."""
        with self._lock:
            self.dropped[cause] += 1

    def error(self, what: str) -> None:
        """Something failed; counted by its words."""
        with self._lock:
            self.errors[what] += 1

    def done(self, result: Result) -> None:
        """A frame was inferred and its result is being published."""
        spans: dict[Span, float] = {"end to end": result.latency_s}
        spans.update(result.trace.seconds().items())
        highest_track = int(result.tracks.track_id.max()) if len(result.tracks) else 0
        with self._lock:
            self.inferred += 1
            first, _ = self._published_ns or (result.published_ns, 0)
            self._published_ns = first, result.published_ns
            self.detections += len(result.detections)
            self.tracks = max(self.tracks, highest_track)
            for stage, spent in spans.items():
                self._stages.setdefault(stage, Histogram()).add(spent)
            for window in self._windows:
                window.add(spans)

    def on_the_way(self) -> int:
        """Captured frames of which nothing is known yet."""
        with self._lock:
            return self.frames - self.inferred - self.dropped.total()

    def summary(self) -> dict[str, object]:
        """The JSON form: see README, "What run prints"."""
        with self._lock:
            came_in_s = (self.last_ns - self.first_ns) / 1e9 if self.first_ns and self.last_ns else 0.0
            first, last = self._published_ns or (0, 0)
            return {
                "frames": self.frames,
                "inferred": self.inferred,
                "dropped": dict(self.dropped),
                "errors": dict(self.errors),
                "fps": {"in": _rate(self.frames, came_in_s), "inferred": _rate(self.inferred, (last - first) / 1e9)},
                "detections": self.detections,
                "tracks": self.tracks,
                "latency": {stage: histogram.summary() for stage, histogram in self._stages.items()},
            }

    def merge_latency(self, into: dict[str, Histogram]) -> None:
        """Add this camera's durations to totals by stage."""
        with self._lock:
            for stage, histogram in self._stages.items():
                into.setdefault(stage, Histogram()).merge(histogram)


def _rate(count: int, seconds: float) -> float:
    """Per second; the first frame opens the interval, so it does not count."""
    return round((count - 1) / seconds, 2) if seconds > 0 and count > 1 else 0.0


def total(meters: list[CameraMeter], seconds: float) -> dict[str, object]:
    """All cameras together; `seconds` is the time they ran side by side."""
    latency: dict[str, Histogram] = {}
    dropped: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for meter in meters:
        meter.merge_latency(latency)
        dropped.update(meter.dropped)
        errors.update(meter.errors)
    frames, inferred = sum(m.frames for m in meters), sum(m.inferred for m in meters)
    return {
        "frames": frames,
        "inferred": inferred,
        "dropped": dict(dropped),
        "errors": dict(errors),
        "fps": {
            "in": round(frames / seconds, 2) if seconds else 0.0,
            "inferred": round(inferred / seconds, 2) if seconds else 0.0,
        },
        "detections": sum(m.detections for m in meters),
        "tracks": sum(m.tracks for m in meters),
        "latency": {stage: histogram.summary() for stage, histogram in latency.items()},
    }
