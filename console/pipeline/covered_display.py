"""Where the picture of a camera waits whose live picture is covered: only what was redacted gets in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from console.pipeline.display import Display, Shown
from models.frames import ArrayPicture, Frame, PixelFormat
from models.redaction import Redacted
from models.results import Result


@dataclass(frozen=True, slots=True)
class Gone:
    """The place of a picture that must not be seen: its size, and no pixels."""

    width: int
    height: int

    def view(self, _width: int, _height: int, _pixel_format: PixelFormat = "bgr24") -> NDArray[np.uint8]:
        """There is nothing to see. Raises ValueError."""
        raise ValueError("this picture is only there covered")


class CoveredDisplay:
    """What `Display` is for a camera that is shown as it is. Nothing but a `Redacted` picture ever gets into `latest`.

    The capture thread may offer what it likes: frames wait for the redactor, and are never drawn here. There is no way
    from this display to an open one; the lane is given another instead, so that a picture under way in the old one
    reaches nobody.

    Attributes:
        covered: True, by which a screen tells the two apart.
        size: as for `Display`.
        guest: (width, height) wanted by somebody else while `size` is None, such as a dialog's preview.
        waiting: the newest frame of the camera, for a redactor; None before the first.
        offered: called after each frame, on the capture thread: it must only wake somebody.
        trouble: why the newest picture could not be shown, in words; empty when all is well.
        made: pictures shown so far.
    """

    covered: Literal[True] = True

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None
        self.guest: tuple[int, int] | None = None
        self.waiting: Frame | None = None
        self.offered: Callable[[], None] = _nobody
        self.trouble = ""
        self.made = 0
        self._latest: Shown | None = None
        self._weakened: tuple[str, ...] = ()
        self._weak_since_ns = 0

    @property
    def latest(self) -> Shown | None:
        """The newest picture that was redacted; its frame has no pixels. Only `show` sets it."""
        return self._latest

    @property
    def weakened(self) -> tuple[str, ...]:
        """Why whole persons or vehicles are covered in it, in words; none where all went as the policy says."""
        return self._weakened

    @property
    def weak_s(self) -> float:
        """For how many seconds that has been so without a picture in between that went as it should; 0 now."""
        return (time.monotonic_ns() - self._weak_since_ns) / 1e9 if self._weakened else 0.0

    @property
    def wanted(self) -> tuple[int, int] | None:
        """(width, height) to draw to; None: nobody looks."""
        return self.size or self.guest

    def skip_what_no_eye_sees(self) -> None:
        """Nothing to do: it comes at the redactor's rate."""

    def offer(self, frame: Frame) -> None:
        """Keep a frame for the redactor. It is not drawn."""
        self.waiting = frame
        self.offered()

    def show(self, picture: Redacted, frame: Frame, result: Result | None = None) -> None:
        """Show a redacted picture, already in its size on the screen.

        Args:
            picture: what is shown.
            frame: what it was made of; its own picture is left behind.
            result: what was found in that frame.

        Raises:
            TypeError: it is not `Redacted`: a plain picture is never shown here.
        """
        if type(picture) is not Redacted:
            raise TypeError(f"only Redacted pictures are shown for a covered camera, not {type(picture).__name__}")
        bgr = picture.bgr
        pixels = ArrayPicture(bgr).view(bgr.shape[1], bgr.shape[0], "rgb32")
        known = replace(frame, picture=Gone(*frame.size))
        self._latest = Shown(pixels, known, time.monotonic_ns(), result)
        if not self._weakened:
            self._weak_since_ns = time.monotonic_ns()
        self._weakened = picture.weakened
        self.trouble = ""
        self.made += 1


AnyDisplay = Display | CoveredDisplay


def _nobody() -> None:
    """Nobody waits for frames."""
