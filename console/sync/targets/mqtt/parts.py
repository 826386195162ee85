"""What a connection to a broker is made of: where to and who, what the library keeps to itself, what is said beside."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from console.sync.targets.mqtt.topics import Publication
from console.sync.targets.tls import Tls


@dataclass(frozen=True, slots=True)
class Login:
    """Where a broker is and who logs in.

    Attributes:
        host, port: its place.
        client_id: the name of the session; who comes second under one name puts the first out.
        user, password: None: nobody logs in.
        tls: None: in the clear, on this machine alone.
        will: what the broker publishes when the connection breaks; None: nothing.
    """

    host: str
    port: int
    client_id: str
    user: str | None
    password: str | None
    tls: Tls | None
    will: Publication | None

    @property
    def place(self) -> str:
        """As an operator is told it."""
        return f"{self.host}:{self.port}"


class Socket(ssl.SSLSocket):
    """Closes itself where the library forgets it: when it can't be secured."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  # the base class's
        """See `ssl.SSLSocket`."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class Trouble(logging.Logger):
    """Keeps the last error of the network that the library met: it tells nobody but its log."""

    def __init__(self) -> None:
        super().__init__("mqtt")
        self.last: OSError | None = None

    def log(self, _level: int, _msg: object, *args: object, **_more: Any) -> None:  # type: ignore[override]  # by place alone
        """Called by the library."""
        self.last = next((one for one in args if isinstance(one, OSError)), self.last)


def properties_of(publication: Publication) -> Properties:
    """What is said beside a payload: its type and its names."""
    said = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # the library's
    if publication.content_type:
        said.ContentType = publication.content_type
    if publication.about:
        said.UserProperty = list(publication.about)
    return said
