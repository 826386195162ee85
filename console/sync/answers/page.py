"""A page of answers as a cloud says it: checked to the last value before anything of it is believed.

An answer whose number and IDs are well, but whose body is of a kind this desk can't read, is one that failed: it must
not keep all later ones from here, for it would come again each time.

``{"store", "last", "takes", "answers": [{"number", "message_id", "tracking_id", "camera_id", "task", "state", "why",
"at", "body"}]}``; what more stands in it is passed over. Of a body only what is known here is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import isfinite
from typing import Any, NoReturn

from console.store.answers import MOST_BYTES, NewAnswer
from console.store.store import utc_text
from console.sync.targets.base import WrongAnswer
from console.sync.wire import MOST_FOUND, MOST_NAME
from models.words import _

_WORDS, _RAN, _STAGES = 2000, 32, 100
_FAR, _LONG_S = 1_000_000.0, 1e9
_ID = 36
_LAST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Page:
    """Answers in the order of their numbers.

    Attributes:
        store: the cloud's database that numbers are of.
        last: the highest number it ever had for this desk's site.
        takes: kinds of messages whose files it looks at.
        answers: those that were asked for.
    """

    store: str
    last: int
    takes: tuple[str, ...]
    answers: tuple[NewAnswer, ...]

    @property
    def more(self) -> bool:
        """There may be more of them."""
        return bool(self.answers) and self.answers[-1].number < self.last


class _WrongError(ValueError):
    """A value is not what it has to be; names it."""


def read_page(content: bytes, after: int, most: int) -> Page:
    """What a cloud answered, or nothing of it.

    Args:
        content: JSON.
        after: only higher numbers were asked for.
        most: so many were asked for.

    Raises:
        WrongAnswer: it is not such a page; says what is wrong with it.
    """
    try:
        values = _group(json.loads(content, parse_constant=_no_number), "the page")
        store, last = _name(values, "store"), _whole(values, "last", _LAST)
        takes = {_name({"takes": kind}, "takes") for kind in _list(values, "takes", _RAN)}
        listed = _list(values, "answers", most)
        answers = tuple(_answer(_group(one, "an answer")) for one in listed)
        _see_order([after, *(one.number for one in answers)], max(last, after))
    except (_WrongError, ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, _WrongError) else "JSON"
        raise WrongAnswer(
            _("What it says are its answers is none ({what}), so nothing of it is kept.").format(what=what),
            _("It is asked again by itself. Should it stay so, ask who runs it; sending is not touched by it."),
        ) from None
    return Page(store, last, tuple(sorted(takes)), answers)


def _see_order(numbers: list[int], last: int) -> None:
    if any(low >= high for low, high in pairwise(numbers)) or numbers[-1] > last:
        raise _WrongError("number")


def _answer(values: Mapping[str, Any]) -> NewAnswer:
    why = _words(values, "why")
    try:
        done = _one_of(values, "state", ("done", "failed")) == "done"
        text = _text(_body(_group(values.get("body"), "body"))) if done else "{}"
    except _WrongError as error:
        done, text = False, "{}"
        why = _("this Sightdesk can't read what was answered ({what})").format(what=error)
    return NewAnswer(
        _whole(values, "number", _LAST),
        _id(values, "message_id"),
        _id(values, "tracking_id"),
        _name(values, "task"),
        "done" if done else "failed",
        why,
        text,
        _moment(values, "at"),
    )


def _text(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MOST_BYTES:
        raise _WrongError("body: its size")
    return text


def _body(values: Mapping[str, Any]) -> dict[str, Any]:
    found = [_group(one, "found") for one in _list(values, "found", MOST_FOUND)]
    ran = [_group(one, "ran") for one in _list(values, "ran", _RAN)]
    size = [_within(side, 1, _FAR, "size") for side in _list(values, "size", 2)]
    if len(size) != 2 or not all(side.is_integer() for side in size):
        raise _WrongError("size")
    return {
        "space": _one_of(values, "space", ("source", "file")),
        "size": [int(side) for side in size],
        "found": [_found(one, len(found)) for one in found],
        "ran": [
            {name: _name(one, name, least=0) for name in ("model", "runtime", "version", "device", "precision")}
            | {"served": _name({"served": one.get("served", "")}, "served", least=0)}
            for one in ran
        ],
        "took_s": round(_within(values.get("took_s", 0.0), 0.0, _LONG_S, "took_s"), 4),
        "batch": _whole({"batch": values.get("batch", 0)}, "batch", _LAST),
        "worker": _name({"worker": values.get("worker", "")}, "worker", least=0),
    }


def _found(one: Mapping[str, Any], count: int) -> dict[str, Any]:
    box = [round(_within(side, -_FAR, _FAR, "box"), 2) for side in _list(one, "box", 4)]
    if len(box) != 4 or box[0] > box[2] or box[1] > box[3]:
        raise _WrongError("box")
    of = one.get("of")
    return {
        "box": box,
        "label": _name(one, "label"),
        "score": round(_within(one.get("score"), 0.0, 1.0, "score"), 4),
        "stage": _whole({"stage": one.get("stage", 0)}, "stage", _STAGES),
        "of": None if of is None else _whole(one, "of", count - 1),
    }


def _group(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _WrongError(name)
    return value


def _list(values: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = values.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise _WrongError(name)
    return value


def _whole(values: Mapping[str, Any], name: str, most: int) -> int:
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _WrongError(name)
    return value


def _within(value: object, low: float, high: float, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high or not isfinite(value):
        raise _WrongError(name)
    return float(value)


def _name(values: Mapping[str, Any], name: str, least: int = 1) -> str:
    """A text on one line, without anything that is not seen, as it came."""
    value = values.get(name)
    if not isinstance(value, str) or not least <= len(value) <= MOST_NAME or not value.isprintable():
        raise _WrongError(name)
    return value


def _words(values: Mapping[str, Any], name: str) -> str:
    """Words for people: on one line, cut where there is no end of them."""
    value = values.get(name)
    if not isinstance(value, str):
        raise _WrongError(name)
    line = " ".join(value[: 2 * _WORDS].split())[:_WORDS]
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _id(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or len(value) != _ID or not value.isascii() or not value.isprintable():
        raise _WrongError(name)
    return value


def _one_of(values: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = values.get(name)
    if not isinstance(value, str) or value not in known:
        raise _WrongError(name)
    return value


def _moment(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or len(value) > MOST_NAME:
        raise _WrongError(name)
    try:
        return utc_text(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise _WrongError(name) from None


def _no_number(name: str) -> NoReturn:
    raise _WrongError(name)
