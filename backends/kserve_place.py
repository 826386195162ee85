"""Where a served model is: the URL an operator writes, taken apart.

``grpc://host:port/MODEL[/VERSION]``, ``grpcs://`` and ``https://`` with TLS, ``http://`` without. Format: the paths of
the KServe v2 protocol are the server's own business and never part of it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from backends.base import BackendError, ModelPlace
from models.words import _

_SCHEMES = {"grpc": (8001, False), "grpcs": (8001, True), "http": (8000, False), "https": (443, True)}
"""The port where none is named (Triton's own, or the web's for TLS), and whether it is TLS."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model on a server.

    Attributes:
        scheme: grpc, grpcs, http or https.
        host: name or address, without brackets.
        port: the server's.
        model: its name there.
        version: the version asked for; empty: the one the server takes by itself.
    """

    scheme: str
    host: str
    port: int
    model: str
    version: str = ""

    @classmethod
    def of(cls, place: ModelPlace) -> Endpoint:
        """Take a URL apart.

        Raises:
            BackendError: it is a file, or no URL of a served model; says how one is written.
        """
        hint = _("Write it as grpc://HOST:PORT/MODEL or grpc://HOST:PORT/MODEL/VERSION; grpcs, http and https too.")
        if not isinstance(place, str) or "://" not in place:
            raise BackendError(_("{place} is no model on a server.").format(place=place), hint)
        if "@" in place.partition("://")[2]:  # not repeated: errors are logged
            raise BackendError(_("A model's URL never holds a password."), hint)
        try:
            parts = urlsplit(place)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise BackendError(_("{place} is no URL: {error}.").format(place=place, error=error), hint) from error
        names = [unquote(part) for part in parts.path.split("/") if part]
        if parts.scheme not in _SCHEMES or not host or not 1 <= len(names) <= 2 or parts.query or parts.fragment:
            raise BackendError(_("{place} does not name a model on a server.").format(place=place), hint)
        return cls(parts.scheme, host, port or _SCHEMES[parts.scheme][0], *names)

    @property
    def tls(self) -> bool:
        """Whether what travels is encrypted and the server proves who it is."""
        return _SCHEMES[self.scheme][1]

    @property
    def grpc(self) -> bool:
        """Whether it is spoken to over gRPC; else over HTTP."""
        return self.scheme.startswith("grpc")

    @property
    def address(self) -> str:
        """host:port, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine by an address that never leaves it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def url(self, version: str = "") -> str:
        """The URL, with the version that really answers where it is known."""
        version = version or self.version
        return f"{self.scheme}://{self.address}/{self.model}" + (f"/{version}" if version else "")
