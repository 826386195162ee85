"""The sounds of event rules, played by what every system has; where it has nothing, the system's own beep."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
import time
from importlib.resources import as_file, files
from pathlib import Path

from PySide6.QtWidgets import QApplication

log = logging.getLogger(__name__)

STRONGEST = ("alarm", "ping")
"""Of several at once the first of these is heard."""
PAUSE_S = 1.5
"""From one sound to the next, at least: a crowd of events is one sound."""
_LONGEST_S = 5.0
_PLAYERS = {"darwin": ("afplay",), "linux": ("pw-play", "paplay", "aplay")}


class Sounds:
    """Plays one sound at a time, on a thread of its own that ends with it. Belongs to the GUI thread."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._next_at = 0.0

    def play(self, name: str) -> bool:
        """Play a sound; False when another has just been heard.

        Args:
            name: ping or alarm.
        """
        now = time.monotonic()
        if now < self._next_at or (self._thread is not None and self._thread.is_alive()):
            return False
        self._next_at = now + PAUSE_S
        command = _command()
        if command is None:
            QApplication.beep()
            return True
        self._thread = threading.Thread(target=_run, args=(name, command), name="sound", daemon=True)
        self._thread.start()
        return True


def _command() -> list[str] | None:
    """What plays a file, without the file; empty: the system's own library does; None: there is nothing."""
    if sys.platform == "win32":
        return []
    found = (shutil.which(player) for player in _PLAYERS.get(sys.platform, ()))
    return next(([player] for player in found if player), None)


def _run(name: str, command: list[str]) -> None:
    try:
        with as_file(files("resources") / "sounds" / f"{name}.wav") as path:
            _play(path, command)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        log.warning("the sound %s could not be played: %s", name, error)


def _play(path: Path, command: list[str]) -> None:
    if sys.platform == "win32":
        import winsound  # noqa: PLC0415

        winsound.PlaySound(str(path), winsound.SND_FILENAME)
        return
    quiet = subprocess.DEVNULL
    subprocess.run([*command, str(path)], stdin=quiet, stdout=quiet, stderr=quiet, timeout=_LONGEST_S, check=True)
