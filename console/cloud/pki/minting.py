"""Makes keys, certificates and lists of what was revoked: ECDSA P-256, SHA-256. It touches no file."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from console.cloud.pki.crl import PkiError
from console.cloud.pki.identity import NAME, SCHEME
from console.errors import UsageError
from models.words import _

CA_DAYS = 3650
CRL_DAYS = 30
_EARLIER = timedelta(hours=1)
"""Certificates begin a little in the past: not every clock of a site is right."""
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate is for.

    Attributes:
        name: of the desk or server.
        site: a desk's; may be empty of a server.
        hosts: a server's names and addresses; empty: it is a desk.
    """

    name: str
    site: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``desk`` or ``server``."""
        return "server" if self.hosts else "desk"

    def check(self) -> None:
        """Raises UsageError where it can't stand in a certificate."""
        for text in (self.name, *([self.site] if self.site or not self.hosts else [])):
            if NAME.fullmatch(text) is None:
                raise UsageError(
                    _('"{text}" can\'t stand in a certificate.').format(text=text),
                    _("Desks and sites have at most 64 letters (a to z), digits, dots, dashes and underscores."),
                )
        for host in self.hosts:
            _host(host)


def new_key() -> EllipticCurvePrivateKey:
    """A key of its own."""
    return generate_private_key(SECP256R1())


def key_pem(key: EllipticCurvePrivateKey, passphrase: str | None) -> bytes:
    """A key's file; with a passphrase it is of no use without it."""
    lock: KeySerializationEncryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def key_of(pem: bytes, passphrase: str | None) -> EllipticCurvePrivateKey:
    """The key of a file. Raises PkiError: the passphrase is wrong, or it is no such key."""
    try:
        key = load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError):
        raise PkiError(
            _("The CA's key can't be opened: the passphrase is wrong, or the file is damaged."),
            _("Try again. Nothing can be issued without that passphrase, by nobody."),
        ) from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise PkiError(_("The CA's key is of another kind than this program makes."))
    return key


def ca_certificate(key: EllipticCurvePrivateKey, name: str, now: datetime) -> x509.Certificate:
    """A CA's own certificate, which vouches for others and for nothing below them."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = _begun(subject, subject, key, now, now + timedelta(days=CA_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(ca=True), critical=True)
    return builder.add_extension(own, critical=False).sign(key, SHA256())


def certificate(
    ca: x509.Certificate, ca_key: EllipticCurvePrivateKey, key: EllipticCurvePrivateKey, who: Subject,
    *, now: datetime, days: int,
) -> x509.Certificate:  # fmt: skip
    """A desk's or a server's certificate. It ends with its CA at the latest."""
    names = [x509.NameAttribute(NameOID.COMMON_NAME, who.name)]
    if who.site:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, who.site))
    ends = min(now + timedelta(days=days), ca.not_valid_after_utc)
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if who.hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    known_as: Sequence[x509.GeneralName] = [_host(host) for host in who.hosts] or [
        x509.UniformResourceIdentifier(f"{SCHEME}://{who.site}/{who.name}")
    ]
    builder = _begun(x509.Name(names), ca.subject, key, now, ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(known_as), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.add_extension(_issuer(ca), critical=False).sign(ca_key, SHA256())


def revocations(
    ca: x509.Certificate, ca_key: EllipticCurvePrivateKey, revoked: Iterable[tuple[int, datetime]], number: int,
    now: datetime,
) -> x509.CertificateRevocationList:  # fmt: skip
    """The list of serials that count no more; good for `CRL_DAYS`."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.subject)
    builder = builder.last_update(now - _EARLIER).next_update(now + timedelta(days=CRL_DAYS))
    builder = builder.add_extension(x509.CRLNumber(number), critical=False).add_extension(_issuer(ca), critical=False)
    for serial, at in revoked:
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(one)
    return builder.sign(ca_key, SHA256())


def _begun(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - _EARLIER).not_valid_after(ends)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _issuer(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _host(text: str) -> x509.GeneralName:
    """A host as it stands in a certificate: an address, or a name in ASCII. Raises UsageError."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    try:
        name = text.encode("idna").decode()
    except UnicodeError:
        name = ""
    if _HOST.fullmatch(name) is None:
        raise UsageError(
            _('"{text}" is no name of a host and no address.').format(text=text),
            _("Write it as desks will: cloud.example.com or 10.0.0.5, without a port."),
        )
    return x509.DNSName(name)
