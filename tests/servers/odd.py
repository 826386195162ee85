"""Servers on loopback that do one wrong thing: what a connection gets is played by a function."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

Play = Callable[[socket.socket, threading.Event], None]
"""Given a connection, and an event that is set once it is over."""


class Odd:
    """Plays the same to everybody who connects.

    Args:
        play: what; an OSError ends it.
        tls: spoken before; None: plain.

    Attributes:
        port: where.
        connections: how many came.
    """

    def __init__(self, play: Play, tls: ssl.SSLContext | None = None) -> None:
        self._play, self._tls = play, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, name="odd")]

    @property
    def url(self) -> str:
        """By its name; https:// whatever it speaks."""
        return f"https://localhost:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                one, _address = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(one,), name="odd one")
                self._threads.append(thread)
                thread.start()

    def _serve(self, one: socket.socket) -> None:
        one.settimeout(5)
        with suppress(OSError), one:
            if self._tls is None:
                self._play(one, self._over)
            else:
                with self._tls.wrap_socket(one, server_side=True) as secure:
                    self._play(secure, self._over)


def request(one: socket.socket) -> bytes:
    """A request of one message, as far as its end can be told from its head."""
    content = b""
    while b"\r\n\r\n" not in content:
        content += _more(one)
    head, _end, body = content.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    size = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < size:
        body += _more(one)
    return content


def _more(one: socket.socket) -> bytes:
    got = one.recv(65536)
    if not got:
        raise ConnectionResetError
    return got


def silent(_one: socket.socket, over: threading.Event) -> None:
    """Says nothing."""
    over.wait(30)


def answering(*parts: bytes, pause_s: float = 0.0) -> Play:
    """Takes a request and says this, part for part, then hangs up."""

    def play(one: socket.socket, over: threading.Event) -> None:
        request(one)
        for part in parts:
            one.sendall(part)
            if over.wait(pause_s):
                return

    return play
