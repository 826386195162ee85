"""From the file of a job to a picture: what opens, what never does, and that nothing hostile is decoded."""

from __future__ import annotations

import hashlib
import json
import struct
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from console.cloud.errors import CloudError
from console.cloud.jobs.values import Claimed
from console.cloud.tasks import KeySettings
from console.cloud.working import opening
from console.cloud.working.opening import Keys, NeverOpens, open_file
from console.privacy.sealing import PrivateKey, seal
from tests.cloud.worker_cases import ABOUT, KEY, jpeg_of, square

KEYS = Keys([PrivateKey.new(), KEY])


def job(content: bytes, kind: str = "sealed", body: Any = None) -> Claimed:
    sha256 = hashlib.sha256(content).hexdigest()
    return Claimed("j", "plant", "gate", "m", "t", "cam", kind, "crops", 1, "f", sha256, body or {})


def sealed_png(png: bytes, about: object = ABOUT, key: PrivateKey = KEY) -> bytes:
    """Sealed as a desk does it, whatever the PNG is."""
    made = seal.__globals__["cv2"]

    class Encoder:
        def __getattr__(self, name: str) -> Any:
            return (lambda *_a: (True, np.frombuffer(png, np.uint8))) if name == "imencode" else getattr(made, name)

    seal.__globals__["cv2"] = Encoder()
    try:
        return seal(square(), about if isinstance(about, dict) else {"x": about}, key.public).content  # type: ignore[arg-type]
    finally:
        seal.__globals__["cv2"] = made


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be large, and could be."""
    rows = zlib.compress(bytes(min(width, 1000) * 3 + 1) * 1000, 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_crop_opens_with_the_key_it_was_sealed_for_in_pixels_of_its_source() -> None:
    content = seal(square(), ABOUT, KEY.public).content
    opened = open_file(job(content), content, KEYS)
    assert np.array_equal(opened.bgr, square())
    assert (opened.space.kind, opened.space.size) == ("source", (1920, 1080))
    assert opened.space.place(np.array([[1, 2, 3, 4.5]], np.float32)).tolist() == [[101, 52, 103, 54.5]]


def test_boxes_in_a_crop_that_was_made_smaller_are_in_pixels_of_its_source() -> None:
    about = {**ABOUT, "crop_width": 1280, "crop_height": 574}
    content = seal(square((1024, 459)), about, KEY.public).content
    space = open_file(job(content), content, KEYS).space
    placed = space.place(np.array([[0, 0, 512, 459], [0, 0, 1024, 1]], np.float32))
    assert np.allclose(placed, [[100, 50, 740, 624], [100, 50, 1380, 50 + 574 / 459]])


@pytest.mark.parametrize(
    "about",
    [
        {}, {"x": 1, "y": 2}, {**ABOUT, "x": -1}, {**ABOUT, "x": True}, {**ABOUT, "y": "7"},
        {**ABOUT, "source_width": 0}, {**ABOUT, "source_width": 10**9}, {**ABOUT, "x": None},
        {**ABOUT, "crop_width": 0, "crop_height": 9}, {**ABOUT, "crop_width": "9"},
    ],
)  # fmt: skip
def test_what_does_not_say_where_it_was_is_answered_in_its_own_pixels(about: dict[str, Any]) -> None:
    content = seal(square((64, 48)), about, KEY.public).content
    space = open_file(job(content), content, KEYS).space
    assert (space.kind, space.size, space.corner, space.scale) == ("file", (64, 48), (0, 0), (1.0, 1.0))


@pytest.mark.parametrize(
    ("body", "kind", "size"),
    [
        ({"source_size": [256, 512]}, "source", (256, 512)), ({"source_size": None}, "file", (128, 128)),
        ({"source_size": [256]}, "file", (128, 128)), ({"source_size": [0, 5]}, "file", (128, 128)),
        ({"source_size": ["a", 5]}, "file", (128, 128)), ({}, "file", (128, 128)),
    ],
)  # fmt: skip
def test_a_picture_is_answered_in_its_cameras_pixels(body: dict[str, Any], kind: str, size: tuple[int, int]) -> None:
    content = jpeg_of()
    space = open_file(job(content, "picture", body), content, KEYS).space
    assert (space.kind, space.size) == (kind, size)
    assert space.place(np.array([[0, 0, 128, 128]], np.float32)).tolist() == [[0, 0, *size]]


def test_a_turned_picture_stays_as_its_pixels_lie() -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # to be turned by 90 degrees
    plain = jpeg_of(square((128, 64), 0))
    content = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
    assert open_file(job(content, "picture"), content, KEYS).bgr.shape == (64, 128, 3)


@pytest.mark.parametrize("damage", ["other key", "changed", "cut", "no seal", "not the file", "jpeg inside", "empty"])
def test_what_never_opens_says_why(damage: str) -> None:
    content = seal(square(), ABOUT, KEY.public).content
    claimed = job(content)
    stranger = PrivateKey.new()
    if damage == "other key":
        content = seal(square(), ABOUT, stranger.public).content
    elif damage == "changed":
        content = content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]
    elif damage == "cut":
        content = content[:60]
    elif damage == "no seal":
        content = jpeg_of()
    elif damage == "jpeg inside":
        content = sealed_png(jpeg_of())
    elif damage == "empty":
        content = b""
    else:
        content += b"\0"
    claimed = claimed if damage == "not the file" else job(content)
    with pytest.raises(NeverOpens) as said:
        open_file(claimed, content, KEYS)
    wanted = {
        "other key": stranger.public.number, "not the file": "not the one that was received",
        "jpeg inside": "no whole PNG", "changed": "changed or damaged",
    }  # fmt: skip
    assert wanted.get(damage, "no sealed") in str(said.value)


@pytest.mark.parametrize("cut", [1, 2, 100, 0.5])
def test_a_picture_that_is_cut_short_is_not_answered(cut: float) -> None:
    whole = jpeg_of(np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8))
    content = whole[: int(len(whole) * cut) if cut < 1 else -int(cut)]
    with pytest.raises(NeverOpens, match="cut short"):
        open_file(job(content, "picture"), content, KEYS)


def test_padding_behind_a_picture_is_no_fault() -> None:
    content = jpeg_of() + bytes(100)
    assert open_file(job(content, "picture"), content, KEYS).bgr.shape == (128, 128, 3)


@pytest.mark.parametrize("size", [(60_000, 60_000), (7072, 7072), (2**31 - 1, 1)])
def test_a_bomb_is_not_decoded(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    content = sealed_png(bomb(*size))
    monkeypatch.setattr(opening.cv2, "imdecode", lambda *_given: pytest.fail("it was decoded"))
    tracemalloc.start()
    begin = time.monotonic()
    with pytest.raises(NeverOpens, match="too large"):
        open_file(job(content), content, KEYS)
    assert time.monotonic() - begin < 1.0
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_damaged_png_is_said_so() -> None:
    png = bytes(cv2.imencode(".png", square())[1])
    for content in (sealed_png(png[:200]), sealed_png(png[:60] + bytes(40) + png[100:]), sealed_png(bomb(3000, 3000))):
        with pytest.raises(NeverOpens, match=r"damaged|no whole PNG"):
            open_file(job(content), content, KEYS)


def test_words_that_are_none_don_t_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    png = bytes(cv2.imencode(".png", square())[1])
    for words in ("[1, 2]", '"x"', "null", "7"):
        monkeypatch.setattr(
            "console.privacy.sealing.json.loads", lambda _text, words=words: json.JSONDecoder().decode(words)
        )
        content = sealed_png(png)
        assert open_file(job(content), content, KEYS).space.kind == "file"


def test_words_nested_without_end_fail_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.privacy.sealing.json.dumps", lambda *_a, **_k: "[" * 200_000)
    content = sealed_png(bytes(cv2.imencode(".png", square())[1]))
    with pytest.raises(NeverOpens, match="can't be read"):
        open_file(job(content), content, KEYS)


def test_keys_are_read_with_their_passphrases(tmp_path: Path) -> None:
    locked, plain = tmp_path / "locked.key", tmp_path / "plain.key"
    locked.write_bytes(KEY.pem("open sesame"))
    plain.write_bytes(PrivateKey.new().pem(None))
    settings = [KeySettings(file=str(locked), passphrase_from="WORDS"), KeySettings(file=str(plain))]
    assert KEY.public.number in Keys.read(settings, {"WORDS": "open sesame"}).numbers
    with pytest.raises(CloudError, match=r"locked\.key.*no WORDS in the environment"):
        Keys.read(settings, {})
    with pytest.raises(CloudError, match=r"locked\.key can't be used.*passphrase is another"):
        Keys.read(settings, {"WORDS": "close"})
    with pytest.raises(CloudError, match=r"locked\.key is locked by a passphrase"):
        Keys.read([KeySettings(file=str(locked))], {"WORDS": "open sesame"})
    with pytest.raises(CloudError, match=r"none\.key can't be read: No such file"):
        Keys.read([KeySettings(file=str(tmp_path / "none.key"))], {})
