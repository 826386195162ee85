"""Starting with the session: the entry each system reads at login, made and taken away."""

from __future__ import annotations

import os
import plistlib
import shlex
import sys
from pathlib import Path

from console.settings.disk import in_words, write_whole

_NAME = "sightdesk"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"


def set_autostart(on: bool, home: Path) -> None:  # noqa: FBT001
    """Start the desk of this home at login, or no longer. Harmless when it is so already.

    There is one entry a user: the last home that asked has it, and only that home takes it away again.

    Raises:
        HomeError: the system's folder can't be written; in words.
    """
    command = _command(home)
    try:
        if sys.platform == "win32":
            _windows(command, on=on)
        elif on:
            path, content = _entry(command)
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, content)
        else:
            path, content = _entry(command)
            if path.is_file() and path.read_bytes() == content:
                path.unlink()
    except OSError as error:
        raise in_words(error, Path(getattr(error, "filename", "") or "login")) from error


def _command(home: Path) -> list[str]:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "console"]
    return [*program, "--home", str(home)]


def _entry(command: list[str]) -> tuple[Path, bytes]:
    """Where this system reads what to start at login, and what stands there."""
    if sys.platform == "darwin":
        plist = {"Label": "dev.sightdesk.desk", "ProgramArguments": command, "RunAtLoad": True}
        return Path.home() / "Library" / "LaunchAgents" / "dev.sightdesk.desk.plist", plistlib.dumps(plist)
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "autostart"
    text = f"[Desktop Entry]\nType=Application\nName=Sightdesk\nExec={shlex.join(command)}\nTerminal=false\n"
    return folder / f"{_NAME}.desktop", text.encode()


if sys.platform == "win32":
    import subprocess
    import winreg

    def _windows(command: list[str], *, on: bool) -> None:
        line = subprocess.list2cmdline(command)
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
            if on:
                winreg.SetValueEx(key, _NAME, 0, winreg.REG_SZ, line)
                return
            try:
                mine = winreg.QueryValueEx(key, _NAME)[0] == line
            except FileNotFoundError:
                return
            if mine:
                winreg.DeleteValue(key, _NAME)
