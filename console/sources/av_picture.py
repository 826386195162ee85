"""A decoded video frame that draws itself at any size, straight from the decoder's YUV."""

from __future__ import annotations

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from console.sources.encoded import Encoded
from console.sources.orientation import Orientation
from console.sources.scaler import ScalerPool
from models.frames import PixelFormat

# FFmpeg's numbers (AVColorSpace, AVColorRange, AVColorTransferCharacteristic, AVColorPrimaries).
_BT601 = 6
_DRAWN_MATRICES = frozenset({1, 4, _BT601, 7, 9})  # BT.709, FCC, BT.601, SMPTE 240M, BT.2020; the scaler refuses others
_KNOWN_RANGES = frozenset({0, 1, 2})
_UNSPECIFIED = 2


class AvPicture:
    """A picture on a decoded frame, seen through the camera's orientation.

    Colours are the stream's own: its matrix (BT.601, 709, 2020) and range (limited or full) where it names them, else
    BT.601 limited, which is what FFmpeg, OpenCV and the tools that trained the models assume.

    The frame keeps the decoder's buffer alive, so a picture held long costs its YUV size. It is never written after
    construction, so threads may draw views at once; each drawing borrows a scaler of its own from `scalers`.

    Attributes:
        encoded: what it was made of, for whoever wants to see it again later; None where that can't be had.
    """

    def __init__(
        self, frame: av.VideoFrame, orientation: Orientation, scalers: ScalerPool, encoded: Encoded | None = None
    ) -> None:
        settle_colours(frame)
        self.encoded = encoded
        self._frame = frame
        self._orientation = orientation
        self._scalers = scalers
        self._size = orientation.size(frame.width, frame.height)
        self._has_alpha = any(component.is_alpha for component in frame.format.components)

    @property
    def width(self) -> int:
        """Width in pixels, after rotation and pixel aspect."""
        return self._size[0]

    @property
    def height(self) -> int:
        """Height in pixels, after rotation and pixel aspect."""
        return self._size[1]

    def view(self, width: int, height: int, pixel_format: PixelFormat = "bgr24") -> NDArray[np.uint8]:
        """See `Picture.view`. A new, C-contiguous, read-only array on every call.

        Raises:
            ValueError: a side is smaller than 1.
        """
        if width < 1 or height < 1:
            raise ValueError(f"a view must be at least 1 x 1, got {width} x {height}")
        stored = self._orientation.stored(width, height)
        if self._opaque_first(pixel_format):
            bgr = self._scalers.draw(self._frame, *stored, "bgr24")
            pixels: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)  # type: ignore[assignment]
        else:
            pixels = self._scalers.draw(self._frame, *stored, pixel_format)
        if not self._orientation.upright:
            pixels = self._orientation.turn(pixels)
        pixels.flags.writeable = False
        return pixels

    def _opaque_first(self, pixel_format: PixelFormat) -> bool:
        """Alpha of the source must not end up in the view's fourth byte, which is always 255."""
        return pixel_format == "rgb32" and (self._has_alpha or self._frame.format.has_palette)


def settle_colours(frame: av.VideoFrame) -> None:
    """Name the frame's matrix once and drop the tags that nobody draws by.

    PyAV's reformatter writes these fields into the source frame while it scales and puts them back after, with the GIL
    released in between: two threads drawing one frame would see each other's values. Set beforehand to what it would
    write, they never change. A matrix, range or transfer that the scaler does not know would make it refuse the
    picture, and any of them may come out of a damaged stream.
    """
    if frame.colorspace not in _DRAWN_MATRICES and not frame.format.is_rgb:
        frame.colorspace = _BT601
    if frame.color_range not in _KNOWN_RANGES:
        frame.color_range = 0
    frame.color_trc = _UNSPECIFIED
    frame.color_primaries = _UNSPECIFIED
