"""Takes the pictures out of what was sent to a model server: KServe v2, over gRPC or over HTTP."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _PADDED = 0, 0x8
_HEAD_ENDS = b"\r\n\r\n"


def carried(sent: bytes, shape: tuple[int, int, int]) -> Iterator[NDArray[np.uint8]]:
    """The pictures of a known shape (channels, height, width) in what one connection carried, (H, W, 3) uint8."""
    if sent.startswith(_PREFACE):
        for message in messages(sent):
            yield from _of_grpc(message, shape)
    else:
        for head, body in requests(sent):
            yield from _of_http(head, body, shape)


def messages(sent: bytes) -> Iterator[bytes]:
    """The data of each HTTP/2 stream of a connection in one piece."""
    streams: dict[int, bytearray] = {}
    at = len(_PREFACE)
    while at + 9 <= len(sent):
        length, kind, flags = int.from_bytes(sent[at : at + 3], "big"), sent[at + 3], sent[at + 4]
        stream = int.from_bytes(sent[at + 5 : at + 9], "big") & 0x7FFFFFFF
        data = sent[at + 9 : at + 9 + length]
        at += 9 + length
        if kind == _DATA:
            if flags & _PADDED:
                data = data[1 : len(data) - data[0]]
            streams.setdefault(stream, bytearray()).extend(data)
    yield from map(bytes, streams.values())


def requests(sent: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """The requests of an HTTP/1.1 connection: headers by their names in small letters, and the body."""
    at = 0
    while (end := sent.find(_HEAD_ENDS, at)) >= 0:
        lines = sent[at:end].decode("latin-1").split("\r\n")[1:]
        head = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        begin = end + len(_HEAD_ENDS)
        at = begin + int(head.get("content-length", "0"))
        yield head, sent[begin:at]


def _of_grpc(message: bytes, shape: tuple[int, int, int]) -> Iterator[NDArray[np.uint8]]:
    """KServe's raw contents are a field of a request: what follows the length that says just so many bytes."""
    size = int(np.prod(shape)) * 4
    mark = _varint(size)
    at = message.find(mark)
    while at >= 0:
        raw = message[at + len(mark) : at + len(mark) + size]
        if len(raw) == size:
            planes = np.frombuffer(raw, "<f4").reshape(shape)
            if np.isfinite(planes).all() and planes.min() >= 0 and planes.max() <= 255:
                yield _picture(planes)
                at += size
        at = message.find(mark, at + 1)


def _of_http(head: dict[str, str], body: bytes, shape: tuple[int, int, int]) -> Iterator[NDArray[np.uint8]]:
    """Numbers behind the JSON, whose length a header names, or in it."""
    length = int(head.get("inference-header-content-length", len(body)))
    numbers = np.frombuffer(body[length : length + (len(body) - length) // 4 * 4], "<f4")
    if not len(numbers) and re.match(rb"\s*\{", body):
        with suppress(ValueError, KeyError, TypeError):
            numbers = np.array([n for given in json.loads(body)["inputs"] for n in given["data"]], "<f4")
    count = int(np.prod(shape))
    for at in range(0, len(numbers) - count + 1, count):
        yield _picture(numbers[at : at + count].reshape(shape))


def _picture(planes: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.clip(planes, 0, 255).transpose(1, 2, 0)).astype(np.uint8)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + struct.pack("B", value)
