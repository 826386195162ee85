"""The way to a target over HTTP/1.1: kept connections, several threads at once, bounded in time and in size.

Redirects are not followed, and proxies that the environment names are not used: where data goes is what the settings
say, whoever starts the program. Cookies and compression there are none.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpcore

from console.sync.targets.base import TargetError, Unreachable, WrongAnswer
from console.sync.targets.https.failures import of_network
from console.sync.targets.https.streams import Network
from console.sync.targets.tls import Tls
from models.words import _

_KEEP_S = 30.0
_ALERT_S = 1.0
_WELL_S = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is waited for what, and how much is read.

    Attributes:
        connect_s: for a connection, its name and its handshake, each.
        read_s: for the next bytes of an answer.
        write_s: for the peer to take the next bytes.
        slowest: bytes per second; a request that goes slower than this is given up.
        answer: bytes of an answer.
    """

    connect_s: float = 5.0
    read_s: float = 30.0
    write_s: float = 30.0
    slowest: float = 1000.0
    answer: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        headers: names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass
class _Client:
    """Connections of one TLS context; closed by whoever is the last to use it."""

    stamp: object
    context: ssl.SSLContext | None
    network: Network
    pool: httpcore.ConnectionPool
    users: int = 0
    retired: bool = False
    well_at: float = field(default=float("-inf"))


class Way:
    """To one host.

    Args:
        url: its address; a path in it stands before every request's.
        tls: what to speak; not used for http://.
        size: so many requests at once.
        limits: of each.
    """

    def __init__(self, url: str, tls: Tls, size: int, limits: Limits) -> None:
        parts = urlsplit(url)
        self.place = parts.netloc.rpartition("@")[2]
        self._url, self._secure, self._host = url.rstrip("/"), parts.scheme == "https", parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._tls, self._size, self._limits = tls, size, limits
        self._lock, self._closed = threading.Lock(), False
        self._client: _Client | None = None

    def ask(self, method: str, path: str, content: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request and wait for what comes back; any thread may.

        A kept connection that the other side has let go of meanwhile is replaced without a word, once.

        Raises:
            Unreachable, Denied, WrongAnswer: nothing came back that could be read; in words.
        """
        with self._using() as client:
            call = client.network.call
            limits = self._limits
            for again in (False, True):
                call.connected = False
                call.until = time.monotonic() + limits.connect_s * 2 + limits.read_s + len(content) / limits.slowest
                try:
                    answer = self._exchange(client, method, self._url + path, content, headers or {})
                except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
                    late = isinstance(error, httpcore.TimeoutException)
                    if again or call.connected or late or self._closed:
                        raise self._in_words(client, error, fresh=call.connected) from error
                else:
                    client.well_at = time.monotonic()
                    return answer
        raise AssertionError  # the second time returns or raises

    @property
    def peer(self) -> bytes:
        """The certificate that the server showed last, DER; empty: none did."""
        client = self._client
        return client.network.peer if client is not None else b""

    def close(self) -> None:
        """Cut what is under way, too. Harmless when done already."""
        with self._lock:
            self._closed = True
            client = self._client
            self._retire()
        if client is not None:
            client.network.cut()

    def _exchange(self, client: _Client, method: str, url: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        limits = self._limits
        times = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.write_s, "pool": limits.read_s}
        own = {"Accept-Encoding": "identity", "User-Agent": "Sightdesk", "Content-Length": str(len(content)), **headers}
        with client.pool.stream(
            method, url, headers=list(own.items()), content=content, extensions={"timeout": times}
        ) as response:
            parts, size = [], 0
            for part in response.iter_stream():
                size += len(part)
                if size > limits.answer:
                    raise WrongAnswer(
                        _("The answer of {place} is far too large, so it is not believed.").format(place=self.place),
                        _("Another service may answer at this address; ask who runs it."),
                        too_large=True,
                    )
                parts.append(part)
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, found, b"".join(parts))

    @contextmanager
    def _using(self) -> Iterator[_Client]:
        with self._lock:
            client = self._fresh()
            client.users += 1
        try:
            yield client
        finally:
            with self._lock:
                client.users -= 1
                last = client.retired and not client.users
            if last:
                client.pool.close()

    def _fresh(self) -> _Client:
        """The client for the files as they are now; inside the lock."""
        if self._closed:
            raise Unreachable(_("The target at {place} is closed.").format(place=self.place))
        stamp = self._tls.stamp() if self._secure else ()
        if self._client is not None and self._client.stamp == stamp:
            return self._client
        try:
            context = self._tls.context() if self._secure else None
        except TargetError:
            if self._client is None:
                raise
            self._client.stamp = stamp  # half of a renewal: what was good goes on until the other half is there
            return self._client
        self._retire()
        network, size = Network(), self._size + 1  # `check` may come in between
        pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=size, max_keepalive_connections=size, keepalive_expiry=_KEEP_S,
            network_backend=network,
        )  # fmt: skip
        self._client = _Client(stamp, context, network, pool)
        return self._client

    def _retire(self) -> None:
        """Let go of the client; inside the lock."""
        client, self._client = self._client, None
        if client is not None:
            client.retired = True
            if not client.users:
                client.pool.close()

    def _in_words(self, client: _Client, error: Exception, *, fresh: bool) -> TargetError:
        words = self._tls.in_words(error, self.place)
        hung_up = isinstance(error, httpcore.NetworkError) or "disconnected" in str(error)
        if fresh and client.context and (isinstance(words, Unreachable) or (words is None and hung_up)):
            words = self._alert(client) or words
        if words is not None:
            with self._lock:  # the next try reads the files anew
                if self._client is client:
                    self._retire()
            return words
        return of_network(error, self.place, self._limits.connect_s, self._limits.read_s)

    def _alert(self, client: _Client) -> TargetError | None:
        """Why the server hung up at once, if it was because of this desk's certificate.

        In TLS 1.3 the server looks at it when the desk believes to be connected and is sending; the reason it gives
        can get lost in the reset that follows. So it is asked again by a connection on which nothing is sent.
        """
        if time.monotonic() - client.well_at < _WELL_S or client.context is None:
            return None
        client.network.call.until = time.monotonic() + self._limits.connect_s + _ALERT_S
        try:
            stream = client.network.connect_tcp(self._host, self._port, self._limits.connect_s)
            secure = stream.start_tls(client.context, self._host, self._limits.connect_s)
            try:
                secure.read(1, min(_ALERT_S, self._limits.read_s))
            finally:
                with suppress(OSError):
                    secure.close()
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            return self._tls.in_words(error, self.place)
        return None
