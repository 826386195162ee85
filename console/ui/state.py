"""What the desk remembers of how it looked: window, page, wall, who sits here. Nobody edits it by hand."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from console.errors import HomeError
from console.settings.disk import write_whole

log = logging.getLogger(__name__)

SAVED_AFTER_MS = 300
"""A crash loses at most the changes of so many milliseconds."""
_MAX_BYTES = 1_000_000


class DeskState(QObject):
    """Named JSON values in one small file, written whole and soon after each change. Belongs to the GUI thread.

    A file that can't be read, or is damaged, is forgotten: the desk starts as new and says so in the log.

    Args:
        path: the file.
    """

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._values = _read(path)
        self._timer = QTimer(self, singleShot=True, interval=SAVED_AFTER_MS)
        self._timer.timeout.connect(self.save)

    def get(self, key: str, default: Any = None) -> Any:
        """The value remembered under `key`, or `default`; a value of another type than the default's is `default`."""
        value = self._values.get(key, default)
        return value if default is None or isinstance(value, type(default)) else default

    def set(self, key: str, value: Any) -> None:
        """Remember a JSON value; None forgets it."""
        if self._values.get(key) == value:
            return
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        self._timer.start()

    def save(self) -> None:
        """Write now what is not written yet."""
        self._timer.stop()
        try:
            write_whole(self._path, json.dumps(self._values, indent=1, sort_keys=True).encode())
        except (OSError, HomeError) as error:
            log.warning("how the desk looked can't be remembered: %s", error)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_MAX_BYTES))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("how the desk looked is not known: %s", error)
        return {}
    return values if isinstance(values, dict) else {}
