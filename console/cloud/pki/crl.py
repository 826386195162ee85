"""Reads a list of revoked certificates (CRL), and believes it only with a signature of the CA."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from console.errors import SightdeskError
from models.words import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes


class PkiError(SightdeskError):
    """A certificate, a key or a list of what was revoked can't be made, read or believed."""


@dataclass(frozen=True, slots=True)
class Crl:
    """What a list says.

    Attributes:
        serials: of certificates that count no more.
        number: of the list; a later one has a higher; 0: it has none.
        ends: when the next one is due.
    """

    serials: frozenset[int]
    number: int
    ends: datetime | None


def read_crl(path: Path, ca: Path | None) -> Crl:
    """Read a list, PEM or DER.

    Args:
        path: of the list.
        ca: certificates of who may sign it, PEM.

    Raises:
        PkiError: one of the files can't be read, or nobody of those signed the list.
    """
    from cryptography import x509  # noqa: PLC0415  # 50 ms that --help can do without

    hint = _("Name the file that sightdesk pki crl writes, and the CA that signs it.")
    try:
        content = path.read_bytes()
        vouching = x509.load_pem_x509_certificates(ca.read_bytes() if ca is not None else b"")
    except OSError as error:
        raise PkiError(
            _("The list of revoked certificates can't be read: {path}: {reason}.").format(
                path=error.filename or path, reason=error.strerror or error
            ),
            hint,
        ) from None
    except ValueError:
        raise PkiError(_("{path} holds no certificate of a CA.").format(path=ca or "-"), hint) from None
    try:
        load = x509.load_pem_x509_crl if content.lstrip().startswith(b"-----") else x509.load_der_x509_crl
        found = load(content)
        keys = [cast("CertificateIssuerPublicKeyTypes", one.public_key()) for one in vouching]
        signed = any(found.is_signature_valid(key) for key in keys)
        numbers = [one.value.crl_number for one in found.extensions if isinstance(one.value, x509.CRLNumber)]
        crl = Crl(frozenset(one.serial_number for one in found), max(numbers, default=0), found.next_update_utc)
    except (ValueError, TypeError):
        raise PkiError(_("The list of revoked certificates {path} is damaged.").format(path=path), hint) from None
    if not signed:
        raise PkiError(_("The list of revoked certificates {path} is not signed by the CA.").format(path=path), hint)
    return crl
