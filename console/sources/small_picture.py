"""Small copies of pictures that came without their encoded bytes: USB cameras, photos, drawn scenes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.frames import Picture, PixelFormat

LONGEST_SIDE = 480
"""Pixels: a quarter of a full screen's width, 194 kB at 16:9."""


class SmallPicture:
    """A picture kept small, as YUV 4:2:0: half the memory of BGR. It is still seen at its own size, only less sharp.

    Args:
        picture: drawn once, here, on the calling thread (0.8 ms for 1280x720).
    """

    def __init__(self, picture: Picture) -> None:
        self.width, self.height = picture.width, picture.height
        factor = min(LONGEST_SIDE / max(self.width, self.height), 1.0)
        width, height = (max(round(side * factor / 2) * 2, 2) for side in (self.width, self.height))
        self._yuv: NDArray[Any] = cv2.cvtColor(picture.view(width, height), cv2.COLOR_BGR2YUV_I420)

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return int(self._yuv.nbytes)

    def view(self, width: int, height: int, pixel_format: PixelFormat = "bgr24") -> NDArray[np.uint8]:
        """See `Picture.view`; scaled from the small copy."""
        bgr32 = pixel_format == "rgb32"
        pixels: Any = cv2.cvtColor(self._yuv, cv2.COLOR_YUV2BGRA_I420 if bgr32 else cv2.COLOR_YUV2BGR_I420)
        if (width, height) != (pixels.shape[1], pixels.shape[0]):
            shrinks = width < pixels.shape[1] or height < pixels.shape[0]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            pixels = cv2.resize(pixels, (width, height), interpolation=how)
        pixels.flags.writeable = False
        typed: NDArray[np.uint8] = pixels
        return typed
