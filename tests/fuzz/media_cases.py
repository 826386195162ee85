"""Clips and pictures, and their damage: case N is always the same bytes. Also the child process that tries them.

``python -m tests.fuzz.media_cases FOLDER FIRST LAST`` runs cases one after the other and prints one line each, before
and after, so that whoever watches knows which one a crash or a hang belongs to. A single case can be run by hand.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from console.errors import SourceLost
from console.sources.file import FileSource
from console.sources.folder import FolderSource
from console.sources.jpeg_stream import JpegScanner
from console.sources.mjpeg import _JpegDecoder
from console.sources.orientation import Orientation
from console.sources.recent import Recent
from models.traces import Trace
from tests.servers.clips import encode, jpeg, scene

LIMIT_S = 10.0
MEMORY = 4 << 30
MOST_MORE_MEMORY = 1_200_000_000
MOST_FRAMES = 200

CLIPS = {
    "mpeg4.avi": ("mpeg4", "yuv420p", {}),
    "mjpeg.avi": ("mjpeg", "yuvj422p", {}),
    "raw.avi": ("rawvideo", "bgr24", {}),
    "h264.mp4": ("libx264", "yuv420p", {"preset": "ultrafast", "bf": "2"}),
    "h264.mkv": ("libx264", "yuv420p", {"preset": "ultrafast"}),
    "h264.ts": ("libx264", "yuv420p", {"preset": "ultrafast"}),
    "hevc.mp4": ("libx265", "yuv420p", {"preset": "ultrafast", "x265-params": "log-level=none"}),
    "vp8.webm": ("libvpx", "yuv420p", {"deadline": "realtime"}),
    "mpeg2.mpg": ("mpeg2video", "yuv420p", {}),
    "flv1.flv": ("flv1", "yuv420p", {}),
    "anim.gif": ("gif", "rgb8", {}),
    "png.mov": ("png", "rgb24", {}),
}
PICTURES = ("p.jpg", "p.png", "p.bmp", "p.webp", "p.tiff")
STREAMS = ("stream.mjpeg",)
NAMES = (*CLIPS, *PICTURES, *STREAMS)


def make_originals(folder: Path) -> None:
    """Write the sound clips and pictures that cases are made from. (x265 itself corrupts the heap at 48 x 32.)"""
    for name, (codec, pix_fmt, options) in CLIPS.items():
        encode(folder / name, codec=codec, pix_fmt=pix_fmt, options=dict(options), frames=5, size=(64, 48))
    for name in PICTURES:
        cv2.imwrite(str(folder / name), scene(48, 32))
    (folder / STREAMS[0]).write_bytes(
        b"--b\r\nContent-Type: image/jpeg\r\n\r\n".join(jpeg(48, 32, n) for n in range(5))
    )


def _flips(data: bytearray, rng: random.Random, _other: bytes) -> None:
    for _ in range(rng.choice((1, 3, 10, 100))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _header_flips(data: bytearray, rng: random.Random, _other: bytes) -> None:
    for _ in range(rng.choice((1, 3, 10))):
        data[rng.randrange(min(len(data), 600))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _lies(data: bytearray, rng: random.Random, _other: bytes) -> None:
    """Numbers in the header become the largest and smallest there are."""
    for _ in range(rng.randint(1, 3)):
        width = rng.choice((2, 4, 8))
        at = rng.randrange(max(min(len(data), 2000) - width, 1))
        value = rng.choice((0, 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), 2 ** (8 * width - 1) - 1, 16384, 65535))
        data[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, rng.choice(("big", "little")))


def _cut(data: bytearray, rng: random.Random, _other: bytes) -> None:
    del data[rng.randrange(len(data)) :]


def _hole(data: bytearray, rng: random.Random, _other: bytes) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randrange(1, 2000)]


def _zeros(data: bytearray, rng: random.Random, _other: bytes) -> None:
    at = rng.randrange(len(data))
    end = min(len(data), at + rng.randrange(1, 2000))
    data[at:end] = bytes(end - at)


def _splice(data: bytearray, rng: random.Random, other: bytes) -> None:
    data[rng.randrange(len(data)) :] = other[rng.randrange(len(other)) :]


def _twice(data: bytearray, rng: random.Random, _other: bytes) -> None:
    at = rng.randrange(len(data))
    piece = bytes(data[at : at + rng.randrange(1, 4000)])
    data[at:at] = piece * rng.randint(1, 20)


def _noise(data: bytearray, rng: random.Random, _other: bytes) -> None:
    data[:] = rng.randbytes(rng.choice((0, 1, 16, 1000, 50_000)))


def _noise_after_header(data: bytearray, rng: random.Random, _other: bytes) -> None:
    at = rng.randrange(min(len(data), 1000))
    data[at:] = rng.randbytes(len(data) - at)


DAMAGE: tuple[Callable[[bytearray, random.Random, bytes], None], ...] = (
    _flips, _header_flips, _lies, _lies, _cut, _hole, _zeros, _splice, _twice, _noise, _noise_after_header,
)  # fmt: skip


def damaged(folder: Path, case: int) -> tuple[str, bytes]:
    """The name and bytes of a case: each original in turn, under one to three kinds of damage."""
    rng = random.Random(case)
    name = NAMES[case % len(NAMES)]
    data = bytearray((folder / name).read_bytes())
    other = (folder / rng.choice(NAMES)).read_bytes()
    for _ in range(rng.choice((1, 1, 2, 3))):
        if data:
            rng.choice(DAMAGE)(data, rng, other)
    return name, bytes(data)


def read_case(folder: Path, case: int) -> str:
    """Read one case the way the program does; frames, or why not, in words.

    Raises:
        AssertionError: it was refused, but not in words.
    """
    name, data = damaged(folder, case)
    if name in STREAMS:
        return _read_stream(data)
    own = folder / f"case{case}"
    own.mkdir()
    path = own / name
    path.write_bytes(data)
    source = FolderSource("fuzz", own) if name in PICTURES else FileSource("fuzz", path, paced=False)
    frames, recent = 0, Recent()
    try:
        for frame in source.frames():
            frames += 1
            recent.took(frame)
            _look(frame.picture.view)
            if frames >= MOST_FRAMES:
                break
    except SourceLost as lost:
        if not lost.what.endswith(".") or "Traceback" in str(lost):
            raise AssertionError(f"not in words: {lost}") from None
        return f"{frames} frames, then: {lost.what}"
    finally:
        source.close()
        _look_back(recent, frames)
        path.unlink()
        own.rmdir()
    return f"{frames} frames"


def _look_back(recent: Recent, frames: int) -> None:
    """What was read can be seen again; never more of it, whatever the bytes are."""
    again = 0
    for picture in recent.held().pictures(0):
        again += 1
        _look(picture.picture.view)
    assert again <= frames


def _read_stream(data: bytes) -> str:
    scanner, decoder, frames = JpegScanner(), _JpegDecoder(Orientation()), 0
    for at in range(0, len(data), 700):
        for found in scanner.feed(data[at : at + 700]):
            picture = decoder.decode(found, Trace())
            if picture is not None:
                frames += 1
                _look(picture.view)
    return f"{frames} frames, {scanner.broken} broken"


def _look(view: Callable[..., np.ndarray]) -> None:
    assert view(24, 16).shape == (16, 24, 3)
    assert view(31, 17, "rgb32").shape == (17, 31, 4)


def peak_memory() -> int:
    """The most memory this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(folder: Path, first: int, last: int) -> None:
    """Run cases; a broken promise ends the process with a traceback, seen by who watches."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for case in range(first, last):
        sys.stdout.write(f"begin {case}\n")
        sys.stdout.flush()
        begin = time.monotonic()
        before = peak_memory()
        outcome = read_case(folder, case)
        if peak_memory() - before > MOST_MORE_MEMORY:
            raise MemoryError(f"case {case} took {(peak_memory() - before) / 1e6:.0f} MB")
        sys.stdout.write(f"end {case} {time.monotonic() - begin:.2f} {outcome}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
