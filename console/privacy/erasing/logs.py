"""Log lines that name what is erased: made blank in their place, since whoever logs goes on appending to the file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from console.errors import HomeError
from console.settings.disk import in_words

_BLANK = b'{"event": "erased"}'
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Named = Callable[[bytes], bool]


def naming(paths: Iterable[str], words: Iterable[str] = ()) -> Named:
    """Says whether a piece of text names one of these files, or one of these words as a whole word."""
    stems = {PurePosixPath(path).stem.encode() for path in paths}
    uuids = {stem for stem in stems if _UUID.fullmatch(stem)}
    others = sorted({*(word.encode() for word in words if word), *(stems - uuids)})
    pattern = re.compile(rb"(?<![\w-])(?:" + b"|".join(map(re.escape, others)) + rb")(?![\w-])") if others else None

    def named(text: bytes) -> bool:
        if uuids and any(found in uuids for found in _UUID.findall(text)):
            return True
        return pattern is not None and pattern.search(text) is not None

    return named


def blank_lines(folder: Path, named: Named) -> tuple[int, int]:
    """Make the lines blank that `named` says yes to, in every file of a folder: so many files, so many lines.

    A line stays as long as it was. A file that is rotated meanwhile is met again under its new name.

    Raises:
        HomeError: a file can't be changed.
    """
    files = lines = 0
    seen: set[tuple[int, int]] = set()
    while True:
        new = [path for path in _files(folder) if _number(path) not in seen]
        if not new:
            return files, lines
        for path in new:
            try:
                with path.open("r+b") as file:
                    state = os.fstat(file.fileno())
                    if (state.st_dev, state.st_ino) in seen:
                        continue
                    seen.add((state.st_dev, state.st_ino))
                    count = _blank(file, named)
            except FileNotFoundError:  # rotated away
                continue
            except OSError as error:
                words = in_words(error, path)
                raise HomeError(words.what, words.hint) from error
            files += count > 0
            lines += count


def _blank(file: BinaryIO, named: Named) -> int:
    places, place = [], 0
    for line in file:
        text = line.rstrip(b"\r\n")
        if text.strip() and not text.startswith(_BLANK) and named(text):
            places.append((place, len(text)))
        place += len(line)
    for where, length in places:
        file.seek(where)
        file.write(_BLANK.ljust(length) if length >= len(_BLANK) else b" " * length)
    if places:
        file.flush()
        os.fsync(file.fileno())
    return len(places)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder.is_dir() else []


def _number(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        state = path.stat()
        return state.st_dev, state.st_ino
    return None
