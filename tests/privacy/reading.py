"""Reads codes out of anything: picture files, pictures inside of other files, text, archives, raw pixels, databases.

A code counts as read when a decoder reads it, or when its pattern can be made out (the correlation with what it looks
like is `ALIKE` or more), which is a weaker thing: a code too small or too blurred for a decoder is a leak as well.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import gzip
import hashlib
import io
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.privacy.codes import CODE, FRAME, code

ALIKE = 0.7
WIDTHS = (640, 416, 320)
"""Widths at which raw pixels are looked for: the clip's, the served model's, a thumbnail's."""
LARGEST = 2560 * 1440
_TEMPLATE = 48
_SCALES = (1.3, 1.0, 0.8, 0.65, 0.5, 0.4, 0.3)
_RAW_LEAST = 20_000
_SMALL = 60_000
"""Raw pixels of a picture with fewer than these, such as a tile of a full wall, are looked at enlarged too."""
_BLOCK = 16
_ALIKE_ROWS = 0.7
_DEEP = 5
_STARTS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|BM....\x00\x00\x00\x00|II\*\x00|MM\x00\*", re.DOTALL
)
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]{40,}(?:\\n|\s)*)+[A-Za-z0-9+/_-]*={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){400,}")
_ESCAPED = re.compile(rb"(?:\\x[0-9a-fA-F]{2}|\\[nrt'\"\\]|[ -\[\]-~]){400,}")
_NUMBERS = re.compile(rb"(?:\d{1,3}[,;\s\[\]]+){3000,}")


@dataclass(frozen=True, order=True)
class Found:
    """A code that was read. `way`: by which steps, outermost first."""

    says: str
    way: str


@dataclass
class Reader:
    """Reads codes. What it has seen once it does not look at again.

    Args:
        says: what the codes may say whose pattern is looked for; a decoder reads any.
        widths: at which raw pixels are looked for.

    Attributes:
        pictures: how many pictures it looked at; none at all would prove nothing.
        raw: at how many of them because bytes looked like rows of pixels.
    """

    says: frozenset[str]
    widths: tuple[int, ...] = WIDTHS
    pictures: int = 0
    raw: int = 0
    _seen: dict[bytes, frozenset[Found]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._decoders = (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector())
        whole = {says: cv2.cvtColor(code(says), cv2.COLOR_BGR2GRAY) for says in sorted(self.says)}
        self._templates = {
            says: cv2.resize(drawn, (_TEMPLATE, _TEMPLATE), interpolation=cv2.INTER_AREA)
            for says, drawn in whole.items()
        }

    # bytes

    def content(self, content: bytes, depth: int = _DEEP) -> frozenset[Found]:
        """Every code in some bytes, whatever they are."""
        if len(content) < 64 or depth == 0:
            return frozenset()
        key = hashlib.sha256(content).digest()
        if key not in self._seen:
            self._seen[key] = frozenset(self._content(content, depth))
        return self._seen[key]

    def _content(self, content: bytes, depth: int) -> Iterator[Found]:
        """One way after the other, until one finds something: that is a leak, and more of it says no more."""
        for how, part in self._parts(content):
            inside = [Found(found.says, f"{how} > {found.way}") for found in self.content(part, depth - 1)]
            yield from inside
            if inside:
                return
        for way in (self._embedded, self._videos, self._raw):
            for found in way(content):
                yield found
                if way == self._raw:
                    return

    def _parts(self, content: bytes) -> Iterator[tuple[str, bytes]]:
        """What is packed, written as text, or stored in a database in there."""
        if b"PK\x03\x04" in content:
            with suppress(zipfile.BadZipFile, NotImplementedError), zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist():
                    yield f"zip {name}", archive.read(name)
        for match in re.finditer(rb"\x1f\x8b\x08", content):
            with suppress(OSError, EOFError, zlib.error):
                yield "gzip", gzip.decompress(content[match.start() :])
        for match in list(re.finditer(rb"x[\x01\x5e\x9c\xda]", content))[:200]:
            with suppress(zlib.error):
                yield "zlib", zlib.decompressobj().decompress(content[match.start() :], 50_000_000)
        if content.startswith(b"SQLite format 3\x00"):
            yield from _cells(content)
            yield "pages", _without_links(content)
        yield from _texts(content)

    def _embedded(self, content: bytes) -> Iterator[Found]:
        """Picture files that begin anywhere in there."""
        for match in _STARTS.finditer(content):
            picture = _decoded(content[match.start() :])
            if picture is not None:
                yield from self._told(f"{match[0][:4]!r} at {match.start()}", picture)

    def _videos(self, content: bytes) -> Iterator[Found]:
        if content[4:8] != b"ftyp" and content[8:12] != b"AVI " and not content.startswith(b"\x00\x00\x00\x01"):
            return
        with suppress(av.FFmpegError, ValueError), av.open(io.BytesIO(content)) as video:
            for frame in video.decode(video=0):
                yield from self._told("video", frame.to_ndarray(format="bgr24"))

    def _raw(self, content: bytes) -> Iterator[Found]:
        """Rows of pixels: bytes or floats, side by side or in planes, beginning anywhere."""
        if _is_text(content):
            return
        for width in self.widths:
            for kind, channels in (("<f4", 1), ("<f4", 3), ("<f2", 1), ("u1", 3), ("u1", 4), ("u1", 1)):
                size = np.dtype(kind).itemsize
                for phase in range(size):
                    table = _table(content[phase:], kind, width * channels)
                    rows = None if table is None else _pixels_in(table)
                    if table is not None and rows is not None:
                        picture = _as_grey(table[rows], channels)
                        for turn in (0, width // 2):  # where the rows begin is not known
                            self.raw += 1
                            turned = np.roll(picture, turn, axis=1)
                            for says in self.picture(turned, raw=True):
                                yield Found(says, f"raw {kind} x{channels}, {width} wide")

    def rows(self, database: bytes) -> frozenset[Found]:
        """Every code in the rows of a database file."""
        return frozenset(found for _table, value in _cells(database) for found in self.content(value))

    # pictures

    def picture(self, picture: NDArray[np.uint8], *, raw: bool = False) -> frozenset[str]:
        """What the codes in a picture say, (H, W) or (H, W, 3) uint8; `raw`: it may well be none."""
        grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        self.pictures += 1
        said = set()
        if grey.shape[0] * grey.shape[1] > LARGEST or min(grey.shape) < 24:
            return frozenset()
        ways = ((0, 1), (0, 2), (1, 1), (1, 3))
        if raw:
            ways = ways[: 2 if grey.size < _SMALL else 1]
        for decoder, larger in ways:
            if larger > 1 and grey.size * larger**2 > 3_000_000:
                continue
            seen = grey if larger == 1 else cv2.resize(grey, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
            with suppress(cv2.error):
                said |= set(filter(None, self._decoders[decoder].detectAndDecodeMulti(seen)[1]))
            if said:
                return frozenset(said)
        return frozenset(self._alike(grey))

    def _alike(self, grey: NDArray[np.uint8]) -> Iterator[str]:
        """Codes whose pattern can be made out, at any of some sizes."""
        for scale in _SCALES:
            factor = _TEMPLATE / ((CODE - 2 * FRAME) * scale)
            if min(grey.shape) * factor < _TEMPLATE or max(grey.shape) * factor > 1200:
                continue
            seen = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            for says, template in self._templates.items():
                if cv2.matchTemplate(seen, template, cv2.TM_CCOEFF_NORMED).max() >= ALIKE:
                    yield says

    def _told(self, way: str, picture: NDArray[np.uint8]) -> Iterator[Found]:
        return (Found(says, way) for says in self.picture(picture))


def _decoded(content: bytes) -> NDArray[np.uint8] | None:
    for end in (b"", b"\xff\xd9"):  # one that was cut off shows what is there
        with suppress(cv2.error):
            picture = cv2.imdecode(np.frombuffer(content + end, np.uint8), cv2.IMREAD_COLOR)
            if picture is not None:
                return picture
    return None


def _texts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Bytes that are written down: base64, hexadecimal, Python's or C's escapes, lists of numbers."""
    for match in _BASE64.finditer(content):
        run = re.sub(rb"\\n|\s", b"", match[0]).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        run = run[: len(run) - (len(run) % 4 == 1)]
        with suppress(binascii.Error, ValueError):
            yield "base64", base64.b64decode(run + b"=" * (-len(run) % 4))
    for match in _HEX.finditer(content):
        yield "hex", bytes.fromhex(match[0].decode())
    if b"\\x" in content:
        for match in _ESCAPED.finditer(content):
            with suppress(ValueError, UnicodeDecodeError):
                yield "escapes", codecs.escape_decode(match[0])[0]
    for match in _NUMBERS.finditer(content):
        numbers = np.array([int(number) for number in re.findall(rb"\d+", match[0])])
        yield "numbers", np.clip(numbers, 0, 255).astype(np.uint8).tobytes()


def _is_text(content: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        content.decode()
        return b"\x00" not in content
    return False


def _table(content: bytes, kind: str, across: int) -> NDArray[np.generic] | None:
    """Bytes as rows, if they are enough for a code."""
    size = np.dtype(kind).itemsize
    rows = len(content) // (across * size)
    if rows < 24 or len(content) < _RAW_LEAST:
        return None
    return np.frombuffer(content, kind, rows * across).reshape(rows, across)


def _pixels_in(table: NDArray[np.generic]) -> slice | None:
    """Which rows are each like the next, as in pictures: packed, encrypted and empty bytes are not."""
    floats = table.dtype.kind == "f"
    with np.errstate(all="ignore"):
        if floats:
            sound = np.isfinite(table) & (np.abs(table) < 1e3) & ((table == 0) | (np.abs(table) > 1e-4))
            if sound.mean() < 0.98:
                return None
        values = np.nan_to_num(np.clip(table.astype(np.float32), -1e4, 1e4))
    rows = len(values) // _BLOCK * _BLOCK
    blocks = values[:rows].reshape(-1, _BLOCK, values.shape[1])
    one, after = (part - part.mean((1, 2), keepdims=True) for part in (blocks[:, :-1], blocks[:, 1:]))
    spread = np.sqrt((one**2).sum((1, 2)) * (after**2).sum((1, 2)))
    alike = (one * after).sum((1, 2)) > _ALIKE_ROWS * np.maximum(spread, 1e-9)
    varied = blocks.std((1, 2)) > (0.02 if floats else 6)
    found = np.flatnonzero(alike & varied)
    if not len(found):
        return None
    return slice(max(found[0] - 1, 0) * _BLOCK, (found[-1] + 3) * _BLOCK)


def _as_grey(table: NDArray[np.generic], channels: int) -> NDArray[np.uint8]:
    """Rows of numbers as a grey picture: 0..255, or whatever span floats have."""
    values = np.nan_to_num(table.astype(np.float32)).reshape(len(table), -1, channels)
    grey = values[:, :, : min(channels, 3)].mean(2)
    if table.dtype.kind == "f":
        low, high = np.percentile(grey, (1, 99))
        grey = (grey - low) * (255 / max(high - low, 1e-6))
    return np.clip(grey, 0, 255).astype(np.uint8)


def _cells(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every value of every row of a database file."""
    with TemporaryDirectory() as folder, suppress(sqlite3.Error):
        path = Path(folder) / "copy.db"
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as db:
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                for row in db.execute(f'SELECT * FROM "{name}"'):
                    for value in row:
                        if isinstance(value, bytes | str) and len(value) > 64:
                            yield f"table {name}", value if isinstance(value, bytes) else value.encode()


def _without_links(content: bytes) -> bytes:
    """A database's pages without the four bytes that chain those of a long value: so it stands in one piece."""
    page = int.from_bytes(content[16:18], "big")
    page = 65536 if page == 1 else page
    return b"".join(content[at + 4 : at + page] for at in range(0, len(content), page))
