"""Counts by class: how many objects a camera sees now, and how many different ones it saw in the last ten minutes."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from threading import Lock

from models.results import Result
from models.tracks import FADE_TO_S

RECENT_S = 600.0
_BIN_S = 10.0
CONFIRMED_RESULTS, CONFIRMED_S = 3, 0.5
"""An object counts once so many results, or so many seconds, have confirmed it: a flicker is no object."""


@dataclass(frozen=True, slots=True)
class ClassCount:
    """One class of a camera.

    Attributes:
        label: the class.
        now: objects in sight.
        recent: different objects in the last `RECENT_S`; without tracks: the most in one frame.
    """

    label: str
    now: int
    recent: int


@dataclass(slots=True)
class _Track:
    first_ns: int
    class_id: int
    hits: int = 0
    counted: bool = False


@dataclass(slots=True)
class _Camera:
    labels: tuple[str, ...] = ()
    seq: int = -1
    time_ns: int = 0
    followed: bool = True
    alive: dict[int, _Track] = field(default_factory=dict)
    now: Counter[int] = field(default_factory=Counter)
    bins: deque[tuple[int, Counter[int]]] = field(default_factory=deque)


class Tally:
    """Takes results on the finisher's thread, in some 20 us each; answers any thread. 61 small bins a camera."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cameras: dict[str, _Camera] = {}

    def take(self, result: Result) -> None:
        """Count a result: a `Sink`."""
        with self._lock:
            camera = self._cameras.setdefault(result.camera_id, _Camera())
            if result.seq <= camera.seq or result.labels != camera.labels:  # restarted: its tracks count from 1 again
                camera.alive.clear()
                if result.labels != camera.labels:
                    camera.bins.clear()
            camera.labels, camera.seq, camera.time_ns = result.labels, result.seq, result.captured_ns
            camera.followed = result.tracks.size is not None
            number = int(result.captured_ns / 1e9 / _BIN_S)
            if not camera.bins or camera.bins[-1][0] != number:
                camera.bins.append((number, Counter()))
                _forget(camera, number)
            (_follow if camera.followed else _most)(camera, result, camera.bins[-1][1])

    def forget(self, camera_id: str) -> None:
        """A camera was removed."""
        with self._lock:
            self._cameras.pop(camera_id, None)

    def counts(self, camera_id: str, now_ns: int) -> tuple[list[ClassCount], bool]:
        """A camera's classes, the most frequent first, and whether its objects are followed."""
        with self._lock:
            camera = self._cameras.get(camera_id)
            if camera is None:
                return [], True
            _forget(camera, int(now_ns / 1e9 / _BIN_S))
            recent: Counter[int] = Counter()
            for _, counted in camera.bins:
                recent = recent + counted if camera.followed else recent | counted
            now = camera.now if now_ns - camera.time_ns < 2 * FADE_TO_S * 1e9 else Counter()
            labels = camera.labels
        found = [
            ClassCount(labels[c] if c < len(labels) else str(c), now.get(c, 0), recent.get(c, 0)) for c in now | recent
        ]
        return sorted(found, key=lambda row: (-row.recent, -row.now, row.label)), camera.followed


def _forget(camera: _Camera, number: int) -> None:
    while camera.bins and camera.bins[0][0] <= number - RECENT_S / _BIN_S:
        camera.bins.popleft()


def _follow(camera: _Camera, result: Result, counted: Counter[int]) -> None:
    tracks, alive = result.tracks, {}
    camera.now = Counter()
    for number, class_id, seen_ns in zip(
        tracks.track_id.tolist(), tracks.class_id.tolist(), tracks.seen_ns.tolist(), strict=True
    ):
        track = camera.alive.get(number) or _Track(seen_ns, class_id)
        alive[number] = track
        track.hits += seen_ns == tracks.time_ns
        confirmed = track.hits >= CONFIRMED_RESULTS or seen_ns - track.first_ns >= CONFIRMED_S * 1e9
        if confirmed and not track.counted:
            track.counted = True
            counted[class_id] += 1
        if track.counted and tracks.time_ns - seen_ns < FADE_TO_S * 1e9:
            camera.now[class_id] += 1
    camera.alive = alive


def _most(camera: _Camera, result: Result, counted: Counter[int]) -> None:
    camera.now = Counter(result.detections.class_id.tolist())
    counted |= camera.now
