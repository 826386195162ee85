"""The table that picks the kind of source a camera's `source` means."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from console.errors import UsageError
from console.settings.schema import CameraSettings
from console.sources.address import parse_address
from console.sources.base import Source
from console.sources.file import FileSource
from console.sources.folder import FolderSource
from console.sources.orientation import Orientation
from console.sources.rtsp import RtspSource
from console.sources.synthetic import SyntheticSource
from console.sources.usb import UsbSource
from models.words import _

# One letter and a colon is a Windows drive.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_LOOPED_PICTURES_A_SECOND = 2.0


def open_source(camera: CameraSettings, login: tuple[str, str] | None = None) -> Source:
    """The source a camera's settings ask for. Nothing is opened yet: `frames` does that.

    Args:
        camera: the camera; its id is on every frame.
        login: (user, password), resolved from the camera's `login` by the caller.

    Raises:
        UsageError: the source is of a kind unknown here, or its address can't be read.
    """
    match = _SCHEME.fullmatch(camera.source)
    scheme, rest = (match[1].lower(), match[2]) if match else ("", camera.source)
    if scheme in {"rtsp", "rtsps"}:
        return RtspSource(
            camera.id,
            parse_address(camera.source, login),
            transport=camera.transport,
            orientation=Orientation.of(camera),
            open_timeout_s=camera.open_timeout_s,
            read_timeout_s=camera.read_timeout_s,
        )
    if scheme in {"http", "https"}:
        from console.sources.mjpeg import HttpSource  # noqa: PLC0415  # httpx takes 65 ms, and most sites need none

        return HttpSource(
            camera.id,
            parse_address(camera.source, login),
            orientation=Orientation.of(camera),
            open_timeout_s=camera.open_timeout_s,
            read_timeout_s=camera.read_timeout_s,
        )
    if scheme == "usb":
        return UsbSource(camera.id, rest, orientation=Orientation.of(camera), read_timeout_s=camera.read_timeout_s)
    if scheme == "synthetic":
        return SyntheticSource(camera.id, rest, paced=camera.paced)
    if path := stored_at(camera.source):
        return _stored(camera, path)
    raise UsageError(
        _("A source that begins with {scheme}: is not known.").format(scheme=scheme),
        _("Sources are rtsp://, http://, usb:, synthetic:, a video file or a folder of pictures."),
    )


def stored_at(source: str) -> Path | None:
    """The file or folder a camera's `source` means; None where it means none.

    Raises:
        UsageError: it begins with ~USER, and there is no such user.
    """
    match = _SCHEME.fullmatch(source)
    scheme = match[1].lower() if match else ""
    if scheme not in {"", "file"}:
        return None
    path = Path(url2pathname(urlsplit(source).path)) if scheme == "file" else Path(source)
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise UsageError(
            _("{folder} is not the home folder of anybody here.").format(folder=path.parts[0]),
            _("Write the whole path."),
        ) from error


def _stored(camera: CameraSettings, path: Path) -> Source:
    """A folder or a file. A path that is not there yet is a folder where it is to be watched."""
    if path.is_dir() or (camera.watch and not path.exists()):
        return FolderSource(
            camera.id,
            path,
            watch=camera.watch,
            loop=camera.loop,
            # A folder has no speed of its own; shown again and again as fast as possible it would only heat the room.
            rate=_LOOPED_PICTURES_A_SECOND if camera.loop and camera.paced else None,
            orientation=Orientation.of(camera),
        )
    return FileSource(
        camera.id,
        path,
        paced=camera.paced,
        loop=camera.loop,
        orientation=Orientation.of(camera),
        open_timeout_s=camera.open_timeout_s,
        read_timeout_s=camera.read_timeout_s,
    )
