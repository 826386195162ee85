"""A broker by its URL: which kinds there are, and what may be said in one. Passwords never show."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from console.cloud.errors import CloudError
from models.words import _

Kind = Literal["rabbitmq", "kafka"]
NAME: Final = "sightdesk.jobs"
"""Of the queue or topic, unless the URL names another."""
_SCHEMES: Final[dict[str, tuple[Kind, bool, int]]] = {
    "amqp": ("rabbitmq", False, 5672), "amqps": ("rabbitmq", True, 5671),
    "kafka": ("kafka", False, 9092), "kafkas": ("kafka", True, 9093),
}  # fmt: skip
_FILES: Final = {"ca", "certificate", "key"}
_OPTIONS: Final[dict[Kind, set[str]]] = {"rabbitmq": {"queue", *_FILES}, "kafka": {"mechanism", *_FILES}}
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_PLACE: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[\w.-]+))(?::(?P<port>\d{1,5}))?")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_QUEUE: Final = re.compile(r"(?!amq\.)[^\x00-\x1f]{1,200}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is, and as whom.

    Attributes:
        kind: of broker.
        tls: whether TLS is spoken.
        hosts: where it is; of Kafka there may be several.
        name: of the queue or topic.
        vhost: RabbitMQ's virtual host.
        user, password: empty: RabbitMQ's guest; no login at Kafka.
        mechanism: of a login at Kafka.
        ca, certificate, key: PEM files for TLS; empty: the system's CAs, and no certificate is shown.
    """

    kind: Kind
    tls: bool
    hosts: tuple[tuple[str, int], ...]
    name: str
    vhost: str = "/"
    user: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "PLAIN"
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def place(self) -> str:
        """As it is named in words."""
        name = {"rabbitmq": "RabbitMQ", "kafka": "Kafka"}[self.kind]
        return (
            f"{name} {', '.join(f'[{host}]:{port}' if ':' in host else f'{host}:{port}' for host, port in self.hosts)}"
        )

    def context(self) -> ssl.SSLContext | None:
        """TLS for it; None: it is spoken to in the clear.

        Raises:
            CloudError: a file can't be read, or does not fit.
        """
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key or None, password=_nobody_to_ask)
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", "") or getattr(error, "strerror", "") or error
            raise CloudError(
                _("The files for TLS to {place} can't be used: {why}").format(place=self.place, why=why),
                _("In the broker's address ca=, certificate= and key= name PEM files; the key has no passphrase."),
            ) from error
        return context


def read_url(url: str) -> Address:
    """Read ``amqp[s]://user:password@host:port/vhost?queue=NAME`` or ``kafka[s]://host:port[,host:port]/topic``.

    Raises:
        CloudError: it is none; nothing of it is repeated, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        kind, tls, port = _SCHEMES[parts.scheme]
        options = _options(parts, _OPTIONS[kind])
        user, password, places = _login(parts.netloc)
        hosts = tuple(_host(place, port) for place in places.split(",")) if places else ()
    except (KeyError, ValueError):
        raise _not_one(_("The address of the broker can't be understood.")) from None
    if not hosts or (len(hosts) > 1 and kind == "rabbitmq"):
        raise _not_one(_("The address of the broker must name one host; of Kafka there may be several."))
    mechanism = options.pop("mechanism", "PLAIN").upper()
    if mechanism not in _MECHANISMS:
        raise _not_one(_("Kafka's mechanism is one of {these}.").format(these=", ".join(_MECHANISMS).lower()))
    name, vhost = _named(kind, unquote(parts.path[1:]), options.pop("queue", ""))
    return Address(kind, tls, hosts, name, vhost, user, password, mechanism, **options)


def check_url(url: str) -> None:
    """See whether a broker's address can be used, as far as this machine can tell; empty: no broker.

    Raises:
        CloudError: it can't.
    """
    if url:
        read_url(url).context()


def _options(parts: SplitResult, known: set[str]) -> dict[str, str]:
    """What stands behind the question mark. Raises ValueError."""
    if parts.fragment or "@" in parts.path:  # most likely of a password in which they are not written as %23 and %40
        raise ValueError("#@")
    options: dict[str, str] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else ():
        if key not in known or key in options or not value:
            raise ValueError(key)
        options[key] = value
    return options


def _login(netloc: str) -> tuple[str, str, str]:
    """User, password, and what stands behind them."""
    login, _at, places = netloc.rpartition("@")
    user, _colon, password = login.partition(":")
    return unquote(user), unquote(password), places


def _host(place: str, port: int) -> tuple[str, int]:
    """Raises ValueError."""
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError("host")
    port = int(found["port"] or port)
    if not 0 < port < 65536:
        raise ValueError("port")
    return found["six"] or found["host"], port


def _named(kind: Kind, path: str, queue: str) -> tuple[str, str]:
    """The queue or topic, and the virtual host."""
    if kind == "kafka":
        name, vhost, pattern = path or NAME, "", _TOPIC
    else:
        name, vhost, pattern = queue or NAME, path or "/", _QUEUE
    if not pattern.fullmatch(name) or name in {".", ".."}:
        raise _not_one(_("The address of the broker names a queue or topic that can't be."))
    return name, vhost


def _not_one(what: str) -> CloudError:
    return CloudError(
        what, _("Such are amqp://user:password@host/vhost?queue=name, amqps://..., kafka://host:9092,host2:9092/topic.")
    )


def _nobody_to_ask() -> str:
    raise ValueError(_("the key is locked by a passphrase"))
