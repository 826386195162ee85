"""The size of a picture file from its header, before anything takes memory for its pixels.

Formats by their owners' texts: PNG (ISO/IEC 15948), JPEG (ITU-T T.81), BMP (Microsoft's BITMAPINFOHEADER), WebP
(RFC 9649), TIFF 6.0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_TIFF_SHORT, _TIFF_LONG = 3, 4
_MOST_TAGS = 512


def picture_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) that the header claims; None: not one of PNG, JPEG, BMP, WebP and TIFF, or plainly cut short.

    Args:
        data: the whole file.
    """
    for start, read in _READERS:
        if data.startswith(start):
            try:
                return read(data)
            except (struct.error, IndexError):
                return None
    return None


def _png(data: bytes) -> tuple[int, int] | None:
    """OpenCV 5 takes memory for a chunk by the length it claims, up to 4 GB: so all must lie within the file."""
    if data[12:16] != b"IHDR":
        return None
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        if at > len(data):
            return None
    return struct.unpack_from(">II", data, 16)


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        elif marker in {0x01, *range(0xD0, 0xD8)}:
            at += 2
        elif marker in {0x00, 0xD8, 0xD9, 0xDA}:
            return None
        else:
            at += 2 + max(struct.unpack_from(">H", data, at + 2)[0], 2)
    return None


def _bmp(data: bytes) -> tuple[int, int]:
    if struct.unpack_from("<I", data, 14)[0] == 12:  # OS/2's header
        return struct.unpack_from("<HH", data, 18)
    width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)  # a negative height means top row first


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[8:16].removeprefix(b"WEBP")
    if kind == b"VP8 ":
        if data[23:26] != b"\x9d\x01\x2a":
            return None
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None


def _tiff(data: bytes) -> tuple[int, int] | None:
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found: dict[int, int] = {}
    for i in range(min(count, _MOST_TAGS)):
        tag, kind = struct.unpack_from(f"{order}HH", data, at + 2 + 12 * i)
        if tag in {_TIFF_WIDTH, _TIFF_HEIGHT} and kind in {_TIFF_SHORT, _TIFF_LONG}:
            found[tag] = struct.unpack_from(order + ("H" if kind == _TIFF_SHORT else "I"), data, at + 10 + 12 * i)[0]
    if found.keys() != {_TIFF_WIDTH, _TIFF_HEIGHT}:
        return None
    return found[_TIFF_WIDTH], found[_TIFF_HEIGHT]


_READERS: tuple[tuple[bytes, Callable[[bytes], tuple[int, int] | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
)
