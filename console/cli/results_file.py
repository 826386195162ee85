"""Results as JSON lines, one a frame, written by a thread of its own so that a slow disk is not a slow model."""

from __future__ import annotations

import json
import os
import queue
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from console.errors import UsageError
from console.sources.folder import PICTURE_SUFFIXES
from models.results import Result

WAITING = 1000
"""Results that may wait for the disk. Past that the pipeline waits too: nothing is lost."""


def as_line(result: Result) -> dict[str, object]:
    """The JSON form of a result: boxes are x0, y0, x1, y1, score, class number, track number (-1: none)."""
    found = result.detections
    boxes = [
        [*(round(v, 2) for v in xyxy), round(score, 4), class_id, track]
        for xyxy, score, class_id, track in zip(
            found.xyxy.tolist(), found.score.tolist(), found.class_id.tolist(), found.track_id.tolist(), strict=True
        )
    ]
    time_s = result.taken_at.timestamp() if result.pts is None else result.pts
    return {"camera": result.camera_id, "frame": result.seq, "time": round(time_s, 6), "boxes": boxes}


def check_out(path: Path, inputs: Iterable[Path]) -> None:
    """See early, before anything is loaded, that `path` can be written and is none of what the run reads.

    Nothing that stands there is touched; its folder is made where it is missing.

    Raises:
        UsageError: it can't be written, or it is a source or model of the run.
    """
    hint = "Choose another file for --out."
    try:
        for read in inputs:
            if path.exists() and read.exists() and _within(path, read):
                raise UsageError(f"{path} is what the run is to read; writing results there would destroy it.", hint)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            path.open("ab").close()
        elif path.is_dir():
            raise UsageError(f"{path} can't be written: it is a folder.", hint)
        elif not path.exists():
            tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.", hint) from error


def _within(path: Path, read: Path) -> bool:
    """Whether `path` is the file `read`, or a picture of the folder `read`."""
    if read.is_dir():
        return path.suffix.lower() in PICTURE_SUFFIXES and path.parent.samefile(read)
    return path.samefile(read)


class ResultsFile:
    """A sink of results.

    The file is opened, and an earlier one replaced, when the first result is there: a run that can't start leaves
    what was there.

    Attributes:
        failure: why results are missing from the file, in words; None: all are there.
    """

    def __init__(self, path: Path) -> None:
        self.failure: str | None = None
        self._path = path
        self._file: TextIO | None = None
        self._waiting: queue.Queue[Result | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="results file", daemon=True)
        self._thread.start()

    def put(self, result: Result) -> None:
        """Take a result; from one thread."""
        self._waiting.put(result)

    def close(self, *, even_empty: bool = False) -> None:
        """Write what waits, and see it on the disk.

        Args:
            even_empty: a run without any result leaves an empty file, rather than that of an earlier run.
        """
        self._waiting.put(None)
        self._thread.join()
        try:
            if even_empty and self.failure is None:
                self._opened()
            if self._file is not None:
                self._file.close()
        except OSError as error:
            self._failed(error)

    def _opened(self) -> TextIO:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        return self._file

    def _failed(self, error: OSError) -> None:
        self.failure = self.failure or f"Writing {self._path} failed: {error.strerror}."

    def _run(self) -> None:
        while (result := self._waiting.get()) is not None:
            if self.failure is not None:
                continue  # keep taking, so that the pipeline is not held up by a full disk
            try:
                file = self._opened()
                file.write(json.dumps(as_line(result), separators=(",", ":")) + "\n")
                if self._waiting.empty():
                    file.flush()
            except OSError as error:
                self._failed(error)
        if self._file is not None:
            try:
                self._file.flush()
                if self._path.is_file():  # a pipe or a device has nothing to sync
                    os.fsync(self._file.fileno())
            except OSError as error:
                self._failed(error)
