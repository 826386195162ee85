"""What boxes are answered in: pixels of the camera's picture, or the file's where nobody knows how it lies in that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_LONGEST = 1 << 16
"""No camera's picture has a longer side; what says so is not believed."""


@dataclass(frozen=True, slots=True)
class Space:
    """How the pixels of a file lie in the picture that boxes are answered in.

    Attributes:
        kind: source: the camera's picture; file: the file itself.
        size: (width, height) of that picture.
        scale: its pixels per pixel of the file, across and down.
        corner: where the file's first pixel lies in it.
    """

    kind: Literal["source", "file"]
    size: tuple[int, int]
    scale: tuple[float, float] = (1.0, 1.0)
    corner: tuple[int, int] = (0, 0)

    def place(self, xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
        """Boxes (N, 4) in pixels of the file, in pixels of this space."""
        return xyxy.astype(np.float64) * (self.scale * 2) + (self.corner * 2)


def of_crop(about: Mapping[str, Any], size: tuple[int, int]) -> Space:
    """The space of a sealed crop; one that was made smaller says how large it was.

    Args:
        about: what was sealed with it; see `console.privacy.sealed_writer.OfItem`.
        size: (width, height) of the crop.
    """
    corner = _sides(about.get("x"), about.get("y"), least=0)
    source = _sides(about.get("source_width"), about.get("source_height"))
    before = _sides(about.get("crop_width", size[0]), about.get("crop_height", size[1]))
    if corner is None or source is None or before is None:
        return Space("file", size)
    return Space("source", source, scale=(before[0] / size[0], before[1] / size[1]), corner=corner)


def of_picture(body: Mapping[str, Any], size: tuple[int, int]) -> Space:
    """The space of a whole picture.

    Args:
        body: of its message.
        size: (width, height) of the picture as it was decoded.
    """
    said = body.get("source_size")
    source = _sides(*said) if isinstance(said, list | tuple) and len(said) == 2 else None
    if source is None:
        return Space("file", size)
    return Space("source", source, scale=(source[0] / size[0], source[1] / size[1]))


def _sides(across: object, down: object, least: int = 1) -> tuple[int, int] | None:
    """Two numbers of pixels; None: they are none."""
    if not (isinstance(across, int) and isinstance(down, int)) or isinstance(across, bool) or isinstance(down, bool):
        return None
    return (across, down) if least <= min(across, down) and max(across, down) <= _LONGEST else None
