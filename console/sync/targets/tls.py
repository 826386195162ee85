"""TLS towards a target: from the settings' files to a context, and its failures in an operator's words.

TLS 1.2 at least; the host name is always checked. Who may vouch for the server: the settings' CA alone, or without one
whom the system trusts. Files are read when a connection is to be made, so that a renewed certificate needs no restart.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from console.errors import SecretError
from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied, TargetError
from console.sync.targets.https.failures import OWN_ALERTS, OWN_HINT, causes, of_tls
from models.words import _


class Tls:
    """TLS of one target.

    Args:
        settings: the target's; its files are ca, certificate and key.
        passphrase: of the key's file; None: it has none.
    """

    def __init__(self, settings: TargetSettings, passphrase: Callable[[], str] | None = None) -> None:
        self._passphrase = passphrase
        self._ca, self._certificate, self._key = (
            Path(text).expanduser() if text else None for text in (settings.ca, settings.certificate, settings.key)
        )

    def stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Another value means that a file was changed."""
        return tuple(_stamp(path) for path in (self._ca, self._certificate, self._key))

    def context(self) -> ssl.SSLContext:
        """TLS from the files as they are now.

        Raises:
            Denied: one of them is missing, damaged, or does not belong to the others; says which. Or the passphrase
                is missing.
        """
        if self._ca is None:
            import truststore  # noqa: PLC0415  # whom the system trusts, as the site set it up

            context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            _read(self._ca)  # says what is wrong with it, which the next line does not
            try:
                context.load_verify_locations(self._ca)
            except ssl.SSLError:
                raise Denied(
                    _("{path} holds no certificate of a CA, so it can't be told who the target is.").format(
                        path=self._ca
                    ),
                    _("Get the CA's certificate as a PEM file from whoever runs the target."),
                ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._certificate is not None and self._key is not None:
            self._load_own(context, self._certificate, self._key)
        return context

    def in_words(self, failure: BaseException, place: str) -> TargetError | None:
        """What a failure of TLS means; None: it is not one.

        Args:
            failure: what was raised; what lies behind it is looked at, too.
            place: whom this is about.
        """
        error = next((one for one in causes(failure) if isinstance(one, ssl.SSLError)), None)
        if error is not None and error.reason in OWN_ALERTS:
            return self._own_refused(_(OWN_ALERTS[error.reason]).format(place=place))
        return of_tls(failure, place)

    def ended(self, now: datetime) -> datetime | None:
        """When this desk's certificate ended; None: it has not, or can't be read, or there is none."""
        try:
            ends = _certificate(self._certificate.read_bytes())[1] if self._certificate is not None else now
        except (OSError, ValueError):
            return None
        return ends if ends < now else None

    def _own_refused(self, what: str) -> Denied:
        ended = self.ended(datetime.now(UTC))
        if ended is None:
            return Denied(what, _(OWN_HINT))
        return Denied(
            _("{what} It ended on {day}; its file is {path}.").format(
                what=what, day=f"{ended:%Y-%m-%d}", path=self._certificate
            ),
            _("Put a renewed one there, and its key; the desk takes it without a restart."),
        )

    def _load_own(self, context: ssl.SSLContext, certificate: Path, key: Path) -> None:
        _read(certificate), _read(key)  # says which of them is missing
        try:
            context.load_cert_chain(certificate, key, self._passphrase or _no_passphrase)
        except SecretError as error:
            raise Denied(error.what, error.hint) from None
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                what = _("The key {key} does not belong to the certificate {certificate}.")
            else:
                what = _("The certificate {certificate} or its key {key} is damaged, or is no PEM file.")
            raise Denied(what.format(key=key, certificate=certificate), _(OWN_HINT)) from None
        except _Locked:
            raise Denied(
                _("The key {key} is locked with a passphrase, which this target's settings do not name.").format(
                    key=key
                ),
                _("Store it as a secret and name it as the target's secret, or keep the key without one."),
            ) from None


class _Locked(Exception):
    """Somebody would be asked for a passphrase."""


def describe(der: bytes) -> tuple[str, datetime]:
    """The name a certificate is for, and when it ends. Raises ValueError where it can't be read."""
    return _certificate(ssl.DER_cert_to_PEM_cert(der).encode())


def _certificate(pem: bytes) -> tuple[str, datetime]:
    from cryptography import x509  # noqa: PLC0415  # 50 ms, and most runs have no need of it

    found = x509.load_pem_x509_certificate(pem)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        name = next(iter(str(one.value) for one in names), "")
    except (x509.ExtensionNotFound, ValueError):
        name = ""
    return name or found.subject.rfc4514_string(), found.not_valid_after_utc


def _no_passphrase() -> str:
    raise _Locked


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Denied(
            _("The file {path} can't be read: {reason}.").format(path=path, reason=error.strerror or error),
            _("Check the target's settings, and whether Sightdesk may read that file."),
        ) from None


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size, found.st_ino)
