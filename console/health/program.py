"""Checks of the program itself: Python, its packages, the runtimes that run models."""

from __future__ import annotations

import importlib
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from backends.base import BackendError
from backends.registry import BUILT_IN, names, runtime
from console.health.findings import Finding, missing, ok, problem
from console.settings.home import Home

OLDEST = (3, 11)
_SCREEN = {"pyside6", "pyqtgraph"}
_CV2 = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python")
_ORT = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino", "onnxruntime-qnn")


def installed(package: str) -> str | None:
    """A package's version, without importing it; None when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def python(_home: Home) -> Iterator[Finding]:
    """Is this Python one that Sightdesk runs on?"""
    words = f"Python {platform.python_version()} ({platform.python_implementation()}, {platform.machine()})"
    if sys.version_info < OLDEST:  # a frozen or patched program may get here
        yield problem("python", f"{words} is too old.", f"Install Python {OLDEST[0]}.{OLDEST[1]} or later.")
    elif sys.maxsize <= 2**32:
        yield problem("python", f"{words} is a 32-bit build; no runtime exists for it.", "Install a 64-bit Python.")
    else:
        yield ok("python", words)


def packages(_home: Home) -> Iterator[Finding]:
    """Is what Sightdesk depends on installed, and nothing that gets in its way?"""
    wanted = _wanted()
    if wanted is None:
        yield ok("packages", "Built into this program.")
        return
    absent = [name for name in wanted if installed(name) is None]
    core = [name for name in absent if name not in _SCREEN]
    screen = [name for name in absent if name in _SCREEN]
    if core:
        yield missing("packages", f"Not installed: {', '.join(core)}.", f"pip install {' '.join(core)}")
    else:
        yield ok("packages", f"All {len(wanted) - len(screen)} packages that are needed are installed.")
    if screen:
        what = f"Not installed: {', '.join(screen)}. The desk's window can't open; commands work without."
        yield missing("screen packages", what, 'pip install "pyside6>=6.8,<6.12" pyqtgraph', needed=False)
    yield from _qt_version()
    yield from _cv2()
    yield from _onnxruntime()


def _wanted() -> list[str] | None:
    """Names of the packages Sightdesk asks for; None in a frozen program, which has no metadata."""
    try:
        lines = requires("sightdesk") or []
    except PackageNotFoundError:
        return None
    return [re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0].lower() for line in lines if "extra ==" not in line]


def _qt_version() -> Iterator[Finding]:
    found = installed("pyside6")
    if found and sys.version_info < (3, 12) and tuple(map(int, found.split(".")[:2])) >= (6, 12):
        what = f"PySide6 {found} aborts on Python 3.11 within seconds."
        yield problem("screen packages", what, 'pip install "pyside6>=6.8,<6.12"')


def _cv2() -> Iterator[Finding]:
    found = [name for name in _CV2 if installed(name)]
    if len(found) > 1:
        yield problem(
            "opencv",
            f"{' and '.join(found)} are installed together and overwrite each other's files.",
            f"pip uninstall -y {' '.join(found)}, then pip install opencv-python-headless",
        )
    elif found and "headless" not in found[0]:
        yield problem(
            "opencv",
            f"{found[0]} brings a Qt of its own, which can keep the desk's window from opening.",
            f"pip uninstall -y {found[0]}, then pip install opencv-python-headless",
            needed=False,
        )


def _onnxruntime() -> Iterator[Finding]:
    found = [name for name in _ORT if installed(name)]
    if len(found) > 1:
        yield problem(
            "onnxruntime",
            f"{' and '.join(found)} are installed together; all builds share one folder, so one of them is broken.",
            f"pip uninstall -y {' '.join(found)}, then install the one for this machine",
        )


def runtimes(_home: Home) -> Iterator[Finding]:
    """Which runtimes can really be loaded, and which devices do they find?"""
    usable = []
    for name in names():
        about = f"runtime {name}"
        try:
            devices = runtime(name).devices()
            if name in BUILT_IN and any(device.available for device in devices):
                # devices() may answer from what is installed; whether its libraries load shows only by loading them
                importlib.import_module(name)
        except (ImportError, OSError) as error:
            hint = f"Install it again: pip install --force-reinstall {name}, or choose another backend."
            yield problem(about, f"{name} is installed and can't be loaded: {error}.", hint, needed=False)
            continue
        except BackendError as error:
            yield problem(about, error.what, error.hint, needed=False)
            continue
        found = [f"{device.name} ({device.description})" for device in devices if device.available]
        if found:
            usable.append(name)
            yield ok(about, f"{name} {installed(name) or ''}: {', '.join(found)}".replace(" :", ":"))
        for device in devices:
            if not device.available:
                yield missing(about, f"{device.name} can't be used: {device.why}", "", needed=False)
    if not usable:
        yield missing("runtimes", "Nothing here can run a model.", "pip install openvino")
