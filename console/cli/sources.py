"""From what is typed as SOURCE to cameras with ids that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote

from console.errors import UsageError
from console.settings.address import carries_password
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings
from console.settings.scrub import SCRUBBER
from console.settings.section import Login, SecretRef

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?://([^/?#]*))?")
"""One letter and a colon is a Windows drive."""
LOGIN_HINT = (
    "Type the login before the host, as in rtsp://USER:PASSWORD@HOST/...; where the camera wants it elsewhere in the "
    "address, write {user} and {password} there: they are filled from the login before the host."
)


def camera_id(source: str) -> str:
    """A short id for a source: the file's name, the host and port of a URL.

    Never more of a URL: cameras and recorders take passwords and tokens in paths and queries.

    >>> camera_id("rtsp://admin:pw@10.0.0.7:8554/live/ch1"), camera_id("clips/Main Street.mp4"), camera_id("usb:0")
    ('10-0-0-7-8554', 'main-street', 'usb-0')
    """
    source, _ = split_login(source)
    match = _SCHEME.match(source)
    kind = match[1].lower() if match else ""
    if match is None or kind == "file":
        name = Path(source).stem
    elif kind in {"usb", "synthetic"}:
        name = source.partition("?")[0]
    else:
        name = (match[2] or "").rpartition("@")[2] or kind
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-") or "camera"


_LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/@:]*):(.*)@([^@]*)")


def split_login(source: str) -> tuple[str, tuple[str, str] | None]:
    """An address without the user and password typed into it, and those.

    >>> split_login("rtsp://admin:p%40ss@10.0.0.7/live")
    ('rtsp://10.0.0.7/live', ('admin', 'p@ss'))
    """
    typed = _LOGIN.fullmatch(source)
    if typed is None:
        return source, None
    return typed[1] + typed[4], (unquote(typed[2]), unquote(typed[3]))


def cameras_from(
    sources: Iterable[str], *, model: str, conf: float, paced: bool, loop: bool, watch: bool, track: bool
) -> tuple[tuple[CameraSettings, ...], Mapping[str, str]]:
    """A camera for each source (the same source twice is two cameras), and the passwords typed, by secret name.

    Passwords stay in this process's memory: nothing of them goes into settings, logs or results.

    Raises:
        UsageError: an address has a password in it elsewhere than before the host.
    """
    stages = (StageSettings(model=model, confidence=conf),)
    cameras: dict[str, CameraSettings] = {}
    passwords: dict[str, str] = {}
    for typed in sources:
        source, login = split_login(typed)
        name = unique = camera_id(source)
        if carries_password(source):
            raise UsageError(f"The address of {name} has a password in its path or parameters.", LOGIN_HINT)
        number = 2
        while unique in cameras:
            unique, number = f"{name}-{number}", number + 1
        secret = f"typed-{unique}"
        if login:
            passwords[secret] = login[1]
            SCRUBBER.remember(login[1])
        cameras[unique] = CameraSettings(
            id=unique, source=source, stages=stages, paced=paced, loop=loop, watch=watch, track=track,
            login=Login(user=login[0], password=SecretRef(secret=secret)) if login else None,
        )  # fmt: skip
    return tuple(cameras.values()), passwords
