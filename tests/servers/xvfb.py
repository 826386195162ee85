"""A screen of its own for a test: Xvfb, and keys pressed on it as a person would."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Self

from tests.conftest import missing


class Screen:
    """A virtual screen, 1920x1080; a context manager that always ends it."""

    def __init__(self) -> None:
        for program in ("Xvfb", "xdotool"):
            if shutil.which(program) is None:
                missing("services", f"{program} is not here (apt install xvfb xdotool)")
        self._process: subprocess.Popen[bytes] | None = None
        self.display = ""

    def __enter__(self) -> Self:
        read, write = os.pipe()
        self._process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as said:
            self.display = f":{said.readline().strip()}"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with this screen in it."""
        return {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def press(self, keys: str) -> None:
        """Press keys on the desk, which is given the focus first: there is no window manager that would."""
        find = ["search", "--onlyvisible", "--name", "Sightdesk", "windowfocus"]
        subprocess.run(["xdotool", *find, "key", keys], env=self.environment, check=False, timeout=20)

    def windows(self) -> list[str]:
        """Titles of the windows that can be seen."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", ".", "getwindowname", "%@"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return found.stdout.splitlines()
