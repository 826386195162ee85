"""How a camera hangs: its pictures turned, mirrored and with square pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from console.settings.schema import CameraSettings
from models.frames import Picture, PixelFormat

_TURNS: dict[int, int] = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_LEAST_ASPECT, _MOST_ASPECT = 0.1, 10.0


@dataclass(frozen=True, slots=True)
class Orientation:
    """What is done to a decoded picture before anyone sees it: square pixels, then turned, then mirrored.

    Attributes:
        rotation: degrees clockwise: 0, 90, 180 or 270.
        mirror: left and right exchanged, after turning.
        pixel_aspect: width of a stored pixel over its height; None where only the stream can say.
    """

    rotation: int = 0
    mirror: bool = False
    pixel_aspect: float | None = None

    @classmethod
    def of(cls, camera: CameraSettings) -> Orientation:
        """The orientation a camera's settings ask for."""
        return cls(camera.rotation, camera.mirror, camera.pixel_aspect)

    @property
    def upright(self) -> bool:
        """Nothing to turn or mirror."""
        return self.rotation == 0 and not self.mirror

    def with_stream(self, aspect: float | None, turned: int) -> Orientation:
        """This orientation on top of what the stream says of itself.

        Args:
            aspect: the stream's pixel aspect; used where the camera's settings name none, ignored where it is absurd.
            turned: degrees clockwise by which the stream asks to be turned before it is shown (phones do).
        """
        if self.pixel_aspect is None and aspect is not None and not _LEAST_ASPECT < aspect < _MOST_ASPECT:
            aspect = None
        wanted = aspect if self.pixel_aspect is None else self.pixel_aspect
        return Orientation((self.rotation + turned) % 360, self.mirror, wanted)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) in pixels at which a stored picture of `width` x `height` is seen."""
        square = max(round(width * (self.pixel_aspect or 1.0)), 1)
        return (height, square) if self.rotation in {90, 270} else (square, height)

    def stored(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) to ask of the stored picture so that it is `width` x `height` once turned."""
        return (height, width) if self.rotation in {90, 270} else (width, height)

    def turn(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, C) pixels turned and mirrored; the same array where there is nothing to do."""
        turned: Any = pixels
        if self.rotation == 180 and self.mirror:
            return _u8(cv2.flip(pixels, 0))
        if self.rotation in _TURNS:
            turned = cv2.rotate(pixels, _TURNS[self.rotation])
        return _u8(cv2.flip(turned, 1)) if self.mirror else _u8(turned)


def _u8(pixels: Any) -> NDArray[np.uint8]:
    """Name the dtype that cv2's stubs leave open."""
    typed: NDArray[np.uint8] = pixels
    return typed


class OrientedPicture:
    """Another picture, seen through an orientation: photos and USB cameras, whose pixels come as BGR."""

    def __init__(self, picture: Picture, orientation: Orientation) -> None:
        self._picture = picture
        self._orientation = orientation
        self._size = orientation.size(picture.width, picture.height)

    @property
    def width(self) -> int:
        """Width in pixels, after rotation and pixel aspect."""
        return self._size[0]

    @property
    def height(self) -> int:
        """Height in pixels, after rotation and pixel aspect."""
        return self._size[1]

    def view(self, width: int, height: int, pixel_format: PixelFormat = "bgr24") -> NDArray[np.uint8]:
        """See `Picture.view`."""
        pixels = self._orientation.turn(self._picture.view(*self._orientation.stored(width, height), pixel_format))
        pixels.flags.writeable = False
        return pixels


def oriented(picture: Picture, orientation: Orientation) -> Picture:
    """`picture` seen through `orientation`; itself where that changes nothing."""
    if orientation.upright and orientation.pixel_aspect in {None, 1.0}:
        return picture
    return OrientedPicture(picture, orientation)
