"""A submission's pictures, turned into the numbers a network wants, for runtimes that can't do it inside.

Pictures come as (N, H, W, 3) uint8 BGR; see `models.manifest.PictureInput` for what may be wanted.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.manifest import PictureInput


def to_tensor(pixels: NDArray[np.uint8], picture: PictureInput) -> NDArray[Any]:
    """(N, H, W, 3) uint8 BGR as the model wants it: layout, channel order, dtype, mean and std; C-contiguous."""
    swap = picture.color == "RGB"
    if picture.dtype == "uint8":
        turned = pixels[..., ::-1] if swap else pixels
        return np.ascontiguousarray(turned if picture.layout == "NHWC" else turned.transpose(0, 3, 1, 2))
    plain = not any(picture.mean) and set(picture.std) == {1.0}
    if picture.layout == "NCHW" and plain:
        return np.asarray(cv2.dnn.blobFromImages(list(pixels), swapRB=swap))
    scaled: NDArray[Any] = (pixels[..., ::-1] if swap else pixels).astype(np.float32)
    scaled = (scaled - np.asarray(picture.mean, np.float32)) / np.asarray(picture.std, np.float32)
    return np.ascontiguousarray(scaled if picture.layout == "NHWC" else scaled.transpose(0, 3, 1, 2))
