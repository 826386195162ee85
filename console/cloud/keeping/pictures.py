"""Which files are taken: JPEG that is not too large to be opened, and sealed crops. Nothing is decoded for it."""

from __future__ import annotations

from console.privacy.sealing import MAGIC
from console.privacy.stored import PICTURE_TYPE, SEALED_TYPE
from console.sources.picture_header import picture_size
from models.words import _

MOST_PIXELS = 50_000_000
_JPEG = b"\xff\xd8\xff"
_HEADER = 1 << 20
"""The size must stand within the first MiB, else reading what stands before it would take long."""


def content_type_of(start: bytes) -> str | None:
    """What a file is, by its first 8 bytes; None: nothing that is taken."""
    if start.startswith(_JPEG):
        return PICTURE_TYPE
    return SEALED_TYPE if start.startswith(MAGIC) else None


def why_not(content: bytes, said: str) -> str:
    """Why a file is not taken, in words; empty: it is.

    Args:
        content: of the file.
        said: its content type, as its message has it.
    """
    kind = content_type_of(content[:16])
    if kind is None:
        return _("the file is neither JPEG nor sealed")
    if kind != said:
        return _("the file is not of the kind that its message says")
    if kind == SEALED_TYPE:
        return ""
    size = picture_size(content[:_HEADER])
    if size is None or min(size) < 1:
        return _("the picture does not say how large it is")
    if size[0] * size[1] > MOST_PIXELS:
        return _("the picture is too large: {width} x {height} pixels, more than {most} million").format(
            width=size[0], height=size[1], most=MOST_PIXELS // 1_000_000
        )
    return ""
