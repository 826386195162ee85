"""Checks of the machine: screen, USB cameras, memory, clock."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from console.errors import StoreError
from console.health.findings import Finding, missing, ok, problem
from console.health.program import installed
from console.settings.home import Home
from console.store.connect import reading
from models.words import _

# What PySide6's wheels load from the system (by ldd on its X11 and Wayland plug-ins), and the Debian package of each.
QT_LIBRARIES: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
_LITTLE_MEMORY = 1024**3
_BUILT_IN_YEAR = 2026


def system(_home: Home) -> Iterator[Finding]:
    """Which system is this, and is there memory left?"""
    import psutil  # noqa: PLC0415  # 50 ms

    memory = psutil.virtual_memory()
    words = _("{system} {release}, {cpu_count} CPUs, {total:.1f} GiB of memory").format(
        system=platform.system(), release=platform.release(), cpu_count=os.cpu_count(), total=memory.total / 1024**3
    )
    if memory.available < _LITTLE_MEMORY:
        what = _("{words}, of which only {available:.2f} GiB are free: large models may not load.").format(
            words=words, available=memory.available / 1024**3
        )
        yield problem("system", what, _("Close other programs, or use fewer cameras or a smaller model."), needed=False)
    else:
        yield ok("system", _("{words}, {available:.1f} free").format(words=words, available=memory.available / 1024**3))


def screen(_home: Home) -> Iterator[Finding]:
    """Could the desk's window open here?"""
    display = display_here()
    if display is None:
        hint = _("Start it in a desktop session; sightdesk run works without a screen.")
        yield missing("screen", _("There is no screen in this session, so the desk can't open."), hint, needed=False)
    else:
        yield ok("screen", display)
    if sys.platform != "linux" or installed("pyside6") is None:
        return
    absent = {name: package for name, package in QT_LIBRARIES.items() if not loads(name)}
    if absent:
        yield missing(
            "qt libraries",
            _("PySide6 is installed, but the system lacks {absent}.").format(absent=", ".join(absent)),
            _("On Debian and Ubuntu: sudo apt-get install {packages}").format(packages=" ".join(absent.values())),
            needed=display is not None,
        )
    else:
        yield ok("qt libraries", _("The system's libraries that PySide6 needs are there."))


def display_here() -> str | None:
    """Where a window would open, in words; None where none can."""
    if sys.platform != "linux":
        return _("The system's own.")
    if wayland := os.environ.get("WAYLAND_DISPLAY"):
        return f"Wayland, {wayland}"
    if x11 := os.environ.get("DISPLAY"):
        return f"X11, {x11}"
    return None


def loads(library: str) -> bool:
    """Whether the system's loader finds and loads a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def video_devices(_home: Home) -> Iterator[Finding]:
    """May this user open the USB cameras that are there?"""
    if sys.platform != "linux":
        return
    devices = sorted(Path("/dev").glob("video*"))
    closed = [str(device) for device in devices if not os.access(device, os.R_OK | os.W_OK)]
    if closed:
        yield problem(
            "usb cameras",
            _("This user may not open {closed}.").format(closed=", ".join(closed)),
            _("sudo usermod -aG video $USER, then log out and in again."),
            needed=False,
        )
    elif devices:
        yield ok("usb cameras", ", ".join(map(str, devices)))
    else:
        yield ok("usb cameras", _("None is connected."))


def clock(home: Home) -> Iterator[Finding]:
    """Can this machine's clock be believed?"""
    now = datetime.now(UTC)
    hint = _("Set the clock, and let the system keep it (NTP): times of pictures and events come from it.")
    if now.year < _BUILT_IN_YEAR:
        yield problem(
            "clock", _("The clock says {now:%Y-%m-%d}, which is before this program was made.").format(now=now), hint
        )
        return
    last = _last_start(home)
    if last is not None and last > now:
        what = _(
            "The clock says {now:%Y-%m-%d %H:%M} UTC, but Sightdesk last started at {last:%Y-%m-%d %H:%M}."
        ).format(now=now, last=last)
        yield problem("clock", _("{what} One of both was wrong.").format(what=what), hint, needed=False)
    else:
        yield ok("clock", _("{now:%Y-%m-%d %H:%M} UTC").format(now=now))


def _last_start(home: Home) -> datetime | None:
    try:
        with reading(home.database) as db:
            row = db.execute("SELECT started_at FROM boot ORDER BY id DESC LIMIT 1").fetchone()
    except StoreError:  # the check of the database says what is wrong with it
        return None
    return datetime.fromisoformat(row[0]) if row else None
