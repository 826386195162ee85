"""Where a network camera is: its address with the login kept apart, and its name looked up within a time limit."""

from __future__ import annotations

import ipaddress
import socket
import threading
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from console.errors import SourceLost, UsageError
from console.settings.address import fill_login
from models.words import _

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A camera's URL without the login, and the login.

    Attributes:
        url: the URL, never with a user or password before the host.
        host: host name or IP address.
        port: TCP port.
        login: (user, password), or None.
    """

    url: str
    host: str
    port: int
    login: tuple[str, str] | None = field(repr=False)

    @property
    def place(self) -> str:
        """host:port, the only part of a URL that goes into messages: cameras take passwords in paths and queries."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def userinfo(self) -> str:
        """user:password percent-encoded, as they stand in a URL; empty without a login. Never for messages."""
        return ":".join(quote(part, safe="") for part in self.login) if self.login else ""

    def with_login(self) -> str:
        """The URL with user and password in it, as FFmpeg wants them. Never for messages."""
        if self.login is None:
            return self.url
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=f"{self.userinfo}@{parts.netloc}"))


def parse_address(source: str, login: tuple[str, str] | None) -> Address:
    """The address in a camera's `source`; `login` fills its places and goes before a login written into it.

    Raises:
        UsageError: it is not a URL with a host.
    """
    if login is not None:
        source = fill_login(source, *login)
    try:
        parts = urlsplit(source)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = SplitResult("", "", "", "", "")
    if not host or any(character.isspace() or not character.isprintable() for character in source):
        raise UsageError(
            _("The camera's address can't be read."),
            _("Write it as rtsp://HOST:PORT/PATH; the login goes into `login`."),
        )
    if login is None and parts.username is not None:
        login = (unquote(parts.username), unquote(parts.password or ""))
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return Address(bare, host, port or _PORTS.get(parts.scheme, 0), login)


def look_up(address: Address, timeout_s: float) -> None:
    """Make sure the host's name is known, within `timeout_s` seconds.

    The system's look-up can't be interrupted and takes tens of seconds where the name server is out of reach, longer
    than a camera's thread may be stuck; so it runs in a helper thread, which ends with the look-up.

    Raises:
        SourceLost: the name is unknown, or nobody answered in time.
    """
    try:
        ipaddress.ip_address(address.host)
    except ValueError:
        pass
    else:
        return
    hint = _("Check the name, or use the camera's IP address.")
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(error)

    helper = threading.Thread(target=ask, name=f"look up {address.host}", daemon=True)
    helper.start()
    helper.join(timeout_s)
    if helper.is_alive():
        raise SourceLost(
            _("The name {host} could not be looked up in {timeout_s:g} s.").format(
                host=address.host, timeout_s=timeout_s
            ),
            hint,
        )
    if failed:
        raise SourceLost(_("The name {host} is not known on this network.").format(host=address.host), hint)
