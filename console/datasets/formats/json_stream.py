"""JSON files read one value after the other, so that a file of a gigabyte takes no more memory than what it tells."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from console.datasets.formats.notes import FormatError
from models.words import _

CHUNK = 1 << 20
VALUE_MOST = 1 << 26
"""One value of a list may take so many letters; a damaged file is not read to its end for a bracket that is missing."""
_BLANKS = " \t\r\n"
_BEGIN = object()


def walk(path: Path, lists: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    """Everything a JSON file holds.

    Args:
        path: the file, UTF-8; its outermost value is an object or a list.
        lists: members of an object that are lists and whose values come one by one.

    Yields:
        Name and value of each member; of a member in `lists`, its name and each value; of a list, "" and each value.

    Raises:
        FormatError: it can't be read, or is no such JSON.
    """
    for key, value in _walk(path, lists):
        if value is not _BEGIN:
            yield key, value


def keys(path: Path) -> Iterator[str]:
    """The names of a JSON object's members; "" for a list. Cheap to begin. Raises FormatError as `walk` does."""
    before: str | None = None
    for key, _value in _walk(path, None):
        if key != before:
            yield key
        before = key


def _walk(path: Path, lists: Collection[str] | None) -> Iterator[tuple[str, Any]]:
    """As `walk`, and `_BEGIN` where a list begins; None: every member that is a list comes value by value."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = _Text(file, path)
            if text.next() == "[":
                yield "", _BEGIN
                yield from (("", value) for value in text.values())
            else:
                yield from _members(text, lists)
            if text.next():
                text.refuse(_("something stands behind its end"))
    except OSError as error:
        raise FormatError(_("{file} can't be read: {why}.").format(file=path, why=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise FormatError(_("{file} is not UTF-8 text.").format(file=path)) from error


def _members(text: _Text, lists: Collection[str] | None) -> Iterator[tuple[str, Any]]:
    text.take("{")
    while text.next() != "}":
        key = text.value()
        if not isinstance(key, str):
            text.refuse(_("a name must stand here"))
        text.take(":")
        if (lists is None or key in lists) and text.next() == "[":
            yield key, _BEGIN
            yield from ((key, value) for value in text.values())
        else:
            yield key, text.value()
        if text.next() != "}":
            text.take(",")
            if text.next() == "}":
                text.refuse(_("a name must stand here"))
    text.take("}")


class _Text:
    """The text of a file from where it is being read."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._file, self._path = file, path
        self._text, self._at, self._passed = "", 0, 0
        self._decoder = json.JSONDecoder(parse_constant=self._constant)

    def next(self) -> str:
        """The next letter that is not blank, left where it is; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANKS:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, letter: str) -> None:
        """Go past a letter. Raises FormatError: it is not there."""
        if self.next() != letter:
            self.refuse(_("{letter} must stand here").format(letter=letter))
        self._at += 1

    def values(self) -> Iterator[Any]:
        """Each value of the list that begins here."""
        self.take("[")
        while self.next() != "]":
            yield self.value()
            if self.next() != "]":
                self.take(",")
                if self.next() == "]":
                    self.refuse(_("a value must stand here"))
        self.take("]")

    def value(self) -> Any:
        """The value that begins here."""
        self.next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) - self._at > VALUE_MOST or not self._more():
                    self.refuse(error.msg)
                continue
            except RecursionError:
                self.refuse(_("it is nested too deeply"))
            except ValueError as error:  # a number of thousands of digits
                self.refuse(str(error))
            if end == len(self._text) and self._more():  # a number may go on
                continue
            self._at = end
            return value

    def refuse(self, why: str) -> NoReturn:
        """Say what is wrong at this place. Raises FormatError, always."""
        raise FormatError(
            _("{file} is damaged at character {at}: {why}.").format(
                file=self._path, at=self._passed + self._at + 1, why=why
            ),
            _("Export it again from where it comes."),
        )

    def _constant(self, name: str) -> NoReturn:
        self.refuse(_("{name} is no number of JSON").format(name=name))

    def _more(self) -> bool:
        rest = self._text[self._at :]
        chunk = self._file.read(max(CHUNK, len(rest)))
        if not chunk:
            return False
        self._passed += self._at
        self._text, self._at = rest + chunk, 0
        return True
