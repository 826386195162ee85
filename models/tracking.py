"""The tracker: gives the boxes of successive frames their identities, and says how each object moves.

One per camera, owned by one thread, fed in the order of the frames. It knows no clock: time is what its caller says.
Motion is `models.motion`, pairing `models.track_matching`; here stands who is followed, for how long, under which
number.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from models import motion
from models.boxes import area, clip
from models.detections import NO_TRACK, Detections
from models.track_matching import Index, likeness, match
from models.tracks import Tracks

KEEP_S = 2.0
"""A track that nobody sees is moved on, to be found again, for so long."""
GAP_S = 5.0
"""After a longer pause between two frames nothing is where it was: all tracks are given up."""
STANDSTILL_NS = 1_000_000
"""Every update ages unseen tracks by this at least, so that they go even where time stands still."""
VISIBLE = 0.2
"""An unseen track is given up when less than this share of it is in the picture."""
THINNEST, FARTHEST = 1.0, 1e6
"""Boxes thinner or farther out than this, in pixels, are not followed."""
DOUBT = 1.5
"""A track changes its class when detections of another have outscored those of its own by this much."""


@dataclass(slots=True, eq=False)
class _Table:
    """N tracks, a column for each thing known of them; arrays published in `Tracks` are replaced, never written."""

    track_id: NDArray[np.int64]
    class_id: NDArray[np.int32]
    score: NDArray[np.float32]
    doubt: NDArray[np.float32]
    seen: NDArray[np.int64]  # on the tracker's own clock
    proven: NDArray[np.bool_]  # seen more than once

    def keep(self, mask: NDArray[np.bool_]) -> None:
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name)[mask])

    def add(self, other: _Table) -> None:
        for column in fields(self):
            both = (getattr(self, column.name), getattr(other, column.name))
            setattr(self, column.name, np.concatenate(both))


class Tracker:
    """Follows the objects of one camera. Not for several threads.

    Args:
        start_score: boxes that score less only carry a track on, and start none (feed the tracker such boxes, and
            objects survive frames in which the model doubts them).
        keep_s: how long an unseen object is waited for, seconds. One seen only once is not waited for at all.
    """

    def __init__(self, *, start_score: float = 0.0, keep_s: float = KEEP_S) -> None:
        self._start_score = start_score
        self._keep_s = keep_s
        self._next_id = 1
        self._time_ns: int | None = None
        self._clock = 0  # nanoseconds; unlike the caller's time it never goes back and never stands still
        self._size: tuple[int, int] = (0, 0)
        self._filters = motion.found(np.empty((4, 0)))
        self._table = self._rows(Detections.empty())

    def update(self, detections: Detections, time_ns: int, frame_size: tuple[int, int]) -> tuple[Detections, Tracks]:
        """Take in one frame's boxes.

        Args:
            detections: boxes of the frame, any number. Those that are not finite, thinner than a pixel or absurdly far
                out are passed through untracked.
            time_ns: capture time of the frame, monotonic nanoseconds. Time that stands still or goes back is no error:
                nothing moves then. After a pause of more than `GAP_S`, or another `frame_size`, all tracks begin anew.
            frame_size: (width, height) of the picture the boxes belong to.

        Returns:
            The same boxes in the same order with their `track_id` (`NO_TRACK`: not followed), and all tracks as of this
            frame, those included that wait unseen. Numbers count from 1 and never come again.
        """
        self._advance(time_ns, frame_size)
        usable = _usable(detections.xyxy)
        if usable is None:
            return detections.with_tracks(self._follow(detections)), self._publish(time_ns)
        track_id = np.full(len(detections), NO_TRACK, np.int64)
        track_id[usable] = self._follow(detections.select(usable))
        return detections.with_tracks(track_id), self._publish(time_ns)

    def _advance(self, time_ns: int, frame_size: tuple[int, int]) -> None:
        """Bring all tracks to `time_ns`, or give them up where nothing connects the two frames."""
        before, self._time_ns = self._time_ns, time_ns
        passed = 0 if before is None else max(time_ns - before, 0)
        self._clock += max(passed, STANDSTILL_NS)
        if frame_size != self._size or passed > GAP_S * 1e9:
            self._size = frame_size
            self._keep(np.zeros(len(self._table.track_id), np.bool_))
        if passed and len(self._table.track_id):
            motion.advance(self._filters, passed / 1e9)

    def _follow(self, found: Detections) -> NDArray[np.int64]:
        """Match, correct, drop and start; the track's number for each box. All boxes must be usable."""
        track_id = np.full(len(found), NO_TRACK, np.int64)
        boxes, strong = found.xyxy.astype(np.float64), found.score >= self._start_score
        measured = motion.centred(boxes)
        held, taken = self._match(measured, strong, found.class_id)
        measured = self._complete(measured, boxes, found.class_id, held, taken)
        track_id[taken] = self._table.track_id[held]
        self._take_in(held, measured[:, taken], found.score[taken], found.class_id[taken])
        if len(held) < len(self._table.track_id):
            self._drop()
        if len(taken) < len(found):
            fresh = np.nonzero((track_id == NO_TRACK) & strong)[0]
            track_id[fresh] = self._start(measured[:, fresh], found.select(fresh))
        return track_id

    def _match(
        self, measured: motion.Places, strong: NDArray[np.bool_], class_id: NDArray[np.int32]
    ) -> tuple[Index, Index]:
        """Columns of the filters and the boxes that belong to them."""
        table = self._table
        if not measured.size or not len(table.track_id):
            return np.empty(0, np.intp), np.empty(0, np.intp)
        like = likeness(self._filters[0], (self._clock - table.seen) / 1e9, measured)
        return match(like, table.class_id[:, None] == class_id, strong)

    def _complete(
        self,
        measured: motion.Places,
        boxes: NDArray[np.float64],
        class_id: NDArray[np.int32],
        held: Index,
        taken: Index,
    ) -> motion.Places:
        """Centres and sizes (4, N) of whole objects, where the picture's edge cuts some.

        An object's sides are then those it had, if it is followed; else those that others of its class suggest.
        """
        at_edge = motion.cut(boxes, self._size)
        if not at_edge.any():
            return measured
        sides = measured[2:].T.copy()
        strangers = np.logical_or.reduce(at_edge, axis=1)
        strangers[taken] = False
        for row in np.nonzero(strangers)[0]:
            sides[row] = self._usual_sides(sides[row], at_edge[row], int(class_id[row]))
        sides[taken] = self._filters[0, 2:, held]
        return motion.centred(motion.whole(boxes, at_edge, sides))

    def _usual_sides(self, seen: NDArray[np.float64], at_edge: NDArray[np.bool_], class_id: int) -> NDArray[np.float64]:
        """Width and height of an object cut by the picture, by the median shape of its class's tracks."""
        across, down = bool(at_edge[0] or at_edge[2]), bool(at_edge[1] or at_edge[3])
        like = (self._table.class_id == class_id) & self._table.proven
        if across == down or not like.any():
            return seen
        width, height = self._filters[0, 2:, like].T
        shape = float(np.median(width / height))
        return np.array([seen[1] * shape, seen[1]] if across else [seen[0], seen[0] / shape])

    def _take_in(
        self, held: Index, measured: motion.Places, score: NDArray[np.float32], class_id: NDArray[np.int32]
    ) -> None:
        """Correct the tracks `held` by their boxes."""
        if not len(held):
            return
        table = self._table
        seen = np.zeros(len(table.track_id), np.bool_)
        seen[held] = True
        places = self._filters[0].copy()
        places[:, held] = measured
        motion.correct(self._filters, places, seen)
        table.seen[held] = self._clock
        table.proven[held] = True
        table.score = table.score.copy()
        table.score[held] = score
        differs = table.class_id[held] != class_id
        if differs.any() or table.doubt.any():
            self._vote(held, differs, score, class_id)

    def _vote(
        self, held: Index, differs: NDArray[np.bool_], score: NDArray[np.float32], class_id: NDArray[np.int32]
    ) -> None:
        """Let a track's class change when others have outscored it for long enough."""
        table = self._table
        doubt = np.maximum(table.doubt[held] + np.where(differs, score, -score), 0)
        changes = differs & (doubt >= DOUBT)
        table.class_id = table.class_id.copy()
        table.class_id[held] = np.where(changes, class_id, table.class_id[held])
        table.doubt[held] = np.where(changes, 0, doubt)

    def _drop(self) -> None:
        """Give up what was unseen too long, was seen only once, or has left the picture."""
        table = self._table
        unseen = self._clock - table.seen
        missed = np.nonzero(unseen)[0]
        boxes = motion.cornered(self._filters[0][:, missed]).T
        waits = area(clip(boxes, *self._size)) >= VISIBLE * area(boxes)
        waits &= table.proven[missed] & (unseen[missed] <= self._keep_s * 1e9)
        if not waits.all():
            keep = np.ones(len(unseen), np.bool_)
            keep[missed[~waits]] = False
            self._keep(keep)

    def _keep(self, mask: NDArray[np.bool_]) -> None:
        self._table.keep(mask)
        self._filters = self._filters[:, :, mask]

    def _start(self, measured: motion.Places, found: Detections) -> NDArray[np.int64]:
        """Begin a track for each box; their numbers."""
        rows = self._rows(found)
        self._next_id += len(found)
        self._table.add(rows)
        self._filters = np.concatenate([self._filters, motion.found(measured)], axis=2)
        return rows.track_id

    def _rows(self, found: Detections) -> _Table:
        n = len(found)
        return _Table(
            np.arange(self._next_id, self._next_id + n),
            found.class_id,
            found.score,
            np.zeros(n, np.float32),
            np.full(n, self._clock, np.int64),
            np.zeros(n, np.bool_),
        )

    def _publish(self, time_ns: int) -> Tracks:
        table = self._table
        boxes, velocity = motion.cornered(self._filters[:2]).transpose(0, 2, 1).astype(np.float32, order="C")
        seen_ns = table.seen + (time_ns - self._clock)
        return Tracks(time_ns, boxes, velocity, table.score, table.class_id, table.track_id, seen_ns, self._size)


def _usable(xyxy: NDArray[np.float32]) -> Index | None:
    """Indices of the boxes that can be followed; None: all of them."""
    near = np.abs(xyxy) <= FARTHEST  # not so for NaN
    if not near.all():
        xyxy = np.where(near, xyxy, 0)
    thick = xyxy[:, 2:] - xyxy[:, :2] >= THINNEST
    if thick.all() and near.all():
        return None
    return np.nonzero(near.all(axis=1) & thick.all(axis=1))[0]
