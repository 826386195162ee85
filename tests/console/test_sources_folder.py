"""FolderSource: order, watching, damaged pictures, bombs; sizes from headers."""

from __future__ import annotations

import os
import struct
import threading
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.errors import SourceLost
from console.sources.folder import FolderSource, _natural, read_picture
from console.sources.orientation import Orientation
from console.sources.picture_header import picture_size
from tests.servers.clips import CORNERS, corners, scene, turned_corners

SUFFIXES = ["jpg", "png", "bmp", "webp", "tiff"]


def save(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    assert cv2.imwrite(str(path), scene(*size))
    return path


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def test_pictures_come_in_natural_order_once(tmp_path: Path) -> None:
    for i, name in enumerate(["p10.png", "p9.jpg", "P1.bmp", "p2.webp", "p010b.tiff"]):
        save(tmp_path / name, (40 + i, 30))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "sub.png").mkdir()
    frames = list(FolderSource("cam", tmp_path).frames(first_seq=5))
    assert [frame.seq for frame in frames] == list(range(5, 10))
    assert [frame.size[0] for frame in frames] == [42, 43, 41, 40, 44]
    assert all(frame.pts is None and "decode" in frame.trace.seconds() for frame in frames)
    assert sorted(["10", "9", "a1", "A01", "b"], key=_natural) == ["9", "10", "a1", "A01", "b"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sizes_from_headers(tmp_path: Path, suffix: str) -> None:
    for size in ((64, 48), (33, 17), (1, 1), (300, 5)):
        data = save(tmp_path / f"p.{suffix}", size).read_bytes()
        assert picture_size(data) == size
        assert read_picture(tmp_path / f"p.{suffix}").width == size[0]
        for cut in range(min(len(data), 40)):
            assert picture_size(data[:cut]) in {None, size}
    lossless = cv2.imencode(".webp", scene(33, 17), [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert picture_size(lossless) == (33, 17)
    assert picture_size(b"GIF89a") is None


def test_orientation_and_exif(tmp_path: Path) -> None:
    save(tmp_path / "a.png", (80, 60))
    source = FolderSource("cam", tmp_path, orientation=Orientation(90, mirror=True))
    frame = next(source.frames())
    assert frame.size == (60, 80)
    assert corners(frame.picture.view(60, 80)) == turned_corners(90, mirror=True)
    jpeg = save(tmp_path / "b.jpg", (80, 60)).read_bytes()
    exif = (
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # orientation 6: turn 90 clockwise
    )
    turned = tmp_path / "c.jpg"
    turned.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    picture = read_picture(turned)
    assert (picture.width, picture.height) == (60, 80)
    assert corners(picture.view(60, 80)) == turned_corners(90, mirror=False)


def test_unreadable_pictures_are_left_out_and_counted(tmp_path: Path) -> None:
    save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(bomb(60_000, 60_000))
    (tmp_path / "3.jpg").write_bytes(b"no picture at all")
    (tmp_path / "4.png").write_bytes(save(tmp_path / "1.png").read_bytes()[:200])
    (tmp_path / "5.bmp").write_bytes(b"")
    (tmp_path / "6.png").write_bytes(bomb(0, 10))
    save(tmp_path / "7.jpg")
    source = FolderSource("cam", tmp_path)
    frames = list(source.frames())
    assert [frame.seq for frame in frames] == [0, 1]
    assert source.skipped == 5
    assert "6.png" in source.last_problem
    with pytest.raises(SourceLost, match=r"2\.png claims pictures of 60000 x 60000"):
        read_picture(tmp_path / "2.png")
    with pytest.raises(SourceLost, match=r"4\.png is cut short"):
        read_picture(tmp_path / "4.png")
    (tmp_path / "8.jpg").write_bytes((tmp_path / "7.jpg").read_bytes()[:-300])
    with pytest.raises(SourceLost, match=r"8\.jpg is damaged"):
        read_picture(tmp_path / "8.jpg")
    lie = bytearray((tmp_path / "1.png").read_bytes())
    lie[lie.index(b"IDAT") - 4 : lie.index(b"IDAT")] = b"\x7f\xff\xff\xf0"  # OpenCV would take 2 GB for this chunk
    assert picture_size(bytes(lie)) is None


def test_a_bomb_within_the_limits_of_size_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(bomb(9_000, 9_000))
    begin = time.monotonic()
    with pytest.raises(SourceLost):
        list(FolderSource("cam", tmp_path).frames())
    assert time.monotonic() - begin < 5


def test_folders_that_hold_nothing_or_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceLost, match="no readable picture") as lost:
        list(FolderSource("cam", tmp_path).frames())
    assert not lost.value.retry
    with pytest.raises(SourceLost, match="can't be read") as lost:
        list(FolderSource("cam", tmp_path / "gone").frames())
    assert not lost.value.retry
    with pytest.raises(SourceLost, match="can't be read") as lost:
        list(FolderSource("cam", tmp_path / "gone", watch=True).frames())
    assert lost.value.retry


def test_loop_and_rate(tmp_path: Path) -> None:
    for name in "ab":
        save(tmp_path / f"{name}.png")
    source = FolderSource("cam", tmp_path, loop=True, rate=50)
    begin = time.monotonic()
    for frame in source.frames():
        if frame.seq == 6:
            source.close()
    assert frame.seq == 6
    assert 0.1 < time.monotonic() - begin < 0.5


def test_watching_takes_new_changed_and_only_whole_pictures(tmp_path: Path) -> None:
    save(tmp_path / "old.png", (40, 30))
    old = time.time() - 60
    os.utime(tmp_path / "old.png", (old, old))
    source = FolderSource("cam", tmp_path, watch=True)
    sizes: list[tuple[int, int]] = []
    reader = threading.Thread(target=lambda: sizes.extend(frame.size for frame in source.frames()))
    reader.start()
    try:
        whole = cv2.imencode(".png", np.random.default_rng(2).integers(0, 256, (48, 64, 3), np.uint8))[1].tobytes()
        with (tmp_path / "new.png").open("wb") as slow:
            for at in range(0, len(whole), len(whole) // 12):
                slow.write(whole[at : at + len(whole) // 12])
                slow.flush()
                time.sleep(0.1)
        deadline = time.monotonic() + 5
        while len(sizes) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        save(tmp_path / "old.png", (50, 30))
        while len(sizes) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        begin = time.monotonic()
        source.close()
        reader.join(2)
    assert time.monotonic() - begin < 0.3
    assert sizes == [(40, 30), (64, 48), (50, 30)]
    assert source.skipped == 0


def test_a_photo_keeps_its_colours(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    frame = next(FolderSource("cam", tmp_path).frames())
    assert corners(frame.picture.view(32, 24)) == list(CORNERS)
