"""Keeping the machine awake while somebody's cameras are being watched."""

from __future__ import annotations

import ctypes
import logging
import os
import subprocess
import sys

log = logging.getLogger(__name__)

_CONTINUOUS, _SYSTEM, _DISPLAY = 0x80000000, 0x00000001, 0x00000002  # Windows: SetThreadExecutionState


class Awake:
    """Asks the system not to sleep, and takes it back. Where the system has no such thing, the log says so once."""

    def __init__(self) -> None:
        self._on = False
        self._helper: subprocess.Popen[bytes] | None = None

    def set(self, on: bool) -> None:  # noqa: FBT001
        """Keep awake, or no longer."""
        if on == self._on:
            return
        self._on = on
        try:
            if sys.platform == "win32":
                flags = _CONTINUOUS | (_SYSTEM | _DISPLAY if on else 0)
                ctypes.windll.kernel32.SetThreadExecutionState(flags)
            elif on:
                self._helper = subprocess.Popen(_command(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            else:
                self._let_go()
        except OSError as error:
            log.warning("the machine can't be kept awake: %s", error)

    def _let_go(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.terminate()
            helper.wait(2)


def _command() -> list[str]:
    """A helper of the system's own that keeps it awake for as long as this process lives, or until it is ended."""
    if sys.platform == "darwin":
        return ["caffeinate", "-d", "-i", "-w", str(os.getpid())]
    return [
        "systemd-inhibit", "--what=idle:sleep", "--who=Sightdesk", "--why=Cameras are being watched", "--mode=block",
        "tail", f"--pid={os.getpid()}", "-f", "/dev/null",
    ]  # fmt: skip
