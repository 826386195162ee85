"""Certificates for a bench of the outbox: of a CA, a receiver on loopback, and a desk."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_YEARS = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Papers:
    """Files of certificates and keys, PEM.

    Attributes:
        ca: of the CA that vouches for both.
        server, server_key: of the receiver at 127.0.0.1.
        desk, desk_key: of the desk.
    """

    ca: Path
    server: Path
    server_key: Path
    desk: Path
    desk_key: Path

    def context(self) -> ssl.SSLContext:
        """TLS of a desk that shows its certificate."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.desk, self.desk_key)
        return context


def papers_in(folder: Path) -> Papers:
    """Where they are, made already."""
    return Papers(*(folder / name for name in ("ca.pem", "server.pem", "server.key", "desk.pem", "desk.key")))


def papers(folder: Path) -> Papers:
    """Make a CA, and certificates of a receiver at 127.0.0.1 and of a desk."""
    folder.mkdir(parents=True, exist_ok=True)
    found = papers_in(folder)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sightdesk bench CA")])
    ca_key = ec.generate_private_key(ec.SECP256R1())
    made = _certificate(name, ca_key.public_key(), name, ca_key)
    found.ca.write_bytes(made)
    for common, certificate, key in (
        ("127.0.0.1", found.server, found.server_key),
        ("desk", found.desk, found.desk_key),
    ):
        own = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
        certificate.write_bytes(_certificate(subject, own.public_key(), name, ca_key))
        key.touch(mode=0o600)
        key.write_bytes(_pem(own))
    return found


def _certificate(subject: Any, key: Any, issuer: Any, issuer_key: Any) -> bytes:
    """A certificate as PEM, for 127.0.0.1 where it isn't the CA's own."""
    now, is_ca = dt.datetime.now(dt.UTC), subject == issuer
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _YEARS).add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )  # fmt: skip
    if not is_ca:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    made: bytes = builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM)
    return made


def _pem(key: Any) -> bytes:
    made: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made
