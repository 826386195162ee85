"""The last half minute of a camera, held in memory, for whoever asks "what was that?".

Pictures are kept as they came, encoded, and nothing is decoded until somebody looks: next to no CPU, and 15 MB for 30 s
of a 4 Mbit/s camera. Where a picture came without its bytes (USB, photos, drawn scenes) a small copy is kept, four a
second.
Nothing of it ever reaches a disk.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.sources.av_picture import AvPicture
from console.sources.encoded import Encoded
from console.sources.past import Kept, Past, PastPicture, Seen
from console.sources.small_picture import SmallPicture
from models.frames import Frame
from models.results import Result
from models.tracks import Tracks

log = logging.getLogger(__name__)

KEEP_S = 30.0
MOST_BYTES = 64 * 1024 * 1024
"""A camera, half a minute: 17 Mbit/s fit. What sends more is kept for a shorter time, and that is said."""
_SMALL_GAP_NS = 240_000_000
_SEEN_GAP_NS = 15_000_000
_MOST_REORDERED = 32
_PACKET_COST, _PICTURE_COST = 200, 400
"""What Python takes beside the bytes themselves, about."""


@dataclass(slots=True, eq=False)
class _Group:
    """Pictures that hang together: from one that decoding can begin with to the last before the next such."""

    kept: list[Kept] = field(default_factory=list)
    cost: int = 0


class Recent:
    """Remembers one camera's pictures and results.

    The capture thread calls `took`, the finisher `saw`, anyone the rest; a lock is held for microseconds, never while
    anything is decoded or drawn.

    Args:
        keep_s: how far back, in seconds, from the newest picture.
        most_bytes: what the pictures may take; the oldest go first, a whole group at a time.
        tracked: the camera's objects are followed.
    """

    def __init__(self, keep_s: float = KEEP_S, most_bytes: int = MOST_BYTES, *, tracked: bool = True) -> None:
        self._keep_ns = int(keep_s * 1e9)
        self._most_bytes = most_bytes
        self._tracked = tracked
        self._lock = threading.Lock()
        self._groups: deque[_Group] = deque()
        self._seen: deque[Seen] = deque()
        self._cost = 0
        self._cut_ns: int | None = None
        self._complained = False

    @property
    def nbytes(self) -> int:
        """Bytes the pictures take now, about."""
        return self._cost

    def took(self, frame: Frame) -> None:
        """Keep a frame that was just captured; for the capture thread."""
        try:
            self._take(frame)
        except Exception:  # the outermost frame of looking back: whatever it is, the camera goes on
            if not self._complained:
                log.exception("a picture of %s can't be kept for looking back", frame.camera_id)
            self._complained = True

    def _take(self, frame: Frame) -> None:
        picture = frame.picture
        encoded = picture.encoded if isinstance(picture, AvPicture) else None
        if encoded is not None:
            cost = _PICTURE_COST + sum(len(packet.data) + _PACKET_COST for packet in encoded.packets)
            self._keep(Kept(frame.captured_ns, frame.taken_at, encoded), cost, starts=encoded.starts)
        elif self._small_due(frame.captured_ns):
            small = SmallPicture(picture)
            self._keep(Kept(frame.captured_ns, frame.taken_at, small), _PICTURE_COST + small.nbytes, starts=True)

    def saw(self, result: Result) -> None:
        """Remember what was found in a frame; for the finisher."""
        seen = Seen.of(result, tracked=self._tracked)
        with self._lock:
            if self._seen and seen.captured_ns - self._seen[-1].captured_ns < _SEEN_GAP_NS:
                return  # a file read as fast as possible: 60 a second are enough to draw by
            self._seen.append(seen)
            while self._seen[0].captured_ns < seen.captured_ns - self._keep_ns:
                self._seen.popleft()

    def held(self) -> Past:
        """The past as it is now, which goes on standing still while the camera goes on."""
        with self._lock:
            kept = [one for group in self._groups for one in group.kept]
            seen = tuple(self._seen)
            cut_ns = self._cut_ns
        since = kept[-1].captured_ns - self._keep_ns if kept else 0
        first = next((i for i, one in enumerate(kept) if one.captured_ns >= since), 0)
        return Past(tuple(kept), max(first, _lead(kept)), seen, short_of_memory=cut_ns is not None and cut_ns >= since)

    def span(self) -> tuple[int, int] | None:
        """(oldest, newest) capture time that can be seen again, monotonic nanoseconds; None: nothing yet."""
        with self._lock:
            if not self._groups:
                return None
            newest = self._groups[-1].kept[-1].captured_ns
            return max(self._groups[0].kept[0].captured_ns, newest - self._keep_ns), newest

    def pictures(self, from_ns: int, stop: threading.Event | None = None) -> Iterator[PastPicture]:
        """Decode from the picture shown at `from_ns` on; see `Past.pictures`."""
        return self.held().pictures(from_ns, stop)

    def tracks_at(self, time_ns: int) -> Tracks | None:
        """The tracks as published last for a picture at or before `time_ns`; None where nothing was."""
        return self.held().tracks_at(time_ns)

    def _small_due(self, captured_ns: int) -> bool:
        last = self._groups[-1].kept[-1].captured_ns if self._groups else None
        return last is None or captured_ns - last >= _SMALL_GAP_NS

    def _keep(self, kept: Kept, cost: int, *, starts: bool) -> None:
        with self._lock:
            if starts:
                self._groups.append(_Group())
            elif not self._groups or not self._continues(kept):
                return  # nothing that it could be decoded from
            group = self._groups[-1]
            group.kept.append(kept)
            group.cost += cost
            self._cost += cost
            self._make_room(kept.captured_ns)

    def _continues(self, kept: Kept) -> bool:
        """Whether a picture belongs to the same connection as the one before; for the lock's holder."""
        last = self._groups[-1].kept[-1].source
        return not isinstance(last, SmallPicture) and not isinstance(kept.source, SmallPicture) and (
            last.coding is kept.source.coding
        )  # fmt: skip

    def _make_room(self, now_ns: int) -> None:
        """Let go of what is too old or too much, by whole groups; for the lock's holder."""
        groups = self._groups
        while len(groups) > 1 and groups[1].kept[0].captured_ns <= now_ns - self._keep_ns:
            self._cost -= groups.popleft().cost
        while self._cost > self._most_bytes and groups:
            # the last group too, if it alone is too large: it begins anew with the next key frame
            self._cost -= groups.popleft().cost
            self._cut_ns = now_ns


def _lead(kept: list[Kept]) -> int:
    """How many pictures at the beginning can't be decoded: B-frames shown before the key frame, but sent after it."""
    source = kept[0].source if kept else None
    if not isinstance(source, Encoded):
        return 0
    key = next((packet.pts if packet.pts is not None else packet.dts for packet in source.packets if packet.key), None)
    keys = (one.source.key if isinstance(one.source, Encoded) else None for one in kept[:_MOST_REORDERED])
    return next((number for number, found in enumerate(keys) if found == key), 0)
