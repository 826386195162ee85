"""Finding whole JPEG pictures in a stream of bytes, whatever lies around them."""

from __future__ import annotations

from collections.abc import Iterator

from console.sources.limits import MAX_PIXELS, MAX_SIDE

_SOI, _EOI, _SOS = b"\xff\xd8", b"\xff\xd9", 0xDA
_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # start-of-frame markers: they carry the size
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_LONGEST = 32 * 1024 * 1024


class JpegScanner:
    """Cuts pictures out of an MJPEG stream by the marks of JPEG itself (ITU-T T.81, annex B).

    The multipart frame around them is not read: cameras get boundaries and lengths wrong in every way, and waiting
    for the next boundary would delay each picture by one. Headers are walked by their lengths, so a thumbnail inside
    does not end a picture; in the scan, FF D9 can only be the end.

    Attributes:
        broken: pictures begun that were cut short, nonsense, absurdly large or over 32 MB.
    """

    def __init__(self) -> None:
        self.broken = 0
        self._buffer = bytearray()
        self._at = 0  # read so far within the picture at the buffer's start; 0: looking for a picture
        self._in_scan = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add bytes as they came; yields each picture they complete."""
        self._buffer += data
        while self._find_start():
            in_scan = self._in_scan or self._walk_headers()
            if in_scan is None:
                return
            if not in_scan:
                self._drop()
                continue
            picture = self._cut()
            if picture is None:
                return
            if picture:
                yield picture

    def _find_start(self) -> bool:
        if self._at:
            return True
        start = self._buffer.find(_SOI + b"\xff")
        if start < 0:
            del self._buffer[:-2]
            return False
        del self._buffer[:start]
        self._at, self._in_scan = 2, False
        return True

    def _walk_headers(self) -> bool | None:
        """True: the scan begins; False: nonsense; None: more bytes are needed."""
        buffer = self._buffer
        while not self._in_scan:
            if self._at + 4 > len(buffer):
                return None
            marker = buffer[self._at + 1]
            if buffer[self._at] != 0xFF or marker in {0x00, 0xD8, 0xD9}:
                return False
            if marker == 0xFF or marker in _BARE:
                self._at += 1 if marker == 0xFF else 2
                continue
            length = int.from_bytes(buffer[self._at + 2 : self._at + 4], "big")
            if marker in _SIZES and self._at + 9 > len(buffer):
                return None
            if length < 2 or (marker in _SIZES and not self._sane_size()):
                return False
            self._at += 2 + length
            self._in_scan = marker == _SOS
        return True

    def _sane_size(self) -> bool:
        height = int.from_bytes(self._buffer[self._at + 5 : self._at + 7], "big")
        width = int.from_bytes(self._buffer[self._at + 7 : self._at + 9], "big")
        return 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS

    def _cut(self) -> bytes | None:
        """The picture whose scan ends in the buffer; empty: it was cut short by another; None: more is needed."""
        buffer = self._buffer
        end = buffer.find(_EOI, self._at)
        again = buffer.find(_SOI, self._at, end if end >= 0 else len(buffer))
        if again >= 0:
            del buffer[:again]
            self.broken += 1
            self._at = 0
            return b""
        if end < 0:
            self._at = max(self._at, len(buffer) - 1)
            if len(buffer) > _LONGEST:
                self._drop()
            return None
        picture = bytes(buffer[: end + 2])
        del buffer[: end + 2]
        self._at = 0
        return picture

    def _drop(self) -> None:
        """Give this picture up and look for the next behind its first mark."""
        self.broken += 1
        del self._buffer[:2]
        self._at = 0
