"""From the file of a job to a picture: sealed crops opened with the keys a worker has, everything decoded bounded.

What a file holds is somebody else's: its size is read from its header before anything takes memory for pixels, and
nothing but PNG in a sealed crop, and JPEG in a picture, is given to a decoder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from console.cloud.errors import CloudError
from console.cloud.jobs.values import Claimed
from console.cloud.keeping.pictures import MOST_PIXELS
from console.cloud.tasks import KeySettings
from console.cloud.working.spaces import Space, of_crop, of_picture
from console.errors import SightdeskError
from console.privacy.sealing import MAGIC, PrivateKey, SealError, unseal
from console.sources.picture_header import picture_size
from models.words import _

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_END = b"\xff\xd9"
"""The last two bytes of a JPEG; they stand nowhere in the coded pixels before."""
_PIXELS = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


class NeverOpens(CloudError):
    """A file that no worker with these keys will ever get a picture out of."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A job with its picture.

    Attributes:
        job: as it was claimed.
        bgr: (H, W, 3) uint8.
        space: what boxes are answered in.
        read_s: how long it took to read and open it.
        ready_s: monotonic time at which it was.
    """

    job: Claimed
    bgr: NDArray[np.uint8]
    space: Space
    read_s: float = 0.0
    ready_s: float = 0.0

    @property
    def pixels(self) -> int:
        """How many."""
        return int(self.bgr.shape[0] * self.bgr.shape[1])


class Keys:
    """Private keys, by their numbers.

    Args:
        keys: what opens sealed crops.
    """

    def __init__(self, keys: Iterable[PrivateKey] = ()) -> None:
        self._keys = {key.public.number: key for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def numbers(self) -> list[str]:
        """Of the keys that are held."""
        return sorted(self._keys)

    @classmethod
    def read(cls, settings: Iterable[KeySettings], environ: Mapping[str, str]) -> Keys:
        """Read the key files.

        Args:
            settings: where they are.
            environ: the environment, in which passphrases stand.

        Raises:
            CloudError: one can't be read or opened; says which.
        """
        return cls(_read_key(one, environ) for one in settings)

    def of(self, content: bytes) -> PrivateKey:
        """The key that a sealed file was sealed for.

        Raises:
            NeverOpens: it is not here.
        """
        number = content[len(MAGIC) : len(MAGIC) + 8].hex()
        if number not in self._keys:
            raise NeverOpens(
                _("It was sealed for the key {number}, which the worker does not have.").format(number=number),
                _("Name that key's file under keys in the tasks, start the worker again, and replay the job."),
            )
        return self._keys[number]


def open_file(job: Claimed, content: bytes, keys: Keys) -> Opened:
    """The picture of a job.

    Args:
        job: as it was claimed.
        content: of its file.
        keys: what opens sealed crops.

    Raises:
        NeverOpens: there is none in it, it is damaged, too large, or was sealed for another key; in words.
    """
    if hashlib.sha256(content).hexdigest() != job.sha256:
        raise NeverOpens(_("The file is not the one that was received: it was changed, or the disk damaged it."))
    if job.kind == "sealed":
        about, png = _unsealed(content, keys)
        bgr = _decode(png, _PNG, _("PNG"))
        return Opened(job, bgr, of_crop(about, _size_of(bgr)))
    if not content[-1024:].rstrip(b"\0").endswith(_END):
        raise NeverOpens(_("The picture is cut short."))
    bgr = _decode(content, _JPEG, _("JPEG"))
    return Opened(job, bgr, of_picture(job.body, _size_of(bgr)))


def _unsealed(content: bytes, keys: Keys) -> tuple[Mapping[str, Any], bytes]:
    if not content.startswith(MAGIC):
        raise NeverOpens(_("The file is no sealed crop of a kind this Sightdesk knows."))
    try:
        opened = unseal(content, keys.of(content))
    except SealError as error:
        raise NeverOpens(error.what, error.hint) from error
    except RecursionError as error:  # words nested without end
        raise NeverOpens(_("What is sealed with the crop can't be read.")) from error
    about: object = opened.about  # whoever sealed it may have written anything
    return about if isinstance(about, Mapping) else {}, opened.png


def _decode(content: bytes, start: bytes, kind: str) -> NDArray[np.uint8]:
    size = picture_size(content) if content.startswith(start) else None
    if size is None or min(size) < 1:
        raise NeverOpens(_("There is no whole {kind} in the file.").format(kind=kind))
    if size[0] * size[1] > MOST_PIXELS:
        raise NeverOpens(
            _("The picture is too large: {width} x {height} pixels, more than {most} million.").format(
                width=size[0], height=size[1], most=MOST_PIXELS // 1_000_000
            )
        )
    try:
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), _PIXELS)
    except cv2.error as error:
        raise NeverOpens(_("The {kind} can't be decoded: it is damaged.").format(kind=kind)) from error
    if bgr is None or _size_of(bgr) != size:
        raise NeverOpens(_("The {kind} can't be decoded: it is damaged.").format(kind=kind))
    return np.asarray(bgr, np.uint8)


def _size_of(bgr: NDArray[Any]) -> tuple[int, int]:
    return int(bgr.shape[1]), int(bgr.shape[0])


def _read_key(settings: KeySettings, environ: Mapping[str, str]) -> PrivateKey:
    path = Path(settings.file).expanduser()
    try:
        pem = path.read_bytes()
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CloudError(
            _("The key {path} can't be read: {why}.").format(path=path, why=why),
            _("sightdesk privacy keygen makes one; name its file under keys in the tasks."),
        ) from error
    passphrase = environ.get(settings.passphrase_from) if settings.passphrase_from else None
    if settings.passphrase_from and passphrase is None:
        raise CloudError(
            _("The passphrase of the key {path} is missing: there is no {variable} in the environment.").format(
                path=path, variable=settings.passphrase_from
            ),
            _("Set it before the worker starts, or name another variable in the tasks (passphrase_from)."),
        )
    locked = b"ENCRYPTED" in pem
    if locked and passphrase is None:
        raise CloudError(
            _("The key {path} is locked by a passphrase.").format(path=path),
            _("Name the environment variable that holds it: passphrase_from, under keys in the tasks."),
        )
    try:
        return PrivateKey.of(pem, passphrase if locked else None)
    except SightdeskError as error:
        raise CloudError(
            _("The key {path} can't be used. {what}").format(path=path, what=error.what),
            _("The passphrase is what stands in {variable}.").format(variable=settings.passphrase_from)
            if locked
            else error.hint,
        ) from error
