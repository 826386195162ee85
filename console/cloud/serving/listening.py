"""Where a server listens: an address in words, and its sockets."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass

from console.cloud.serving.tls import ServingError
from console.errors import UsageError
from models.words import _

_BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Listening:
    """An address.

    Attributes:
        host: as it was written.
        port: 0: any that is free.
        found: its family and address, of each that the name stands for.
    """

    host: str
    port: int
    found: tuple[tuple[socket.AddressFamily, str], ...]

    @classmethod
    def of(cls, text: str) -> Listening:
        """Read ``HOST:PORT``; IPv6 in brackets. Raises UsageError."""
        host, _colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise UsageError(
                _("{listen} is no address to listen on.").format(listen=text or '""'),
                _("Write HOST:PORT, as 127.0.0.1:8443, or 0.0.0.0:8443 for every address of this machine."),
            )
        try:
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except (OSError, UnicodeError):
            raise UsageError(_("{host} is no name and no address of this machine.").format(host=host)) from None
        found = {(family, str(address[0])): None for family, _type, _proto, _name, address in rows}
        return cls(host, int(port), tuple(sorted(found, key=lambda one: one[0] != socket.AF_INET)))

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can reach it."""
        return all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for _family, address in self.found)

    def open(self) -> list[socket.socket]:
        """Listen on each. Raises ServingError: it can't be had."""
        sockets: list[socket.socket] = []
        port = self.port
        try:
            for family, address in self.found:
                one = socket.socket(
                    family, socket.SOCK_STREAM, socket.IPPROTO_TCP
                )  # asyncio's no-delay asks for all three
                sockets.append(one)
                if os.name == "posix":
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind((address, port))
                port = one.getsockname()[1]
                one.listen(_BACKLOG)
                one.settimeout(0)
        except OSError as error:
            for one in sockets:
                one.close()
            raise self._in_words(error) from error
        return sockets

    def place(self, opened: socket.socket) -> str:
        """``HOST:PORT`` as others write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{opened.getsockname()[1]}"

    def _in_words(self, error: OSError) -> ServingError:
        if error.errno == errno.EADDRINUSE:
            return ServingError(
                _("Another program listens on port {port} of {host}.").format(port=self.port, host=self.host),
                _("End it, or choose another port with --listen."),
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return ServingError(
                _("Port {port} is not for this user.").format(port=self.port), _("Choose one from 1024 on.")
            )
        if error.errno == errno.EADDRNOTAVAIL:
            return ServingError(_("{host} is no address of this machine.").format(host=self.host))
        return ServingError(
            _("It can't listen on {host}, port {port}: {reason}.").format(
                host=self.host, port=self.port, reason=error.strerror or error
            )
        )
