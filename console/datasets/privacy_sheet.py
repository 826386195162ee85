"""A sheet of the pictures in which most stayed bare, to look at. It takes `Redacted` alone, nothing plain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from console.errors import PictureError
from models.redaction import Redacted
from models.words import _

COLUMNS = 4
_LINE, _GAP, _GROUND, _INK = 26, 6, 255, (40, 40, 40)
_CELL = 360


def write_sheet(path: Path, rows: Iterable[tuple[str, Sequence[tuple[str, Redacted]]]]) -> None:
    """Write pictures under their titles as one PNG or JPEG.

    Args:
        path: its suffix says which.
        rows: of each trial its name, and its pictures with theirs.

    Raises:
        TypeError: a picture is not `Redacted`.
        PictureError: it can't be written, or there is none.
    """
    bands = [band for title, pictures in rows if pictures for band in _bands(title, pictures)]
    if not bands:
        raise PictureError(_("There is no picture to show on {path}: all were refused.").format(path=path))
    try:
        encoded, content = cv2.imencode(path.suffix or ".png", np.concatenate(bands))
    except cv2.error as error:
        raise PictureError(_("{path} is no name for a picture.").format(path=path), _("End it in .png.")) from error
    if not encoded:
        raise PictureError(_("The pictures could not be encoded for {path}.").format(path=path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(_("{path} can't be written: {reason}.").format(path=path, reason=reason)) from error


def _bands(title: str, pictures: Sequence[tuple[str, Redacted]]) -> list[NDArray[np.uint8]]:
    """A title, then lines of pictures with their names."""
    width = COLUMNS * (_CELL + _GAP)
    bands = [_text(title, width, bold=True)]
    for first in range(0, len(pictures), COLUMNS):
        line = pictures[first : first + COLUMNS]
        for _name, picture in line:
            if type(picture) is not Redacted:
                raise TypeError(f"only Redacted pictures are shown, not {type(picture).__name__}")
        high = min(max(picture.bgr.shape[0] for _name, picture in line), _CELL)
        band = np.full((_LINE + high + _GAP, width, 3), _GROUND, np.uint8)
        for column, (name, picture) in enumerate(line):
            x, shown = column * (_CELL + _GAP), picture.bgr[:_CELL, :_CELL]
            band[:_LINE, x : x + _CELL] = _text(name, _CELL)
            band[_LINE : _LINE + shown.shape[0], x : x + shown.shape[1]] = shown
        bands.append(band)
    return bands


def _text(text: str, width: int, *, bold: bool = False) -> NDArray[np.uint8]:
    line = np.full((_LINE, width, 3), _GROUND, np.uint8)
    cv2.putText(line, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.6 if bold else 0.45, _INK, 1 + bold, cv2.LINE_AA)
    return line
