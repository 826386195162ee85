"""What is written down outside of the home: only what stands here is known to have been confirmed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class Ledger:
    """A file of JSON lines, each on the disk before `note` returns.

    Args:
        path: appended to; made where it is missing.
        synced: off: a line survives the end of the process, not that of the machine.
    """

    def __init__(self, path: Path, *, synced: bool = True) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._synced = synced

    def note(self, **values: Any) -> None:
        """Add a line; any thread."""
        os.write(self._file, (json.dumps(values) + "\n").encode())
        if self._synced:
            os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def lines(path: Path) -> list[dict[str, Any]]:
    """A ledger's lines. One that a kill cut off counts as not written, wherever it stands."""
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if line.endswith(b"\n") and isinstance(values, dict):
            found.append(values)
    return found
