"""Runs an ASGI app on a socket until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from uvicorn import Config
from uvicorn import Server as Uvicorn

from console.cloud.serving.gate import Gate, Guest
from console.cloud.serving.limits import Figures, Limits
from console.cloud.serving.listening import Listening
from console.cloud.serving.protocol import Guarded
from console.cloud.serving.tls import Contexts, ServingError, TlsFiles
from console.errors import UsageError
from models.words import _

__all__ = ["Figures", "Limits", "Server", "TlsFiles", "serve"]
_LOOK_EVERY = 3  # of uvicorn's ticks, a tenth of a second each
_CUT_S, _CANCEL_S = 2.0, 1.0  # so long before the end connections are cut, and then the app's tasks cancelled


class Server:
    """An app on an address.

    It finds in ``scope["extensions"]["sightdesk"]``: ``{"identity": Identity | None, "why": str}``; `why` says in words
    why there is none. It comes from the certificate alone; without TLS it is `protocol.LOCAL`.

    Args:
        app: ASGI; its lifespan is begun and ended.
        listen: ``HOST:PORT``; port 0: any that is free.
        tls: files; None: plain, on loopback alone.
        limits: of connections.
        figures: what is counted; any thread may read it.

    Raises:
        UsageError: the address is none, or is not on loopback without TLS.
        ServingError: a file of TLS won't do.
    """

    def __init__(
        self, app: Any, listen: str, tls: TlsFiles | None, limits: Limits | None = None, figures: Figures | None = None
    ) -> None:
        self._listening, self._limits = Listening.of(listen), limits or Limits()
        if tls is None and not self._listening.is_loopback:
            raise UsageError(
                _("{listen} can be reached from other machines, so it takes TLS.").format(listen=listen),
                _("Name the server's certificate, its key and the desks' CA; or listen on 127.0.0.1."),
            )
        self._contexts = Contexts(tls) if tls is not None else None
        config = Config(
            app, http=Guarded, ws="none", loop="asyncio", log_config=None, access_log=False, proxy_headers=False,
            server_header=False, timeout_keep_alive=max(1, round(self._limits.keep_alive_s)),
            timeout_graceful_shutdown=max(1, round(self._limits.stop_s - _CANCEL_S)),
        )  # fmt: skip
        self._uvicorn = _Running(config, self._limits, figures or Figures(), self._contexts)

    def run(self, ready: Callable[[str], None] | None = None) -> None:
        """Serve until `stop`, or until SIGTERM or SIGINT where this is the main thread.

        Args:
            ready: called with the address (``https://HOST:PORT``) once connections are taken.

        Raises:
            ServingError: the address can't be had, or the app did not begin.
        """
        scheme = "http" if self._contexts is None else "https"
        sockets = self._listening.open()
        try:
            self._uvicorn.listeners = sockets
            self._uvicorn.ready = lambda: ready and ready(f"{scheme}://{self._listening.place(sockets[0])}")
            self._uvicorn.run()
        finally:
            for one in sockets:
                one.close()

    def stop(self) -> None:
        """End in good order within `Limits.stop_s`. Any thread may."""
        self._uvicorn.should_exit = True


def serve(
    app: Any,
    listen: str,
    tls: TlsFiles | None,
    limits: Limits | None = None,
    *,
    ready: Callable[[str], None] | None = None,
    figures: Figures | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; see `Server`."""
    Server(app, listen, tls, limits, figures).run(ready)


class _Running(Uvicorn):
    """uvicorn with our gate."""

    def __init__(self, config: Config, limits: Limits, figures: Figures, contexts: Contexts | None) -> None:
        super().__init__(config)
        self._limits, self._figures, self._contexts = limits, figures, contexts
        self.listeners: list[Any] = []
        self.ready: Callable[[], object] = lambda: None
        self._gate: Gate | None = None

    async def startup(self, sockets: Any = None) -> None:  # noqa: ARG002  # uvicorn's own way in is not taken
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise ServingError(_("The cloud side did not begin; its log says why."))
        self._gate = gate = Gate(self.listeners, self._make, self._contexts, self._limits, self._figures)
        self.servers = [gate]  # type: ignore[list-item]  # all that is asked of one
        self.started = True
        self.ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % _LOOK_EVERY == 0:
            now = asyncio.get_running_loop().time()
            for one in list(self.server_state.connections):
                if isinstance(one, Guarded):
                    one.look(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: Any = None) -> None:
        gate = self._gate
        if gate is None:
            return
        cut = asyncio.get_running_loop().call_later(max(0.0, self._limits.stop_s - _CUT_S), gate.cut_all)
        try:
            await super().shutdown(sockets)
        finally:
            cut.cancel()
            gate.cut_all()
            await asyncio.sleep(0)  # so that what was cut off is closed

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The first signal ends it in good order, the second as usual; none is raised again, as uvicorn would."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def end(number: int, _frame: object) -> None:
            self.should_exit = True
            signal.signal(number, signal.SIG_DFL)

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _make(self, guest: Guest) -> Guarded:
        gate = self._gate
        assert gate is not None  # noqa: S101  # it is who asks
        return Guarded(
            self.config, self.server_state, self.lifespan.state, guest=guest, limits=self._limits, left=gate.left
        )
