"""How a source picture lies in a model's input, and the way back for boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import Boxes
from models.frames import Picture

Fit = Literal["corner", "center", "stretch"]
Scaling = Literal["fast", "exact"]

_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Letterbox:
    """The picture covers `width` x `height` pixels of the input, from (`left`, `top`).

    Attributes:
        scale_x: input pixels per source pixel, as drawn: `width` over the picture's.
        scale_y: the same down the picture; differs from scale_x by the rounding to whole pixels, unless stretched.
    """

    left: int
    top: int
    width: int
    height: int
    scale_x: float
    scale_y: float

    @classmethod
    def fit(cls, source: tuple[int, int], target: tuple[int, int], how: Fit) -> Letterbox:
        """Fit a picture of size `source` into an input of size `target`, both (width, height).

        corner: kept in proportion at the top left, padded right and below (YOLOX); center: padded on both sides;
        stretch: filled out, proportions lost (SSD).

        Raises:
            ValueError: a side is smaller than 1.
        """
        if min(*source, *target) < 1:
            raise ValueError(f"sizes must be at least 1 x 1, got {source} into {target}")
        if how == "stretch":
            return cls(0, 0, *target, target[0] / source[0], target[1] / source[1])
        scale = min(target[0] / source[0], target[1] / source[1])
        # whole pixels, rounded down as YOLOX does it; _TINY: 720 * (416 / 720) is 415.99999999999994 in binary
        width = min(max(int(source[0] * scale + _TINY), 1), target[0])
        height = min(max(int(source[1] * scale + _TINY), 1), target[1])
        left, top = (0, 0) if how == "corner" else ((target[0] - width) // 2, (target[1] - height) // 2)
        return cls(left, top, width, height, width / source[0], height / source[1])

    def undo(self, xyxy: Boxes) -> NDArray[np.float32]:
        """Boxes (N, 4) in input pixels, back in source pixels."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        scale = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        return ((xyxy - offset) / scale).astype(np.float32, copy=False)

    def apply(self, xyxy: Boxes) -> NDArray[np.float32]:
        """Boxes (N, 4) in source pixels, as the model sees them."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        scale = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        return (xyxy * scale + offset).astype(np.float32, copy=False)

    def draw(self, picture: Picture, out: NDArray[np.uint8], pad: int, scaling: Scaling = "fast") -> None:
        """Draw `picture` into a model input `out`, (H, W, 3) uint8 BGR, padded with the grey level `pad`.

        fast: the decoder's picture goes straight to the input's size (about a third of the cost; about 3 % of a small
        detector's boxes change, mostly near the threshold). exact: the whole picture as BGR, then `cv2.resize` with
        linear interpolation, which is how the published weights were trained and measured.
        """
        if scaling == "exact":
            whole = picture.view(picture.width, picture.height)
            pixels = cv2.resize(whole, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        else:
            pixels = picture.view(self.width, self.height)
        right, bottom = self.left + self.width, self.top + self.height
        out[self.top : bottom, self.left : right] = pixels
        out[: self.top] = pad
        out[bottom:] = pad
        out[self.top : bottom, : self.left] = pad
        out[self.top : bottom, right:] = pad
