"""A camera over HTTP as they really are: good, cut short, full of garbage, endless, slow, behind a login."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Self

from tests.servers.clips import jpeg

BOUNDARY = b"--picture\r\n"
Say = Callable[[bytes], None]


def part(picture: bytes) -> bytes:
    """A multipart part as most cameras send it."""
    return BOUNDARY + b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture) + picture + b"\r\n"


class MjpegServer:
    """One listening socket; every connection is answered by `mode` until the server stops.

    Modes: good, large (96 x 64), count (three pictures, then the end), cut (a picture broken off, then the connection),
    garbage (noise, a wrong length, a truncated picture and an absurd size between good ones), endless_header (header
    lines for ever), trickle_header (a byte of header now and then), no_picture (text for ever), slow (a picture a
    second), silent (a picture, then nothing), page (a web page), sizes (two sizes in turn), bare (JPEGs without any
    frame), status (an error, `detail` its number), nonsense (not HTTP), file (`body` with a length), stream (`body`
    without).
    """

    def __init__(
        self, mode: str = "good", *, login: tuple[str, str] | None = None, digest: bool = False, detail: int = 500,
        body: bytes = b"", content_type: str = "video/mp2t", tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.mode, self.login, self.digest, self.detail = mode, login, digest, detail
        self.body, self.content_type = body, content_type
        self.tls = tls
        self.asked = 0
        self._stopping = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._threads = [threading.Thread(target=self._listen, name="MJPEG server")]
        self.port = int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/video"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                connection, _ = self._socket.accept()
                thread = threading.Thread(target=self._answer, args=(connection,), name="MJPEG connection")
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self.tls is not None:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                data = connection.recv(4096)
                if not data:
                    return
                request += data
            self.asked += 1
            if self.login and not self._allowed(request.decode("latin-1")):
                how = 'Digest realm="cam", nonce="abc", qop="auth"' if self.digest else 'Basic realm="cam"'
                head = f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {how}\r\n"
                connection.sendall(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            getattr(self, f"_{self.mode}")(connection.sendall)

    def _allowed(self, request: str) -> bool:
        assert self.login is not None
        given = re.search(r"(?im)^authorization: (.*)$", request)
        if given is None:
            return False
        user, password = self.login
        if not self.digest:
            return given[1].strip() == "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        fields = dict(re.findall(r'(\w+)="?([^",\s]+)"?', given[1]))
        ha1 = hashlib.md5(f"{user}:cam:{password}".encode()).hexdigest()
        ha2 = hashlib.md5(f"GET:{fields['uri']}".encode()).hexdigest()
        said = f"{ha1}:abc:{fields['nc']}:{fields['cnonce']}:auth:{ha2}"
        return fields["response"] == hashlib.md5(said.encode()).hexdigest()

    def _pause(self, seconds: float) -> bool:
        return not self._stopping.wait(seconds)

    def _head(self, say: Say, kind: str = "multipart/x-mixed-replace; boundary=picture", more: str = "") -> None:
        say(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{more}Connection: close\r\n\r\n".encode())

    def _good(self, say: Say) -> None:
        self._head(say)
        number = 0
        while self._pause(0.02):
            say(part(jpeg(number=number)))
            number += 1

    def _large(self, say: Say) -> None:
        self._head(say)
        number = 0
        while self._pause(0.02):
            say(part(jpeg(96, 64, number)))
            number += 1

    def _count(self, say: Say) -> None:
        self._head(say)
        say(b"".join(part(jpeg(number=number)) for number in range(3)))

    def _cut(self, say: Say) -> None:
        self._head(say)
        say(part(jpeg()) + part(jpeg(number=1)) + part(jpeg(number=2))[:300])

    def _garbage(self, say: Say) -> None:
        self._head(say)
        good = jpeg(number=1)
        absurd = good.replace(
            good[good.index(b"\xff\xc0") :][:9], good[good.index(b"\xff\xc0") :][:5] + b"\xff\xff\xff\xff", 1
        )
        while self._pause(0.02):
            say(bytes(range(256)) * 4)
            say(part(good))
            say(BOUNDARY + b"Content-Length: 99999999\r\n\r\n" + good)
            say(part(good[: len(good) // 2]))
            say(part(absurd))
            say(b"\xff\xd8\xff\xff\xd8\xff\xe0\x00\x00" + b"\xff\xd8" * 3000)
            say(b"--picture\r\nContent-Type: text/plain\r\n\r\nno picture here\r\n")

    def _sizes(self, say: Say) -> None:
        self._head(say)
        number = 0
        while self._pause(0.02):
            say(part(jpeg(*((64, 48), (96, 80))[number // 5 % 2], number=number)))
            number += 1

    def _bare(self, say: Say) -> None:
        self._head(say, "image/jpeg")
        while self._pause(0.02):
            say(jpeg())

    def _slow(self, say: Say) -> None:
        self._head(say)
        while self._pause(1.0):
            say(part(jpeg()))

    def _silent(self, say: Say) -> None:
        self._head(say)
        say(part(jpeg()))
        self._stopping.wait(30)

    def _no_picture(self, say: Say) -> None:
        self._head(say)
        while self._pause(0.01):
            say(b"all work and no pictures " * 40)

    def _endless_header(self, say: Say) -> None:
        say(b"HTTP/1.1 200 OK\r\n")
        while self._pause(0):
            say(b"X-Header: " + b"x" * 1000 + b"\r\n")

    def _trickle_header(self, say: Say) -> None:
        say(b"HTTP/1.1 200 OK\r\nX-Header: ")
        while self._pause(0.05):
            say(b"x")

    def _page(self, say: Say) -> None:
        self._head(say, "text/html")
        say(b"<html>please log in</html>")

    def _status(self, say: Say) -> None:
        say(f"HTTP/1.1 {self.detail} Whatever\r\nContent-Length: 0\r\n\r\n".encode())

    def _nonsense(self, say: Say) -> None:
        say(b"220 mail.example ESMTP\r\n")
        time.sleep(0.05)

    def _file(self, say: Say) -> None:
        self._head(say, self.content_type, f"Content-Length: {len(self.body)}\r\n")
        say(self.body)

    def _stream(self, say: Say) -> None:
        self._head(say, self.content_type)
        say(self.body)
        self._stopping.wait(30)
