"""One connection: who is at its other end, and for how long it may keep anything waiting.

uvicorn knows neither: it hands no certificate to the app, and waits for a head or a body for ever.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from console.cloud.pki.identity import Identity, NotADesk, identity_of
from console.cloud.serving.gate import Guest
from console.cloud.serving.limits import Limits
from models.words import _

LOCAL = Identity("local", "local", 0)
"""Who asks without TLS, which is on this machine alone."""
_LATE, _BAD = 408, 400


class Guarded(H11Protocol):
    """A connection of uvicorn's that knows who asks, and is looked at by and by.

    Args:
        config, state, app_state: uvicorn's.
        guest: whose connection this is.
        limits: of time.
        left: told when it is over.
    """

    def __init__(
        self, config: Config, state: ServerState, app_state: dict[str, Any],
        *, guest: Guest, limits: Limits, left: Callable[[Guest], None],
    ) -> None:  # fmt: skip
        super().__init__(config, state, app_state)
        self._guest, self._limits, self._left = guest, limits, left
        self._inner, self.app = self.app, self._answer
        self._identity: Identity | None = None
        self._why, self._ends = "", float("inf")
        self._head_since: float | None = None
        self._closing_since: float | None = None
        self._stuck_since, self._left_to_send = 0.0, 0
        self._unread_since: float | None = None
        self._asked_at: float | None = None  # since when the app waits for more of the body
        self._waited, self._bytes = 0.0, 0  # in this stretch

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        cycle: Any = self.cycle  # None before the first request, which uvicorn's annotation denies
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._guest.protocol = self
        self._head_since = self.loop.time()
        shown = transport.get_extra_info("ssl_object")
        if shown is None:
            self._identity = LOCAL
        else:
            self._know(shown)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._left(self._guest)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`: what still comes while it is being closed is of no use."""
        if not self.transport.is_closing():
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words; ours say more
        """See uvicorn: what came is no HTTP."""
        self._refuse(_BAD, _("What came is no HTTP request, or its head is too long."))

    def shutdown(self) -> None:
        """See uvicorn."""
        try:
            super().shutdown()
        except h11.LocalProtocolError:  # it was being refused
            self.cut()

    def cut(self) -> None:
        """End it at once; an app that reads its body learns that nobody is there any more."""
        self._disconnect()
        self.transport.abort()

    def look(self, now: float) -> None:
        """See whether anything takes too long.

        Args:
            now: the loop's time.
        """
        limits = self._limits
        if self.transport.is_closing():
            self._closing_since = since = self._closing_since or now
            if now - since > limits.linger_s:
                self.transport.abort()
            return
        if self._is_stuck(now):
            self.cut()
        elif self._is_dribbling(now):
            self._refuse(_LATE, _("The body of the request came too slowly."))
        elif self._is_unread(now):
            self.transport.close()
        elif self._head_is_late(now):
            if self.conn.trailing_data[0]:
                self._refuse(_LATE, _("The head of the request came too slowly."))
            else:
                self.transport.close()

    def _know(self, shown: ssl.SSLObject) -> None:
        der = shown.getpeercert(binary_form=True) or b""
        try:
            self._identity = identity_of(der)
        except NotADesk as error:
            self._why = error.what
        ends = (shown.getpeercert() or {}).get("notAfter")
        self._ends = ssl.cert_time_to_seconds(str(ends)) if ends else 0.0

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """The app, which is told who asks: by the connection, whatever the request's headers say."""
        who, why = self._identity, self._why
        if time.time() > self._ends:
            who, why = None, _("The certificate that was shown has ended meanwhile.")
        scope["extensions"] = {"sightdesk": {"identity": who, "why": why}}
        self._head_since, self._waited, self._bytes = None, 0.0, 0

        async def watched() -> Any:
            self._asked_at = self.loop.time()
            try:
                message = await receive()
            finally:
                self._waited += self.loop.time() - self._asked_at
                self._asked_at = None
            self._bytes += len(message.get("body", b""))
            return message

        await self._inner(scope, watched, send)

    def _is_stuck(self, now: float) -> bool:
        """Whether nobody reads the answer."""
        left = self.transport.get_write_buffer_size() if self.flow.write_paused else 0
        if not left or left != self._left_to_send:
            self._left_to_send, self._stuck_since = left, now
        return left > 0 and now - self._stuck_since > self._limits.answer_s

    def _is_dribbling(self, now: float) -> bool:
        """Whether the body comes too slowly: of each stretch in which the app waited for it."""
        if not self.busy or not self.cycle.more_body:
            return False
        waited = self._waited + (now - self._asked_at if self._asked_at is not None else 0.0)
        if waited < self._limits.slow_s:
            return False
        slow = self._bytes < self._limits.slowest * waited
        self._waited, self._bytes = 0.0, 0
        if self._asked_at is not None:
            self._asked_at = now
        return slow

    def _is_unread(self, now: float) -> bool:
        """Whether a body still comes long after the answer to it."""
        if self.busy or self.conn.their_state is not h11.SEND_BODY:
            self._unread_since = None
            return False
        self._unread_since = since = self._unread_since or now
        return now - since > self._limits.linger_s

    def _head_is_late(self, now: float) -> bool:
        if self.busy or self.conn.their_state is not h11.IDLE or self.timeout_keep_alive_task is not None:
            return False
        self._head_since = since = self._head_since or now
        return now - since > self._limits.head_s

    def _disconnect(self) -> None:
        if self.busy:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _refuse(self, status: int, why: str) -> None:
        """Say so, where nothing was said yet, and close."""
        begun = self.busy and self.cycle.response_started
        self._disconnect()
        self._unset_keepalive_if_required()
        body = json.dumps({"why": why}, ensure_ascii=False).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        try:
            if not begun:
                for event in (
                    h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage(),
                ):  # fmt: skip
                    self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:  # a second one, on a connection that was refused already
            pass
        self.transport.close()
