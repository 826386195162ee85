"""Files that may leave the site: redacted pictures and sealed crops, as they were written, checked as they are read.

What was written by `PictureWriter` is `Redacted`, what was written by `SealedWriter` is sealed; their rows say so, and
the file must still be the one its row names. Nothing else becomes a `Stored`, and targets take nothing else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from console.errors import PictureError
from console.privacy.sealing import MAGIC
from models.words import _

PICTURE_TYPE, SEALED_TYPE = "image/jpeg", "application/vnd.sightdesk.sealed"
_POLICIES = ("cover", "published footage")
_JPEG = b"\xff\xd8\xff"


class Missing(PictureError):
    """The file is gone, or is not the one that was written: it can never be sent."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a row says of its file.

    Attributes:
        path: relative to the home.
        sha256: of the file, in hex.
        policy: JSON of what it was redacted under; empty: it is sealed.
    """

    path: str
    sha256: str
    policy: str


class Stored:
    """The content of a file that may leave. Only `open_stored` makes one.

    Attributes:
        content: the bytes.
        content_type: image/jpeg, or that of sealed files.
        sha256: of the bytes, in hex.
        what: redacted or sealed.
        policy: what it was redacted under; empty where it is sealed.
    """

    __slots__ = ("content", "content_type", "policy", "sha256", "what")
    content: bytes
    content_type: str
    sha256: str
    what: Literal["redacted", "sealed"]
    policy: dict[str, Any]

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("what may leave is opened by `open_stored`, from what was written redacted or sealed")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("what may leave can't be changed")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("what may leave is neither copied nor pickled")

    def __len__(self) -> int:
        return len(self.content)


def open_stored(home: Path, named: Named) -> Stored:
    """Read a file that may leave.

    Args:
        home: the home's folder.
        named: as its row has it.

    Raises:
        Missing: it is gone, was changed, or is none of the two; it will never be sent.
        OSError: the disk can't be read just now.
    """
    try:
        content = (home / named.path).read_bytes()
    except FileNotFoundError:
        raise Missing(_("The file {path} is not there any more.").format(path=named.path)) from None
    if hashlib.sha256(content).hexdigest() != named.sha256:
        raise Missing(
            _("The file {path} is not the one that was written: it is not sent.").format(path=named.path),
            _("Look what changed it; what it was can't be brought back."),
        )
    policy: dict[str, Any] = json.loads(named.policy) if named.policy else {}
    covered = bool(policy) and policy.get("kind") in _POLICIES and content.startswith(_JPEG)
    if not covered and not (not policy and content.startswith(MAGIC)):
        raise Missing(_("The file {path} is neither redacted nor sealed: it is not sent.").format(path=named.path))
    made = object.__new__(Stored)
    values: dict[str, object] = {
        "content": content, "content_type": PICTURE_TYPE if policy else SEALED_TYPE, "sha256": named.sha256,
        "what": "redacted" if policy else "sealed", "policy": policy,
    }  # fmt: skip
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made
