"""Whether a window can be opened here, found out before Qt is asked: Qt's own answer is to end the process."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from models.words import _

_PACKAGES = {
    "libGL": "libgl1",
    "libEGL": "libegl1",
    "libxkbcommon-x11": "libxkbcommon-x11-0",
    "libxkbcommon": "libxkbcommon0",
    "libxcb-cursor": "libxcb-cursor0",
    "libxcb-icccm": "libxcb-icccm4",
    "libxcb-image": "libxcb-image0",
    "libxcb-keysyms": "libxcb-keysyms1",
    "libxcb-randr": "libxcb-randr0",
    "libxcb-render-util": "libxcb-render-util0",
    "libxcb-render": "libxcb-render0",
    "libxcb-shape": "libxcb-shape0",
    "libxcb-shm": "libxcb-shm0",
    "libxcb-sync": "libxcb-sync1",
    "libxcb-util": "libxcb-util1",
    "libxcb-xfixes": "libxcb-xfixes0",
    "libxcb-xkb": "libxcb-xkb1",
    "libxcb": "libxcb1",
    "libX11-xcb": "libx11-xcb1",
    "libX11": "libx11-6",
    "libdbus-1": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
    "libfreetype": "libfreetype6",
    "libglib-2.0": "libglib2.0-0",
}
"""Debian's package for each system library that Qt's wheel leaves to the system (Qt 6 documentation, "Qt for X11
Requirements"); other systems name them alike."""


def why_no_window(*, unseen: bool = True) -> str | None:
    """Why no window can be opened, in words that name the way out; None when one can.

    Args:
        unseen: a window that nobody sees will do, where the environment asks Qt for one.
    """
    if find_spec("PySide6") is None:
        return _("PySide6 is not installed, so there is no window.")
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if chosen in {"offscreen", "minimal"} and not unseen:
        return _("QT_QPA_PLATFORM asks for a window that nobody sees ({chosen}).").format(chosen=chosen)
    if chosen in {"offscreen", "minimal", "vnc", "linuxfb", "eglfs"}:
        return _missing_library(None)
    return _why_not_here(chosen) if sys.platform == "linux" else None


def _why_not_here(chosen: str) -> str | None:
    """The same for the systems where a screen may be missing at all."""
    if os.environ.get("WAYLAND_DISPLAY") and chosen != "xcb":
        return _missing_library("libqwayland.so")
    if not os.environ.get("DISPLAY"):
        return _("There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set).")
    return _missing_library("libqxcb.so") or _unreachable_display()


def _missing_library(plugin: str | None) -> str | None:
    """What the loader says when Qt's libraries are loaded as Qt would; None when it is content."""
    folder = _qt()
    libraries = [folder / "lib" / f"libQt6{part}.so.6" for part in ("Core", "Gui", "Widgets")]
    if plugin:
        libraries.append(folder / "plugins" / "platforms" / plugin)
    for library in libraries:
        if not library.exists():  # other layouts (Windows, a distribution's own Qt) are left to Qt
            continue
        try:
            ctypes.CDLL(str(library))
        except OSError as error:
            return _in_words(str(error))
    return None


def _qt() -> Path:
    spec = find_spec("PySide6")
    where = Path(spec.origin).parent if spec and spec.origin else Path()
    return where / "Qt"


def _in_words(said: str) -> str:
    library = said.split(":", 1)[0]
    stem = library.split(".so", 1)[0]
    package = _PACKAGES.get(stem)
    if package is None:
        return _("A system library that the window needs can't be loaded: {said}.").format(said=said)
    return _(
        "The system library {library} is missing, which the window needs. On Debian and Ubuntu: "
        "apt install {package} (and likely {others})."
    ).format(library=library, package=package, others="libegl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4")


def _unreachable_display() -> str | None:
    """Whether the X server of DISPLAY answers; Qt aborts the process where it does not."""
    with suppress(OSError, AttributeError):
        xcb = ctypes.CDLL("libxcb.so.1")
        xcb.xcb_connect.restype = ctypes.c_void_p
        xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
        for call in (xcb.xcb_connection_has_error, xcb.xcb_disconnect):
            call.argtypes = [ctypes.c_void_p]
        connection = xcb.xcb_connect(None, None)
        failed = xcb.xcb_connection_has_error(connection)
        xcb.xcb_disconnect(connection)
        if failed:
            return _("The screen {display} does not answer.").format(display=os.environ["DISPLAY"])
    return None
