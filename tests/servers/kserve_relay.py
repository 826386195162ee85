"""A relay on loopback in front of a model server, as a reverse proxy is: it keeps what is sent, and may speak TLS.

TLS is for https:// to Triton, whose HTTP is plain.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import Self


class Relay:
    """Listens on loopback and hands every connection on to a port.

    Args:
        context: TLS towards who connects; None: plain.
        port: where to.

    Attributes:
        port: where it listens.
        sent: what was sent towards the server, by connection, without TLS.
    """

    def __init__(self, context: ssl.SSLContext | None, port: int) -> None:
        self._context, self._to = context, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self.sent: list[bytearray] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, name="relay")]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                one, _address = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(one,), name="relayed")
                self._threads.append(thread)
                thread.start()

    def _serve(self, one: socket.socket) -> None:
        kept = bytearray()
        self.sent.append(kept)
        with (
            suppress(OSError),
            one if self._context is None else self._context.wrap_socket(one, server_side=True) as near,
            socket.create_connection(("127.0.0.1", self._to)) as far,
        ):
            back = threading.Thread(target=self._pump, args=(far, near, None), name="relayed back")
            back.start()
            self._pump(near, far, kept)
            back.join(10)

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
                sink.settimeout(5)
                sink.sendall(block)
                sink.settimeout(0.05)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
