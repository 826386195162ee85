"""Connections of a target over HTTP: every wait has an end, and any of them can be cut from another thread.

The HTTP client limits how long it waits for the next bytes: a peer that sends one byte now and then would hold a sender
for hours. The system's resolver can't be limited at all, and takes half a minute to say that there is no network.
"""

from __future__ import annotations

import ipaddress
import queue
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore


class Call(threading.local):
    """What holds for the request that this thread makes.

    Attributes:
        until: the monotonic time at which it is given up.
        connected: it had to make a connection of its own.
    """

    until: float = float("inf")
    connected: bool = False

    def left(self, limit: float | None) -> float:
        """Seconds that may be waited for the next step. Raises TimeoutError where there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long in all")
        return left if limit is None else min(left, limit)


class Network(httpcore.NetworkBackend):
    """Makes connections, for several threads, and cuts all of them when told to.

    Attributes:
        call: what holds for this thread's request.
        peer: the certificate that the last server showed, DER; empty: none did.
    """

    def __init__(self) -> None:
        self.call = Call()
        self.peer = b""
        self._lock, self._cut = threading.Lock(), False
        self._handles: set[socket.socket] = set()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  # httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # httpcore's signature
    ) -> httpcore.NetworkStream:
        """Connect to the first of a host's addresses that answers."""
        self.call.connected = True
        with _mapped(httpcore.ConnectTimeout, httpcore.ConnectError):
            limit = self.call.left(timeout)
            until, failed = time.monotonic() + limit, OSError("it has no address")
            for family, address in _resolved(host, port, limit):
                one = socket.socket(family, socket.SOCK_STREAM)
                handle = self._note(one)
                try:
                    one.settimeout(max(until - time.monotonic(), 0.001))
                    one.connect(address)
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return _Stream(one, handle, self)
                except OSError as error:
                    failed = error
                    one.close()
                    self.forget(handle)
            raise failed

    def cut(self) -> None:
        """Cut what is open, and let nothing be opened any more."""
        with self._lock:
            self._cut = True
            for handle in self._handles:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)

    def forget(self, handle: socket.socket) -> None:
        """A connection is closed."""
        with self._lock:
            self._handles.discard(handle)
        handle.close()

    def _note(self, one: socket.socket) -> socket.socket:
        """A second handle of a connection: through it, it can be cut while TLS is at work on the first."""
        with self._lock:
            if self._cut:
                one.close()
                raise ConnectionAbortedError("the target is closed")
            handle = one.dup()
            self._handles.add(handle)
            return handle


class _Stream(httpcore.NetworkStream):
    def __init__(self, connection: socket.socket, handle: socket.socket, network: Network) -> None:
        self._socket, self._handle, self._network = connection, handle, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _mapped(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(self._network.call.left(timeout))
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)  # TLS takes 16 kB at a time: the rest is never copied
        with _mapped(httpcore.WriteTimeout, httpcore.WriteError):
            while rest:
                self._socket.settimeout(self._network.call.left(timeout))
                rest = rest[self._socket.send(rest) :]

    def close(self) -> None:
        self._socket.close()
        self._network.forget(self._handle)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            with _mapped(httpcore.ConnectTimeout, httpcore.ConnectError):
                self._socket.settimeout(self._network.call.left(timeout))
                secure = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except Exception:
            self.close()
            raise
        self._network.peer = secure.getpeercert(binary_form=True) or b""
        return _Stream(secure, self._handle, self._network)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        if info == "is_readable":
            return _readable(self._socket)
        return None


@contextmanager
def _mapped(too_late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise too_late(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error
    except ValueError as error:  # a socket that was closed meanwhile, a host name that is none
        raise failed(str(error)) from error


def _readable(one: socket.socket) -> bool:
    """Whether something came, or the end: of a connection at rest it can only be the end."""
    if one.fileno() < 0:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ)
        return bool(selector.select(0))


def _resolved(host: str, port: int, limit_s: float) -> list[tuple[socket.AddressFamily, Any]]:
    """A host's addresses. Raises OSError (gaierror: it has none), TimeoutError (nobody says within the limit)."""
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return [(socket.AF_INET if address.version == 4 else socket.AF_INET6, (host, port))]
    answer: queue.Queue[list[tuple[socket.AddressFamily, Any]] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put([(family, address) for family, _type, _protocol, _name, address in found])
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else OSError(str(error)))

    # a daemon: it may sit in the system's resolver longer than anybody waits for it, and it holds nothing
    threading.Thread(target=ask, name=f"resolve-{host}", daemon=True).start()
    try:
        found = answer.get(timeout=limit_s)
    except queue.Empty:
        raise TimeoutError("its name was not resolved in time") from None
    if isinstance(found, OSError):
        raise found
    return found
