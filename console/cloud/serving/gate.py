"""Takes connections, bounded in all and by address, and shakes hands. Who is idle makes room for who comes."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from console.cloud.serving import refusals
from console.cloud.serving.refusals import Refusals
from console.cloud.serving.tls import Contexts, handshake_of

if TYPE_CHECKING:
    from console.cloud.serving.limits import Figures, Limits
    from console.cloud.serving.protocol import Guarded

_log = logging.getLogger(__name__)
_TOLD_S = 1.0
"""So long who is refused has to read why."""
_CLOSE_S = 2.0
_REST_S = 0.5


class Guest:
    """A connection, from when it came.

    Args:
        address: whose.
        since: the loop's time.
    """

    def __init__(self, address: str, since: float) -> None:
        self.address, self.since = address, since
        self.crowd = _crowd(address)
        self.protocol: Guarded | None = None
        self.task: asyncio.Task[None] | None = None
        self.error: ssl.SSLError | None = None

    @property
    def busy(self) -> bool:
        """Whether a request of it is being answered."""
        return self.protocol is not None and self.protocol.busy

    def failed(self, error: ssl.SSLError) -> None:
        """See `tls.Waiting`: it is given a moment to read why."""
        self.error = error
        asyncio.get_running_loop().call_later(_TOLD_S, self.cut)

    def cut(self) -> None:
        """End it at once."""
        if self.protocol is not None:
            self.protocol.cut()
        elif self.task is not None:
            self.task.cancel()


class Gate:
    """Listens. uvicorn takes it for one of its servers: `close` and `wait_closed`.

    Args:
        listeners: bound sockets; closed with it.
        make: the protocol of a connection that has come in.
        contexts: TLS; None: plain.
        limits: of connections.
        figures: what is counted.
    """

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        make: Callable[[Guest], Guarded],
        contexts: Contexts | None,
        limits: Limits,
        figures: Figures,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners, self._make, self._contexts = list(listeners), make, contexts
        self._limits, self._figures = limits, figures
        self.refusals = Refusals(figures.refused)
        self._guests: dict[Guest, None] = {}  # in the order they came
        self._tasks = [self._loop.create_task(self._accept(one)) for one in self._listeners]

    def close(self) -> None:
        """Take no more connections; handshakes end."""
        for task in self._tasks:
            task.cancel()
        for guest in [one for one in self._guests if one.protocol is None]:
            guest.cut()

    async def wait_closed(self) -> None:
        """Until it is so, and nobody can connect."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.close()

    def cut_all(self) -> None:
        """End what is still open."""
        for guest in list(self._guests):
            guest.cut()

    def left(self, guest: Guest) -> None:
        """A connection is over. Harmless when said already."""
        self._guests.pop(guest, None)
        self._figures.open = len(self._guests)

    async def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    connection, peer = await self._loop.sock_accept(listener)
                except ConnectionError:  # it went away while it waited
                    continue
                except OSError as error:  # no more files, no more memory
                    _log.warning("Can't take a connection just now: %s.", error.strerror or error)
                    await asyncio.sleep(_REST_S)
                    continue
                guest = Guest(str(peer[0]), self._loop.time())
                if self._has_room(guest):
                    self._let_in(guest, connection)
                else:
                    connection.close()
                    self.refusals.note(refusals.TOO_MANY, guest.address, self._loop.time())

    def _let_in(self, guest: Guest, connection: socket.socket) -> None:
        def shaken(_task: asyncio.Task[None]) -> None:
            if guest.protocol is None:  # it never came in
                self.left(guest)
                connection.close()

        self._guests[guest] = None
        self._figures.open = len(self._guests)
        guest.task = self._loop.create_task(self._shake_hands(connection, guest))
        guest.task.add_done_callback(shaken)

    async def _shake_hands(self, connection: socket.socket, guest: Guest) -> None:
        tls: dict[str, Any] = {}
        if self._contexts is not None:
            tls = {
                "ssl": self._contexts.get(self._loop.time()),
                "ssl_handshake_timeout": self._limits.handshake_s,
                "ssl_shutdown_timeout": _CLOSE_S,
            }
        handshake_of.set(guest)
        try:
            await self._loop.connect_accepted_socket(lambda: self._make(guest), connection, **tls)
        except asyncio.CancelledError:
            if guest.error is not None:
                self._note(guest, guest.error)
        except (OSError, ssl.SSLError) as error:
            self._note(guest, guest.error or error)

    def _note(self, guest: Guest, error: OSError) -> None:
        detail = getattr(error, "verify_message", "") or getattr(error, "reason", "") or ""
        self.refusals.note(refusals.why(error), guest.address, self._loop.time(), detail)

    def _has_room(self, guest: Guest) -> bool:
        """Whether one more may come in; whoever has been idle for longest goes for it."""
        crowds = Counter(one.crowd for one in self._guests)
        if crowds[guest.crowd] >= self._limits.per_address:
            crowd = guest.crowd
        elif len(self._guests) >= self._limits.connections:
            crowd = crowds.most_common(1)[0][0]
        else:
            return True
        idle = [one for one in self._guests if one.crowd == crowd and not one.busy]
        if not idle:
            return False
        leaving = min(
            idle, key=lambda one: (one.protocol is not None, one.since)
        )  # first who has not even shaken hands
        self.refusals.note(refusals.TOO_MANY, leaving.address, self._loop.time())
        self.left(leaving)
        leaving.cut()
        return True


def _crowd(address: str) -> str:
    """What counts as one address: of IPv6 a network of 64 bits, as one customer has it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
