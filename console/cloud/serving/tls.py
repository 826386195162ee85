"""TLS of the cloud's server: who is let in, and files that are read anew when they change."""

from __future__ import annotations

import logging
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from console.errors import SightdeskError
from models.words import _

_log = logging.getLogger(__name__)
_LOOK_S = 10.0
_AFTER_FAILURE = 4


class ServingError(SightdeskError):
    """The server can't begin: a file is wrong, or its address is taken."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What the server shows, and who vouches for desks; all PEM.

    Attributes:
        certificate, key: the server's.
        ca: whoever shows a certificate of this CA is let in.
        passphrase: of the key; empty: it has none.
    """

    certificate: Path
    key: Path
    ca: Path
    passphrase: str = ""


class Waiting(Protocol):
    """Who waits for a handshake."""

    def failed(self, error: ssl.SSLError) -> None:
        """It failed, and the other side is being told."""


handshake_of: ContextVar[Waiting] = ContextVar("handshake_of")
"""Whose handshakes are begun in this context."""


class _Told(ssl.SSLObject):
    """A handshake whose failure is told to the other side.

    asyncio drops OpenSSL's alert with the connection (python/cpython#98078), so a desk could not say why it is refused.
    Therefore a failed handshake seems to wait: asyncio then sends what there is to send. Who waits for it ends it.
    """

    _error: ssl.SSLError | None = None
    _asked = 0

    def do_handshake(self) -> None:
        """See `ssl.SSLObject`."""
        if self._error is not None:
            self._asked += 1
            if self._asked > _AFTER_FAILURE:  # what still comes is kept by nobody for long
                raise self._error
            raise ssl.SSLWantReadError
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            waiting = handshake_of.get(None)
            if waiting is None:
                raise
            self._error = error
            waiting.failed(error)
            raise ssl.SSLWantReadError from error


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 at least, for who shows a certificate of the CA alone.

    No session of 1.3 is taken up again; one of 1.2 may be, by its certificate, which is looked at with every request.

    Raises:
        ServingError: a file is missing, damaged or does not belong to the others; says which.
    """
    for path in (files.certificate, files.key, files.ca):
        _readable(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a site's CA may itself be below another one
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    context.sslobject_class = _Told
    _load(context, files)
    return context


class Contexts:
    """TLS for each connection that comes, from the files as they are: what is renewed needs no restart.

    Args:
        files: read at once.

    Raises:
        ServingError: as `server_context`.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files, self._looked = files, float("-inf")
        self._stamp = self._now()
        self._context = server_context(files)
        self._said = ""

    def get(self, now: float) -> ssl.SSLContext:
        """TLS at this time of the loop. Files that don't fit together yet change nothing; the log says so."""
        if now - self._looked >= _LOOK_S:
            self._looked = now
            stamp = self._now()
            if stamp != self._stamp:
                try:
                    self._context, self._stamp, self._said = server_context(self._files), stamp, ""
                except ServingError as error:
                    if error.what != self._said:
                        _log.warning("The server's files are not in force yet: %s", error.what)
                    self._said = error.what
        return self._context

    def _now(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(path) for path in (self._files.certificate, self._files.key, self._files.ca)]


class _Locked(Exception):
    """Somebody would be asked for a passphrase."""


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    def passphrase() -> str:
        if not files.passphrase:
            raise _Locked
        return files.passphrase

    try:
        context.load_cert_chain(files.certificate, files.key, passphrase)
    except _Locked:
        raise ServingError(_("The server's key {key} is locked by a passphrase.").format(key=files.key)) from None
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            what = _("The key {key} does not belong to the certificate {certificate}.")
        else:
            what = _("The certificate {certificate} or its key {key} is damaged, or the key's passphrase is wrong.")
        raise ServingError(what.format(key=files.key, certificate=files.certificate)) from None
    try:
        context.load_verify_locations(files.ca)
    except ssl.SSLError:
        raise ServingError(_("{path} holds no certificate of a CA (PEM).").format(path=files.ca)) from None


def _readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise ServingError(
            _("The file {path} can't be read: {reason}.").format(path=path, reason=error.strerror or error)
        ) from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
