"""A mirror: a folder somebody filled for sites without a network, named in SIGHTDESK_MODEL_PATH.

A mirror is only ever read. Where it holds all files of an entry, and they are what the catalogue describes, they are
used in place: mirrors are often large and read-only, and a copy would help nobody. Where it holds some of them, those
are copied beside the others, because a network's files must lie together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from console.catalog.landing import CHUNK
from console.catalog.source import SourceFailed
from console.catalog.transfer import Transfer
from models.words import _

VARIABLE = "SIGHTDESK_MODEL_PATH"
_FIRST = ("models", "media")


def mirrors() -> tuple[Path, ...]:
    """The folders that SIGHTDESK_MODEL_PATH names (several are separated as in PATH), in order."""
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    return tuple(Path(folder).expanduser() for folder in named if folder.strip())


def folders(mirror: Path) -> Iterator[Path]:
    """The mirror itself, then the folders in it, models/ and media/ first; nothing deeper. A missing one is empty."""
    yield mirror
    try:
        inside = sorted((p for p in mirror.iterdir() if p.is_dir()), key=lambda p: (p.name not in _FIRST, p.name))
    except OSError:
        return
    yield from inside


def copies(name: str, roots: Sequence[Path]) -> Iterator[Path]:
    """Every file of that name in the mirrors."""
    for root in roots:
        yield from (path for folder in folders(root) if _is_file(path := folder / name))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder we may not look into
        return False


class MirrorSource:
    """A file in a mirror, to be copied."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.words = _("the mirror {parent}").format(parent=path.parent)
        self.channel = ""

    def fetch(self, transfer: Transfer) -> None:
        """Copy it. Raises as `Source.fetch` does."""
        try:
            size = self._path.stat().st_size
            if size != transfer.file.size:  # said before copying, not after
                raise SourceFailed(
                    _("{file} has {size:,} bytes, expected {expected:,}").format(
                        file=self._path.name, size=size, expected=transfer.file.size
                    )
                )
            with self._path.open("rb") as stream:
                transfer.claim()
                landing = transfer.landing()
                while chunk := stream.read(CHUNK):
                    transfer.check()
                    landing.write(chunk)
                    transfer.report(landing.done, transfer.file.size)
        except OSError as error:
            raise SourceFailed(
                _("reading {file} failed: {reason}").format(file=self._path.name, reason=error.strerror or error)
            ) from error
