"""What was wrong with a set of annotated pictures: refused in words, or let pass and counted."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from console.errors import SightdeskError
from models.words import _

XYXY = tuple[float, float, float, float]
FIRST = 3
"""Of each kind of problem so many places are named."""
_SLACK = 0.5
"""A box may lie outside by so many pixels without a word: others round."""
_MOST = 1e7


class FormatError(SightdeskError):
    """A set of annotated pictures can't be read or written; names the file and the place in it."""


class Notes:
    """Problems that are no reason to refuse a set, counted, with the first places of each."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()
        self._places: dict[str, list[str]] = {}

    def add(self, what: str, place: str) -> None:
        """Count a problem.

        Args:
            what: in words, the same for all of its kind.
            place: file and place in it.
        """
        self._counted[what] += 1
        places = self._places.setdefault(what, [])
        if len(places) < FIRST:
            places.append(place)

    def as_json(self) -> list[dict[str, Any]]:
        """Each kind of problem: `what`, `number`, `first` places."""
        return [{"what": what, "number": n, "first": self._places[what]} for what, n in self._counted.items()]


def number(value: Any, place: str, *, text: bool = False) -> float:
    """A finite number.

    Args:
        value: what was read.
        place: file and place in it.
        text: it comes from a format that has nothing but text.

    Raises:
        FormatError: it is something else.
    """
    if text and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise _no_number(value, place) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _no_number(value, place)
    if not math.isfinite(value) or abs(value) > _MOST:
        raise _no_number(value, place)
    return float(value)


def _no_number(value: Any, place: str) -> FormatError:
    return FormatError(
        _("{place}: {value} stands where a number must be.").format(place=place, value=repr(value)[:60]),
        _("Mend the file, or leave the picture out of it."),
    )


def box_in(corners: Sequence[float], size: tuple[int, int], place: str, notes: Notes) -> XYXY | None:
    """A box cut to its picture; None where nothing of it is left, which is counted.

    Args:
        corners: x0, y0, x1, y1 in pixels, finite.
        size: (width, height) of the picture.
        place: file and place in it.
        notes: boxes that were cut or left out go there.
    """
    x0, y0, x1, y1 = corners
    if x1 <= x0 or y1 <= y0:
        notes.add(_("a box is empty or inverted, and left out"), place)
        return None
    width, height = size
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return x0, y0, x1, y1
    cut = max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
    if cut[2] <= cut[0] or cut[3] <= cut[1]:
        notes.add(_("a box lies outside of its picture, and is left out"), place)
        return None
    if max(abs(a - b) for a, b in zip(cut, corners, strict=True)) > _SLACK:
        notes.add(_("a box reaches over its picture, and is cut"), place)
    return cut


def enclosing(corners: Sequence[tuple[float, float]]) -> XYXY:
    """The box around points."""
    xs, ys = [x for x, _y in corners], [y for _x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def turned(xyxy: XYXY, degrees: float, about: tuple[float, float]) -> XYXY:
    """The box around a box that is turned clockwise by so many degrees about a point."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x0, y0, x1, y1 = xyxy
    px, py = about
    return enclosing(
        [
            (px + (x - px) * cos - (y - py) * sin, py + (x - px) * sin + (y - py) * cos)
            for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        ]
    )


def size_in(width: Any, height: Any, place: str, *, text: bool = False) -> tuple[int, int]:
    """The size of a picture in whole pixels. Raises FormatError: it is none."""
    found = number(width, place, text=text), number(height, place, text=text)
    if min(found) < 1 or any(side != int(side) for side in found):
        raise FormatError(_("{place}: a picture can't be {w} x {h}.").format(place=place, w=width, h=height))
    return int(found[0]), int(found[1])


def is_plain(text: str) -> bool:
    """Whether every format can hold a text: no control characters, no half letters."""
    return (text.isascii() and text.isprintable()) or not any(
        unicodedata.category(letter) in {"Cc", "Cs"} or letter in "\ufffe\uffff" for letter in text
    )


def label_in(value: Any, place: str) -> str:
    """The name of a class, without blanks around it. Raises FormatError: it is none."""
    if not isinstance(value, str) or not (label := value.strip()) or not is_plain(label):
        raise FormatError(_("{place}: {value} is no name of a class.").format(place=place, value=repr(value)[:60]))
    return label


def name_in(value: Any, place: str) -> str:
    """The name of a picture below its folder, with forward slashes.

    Raises:
        FormatError: it is none, or leads out of the folder.
    """
    if not isinstance(value, str) or not value.strip() or not is_plain(value):
        raise FormatError(_("{place}: {value} is no name of a picture.").format(place=place, value=repr(value)[:60]))
    path = PurePosixPath(value.replace("\\", "/"))
    if path.is_absolute() or PureWindowsPath(value).drive or ".." in path.parts or not path.name:
        raise FormatError(
            _("{place}: the picture {name} would lie outside of the set's folder.").format(place=place, name=value),
            _("Pictures are never looked for outside. Mend the names; --pictures says in which folder they are."),
        )
    return str(path)


def mapping_in(value: Any, place: str) -> Mapping[str, Any]:
    """A JSON object. Raises FormatError: it is something else."""
    if not isinstance(value, dict):
        raise FormatError(_("{place}: {value} is no JSON object.").format(place=place, value=repr(value)[:60]))
    return value


def list_in(value: Any, place: str) -> list[Any]:
    """A JSON list. Raises FormatError: it is something else."""
    if not isinstance(value, list):
        raise FormatError(_("{place}: {value} is no JSON list.").format(place=place, value=repr(value)[:60]))
    return value
