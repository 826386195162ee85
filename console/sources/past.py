"""A stretch of a camera's past that stands still: its pictures, decoded only when wanted, and what was found."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.sources.av_picture import AvPicture
from console.sources.encoded import Encoded, decode_again
from console.sources.scaler import ScalerPool
from console.sources.small_picture import SmallPicture
from models.detections import Detections
from models.frames import Picture
from models.results import Gap, Result
from models.track_history import between
from models.tracks import FADE_FROM_S, Tracks

_STAYS_NS = 500_000_000
_TOGETHER_NS = 2_000_000_000
"""Results further apart than this say nothing about the time between them."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A captured picture as it is remembered."""

    captured_ns: int
    taken_at: datetime
    source: Encoded | SmallPicture


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was found in one frame.

    Attributes:
        captured_ns: of the frame, monotonic nanoseconds.
        detections, tracks, labels, gaps: the result's.
        tracked: objects were followed, so tracks are what is drawn; else the detections are.
    """

    captured_ns: int
    detections: Detections
    tracks: Tracks
    labels: tuple[str, ...]
    gaps: tuple[Gap, ...]
    tracked: bool

    @classmethod
    def of(cls, result: Result, *, tracked: bool) -> Seen:
        """What to remember of a result."""
        return cls(result.captured_ns, result.detections, result.tracks, result.labels, result.gaps, tracked)


@dataclass(frozen=True, slots=True, eq=False)
class PastPicture:
    """A picture of the past, decoded again.

    Attributes:
        number: its place in `Past.times`.
        captured_ns, taken_at: as when it was captured.
        picture: the picture.
    """

    number: int
    captured_ns: int
    taken_at: datetime
    picture: Picture


class Past:
    """Made by `Recent.held`; may be used by several threads, each with an iterator of its own.

    Args:
        kept: every picture, with those that only lead up to the first that is seen.
        first: which of them is the first to be seen.
        seen: results, oldest first.
        short_of_memory: it would reach further back if more memory were allowed.
    """

    def __init__(
        self, kept: Sequence[Kept], first: int, seen: Sequence[Seen], *, short_of_memory: bool = False
    ) -> None:
        self._kept = kept
        self._first = first
        self._seen = seen
        self._seen_ns = [one.captured_ns for one in seen]
        self._scalers = ScalerPool()
        self.short_of_memory = short_of_memory
        self.times = [one.captured_ns for one in kept[first:]]

    def __len__(self) -> int:
        return len(self.times)

    @property
    def span(self) -> tuple[int, int]:
        """(oldest, newest) capture time, monotonic nanoseconds; (0, 0) where there is nothing."""
        return (self.times[0], self.times[-1]) if self.times else (0, 0)

    def number_at(self, time_ns: int) -> int:
        """Which picture was on screen at a time: the last captured by then, else the first."""
        return max(bisect_right(self.times, time_ns) - 1, 0)

    def taken_at(self, number: int) -> datetime:
        """UTC at which a picture was taken."""
        return self._kept[self._first + number].taken_at

    def way(self, number: int) -> int:
        """How many pictures have to be decoded before one can be: those from the key frame on."""
        place = self._first + number
        return place - self._starts(place)[0]

    def pictures(self, from_ns: int, stop: threading.Event | None = None) -> Generator[PastPicture]:
        """Decode from the picture that was on screen at `from_ns` on; ends with the last, or once `stop` is set.

        Decoding begins at a key frame before, so the first picture takes a while (150 ms where key frames are 25 s
        apart at 768x576). Pictures that can't be decoded any more are left out.
        """
        if not self.times:
            return
        wanted = self._first + self.number_at(from_ns)
        starts = self._starts(wanted)
        for attempt, start in enumerate(starts):
            first = True
            for place, picture in self._decoded(start, wanted, stop):
                if first and place > wanted and attempt + 1 < len(starts):
                    break  # it refers to a key frame before that one: B-frames in an open group
                first = False
                kept = self._kept[place]
                yield PastPicture(place - self._first, kept.captured_ns, kept.taken_at, picture)
            else:
                if not first or (stop is not None and stop.is_set()):
                    return

    def tracks_at(self, time_ns: int) -> Tracks | None:
        """The tracks published last for a picture at or before a time; None where nothing was."""
        at = bisect_right(self._seen_ns, time_ns) - 1
        return self._seen[at].tracks if at >= 0 else None

    def seen_in(self, captured_ns: int) -> Seen | None:
        """What was found in the very picture captured then; None where no model looked at that one."""
        at = bisect_right(self._seen_ns, captured_ns) - 1
        return self._seen[at] if at >= 0 and self._seen_ns[at] == captured_ns else None

    def looked_at(self, captured_ns: int) -> Seen | None:
        """The result nearest to a time whose picture can be seen again; None where there is none."""
        there = set(self.times)
        candidates = [one for one in self._seen if one.captured_ns in there]
        return min(candidates, key=lambda one: abs(one.captured_ns - captured_ns), default=None)

    def boxes_at(self, time_ns: int) -> tuple[Detections, NDArray[np.float32], tuple[str, ...]]:
        """(boxes, opacities (N,), labels) to draw on the picture captured at `time_ns`."""
        at = bisect_right(self._seen_ns, time_ns) - 1
        if at < 0:
            return Detections.empty(), np.empty(0, np.float32), ()
        before = self._seen[at]
        if not before.tracked:
            if time_ns - before.captured_ns > FADE_FROM_S * 1e9:
                return Detections.empty(), np.empty(0, np.float32), before.labels
            return before.detections, np.ones(len(before.detections), np.float32), before.labels
        after = self._seen[at + 1] if at + 1 < len(self._seen) else None
        near = after is not None and after.captured_ns - before.captured_ns <= _TOGETHER_NS
        same = after is not None and after.labels == before.labels
        return (*between(before.tracks, after.tracks if after and near and same else None, time_ns), before.labels)

    def objects(self) -> list[tuple[int, int]]:
        """(time in monotonic nanoseconds, number of objects followed) of every result."""
        return [(one.captured_ns, len(one.tracks) if one.tracked else len(one.detections)) for one in self._seen]

    def arrivals(self) -> list[int]:
        """When something new was followed for the first time, and then for half a second or more; monotonic ns.

        What was there from the beginning has not come in this past.
        """
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for one in self._seen:
            for number in one.tracks.track_id.tolist():
                first.setdefault(number, one.captured_ns)
                last[number] = one.captured_ns
        begin_ns = self._seen_ns[0] if self._seen_ns else 0
        return sorted(at for number, at in first.items() if at > begin_ns and last[number] - at >= _STAYS_NS)

    def _starts(self, wanted: int) -> list[int]:
        """Where decoding may begin to get at a picture: the key frame before it, and the one before that."""
        source = self._kept[wanted].source
        if isinstance(source, SmallPicture):
            return [wanted]
        starts: list[int] = []
        for place in range(wanted, -1, -1):
            one = self._kept[place].source
            if isinstance(one, SmallPicture) or one.coding is not source.coding:
                break
            if one.starts:
                starts.append(place)
            if len(starts) == 2:
                break
        return starts or [wanted]

    def _decoded(self, start: int, wanted: int, stop: threading.Event | None) -> Iterator[tuple[int, Picture]]:
        """Every picture from `wanted` on with its place, decoding from `start` on, one connection after another."""
        place = start
        while place < len(self._kept):
            source = self._kept[place].source
            if isinstance(source, SmallPicture):
                yield place, source
                place += 1
                continue
            run = self._run(place, source)
            for number, frame in decode_again(run):
                if stop is not None and stop.is_set():
                    return
                if place + number >= wanted:
                    yield place + number, AvPicture(frame, run[number].orientation, self._scalers)
            place += len(run)

    def _run(self, place: int, source: Encoded) -> list[Encoded]:
        """The pictures from `place` on that came over the same connection."""
        run: list[Encoded] = []
        for kept in self._kept[place:]:
            if isinstance(kept.source, SmallPicture) or kept.source.coding is not source.coding:
                break
            run.append(kept.source)
        return run
