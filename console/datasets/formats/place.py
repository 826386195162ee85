"""Where the pictures of a set are: always below one folder, never outside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.datasets.formats.notes import FormatError, Notes, name_in
from console.datasets.formats.sizes import SUFFIXES
from models.words import _

_TRIED = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a set is.

    Attributes:
        root: its folder.
        files: its files of annotations, in order.
        pictures: the folder the operator named for the pictures; None: they are in `root`.
    """

    root: Path
    files: tuple[Path, ...]
    pictures: Path | None = None

    @property
    def folder(self) -> Path:
        """What names of pictures are relative to."""
        return self.pictures or self.root

    def prefix(self, names: Sequence[str], usual: Iterable[str]) -> str:
        """The folder below `folder` in which pictures of these names are; "" where they are not found.

        Args:
            names: of some pictures.
            usual: folders the format puts pictures in, the likeliest first.
        """
        tried = [*names[:_TRIED]]
        for prefix in dict.fromkeys(("", *usual) if self.pictures else (*usual, "")):
            if any((self.folder / prefix / name).is_file() for name in tried):
                return "" if prefix == "." else prefix
        return ""


def joined(prefix: str, name: str) -> str:
    """The name of a picture with the folder it is in."""
    return f"{prefix}/{name}" if prefix else name


def listed(folder: Path, below: str = "") -> Iterator[str]:
    """The names of all pictures in a folder and its folders, sorted, relative to it. Linked folders are passed by."""
    found = []
    for parent, _folders, files in os.walk(folder / below):
        inside = Path(parent).relative_to(folder).as_posix()
        found += [joined("" if inside == "." else inside, name) for name in files if name.lower().endswith(SUFFIXES)]
    yield from sorted(found)


def opened(folder: Path, picture: str) -> Path:
    """The file of a picture that is to be opened.

    Raises:
        FormatError: it is missing, or a link leads out of the folder.
    """
    path = folder / name_in(picture, str(folder))
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise FormatError(_("The picture {path} is missing.").format(path=path)) from error
    if not real.is_relative_to(folder.resolve()):
        raise FormatError(
            _("The picture {path} is a link that leads out of the set's folder.").format(path=path),
            _("Put the picture itself there, or name the folder it is in with --pictures."),
        )
    return real


def missing(folder: Path, names: Iterable[str], notes: Notes) -> int:
    """Count the pictures that are not there."""
    number = 0
    for name in names:
        if not (folder / name).is_file():
            number += 1
            notes.add(_("a picture is missing"), str(folder / name))
    return number
