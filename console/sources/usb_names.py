"""Which cameras are plugged in, by index and name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from console.errors import SourceLost
from models.words import _

_PLATFORM: str = sys.platform
_SYSFS = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class UsbCamera:
    """A camera at this machine.

    Attributes:
        index: the number OpenCV opens it by.
        name: what it calls itself.
    """

    index: int
    name: str


def list_cameras(sysfs: Path = _SYSFS) -> list[UsbCamera]:
    """The cameras at this machine, by index; empty where there are none or the system can't tell.

    On Linux from sysfs: of the several nodes a camera has, only the first captures pictures. On Windows and macOS as
    FFmpeg lists DirectShow and AVFoundation devices, whose order OpenCV shares.
    """
    if _PLATFORM == "linux":
        return _of_sysfs(sysfs)
    try:
        listed = av.enumerate_input_devices("dshow" if _PLATFORM == "win32" else "avfoundation")
    except (FFmpegError, ValueError, OSError):
        return []
    videos = [device for device in listed if "video" in device.media_types]
    return [UsbCamera(i, device.description or device.name) for i, device in enumerate(videos)]


def find_camera(wanted: str, cameras: list[UsbCamera]) -> int:
    """The index meant by `wanted`: a number, or a name or a part of one that fits a single camera, in any case.

    A number is taken as it is, plugged in or not.

    Raises:
        SourceLost: no camera or several are called so; `retry`, since one may be plugged in.
    """
    if wanted.isdecimal():
        return int(wanted)
    exact = [camera for camera in cameras if camera.name.casefold() == wanted.casefold()]
    found = exact or [camera for camera in cameras if wanted.casefold() in camera.name.casefold()]
    if len(found) == 1:
        return found[0].index
    here = ", ".join(f"{camera.index} {camera.name}" for camera in cameras) or "none"
    what = (
        _("Several cameras are called {wanted}.").format(wanted=wanted)
        if found
        else _("No camera called {wanted} is plugged in.").format(wanted=wanted)
    )
    raise SourceLost(what, _("Cameras here: {here}.").format(here=here))


def _of_sysfs(sysfs: Path) -> list[UsbCamera]:
    cameras = []
    for node in sysfs.glob("video*"):
        try:
            number = int(node.name.removeprefix("video"))
            first = not (node / "index").exists() or (node / "index").read_text(encoding="ascii").strip() == "0"
            name = (node / "name").read_text(encoding="utf-8", errors="replace").strip()
        except (OSError, ValueError):
            continue
        if first:
            cameras.append(UsbCamera(number, name))
    return sorted(cameras, key=lambda camera: camera.index)
