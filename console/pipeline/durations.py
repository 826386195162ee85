"""How long each model usually takes to load, so that a wait can be told in seconds."""

from __future__ import annotations

import json
import logging
import math
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

log = logging.getLogger(__name__)

FILE = "load-seconds.json"
_MOST = 200


class Durations:
    """Seconds by model, backend, device and precision, in a small file of the cache folder. Any thread may use it.

    The file is a memory aid: one that is damaged, gone or can't be written costs nothing but the estimate.

    Args:
        folder: where the file is; None: remember for this run alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE if folder is not None else None
        self._lock = Lock()
        self._known: dict[str, float] | None = None

    def usual_s(self, key: str) -> float | None:
        """How long it took last time; None when that is not known."""
        with self._lock:
            return self._read().get(key)

    def note(self, key: str, seconds: float) -> None:
        """It took so long."""
        with self._lock:
            known = self._read()
            known.pop(key, None)
            known[key] = round(seconds, 3)  # the newest stands last
            for oldest in list(known)[:-_MOST]:
                del known[oldest]
            self._write(known)

    def _read(self) -> dict[str, float]:
        if self._known is None:
            self._known = {}
            if self._path is not None:
                with suppress(OSError, ValueError, RecursionError):  # a file that is no JSON raises a ValueError
                    content = json.loads(self._path.read_text("utf-8"))
                    self._known = _sound(content)
        return self._known

    def _write(self, known: dict[str, float]) -> None:
        if self._path is None:
            return
        fresh = self._path.with_name(f"{FILE}.{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(known), "utf-8")
            fresh.replace(self._path)
        except OSError as error:
            log.debug("%s can't be written: %s", self._path, error)
            with suppress(OSError):
                fresh.unlink(missing_ok=True)


def _sound(content: object) -> dict[str, float]:
    """The entries of a file that make sense."""
    if not isinstance(content, dict):
        return {}
    return {
        key: float(seconds)
        for key, seconds in content.items()
        if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds < math.inf
    }
