"""Frames: a picture decoded once, drawn out on demand, with its identity and its times.

The frame contract, stated once:

* a view is a read-only ``(height, width, 3)`` uint8 BGR array (``bgr24``), or ``(height, width, 4)`` uint8 in memory
  order B, G, R, 255 (``rgb32``, what Qt calls Format_RGB32);
* pixels cross threads by reference and are never written after the frame is made;
* coordinates everywhere are float pixels of the picture *after* the camera's own rotation, mirror and pixel aspect;
* ``captured_ns`` is monotonic and only means something inside this process, ``taken_at`` is UTC and may be stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.traces import Trace

PixelFormat = Literal["bgr24", "rgb32"]


class Picture(Protocol):
    """A decoded picture that can be seen at any size."""

    @property
    def width(self) -> int:
        """Width in pixels, after rotation and pixel aspect."""

    @property
    def height(self) -> int:
        """Height in pixels, after rotation and pixel aspect."""

    def view(self, width: int, height: int, pixel_format: PixelFormat = "bgr24") -> NDArray[np.uint8]:
        """The whole picture scaled to ``width`` x ``height``; read-only, shape by the frame contract.

        At the picture's own size the pixels are those of the decoder, unscaled.
        """


def _u8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Name the dtype that cv2's stubs leave open."""
    return pixels


def _read_only(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shared = pixels.view()
    shared.flags.writeable = False
    return shared


class ArrayPicture:
    """A picture held as a BGR array: photos, synthetic scenes, USB cameras.

    Raises:
        ValueError: the array is not ``(H, W, 3)`` uint8 with both sides at least 1.
    """

    def __init__(self, bgr: NDArray[np.uint8]) -> None:
        if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype != np.uint8 or 0 in bgr.shape:
            raise ValueError(f"a picture must be (H, W, 3) uint8, got {bgr.shape} {bgr.dtype}")
        self._bgr = _read_only(bgr)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self._bgr.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self._bgr.shape[0])

    def view(self, width: int, height: int, pixel_format: PixelFormat = "bgr24") -> NDArray[np.uint8]:
        """See `Picture.view`. Shrinks by area, grows linearly."""
        pixels = self._bgr
        if (width, height) != (self.width, self.height):
            shrinks = width < self.width or height < self.height
            pixels = _u8(
                cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
            )
        if pixel_format == "rgb32":
            pixels = _u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA))
        return _read_only(pixels)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one camera.

    Attributes:
        camera_id: the camera's id in the settings.
        seq: counts from 0 per camera and run, without holes: a frame lost later leaves a hole that is counted.
        captured_ns: monotonic clock when the decoder handed the picture over, in nanoseconds.
        taken_at: UTC; the camera's clock where it is known, else this machine's at capture.
        pts: the stream's own time in seconds, or None where it has none.
        picture: the decoded picture.
        trace: stage times of this frame; its writer is whoever holds the frame at the moment.
    """

    camera_id: str
    seq: int
    captured_ns: int
    taken_at: datetime
    pts: float | None
    picture: Picture
    trace: Trace = field(default_factory=Trace)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture in pixels."""
        return self.picture.width, self.picture.height
