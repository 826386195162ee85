"""Results as JSON lines, one a frame, written by a thread of its own so that a slow disk is not a slow model."""

from __future__ import annotations

import json
import os
import queue
import threading
from pathlib import Path
from typing import TextIO

from console.errors import UsageError
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


class ResultsFile:
    """A sink of results.

    Raises:
        UsageError: the file can't be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror}.", "Choose another file for --out.") from error
        self._waiting: queue.Queue[Result | None] = queue.Queue(WAITING)
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._run, name="results file", daemon=True)
        self._thread.start()

    def put(self, result: Result) -> None:
        """Take a result; from one thread."""
        self._waiting.put(result)

    def close(self) -> None:
        """Write what waits, and see it on the disk."""
        self._waiting.put(None)
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        while (result := self._waiting.get()) is not None:
            if self.failure is not None:
                continue  # keep taking, so that the pipeline is not held up by a full disk
            try:
                self._file.write(json.dumps(as_line(result), separators=(",", ":")) + "\n")
                if self._waiting.empty():
                    self._file.flush()
            except OSError as error:
                self.failure = f"Writing {self._file.name} failed: {error.strerror}."
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self.failure = self.failure or f"Writing {self._file.name} failed: {error.strerror}."
