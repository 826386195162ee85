"""How large a picture is, from the first bytes of its file, without decoding it.

JPEG (ITU-T T.81, B.2.2; turned as its Exif orientation says, since whoever opens it turns it), PNG (W3C, 11.2.2),
BMP, GIF, WebP (RIFF; VP8, VP8L, VP8X).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff")
"""What counts as a picture in a folder."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TURNED = frozenset({5, 6, 7, 8})
_ORIENTATION = 0x0112


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height in pixels; None where the file is missing or is no such picture."""
    try:
        with path.open("rb") as file:
            head = file.read(32)
            if head[:2] == b"\xff\xd8":
                file.seek(2)
                found = _jpeg(file)
            elif head[:8] == b"\x89PNG\r\n\x1a\n":
                found = struct.unpack(">II", head[16:24])
            elif head[:2] == b"BM":
                wide, high = struct.unpack("<ii", head[18:26])
                found = wide, abs(high)
            elif head[:4] == b"GIF8":
                found = struct.unpack("<HH", head[6:10])
            elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
                found = _webp(head)
            else:
                found = None
    except (OSError, ValueError, struct.error, IndexError):
        return None
    return None if found is None or min(found) < 1 else (int(found[0]), int(found[1]))


def _jpeg(file: BinaryIO) -> tuple[int, int] | None:
    turned = False
    while True:
        marker = file.read(1)
        while marker not in {b"\xff", b""}:
            marker = file.read(1)
        while marker == b"\xff":
            marker = file.read(1)
        if not marker or marker == b"\xd9":
            return None
        code = marker[0]
        if code == 0 or 0xD0 <= code <= 0xD8:
            continue
        length = struct.unpack(">H", file.read(2))[0]
        body = file.read(length - 2)
        if code in _FRAMES:
            high, wide = struct.unpack(">HH", body[1:5])
            return (high, wide) if turned else (wide, high)
        if code == 0xE1 and body[:6] == b"Exif\0\0":
            turned = _orientation(body[6:]) in _TURNED
        if code == 0xDA:
            return None


def _orientation(tiff: bytes) -> int:
    """The orientation of Exif's first directory; 1 where it says nothing."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    at = struct.unpack(order + "I", tiff[4:8])[0]
    for place in range(struct.unpack(order + "H", tiff[at : at + 2])[0]):
        entry = tiff[at + 2 + 12 * place : at + 14 + 12 * place]
        if struct.unpack(order + "H", entry[:2])[0] == _ORIENTATION:
            return int(struct.unpack(order + "H", entry[8:10])[0])
    return 1


def _webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8 ":
        wide, high = struct.unpack("<HH", head[26:30])
        return wide & 0x3FFF, high & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack("<I", head[21:25])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None
