"""From what is typed as SOURCE to cameras with ids that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote

from console.settings.schema import CameraSettings, Login, SecretRef, StageSettings
from console.settings.scrub import SCRUBBER


def camera_id(source: str) -> str:
    """A short id for a source: the file's name, the host of a URL, never a password.

    >>> camera_id("rtsp://admin:pw@10.0.0.7/live/ch1"), camera_id("clips/Main Street.mp4"), camera_id("usb:0")
    ('10-0-0-7-live-ch1', 'main-street', 'usb-0')
    """
    scheme, split, rest = source.partition("://")
    if split:
        name = rest.partition("?")[0].rpartition("@")[2]
    elif (kind := source.partition(":")[0]) in {"usb", "synthetic"}:
        name = kind + "-" + source.partition(":")[2].partition("?")[0]
    else:
        name = Path(source).stem
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return slug or scheme.lower()[:40] or "camera"


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
    sources: Iterable[str], *, model: str | None, conf: float, paced: bool, loop: bool, watch: bool, track: bool
) -> tuple[tuple[CameraSettings, ...], Mapping[str, str]]:
    """A camera for each source (the same source twice is two cameras), and the passwords typed, by secret name.

    Passwords stay in this process's memory: nothing of them goes into settings, logs or results.
    """
    stages = (StageSettings(model=model or "yolox_nano", confidence=conf),)
    cameras: dict[str, CameraSettings] = {}
    passwords: dict[str, str] = {}
    for typed in sources:
        source, login = split_login(typed)
        name = unique = camera_id(source)
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
