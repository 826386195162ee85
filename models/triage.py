"""Triage: which tracks of a camera are worth a person's look, and in which of their frames.

Four reasons: a score in doubt, a track that comes and goes, a track that changed its class, and chance. Only confirmed
tracks count, as with events: the flash of one frame is nobody's business. A track is asked about once for the first
three reasons together, and may be drawn by chance besides; never twice in one frame.

Chance decides by a hash of the seed, the camera's start and the track's number, before anything else is looked at, and
takes the frame in which the track was confirmed. So what it draws does not depend on scores, on the other reasons, on
how long a track lives from then on, or on budgets. What that frame shows is the object as it looked early: figures
made of these items speak of confirmed tracks at their confirmation. They say nothing of flashes that were never
confirmed, of what a track's class became later, and nothing of what no model saw.

No clock, no thread: time is what the results say.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.detections import NO_TRACK
from models.results import Result

CONFIRMED_BY = 3
"""Frames in which a track must have been seen before it counts ..."""
CONFIRMED_S = 0.5
"""... or seconds between two frames in which it was, where inference is slow."""
SCORES = 15
"""A track is in doubt when the median of its last so many scores is."""
NEAR = 0.5
"""A frame whose score lies in this middle share of the doubt band is taken at once ..."""
PATIENCE_S = 1.0
"""... and after so long any one in the band."""
AWAY_S = 0.2
"""A track that was missed for a shorter time was never gone: at 30 frames a second one frame proves nothing."""
WITHIN_S = 10.0
"""Comings and goings are counted over so long."""

FindReason = Literal["doubt", "flicker", "change", "random"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a camera's triage goes by.

    Attributes:
        band: the doubt band of a label: scores from the first number on and below the second.
        flicker: a track that came back so often within `WITHIN_S` flickers.
        share: of confirmed tracks, drawn by chance; 0..1.
    """

    band: Callable[[str], tuple[float, float]]
    flicker: int
    share: float


@dataclass(frozen=True, slots=True)
class Find:
    """A track that is worth a look, in this very frame.

    Attributes:
        index: of its detection in the result.
        track: its number.
        label: the track's class, as the model names it; its detection in this frame may be of another.
        reason: why.
        why: the figures the reason goes by.
        probability: with which it was drawn, for random; else None.
    """

    index: int
    track: int
    label: str
    reason: FindReason
    why: Mapping[str, float | int | str]
    probability: float | None = None


@dataclass(slots=True)
class _Followed:
    """What is known of one track."""

    first_ns: int
    class_id: int
    seen_ns: int = 0
    look: int = 0
    frames: int = 0
    confirmed: bool = False
    asked: bool = False
    ripe_ns: int = -1
    scores: deque[float] = field(default_factory=lambda: deque(maxlen=SCORES))
    returns: list[int] = field(default_factory=list)


class Triage:
    """The tracks of one camera that are known. For one thread.

    Args:
        seed: what chance goes by; the same one draws the same tracks. Of each run and camera its own.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._known: dict[int, _Followed] = {}
        self._highest = 0
        self._seq = -1
        self._start = 0
        self._looks = 0

    def look(self, result: Result, rules: Rules) -> list[Find]:
        """Take in a result of the camera, in order; what in it is worth a look.

        A camera that was started anew counts its tracks from 1 again, which is noticed.
        """
        tracks, found = result.tracks, result.detections
        alive = dict(zip(tracks.track_id.tolist(), tracks.class_id.tolist(), strict=True))
        self._begin_anew_where_numbers_do(result.seq, alive)
        if len(found) or not result.gaps:  # a stage that gave no answer has missed nothing
            self._looks += 1
        finds: list[Find] = []
        for index, (track, score, class_id) in enumerate(
            zip(found.track_id.tolist(), found.score.tolist(), found.class_id.tolist(), strict=True)
        ):
            if track == NO_TRACK or track not in alive:
                continue
            followed = self._known.get(track)
            if followed is None:
                followed = self._known[track] = _Followed(result.captured_ns, alive[track])
            find = self._judge(followed, result, index, (track, score, class_id, alive[track]), rules)
            if find is not None:
                finds.append(find)
        return finds

    def _begin_anew_where_numbers_do(self, seq: int, alive: Mapping[int, int]) -> None:
        known, highest = self._known, self._highest
        if seq <= self._seq or any(track <= highest and track not in known for track in alive):
            self._known, self._highest = {}, 0
            self._start += 1
        elif len(known) > len(alive) or known.keys() - alive.keys():
            self._known = {track: followed for track, followed in known.items() if track in alive}
        self._seq = seq
        self._highest = max(self._highest, *alive) if alive else self._highest

    def _judge(
        self, followed: _Followed, result: Result, index: int, seen: tuple[int, float, int, int], rules: Rules
    ) -> Find | None:
        """Take in one detection of a track; what there is to say of it now."""
        track, score, class_id, track_class = seen
        now, before = result.captured_ns, followed.class_id
        came_back = self._takes_in(followed, now, score)
        followed.class_id = track_class
        newly = False
        if not followed.confirmed:
            waited = followed.frames >= CONFIRMED_BY or now - followed.first_ns >= CONFIRMED_S * 1e9
            newly = followed.confirmed = waited and followed.frames > 1
            before = track_class
        if not followed.confirmed:
            return None
        label = _label(result, track_class)
        reason: FindReason | None = None
        why: Mapping[str, float | int | str] = {}
        if not followed.asked:
            if before != track_class:
                reason, why = "change", {"from": _label(result, before)}
            elif came_back and len(followed.returns) >= rules.flicker:
                reason = "flicker"
                why = {"times": len(followed.returns), "seconds": round((now - followed.returns[0]) / 1e9, 2)}
            elif class_id == track_class and (doubt := _doubt(followed, now, score, rules.band(label))):
                reason, why = "doubt", doubt
            followed.asked = reason is not None
        if newly and rules.share > 0 and chance(self._seed, self._start, track) < rules.share:
            return Find(index, track, label, "random", {"frames": followed.frames}, rules.share)
        return Find(index, track, label, reason, why) if reason is not None else None

    def _takes_in(self, followed: _Followed, now: int, score: float) -> bool:
        """Count a sighting; whether the track was gone before it."""
        away = followed.frames > 0 and self._looks - followed.look > 1 and now - followed.seen_ns >= AWAY_S * 1e9
        if away:
            since = now - WITHIN_S * 1e9
            followed.returns = [at for at in followed.returns if at >= since]
            followed.returns.append(now)
        followed.seen_ns, followed.look = now, self._looks
        followed.frames += 1
        followed.scores.append(score)
        return away


def chance(seed: str, start: int, track: int) -> float:
    """A number in [0, 1) that is the same whenever it is asked for, and unrelated to that of any other track."""
    digest = hashlib.blake2b(f"{seed}/{start}/{track}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2.0**53


def _doubt(followed: _Followed, now: int, score: float, band: tuple[float, float]) -> dict[str, float | int | str]:
    """Figures of a doubt that is to be put in this frame; empty where there is none, or a better frame may come.

    The best frame is one that is as doubtful as can be: nearest to the middle of the band. Later frames are not known
    and earlier ones are gone, so the first one near the middle is taken, and after a while any one in the band.
    """
    low, high = band
    ordered = sorted(followed.scores)
    median = ordered[len(ordered) // 2]
    if not low <= median < high:
        followed.ripe_ns = -1
        return {}
    if followed.ripe_ns < 0:
        followed.ripe_ns = now
    if not low <= score < high:
        return {}
    near = abs(score - (low + high) / 2) <= NEAR * (high - low) / 2
    if not near and now - followed.ripe_ns < PATIENCE_S * 1e9:
        return {}
    return {"low": low, "high": high, "median": round(median, 4), "frames": followed.frames}


def _label(result: Result, class_id: int) -> str:
    return result.labels[class_id] if 0 <= class_id < len(result.labels) else str(class_id)
