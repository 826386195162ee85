"""The form of the record of who did what: JSON lines, each sealed with the hash of itself and of the line before.

A line is one JSON object. `n` counts from 1, `record` names the record, `prev` is the hash of line n - 1 (64 zeros for
the first) and `hash`, always last, is SHA-256 over a fixed prefix and the line's own bytes before it. So no line can be
changed, left out or put in without another one not fitting any more; only what comes after the last known hash can be
forged, which is why that hash, the head, is kept elsewhere too.

What stands between two lines and was not written by the chain (the first half of a line that a power cut left, lines
from before there was a chain) is named by the next line's `over`: so many bytes, so many lines, their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "audit.jsonl"
NOTHING = "0" * 64
"""What the first line follows."""
BROKEN = "record broken"
"""The event that says: what stands before this line is not what was written there."""
OWN = frozenset({"n", "at", "event", "record", "prev", "over", "hash"})
"""Fields of the chain itself; details have other names."""
_PREFIX = b"sightdesk audit 1\n"
_MARK = b', "hash": "'
_END = b'"}'
_LONGEST = 1 << 20  # no line of ours is longer; more without an end is no line
_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True)
class Head:
    """The last line of a record, which vouches for all before it.

    Attributes:
        n: its number.
        hash: its hash, in hex.
        record: name of the record it ends.
    """

    n: int
    hash: str
    record: str

    def __str__(self) -> str:
        return f"{self.n}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Over:
    """Bytes that the chain did not write, and now vouches for as they were found."""

    size: int
    lines: int
    sha256: str

    @classmethod
    def of(cls, loose: bytes) -> Over:
        """What is to be said of these bytes."""
        return cls(len(loose), loose.count(b"\n") or 1, hashlib.sha256(loose).hexdigest())


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    Attributes:
        number: from 1, as an editor counts.
        raw: with its line end, which the last one may lack.
        fields: what it says, when its hash is right; None: it is no line of a chain, or was changed.
    """

    number: int
    raw: bytes
    fields: Mapping[str, Any] | None

    @property
    def head(self) -> Head:
        """Of a line that has `fields`."""
        fields = self.fields or {}
        return Head(fields["n"], fields["hash"], fields["record"])

    @property
    def over(self) -> Over | None:
        """What it says of bytes before it."""
        said = (self.fields or {}).get("over")
        return Over(said["bytes"], said["lines"], said["sha256"]) if said else None

    @property
    def was_sealed(self) -> bool:
        """Whether it looks like a line of a chain, whatever has become of it."""
        return _MARK in self.raw


def sealed(fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """A line with its hash and its end, and the hash.

    Args:
        fields: JSON values by name; `hash` is not among them.
    """
    text = json.dumps(fields, ensure_ascii=False, default=str)
    body = text.encode("utf-8", "backslashreplace")[:-1]  # half a surrogate becomes JSON's own escape for it
    digest = hashlib.sha256(_PREFIX + body).hexdigest()
    return body + _MARK + digest.encode() + _END + b"\n", digest


def read(raw: bytes) -> Mapping[str, Any] | None:
    """What a line says; None where its hash is not right or it is none of a chain."""
    line = raw.removesuffix(b"\n")
    at = line.rfind(_MARK)
    if at < 0 or len(line) != at + len(_MARK) + 64 + len(_END):
        return None
    if hashlib.sha256(_PREFIX + line[:at]).hexdigest().encode() != line[at + len(_MARK) : -len(_END)]:
        return None
    try:
        fields = json.loads(line)
        over = fields.get("over")
        fits = type(fields["n"]) is int and all(type(fields[name]) is str for name in ("record", "prev", "event", "at"))
        fits = fits and (over is None or (type(over["bytes"]) is int and type(over["sha256"]) is str and over["lines"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return fields if fits else None


def lines(path: Path) -> Iterator[Line]:
    """Every line of a record's file.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(_LONGEST):
            number += 1
            yield Line(number, raw, read(raw))


def tail(path: Path) -> tuple[Head | None, bytes, bool]:
    """How a file ends: its last sound line, the bytes after it, and whether the file ends with a line end.

    Looks at the end alone, unless that is not sound; a file that is not there ends with nothing.

    Raises:
        OSError: it can't be read.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return None, b"", True
    block, begin = b"", size
    with path.open("rb") as file:
        while begin > 0:
            begin = max(0, begin - max(_BLOCK, size - begin))
            file.seek(begin)
            block = file.read(size - begin)
            head, loose = _last(block if begin == 0 else block[block.find(b"\n") + 1 :])
            if head is not None or begin == 0:
                return head, loose, block.endswith(b"\n")
    return None, b"", True


def _last(block: bytes) -> tuple[Head | None, bytes]:
    end = len(block)
    while end > 0:
        begin = block.rfind(b"\n", 0, end - 1) + 1
        fields = read(block[begin:end])
        if fields is not None:
            return Head(fields["n"], fields["hash"], fields["record"]), block[end:]
        end = begin
    return None, block
