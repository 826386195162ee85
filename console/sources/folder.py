"""A folder of pictures, in the order a person would sort them; watching for new ones if asked."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from console.errors import SourceLost
from console.sources.limits import check_size, hush_opencv
from console.sources.orientation import Orientation, oriented
from console.sources.picture_header import picture_size
from console.sources.stamp import FrameCounter
from models.frames import ArrayPicture, Frame, Picture
from models.traces import Trace
from models.words import _

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_POLL_S = 0.5
_SETTLED_NS = 2_000_000_000
_LARGEST_FILE = 256 * 1024 * 1024


class FolderSource:
    """Every picture of a folder, once; with `watch` also those that come later, with `loop` again from the start.

    Never live: each picture counts and waits for its reader. A picture that can't be read is left out, counted, and
    explained in `last_problem`. A watched file is taken when it did not change between two looks, and again when it
    is overwritten later.

    Attributes:
        skipped: pictures left out so far.
        last_problem: why the last of them was, in words; empty when there is none.
    """

    live = False

    def __init__(
        self,
        camera_id: str,
        path: Path,
        *,
        watch: bool = False,
        loop: bool = False,
        rate: float | None = None,
        orientation: Orientation | None = None,
    ) -> None:
        self.skipped = 0
        self.last_problem = ""
        self._camera_id = camera_id
        self._path = path
        self._watch = watch
        self._loop = loop and not watch
        self._gap_s = 1 / rate if rate else 0.0
        self._orientation = orientation or Orientation()
        self._closed = threading.Event()

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """See `Source.frames`; `pts` is None. `rate` (pictures a second) is a ceiling, not a promise.

        Raises:
            SourceLost: the folder can't be read (`retry` where it is watched), or holds no readable picture.
        """
        hush_opencv()
        counter = FrameCounter(self._camera_id, first_seq)
        seen = 0
        listing = _Listing(self._path)
        while not self._closed.is_set():
            for path in self._listed(listing):
                trace = Trace()
                picture = self._read(path, trace)
                if picture is not None:
                    seen += 1
                    yield counter.frame(picture, None, trace)
                if self._closed.wait(self._gap_s if picture is not None else 0):
                    return
            if self._watch:
                self._closed.wait(max(_POLL_S, 10 * listing.took_s))
            elif not seen:
                why = self.last_problem or _("Pictures are JPEG, PNG, BMP, WebP and TIFF files.")
                raise SourceLost(
                    _("There is no readable picture in {file}.").format(file=self._path.name), why, retry=False
                )
            elif self._loop:
                listing = _Listing(self._path)
            else:
                return

    def close(self) -> None:
        """See `Source.close`; waiting ends at once."""
        self._closed.set()

    def _listed(self, listing: _Listing) -> list[Path]:
        try:
            return listing.new_pictures(settled_only=self._watch)
        except OSError as failure:
            raise SourceLost(
                _("The folder {file} can't be read: {reason}.").format(
                    file=self._path.name, reason=failure.strerror or _("unknown reason")
                ),
                _("Check the path and who may read it."),
                retry=self._watch,
            ) from None

    def _read(self, path: Path, trace: Trace) -> Picture | None:
        """One picture, or None with `last_problem` set."""
        begin = time.monotonic_ns()
        try:
            picture = oriented(read_picture(path), self._orientation)
        except SourceLost as problem:
            self.skipped += 1
            self.last_problem = str(problem)
            return None
        trace.add("decode", begin, time.monotonic_ns())
        return picture


def read_picture(path: Path) -> ArrayPicture:
    """A picture file as BGR, turned as its EXIF says.

    Raises:
        SourceLost: unreadable, not a picture, damaged, or larger than is read here; its size is taken from the header
            before memory is.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise SourceLost(
                _("{file} is larger than {limit} MB.").format(file=path.name, limit=_LARGEST_FILE >> 20), retry=False
            )
        data = path.read_bytes()
    except OSError as failure:
        raise SourceLost(
            _("{file} can't be read: {reason}.").format(file=path.name, reason=failure.strerror or _("unknown reason")),
            retry=False,
        ) from None
    size = picture_size(data)
    if size is None or 0 in size:
        raise SourceLost(_("{file} is cut short or not a picture.").format(file=path.name), retry=False)
    check_size(*size, path.name)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise SourceLost(_("{file} is damaged.").format(file=path.name), retry=False)
    return ArrayPicture(pixels)  # type: ignore[arg-type]


class _Listing:
    """What is in the folder and not yet handed out, by name, size and time of change."""

    def __init__(self, path: Path) -> None:
        self.took_s = 0.0
        self._path = path
        self._done: dict[str, tuple[int, int]] = {}
        self._before: dict[str, tuple[int, int]] | None = None

    def new_pictures(self, *, settled_only: bool) -> list[Path]:
        """Pictures that are new or have changed; `settled_only`: not those that may still be being written.

        Raises:
            OSError: the folder can't be read.
        """
        begin = time.monotonic()
        now: dict[str, tuple[int, int]] = {}
        with os.scandir(self._path) as entries:
            for entry in entries:
                if Path(entry.name).suffix.lower() in PICTURE_SUFFIXES and not entry.name.startswith("."):
                    try:
                        if entry.is_file():
                            state = entry.stat()
                            now[entry.name] = (state.st_size, state.st_mtime_ns)
                    except OSError:
                        continue  # gone between listing and looking
        fresh = [
            name
            for name, state in now.items()
            if self._done.get(name) != state and (not settled_only or self._settled(name, state))
        ]
        self._before = now
        self._done = {name: state for name, state in self._done.items() if name in now}
        self._done.update((name, now[name]) for name in fresh)
        self.took_s = time.monotonic() - begin
        return [self._path / name for name in sorted(fresh, key=_natural)]

    def _settled(self, name: str, state: tuple[int, int]) -> bool:
        """Unchanged since the last look; at the first look, not changed for 2 s."""
        if self._before is None:
            return time.time_ns() - state[1] > _SETTLED_NS
        return self._before.get(name) == state


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sorting key that puts 9.png before 10.png."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
