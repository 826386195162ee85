"""One HTTP answer that goes on and on: opened within a time limit, cut off from any thread."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import httpx
import truststore

from console.errors import SourceLost
from console.sources import http_words
from console.sources.address import Address

_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class HttpStream:
    """Reads the body of one GET. `read` belongs to one thread; `hang_up` may come from any, at any time.

    Attributes:
        failure: why the body ended early, or None; set by `read`.
    """

    def __init__(self, address: Address, open_timeout_s: float, read_timeout_s: float) -> None:
        self.failure: SourceLost | None = None
        self._address = address
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._socket: socket.socket | None = None
        self._hung_up = threading.Event()
        self._rest = b""
        self._chunks: Iterator[bytes] = iter(())

    @contextlib.contextmanager
    def opened(self) -> Iterator[Mapping[str, str]]:
        """Ask for the stream; gives the answer's headers (names in lower case).

        Raises:
            SourceLost: refused, or no headers within `open_timeout_s`, whatever trickles in.
        """
        with contextlib.ExitStack() as stack:
            response = self._ask(stack)
            if response.status_code != httpx.codes.OK:
                raise http_words.refused(response.status_code, self._address.place)
            self._chunks = response.iter_raw()
            yield {name.lower(): value for name, value in response.headers.items()}

    def _ask(self, stack: contextlib.ExitStack) -> httpx.Response:
        """Send the request and wait for the headers, the whole of it within the time limit."""
        asked = time.monotonic()
        deadline = threading.Timer(self._open_timeout_s, self._cut)
        deadline.name = f"connecting to {self._address.place}"
        deadline.start()
        try:
            client = stack.enter_context(self._client())
            return stack.enter_context(client.stream("GET", self._address.url, extensions={"trace": self._on_event}))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as failure:
            waited_s = time.monotonic() - asked
            raise http_words.failed(
                failure, self._address.place, opening=True, limit_s=self._open_timeout_s, waited_s=waited_s
            ) from None
        finally:
            deadline.cancel()
            deadline.join()

    def read(self, size: int = 65536) -> bytes:
        """Up to `size` bytes as soon as there are any; empty at the end, after which `failure` says why."""
        asked = time.monotonic()
        try:
            while not self._rest and not self._hung_up.is_set():
                self._rest = next(self._chunks)
        except StopIteration:
            pass
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as failure:
            self.failure = http_words.failed(
                failure,
                self._address.place,
                opening=False,
                limit_s=self._read_timeout_s,
                waited_s=time.monotonic() - asked,
            )
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def hang_up(self) -> None:
        """End the connection: a blocked `read` returns at once."""
        self._hung_up.set()
        self._cut()

    def _cut(self) -> None:
        connected = self._socket
        if connected is not None:
            # On a TLS socket only the plain call is safe while another thread reads.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)

    def _client(self) -> httpx.Client:
        return httpx.Client(
            auth=_EitherAuth(*self._address.login) if self._address.login else None,
            timeout=httpx.Timeout(self._read_timeout_s, connect=self._open_timeout_s),
            headers={"Accept-Encoding": "identity"},
            follow_redirects=True,
            max_redirects=3,
            trust_env=False,  # a camera is never behind the office's proxy
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def _on_event(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn of the socket as soon as there is one."""
        if event in _CONNECTED:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._hung_up.is_set():
                self._cut()


class _EitherAuth(httpx.Auth):
    """Basic or digest login, whichever the camera asks for; nothing is sent before it asks."""

    def __init__(self, user: str, password: str) -> None:
        self._login = (user, password)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        offers = response.headers.get("www-authenticate", "").lower()
        chosen = httpx.DigestAuth if "digest" in offers else httpx.BasicAuth
        yield from chosen(*self._login).auth_flow(request)
