"""Who a certificate says a desk is, and whether it was revoked."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.cloud.pki.crl import Crl, PkiError, read_crl
from models.words import _

_log = logging.getLogger(__name__)
SCHEME = "sightdesk"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""What a site or a desk may be called in a certificate."""
LOOK_S = 10.0
"""The file of what was revoked is looked at so often, at most."""
_URI = re.compile(rf"{SCHEME}://({NAME.pattern})/({NAME.pattern})", re.ASCII)


class NotADesk(PkiError):
    """A certificate is well, but says nothing of a desk of a site."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a request comes from.

    Attributes:
        site: what it may see and write belongs to this site.
        desk: its name within the site.
        serial: of its certificate; 0: none was needed.
    """

    site: str
    desk: str
    serial: int


def identity_of(der: bytes) -> Identity:
    """The desk a certificate is for, from its one name ``sightdesk://SITE/NAME``; who vouches for it is not looked at.

    Raises:
        NotADesk: it can't be read, or holds no such name, or several.
    """
    from cryptography import x509  # noqa: PLC0415  # 50 ms that --help can do without

    try:
        found = x509.load_der_x509_certificate(der)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        uris = []
    ours = [uri for uri in uris if uri.lower().startswith(f"{SCHEME}:")]
    match = _URI.fullmatch(ours[0]) if len(ours) == 1 else None
    if match is None:
        raise NotADesk(
            _("The certificate that was shown is not a desk's: it must hold one name sightdesk://SITE/NAME."),
            _("Have one issued for this desk: sightdesk pki issue NAME --site SITE"),
        )
    return Identity(match[1], match[2], found.serial_number)


class Revoked:
    """The certificates that count no more: a CRL file, which is read anew when it has changed. Any thread may ask.

    A file that is damaged, gone, not signed by the CA or older than what is known changes nothing: what was good goes
    on, and `problem` says why.

    Args:
        path: the CRL, PEM or DER; None: nothing is ever revoked.
        ca: certificates of who may sign it, PEM.
        clock: seconds, for how often the file is looked at.
        now: the time of day, for whether the list has ended.

    Raises:
        PkiError: there is a path, and no list there that can be believed.
    """

    def __init__(
        self,
        path: Path | None,
        ca: Path | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path, self._ca, self._clock, self._now = path, ca, clock, now
        self._lock = threading.Lock()
        self._known = Crl(frozenset(), 0, None)
        self._stamp: object = None
        self._why, self._looked = "", clock()
        if path is not None:
            self._stamp, self._known = _stamp(path), read_crl(path, ca)

    def is_revoked(self, serial: int) -> bool:
        """Whether a certificate counts no more, as of `LOOK_S` ago at the latest."""
        with self._lock:
            self._look()
            return serial in self._known.serials

    @property
    def problem(self) -> str:
        """Why what is known may be old, in words; empty: all is well."""
        with self._lock:
            self._look()
            if self._why:
                return self._why
            ends = self._known.ends
            if ends is None or ends > self._now():
                return ""
            return _("The list of revoked certificates {path} ended on {day}. Renew it: sightdesk pki crl").format(
                path=self._path, day=f"{ends:%Y-%m-%d}"
            )

    def _look(self) -> None:
        """Read the file anew if it has changed and it is time to look; inside the lock."""
        if self._path is None or self._clock() - self._looked < LOOK_S:
            return
        self._looked = self._clock()
        stamp = _stamp(self._path)
        if stamp == self._stamp and not self._why:
            return
        try:
            found = self._newer(self._path)
        except PkiError as error:
            if error.what != self._why:
                _log.warning("What was known of revoked certificates stays in force: %s", error.what)
            self._why = error.what
        else:
            self._known, self._stamp, self._why = found, stamp, ""

    def _newer(self, path: Path) -> Crl:
        """What the file says. Raises PkiError: it can't be believed."""
        found = read_crl(path, self._ca)
        if found.number < self._known.number:
            raise PkiError(
                _("The list of revoked certificates {path} is older than the one in force.").format(path=path)
            )
        return found


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
