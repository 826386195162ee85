"""Plays a past: a thread that decodes to where it is told and draws the picture to size. No Qt here."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.pipeline.display import contained
from console.sources.past import Past, PastPicture
from console.sources.turns import TURNS

log = logging.getLogger(__name__)

CACHE_BYTES = 128 * 1024 * 1024
"""Decoded pictures kept behind the one shown, so that stepping back need not decode from the key frame each time."""
AHEAD = 4
"""Pictures decoded before they are wanted, so that playing does not stumble."""
BEHIND = 24
"""Going back, so many pictures before the wanted one are kept on the way to it: the next steps back are theirs."""
_BYTES_A_PIXEL = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """A picture of the past, ready for a tile.

    Attributes:
        number: its place in `Past.times`.
        captured_ns, taken_at: when it was captured.
        pixels: (h, w, 4) uint8, memory order B, G, R, 255.
        size: (width, height) that boxes refer to.
        wanted: the picture that was asked for, which this one stands for where that can't be decoded.
    """

    number: int
    captured_ns: int
    taken_at: datetime
    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    wanted: int


class Player:
    """Shows any picture of a past. `want` and `shown` are for the screen's thread and never wait.

    While it works, only the last wish counts: dragging a slider asks for hundreds and gets as many as can be had.

    Args:
        past: what to play.
        room: (width, height) to draw to, in physical pixels; may be replaced at any time.
    """

    def __init__(self, past: Past, room: tuple[int, int]) -> None:
        self.past = past
        self.room = room
        self.shown: Replayed | None = None
        self._wanted: int | None = None
        self._working = False
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._cache: OrderedDict[int, PastPicture] = OrderedDict()
        self._cached_bytes = 0.0
        self._source: Generator[PastPicture] | None = None
        self._at = -1
        self._thread = threading.Thread(target=self._run, name="rewind", daemon=True)
        self._thread.start()

    def want(self, number: int) -> None:
        """Show a picture as soon as it can be had; see `shown`."""
        with self._changed:
            self._wanted = number
            self._changed.notify()

    @property
    def busy(self) -> bool:
        """Whether what was asked for last is not shown yet."""
        return self._wanted is not None or self._working

    def close(self) -> None:
        """Stop; returns at once. The thread ends by itself with the picture it is at."""
        self._stop.set()
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        try:
            while (wanted := self._next_wish()) is not None:
                self._show(wanted)
                self._working = False
                self._look_ahead(wanted)
        except Exception:  # the outermost frame: looking back failed, what runs goes on
            log.exception("looking back failed")
        finally:
            self._let_go()
            self._cache.clear()

    def _next_wish(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._wanted is not None or self._stop.is_set())
            self._working = True
            wanted, self._wanted = self._wanted, None
        return None if self._stop.is_set() else wanted

    def _show(self, wanted: int) -> None:
        picture = self._have(wanted)
        if picture is None or self._stop.is_set():
            return
        size = picture.picture.width, picture.picture.height
        with TURNS.turn():
            pixels = picture.picture.view(*contained(size, self.room), "rgb32")
        self.shown = Replayed(picture.number, picture.captured_ns, picture.taken_at, pixels, size, wanted)

    def _look_ahead(self, wanted: int) -> None:
        """Decode a little further while nobody waits; only where decoding goes on anyway."""
        while self._wanted is None and not self._stop.is_set() and wanted <= self._at < wanted + AHEAD:
            if self._decode_one() is None:
                return

    def _have(self, wanted: int) -> PastPicture | None:
        """The wanted picture, or the next that can be decoded, or where there is none the last."""
        if wanted in self._cache:
            return self._cache[wanted]
        if self._source is None or not self._leads_to(wanted):
            backwards = wanted < self._at
            self._let_go()
            begin = max(wanted - BEHIND, 0) if backwards else wanted
            self._source = self.past.pictures(self.past.times[begin], self._stop)
            self._at = begin - 1
        while (picture := self._decode_one()) is not None:
            if picture.number >= wanted:
                return picture
        before = [number for number in self._cache if number < wanted]
        return self._cache[max(before)] if before else None

    def _leads_to(self, wanted: int) -> bool:
        """Whether going on decoding gets there, and not much later than starting at a key frame would."""
        return self._at < wanted <= self._at + self.past.way(wanted) + 1

    def _decode_one(self) -> PastPicture | None:
        picture = next(self._source, None) if self._source is not None else None
        if picture is None:
            self._let_go()
            return None
        self._at = picture.number
        self._cache[picture.number] = picture
        self._cached_bytes += _cost(picture)
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 2:
            self._cached_bytes -= _cost(self._cache.popitem(last=False)[1])
        return picture

    def _let_go(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


def _cost(picture: PastPicture) -> float:
    return picture.picture.width * picture.picture.height * _BYTES_A_PIXEL
