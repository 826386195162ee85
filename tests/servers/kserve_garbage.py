"""What listens at a model server's port and is none: answers every connection with the same bytes, with TLS or without.

A `delay` of None never answers at all.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import Self


class Garbage:
    """A listener on loopback; every request gets `answer` and the end of the connection."""

    def __init__(self, answer: bytes | None, context: ssl.SSLContext | None = None) -> None:
        self._answer, self._context = answer, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="garbage")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        kept = []
        while not self._over.is_set():
            with suppress(TimeoutError):
                one, _address = self._listener.accept()
                if self._answer is None:
                    kept.append(one)
                    continue
                with one, suppress(OSError):
                    self._talk(one)
        for one in kept:
            one.close()

    def _talk(self, one: socket.socket) -> None:
        one.settimeout(1)
        if self._context is not None:
            with self._context.wrap_socket(one, server_side=True) as safe:
                safe.recv(65536)
                safe.sendall(self._answer or b"")
            return
        one.recv(65536)
        one.sendall(self._answer or b"")
