"""A server on loopback in threads that can be stopped at once and started again, over TLS or plain."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any


class Serving(socketserver.ThreadingTCPServer):
    """Serves from the moment it is made; its threads are joined at the end, whatever its peers do.

    Args:
        port: where; 0: any that is free.
        tls: None: plain.
        handler: of connections; finds `owner` at its server.
        owner: whom it serves for.

    Attributes:
        refused: handshakes that failed.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, port: int, tls: ssl.SSLContext | None, handler: type[BaseHTTPRequestHandler], owner: Any
    ) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.owner, self.refused, self._tls = owner, 0, tls
        self._open: set[socket.socket] = set()
        self._lock, self._ending = threading.Lock(), False
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="serving")
        self._thread.start()

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._note(request)
        if self._tls is not None:  # on the connection's own thread: a slow one holds up nobody
            request.settimeout(10)
            plain, request = request, self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
            self._note(request, plain)
            try:
                request.do_handshake()
            except OSError:
                self.refused += 1
                self._close(request)
                return
        request.settimeout(None)
        try:
            self.RequestHandlerClass(request, client_address, self)  # type: ignore[arg-type]  # typeshed wants Self
        except OSError:
            pass  # it went away, or we do
        finally:
            self._close(request)

    def end(self) -> None:
        """Refuse connections, cut those that are open, wait for their threads."""
        self.shutdown()
        self._thread.join()
        with self._lock:
            self._ending, still = True, list(self._open)
        for one in still:
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)  # TLS and all: another thread may be in it
        self.server_close()

    def _note(self, request: socket.socket, instead_of: socket.socket | None = None) -> None:
        with self._lock:
            self._open.discard(instead_of or request)
            self._open.add(request)
            ending = self._ending
        if ending:
            with suppress(OSError):
                socket.socket.shutdown(request, socket.SHUT_RDWR)

    def _close(self, request: socket.socket) -> None:
        with self._lock:
            self._open.discard(request)
        with suppress(OSError):
            socket.socket.shutdown(request, socket.SHUT_RDWR)
        request.close()


class QuietHandler(BaseHTTPRequestHandler):
    """HTTP/1.1 with kept connections; an answer goes in one piece."""

    protocol_version = "HTTP/1.1"
    server: Serving

    def say(self, status: int, headers: dict[str, str], content: bytes, *, half: bool = False) -> None:
        """Answer; only half of it, and then hang up, where that is wanted."""
        lines = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
        head = f"HTTP/1.1 {status} So\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        whole = head.encode() + (b"" if self.command == "HEAD" else content)
        self.connection.sendall(whole[: len(whole) - len(content) // 2 - 1] if half else whole)
        self.close_connection = self.close_connection or half

    def body(self) -> bytes:
        """What came with the request. Raises ConnectionAbortedError where only a part did."""
        size = int(self.headers["Content-Length"])
        content = self.rfile.read(size)
        if len(content) < size:
            raise ConnectionAbortedError
        return content

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Quiet."""
