"""XML files read one element after the other, with nothing that XML could do beside telling what is in the file.

The standard library's expat reads them. A document type declaration is refused before anything in it is read:
entities, those that grow a thousandfold and those that fetch other files, can be declared nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element  # values only; expat below does the reading
from xml.parsers import expat

from console.datasets.formats.notes import FormatError
from models.words import _

CHUNK = 1 << 18
DEPTH = 64


def elements(path: Path, root: str, tags: Collection[str]) -> Iterator[Element]:
    """The elements of some tags, in order, each as soon as it is complete; what is around them is let go.

    Args:
        path: the file.
        root: the tag of its outermost element.
        tags: which are wanted; one inside another comes as its child only.

    Raises:
        FormatError: it can't be read, is damaged, begins with another tag, or carries a document type declaration.
    """
    reader = _Reader(path, root, tags)
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                reader.feed(chunk, last=False)
                yield from reader.taken()
            reader.feed(b"", last=True)
            yield from reader.taken()
    except OSError as error:
        raise FormatError(_("{file} can't be read: {why}.").format(file=path, why=error.strerror)) from error


def root_of(path: Path, *, strict: bool = False) -> str:
    """The tag of a file's outermost element; empty (with `strict`: FormatError) where it is no XML that is read."""
    reader = _Reader(path, "", ())
    try:
        with path.open("rb") as file:
            while not reader.first and (chunk := file.read(CHUNK)):
                reader.feed(chunk, last=False)
    except OSError:
        return reader.first
    except FormatError:
        if strict and not reader.first:
            raise
    return reader.first


class _Reader:
    def __init__(self, path: Path, root: str, tags: Collection[str]) -> None:
        self._path, self._root, self._tags = path, root, tags
        self._open: list[Element] = []
        self._depth = 0
        self._ready: list[Element] = []
        self.first = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data

    def feed(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            self._refuse(expat.ErrorString(error.code))
        except (ValueError, LookupError) as error:  # an encoding nobody knows
            self._refuse(str(error))

    def taken(self) -> list[Element]:
        ready, self._ready = self._ready, []
        return ready

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if not self.first:
            self.first = tag
            if self._root and tag != self._root:
                self._refuse(_("it begins with <{tag}>, not with <{root}>").format(tag=tag, root=self._root))
        if self._depth > DEPTH:
            self._refuse(_("it is nested too deeply"))
        if self._open or tag in self._tags:
            element = Element(tag, attributes)
            if self._open:
                self._open[-1].append(element)
            self._open.append(element)

    def _end(self, _tag: str) -> None:
        self._depth -= 1
        if self._open:
            done = self._open.pop()
            if not self._open:
                self._ready.append(done)

    def _data(self, text: str) -> None:
        if self._open:
            last = self._open[-1]
            if len(last):
                last[-1].tail = (last[-1].tail or "") + text
            else:
                last.text = (last.text or "") + text

    def _doctype(self, *_args: object) -> None:
        self._refuse(_("it carries a document type declaration, which is never read"))

    def _refuse(self, why: str) -> NoReturn:
        raise FormatError(
            _("{file} is damaged at line {line}: {why}.").format(
                file=self._path, line=self._parser.CurrentLineNumber, why=why
            ),
            _("Export it again from where it comes."),
        )
