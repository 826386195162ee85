"""A relay on loopback between the desk and a server, which keeps every byte that the desk sends."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

import numpy as np
from numpy.typing import NDArray

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _PADDED = 0, 0x8


class RecordingRelay:
    """Listens on loopback and hands every connection on to a port.

    Attributes:
        port: where it listens.
        sent: what was sent towards the server, by connection.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self.sent: list[bytearray] = []
        self._over = threading.Event()
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="relay")]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(10)
        for one in (self._listener, *self._ends):
            one.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                near, _address = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [near, far]
                self.sent.append(bytearray())
                for arguments in ((near, far, self.sent[-1]), (far, near, None)):
                    self._threads.append(threading.Thread(target=self._pump, args=arguments, name="relayed"))
                    self._threads[-1].start()

    def _pump(self, source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
        source.settimeout(0.05)
        with suppress(OSError):
            while not self._over.is_set():
                try:
                    block = source.recv(262144)
                except TimeoutError:
                    continue
                if not block:
                    break
                if kept is not None:
                    kept += block
                sink.sendall(block)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def messages(sent: bytes) -> Iterator[bytes]:
    """What a connection carried: the data of each HTTP/2 stream in one piece, or all of it where it is no HTTP/2."""
    if not sent.startswith(_PREFACE):
        yield bytes(sent)
        return
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


def tensors(message: bytes, shape: tuple[int, int, int]) -> Iterator[NDArray[np.uint8]]:
    """The float32 tensors of a known shape (channels, height, width) in the messages of a gRPC stream.

    KServe's raw contents are a field of a request: what follows the length that says just so many bytes.
    """
    size = int(np.prod(shape)) * 4
    mark = _varint(size)
    at = message.find(mark)
    while at >= 0:
        raw = message[at + len(mark) : at + len(mark) + size]
        if len(raw) == size:
            planes = np.frombuffer(raw, "<f4").reshape(shape)
            if np.isfinite(planes).all() and planes.min() >= 0 and planes.max() <= 255:
                yield np.ascontiguousarray(planes.transpose(1, 2, 0)).astype(np.uint8)
                at += size
        at = message.find(mark, at + 1)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + struct.pack("B", value)
