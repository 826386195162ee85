"""Certificates that the settings name: whose they are, and until when they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from console.settings.schema import Settings
from models.words import _

Role = Literal["desk", "ca", "server"]
"""desk: what this desk shows; ca: who vouches for the other side; server: what the other side shows."""
_DAY_S = 86_400.0
_LARGEST = 1_000_000
"""Bytes; no file of certificates is larger."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that can be read.

    Attributes:
        target: the target's name, or the address of a model server.
        role: what it is for.
        path: its file.
        subject: whose it is, such as CN=gate-desk.
        ends: UTC; from then on nobody believes it.
    """

    target: str
    role: Role
    path: Path
    subject: str
    ends: datetime

    def days_left(self, now: datetime) -> float:
        """Days until it ends; below 0: it has ended."""
        return (self.ends - now).total_seconds() / _DAY_S


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that the settings name and that holds no certificate.

    Attributes:
        target, role, path: as of a certificate.
        why: in words.
    """

    target: str
    role: Role
    path: Path
    why: str


def certificates(settings: Settings) -> list[Certificate | Unreadable]:
    """What the files hold that targets and model servers name, in the order of the settings.

    Of a file with several, what this desk shows is the first; of those who vouch it is the one that ends first.
    """
    return [_read(*named) for named in _named(settings)]


def _named(settings: Settings) -> Iterator[tuple[str, Role, Path]]:
    for target in settings.sync.targets:
        if target.enabled and target.certificate:
            yield target.name, "desk", Path(target.certificate)
        if target.enabled and target.ca:
            yield target.name, "ca", Path(target.ca)
    for server in settings.remote.allowed:
        if server.certificate:
            yield server.address, "desk", Path(server.certificate)
        if server.ca:
            yield server.address, "ca", Path(server.ca)


def _read(target: str, role: Role, path: Path) -> Certificate | Unreadable:
    from cryptography import x509  # noqa: PLC0415  # 40 ms; the desk's start can do without

    path = path.expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except FileNotFoundError:
        return Unreadable(target, role, path, _("There is no file {path}.").format(path=path))
    except OSError as error:
        why = _("The file {path} can't be read: {error}.").format(path=path, error=error.strerror or error)
        return Unreadable(target, role, path, why)
    try:
        found = x509.load_pem_x509_certificates(content)
    except ValueError:
        return Unreadable(target, role, path, _("The file {path} holds no certificate (PEM).").format(path=path))
    one = found[0] if role == "desk" else min(found, key=lambda each: each.not_valid_after_utc)
    return Certificate(target, role, path, one.subject.rfc4514_string(), one.not_valid_after_utc)
