"""Where a camera's picture waits for the screen: the latest one, scaled to its tile, nothing behind it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.sources.turns import TURNS
from models.frames import Frame
from models.results import Result

log = logging.getLogger(__name__)

LEAST_GAP_NS = 30_000_000
"""Frames that come closer than this after the last one shown are not drawn: 30 a second with some room for jitter is
what an eye and a wall need, and a file read as fast as possible may bring hundreds."""
_LEAST_SIDE = 16


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture ready for a tile.

    Attributes:
        pixels: (height, width, 4) uint8 in memory order B, G, R, 255; read-only.
        frame: where it came from: when it was captured, how large it was. Its picture is gone where the camera's live
            picture is covered.
        ready_ns: monotonic time at which it was ready to be painted.
        result: what was found in this very picture, where it was shown only after that; None: it did not wait for it.
    """

    pixels: NDArray[np.uint8]
    frame: Frame
    ready_ns: int
    result: Result | None = None


class Display:
    """The slot between a capture thread and a tile. Both attributes are replaced whole, so nobody locks or waits.

    It shows what the camera sees, as it is: a camera whose live picture is covered has a `CoveredDisplay` instead.

    Attributes:
        covered: False, by which a screen tells the two apart.
        size: (width, height) of the tile's picture area in physical pixels, set by the screen; None: nobody looks,
            and nothing is drawn.
        latest: the newest picture, set by the capture thread. It is kept when nobody looks any more, so that a tile
            that comes back has something to show at once.
    """

    covered = False

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None
        self.latest: Shown | None = None
        self._fast = False
        self._complained = False

    def skip_what_no_eye_sees(self) -> None:
        """From now on draw 30 pictures a second at most: the source gives its frames faster than they were filmed."""
        self._fast = True

    def offer(self, frame: Frame) -> None:
        """Draw a frame to the wanted size, on the calling (capture) thread, after inference was given it.

        A picture that can't be drawn must not end its camera: it is not shown, and said in the log once.
        """
        wanted, last = self.size, self.latest
        if wanted is None:
            return
        if self._fast and last is not None and frame.captured_ns - last.frame.captured_ns < LEAST_GAP_NS:
            return
        try:
            with TURNS.turn():
                pixels = frame.picture.view(*contained(frame.size, wanted), "rgb32")
        except Exception:  # the outermost frame of the screen's part: whatever it is, inference goes on
            if not self._complained:
                log.exception("a picture of %s can't be drawn for the screen", frame.camera_id)
            self._complained = True
            return
        self.latest = Shown(pixels, frame, time.monotonic_ns())


def contained(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the shape of `size` that fits into `room`; even, which is what the scaler is fast at."""
    width, height = size
    factor = min(room[0] / width, room[1] / height)
    fitted = (int(width * factor + 1e-6) & ~1, int(height * factor + 1e-6) & ~1)
    return max(fitted[0], _LEAST_SIDE), max(fitted[1], _LEAST_SIDE)
