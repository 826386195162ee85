"""A certificate authority for tests: servers, desks, ones whose time is over, and another one that nobody knows."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import trustme


class Pair(NamedTuple):
    """Files of a certificate and of its key."""

    certificate: Path
    key: Path


class Authority:
    """A CA whose certificates lie in a folder as PEM files.

    Args:
        folder: made where it is missing.

    Attributes:
        ca: file of the CA's own certificate.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._ca, self._made = folder, trustme.CA(), 0
        self.ca = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca))

    def server(self, *hosts: str, ends: datetime | None = None, begins: datetime | None = None) -> Pair:
        """A server's certificate; without names for `localhost` and 127.0.0.1."""
        return self._issue("server", hosts or ("localhost", "127.0.0.1"), "server", ends, begins)

    def client(self, name: str = "desk.test", *, ends: datetime | None = None) -> Pair:
        """A desk's certificate, of 90 days unless said otherwise."""
        return self._issue("client", (name,), name, ends or datetime.now(UTC) + timedelta(days=90))

    def expired_client(self, name: str = "desk.test") -> Pair:
        """A desk's certificate that ended an hour ago."""
        return self.client(name, ends=datetime.now(UTC) - timedelta(hours=1))

    def other(self) -> Authority:
        """A CA of the same name that nobody here trusts; its files lie in a folder of their own."""
        self._made += 1
        return Authority(self._folder / f"other-{self._made}")

    def server_context(self, pair: Pair | None = None, *, clients: bool = True) -> ssl.SSLContext:
        """TLS of a server that lets in who shows this CA's certificate, or with `clients` off anybody."""
        pair = pair or self.server()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        context.load_verify_locations(self.ca)
        context.verify_mode = ssl.CERT_REQUIRED if clients else ssl.CERT_NONE
        return context

    def _issue(
        self, what: str, names: tuple[str, ...], common: str, ends: datetime | None, begins: datetime | None = None
    ) -> Pair:
        self._made += 1
        begins = begins or (None if ends is None else ends - timedelta(days=365))
        issued = self._ca.issue_cert(*names, common_name=common, not_before=begins, not_after=ends)
        pair = Pair(self._folder / f"{what}-{self._made}.pem", self._folder / f"{what}-{self._made}.key")
        pair.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        pair.key.write_bytes(issued.private_key_pem.bytes())
        pair.key.chmod(0o600)
        return pair
