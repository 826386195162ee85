"""A CA in a folder: for sites that have none of their own.

In it: ``ca.pem`` and ``ca.key``, ``issued.json``, ``crl.pem``, and ``issued/NAME.pem`` with ``issued/NAME.key``. A
certificate is noted before it is written: one that exists can always be revoked, whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from console.cloud.pki import minting
from console.cloud.pki.crl import PkiError
from console.cloud.pki.minting import Subject
from console.cloud.pki.register import Issued, Register
from console.errors import UsageError
from console.settings.disk import in_words, write_whole
from models.words import _

DAYS = 397
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate and its key, as they were written.

    Attributes:
        issued: what was noted of it.
        certificate, key: files.
    """

    issued: Issued
    certificate: Path
    key: Path


class Authority:
    """The CA of a folder.

    Args:
        folder: where it is.
        passphrase: asks for that of its key; called only when the key is locked.
        now: the time of day.
    """

    def __init__(
        self, folder: Path, passphrase: Callable[[], str], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.folder, self._passphrase, self._now = folder, passphrase, now
        self.certificate, self.crl = folder / "ca.pem", folder / "crl.pem"
        self._key, self._register, self._issued = folder / "ca.key", folder / "issued.json", folder / "issued"

    def init(self, name: str, passphrase: str | None) -> None:
        """Make the CA. Never over another one.

        Args:
            name: of it, at most 64 letters.
            passphrase: of its key; None: whoever has the file can issue.

        Raises:
            UsageError: there is one, or a part of one, or the name won't do.
            HomeError: the folder can't be written.
        """
        if not 0 < len(name.strip()) <= 64 or not name.isprintable():
            raise UsageError(_("The CA needs a name of at most 64 letters."))
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # one that is there keeps its rights
            self._issued.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise in_words(error, self.folder) from error
        with self._alone():
            there = [path for path in (self._key, self.certificate, self._register) if path.exists()]
            if there:
                raise UsageError(
                    _("{path} is there already; a CA is never written over.").format(path=there[0]),
                    _("Name another folder. Certificates of a CA whose key is gone would all have to be issued anew."),
                )
            key = minting.new_key()
            made = minting.ca_certificate(key, name.strip(), self._now())
            write_whole(self._key, minting.key_pem(key, passphrase))
            register = Register(self._register)
            self._write_crl(register, made, key)
            write_whole(self.certificate, made.public_bytes(Encoding.PEM))

    def issue(self, who: Subject, days: int = DAYS) -> Made:
        """Make a key and a certificate.

        Raises:
            UsageError: the name has one that still counts, or won't do.
            PkiError: the CA can't be used.
        """
        who.check()
        with self._alone():
            register, now = self._read(), self._now()
            if any(one.state(now) == "valid" for one in register.of_name(who.name)):
                raise UsageError(
                    _("{name} has a certificate that still counts.").format(name=who.name),
                    _("Get it a new one with: sightdesk pki renew {name}; or revoke it first.").format(name=who.name),
                )
            return self._make(register, who, days, now)

    def renew(self, name: str, days: int = DAYS) -> Made:
        """Make a new key and certificate for a name that has one; the old one counts until it ends.

        Raises:
            UsageError: nothing was issued to that name, or its last one was revoked.
            PkiError: the CA can't be used.
        """
        with self._alone():
            register = self._read()
            last = register.of_name(name)[-1:]
            if not last:
                raise _unknown(name)
            if last[0].revoked_at is not None:
                raise UsageError(
                    _("The certificate of {name} was revoked, so it is not renewed.").format(name=name),
                    _("If it shall have one again: sightdesk pki issue {name}").format(name=name),
                )
            return self._make(register, Subject(last[0].name, last[0].site, last[0].hosts), days, self._now())

    def revoke(self, name: str) -> list[Issued]:
        """Let certificates count no more, and write the list that says so; again does no harm.

        Args:
            name: a name, for all of its certificates; or a serial in hex, for one.

        Returns:
            Those it was about.

        Raises:
            UsageError: there are none.
            PkiError: the CA can't be used.
        """
        with self._alone():
            register = self._read()
            ca, key = self._open()
            wanted = name.lower().replace(":", "").lstrip("0")
            these = register.of_name(name) or [one for one in register.issued if f"{one.serial:x}" == wanted]
            if not these:
                raise _unknown(name)
            register.revoke(these, self._now())
            self._write_crl(register, ca, key)
            serials = {one.serial for one in these}
            return [one for one in register.issued if one.serial in serials]

    def write_crl(self) -> datetime:
        """Write the list of what was revoked anew, and return when it ends. Raises PkiError."""
        with self._alone():
            register = self._read()
            ca, key = self._open()
            return self._write_crl(register, ca, key)

    def issued(self) -> list[Issued]:
        """All that was issued, oldest first. Raises PkiError."""
        return self._read().issued

    def _make(self, register: Register, who: Subject, days: int, now: datetime) -> Made:
        if not 0 < days <= _MOST_DAYS:
            raise UsageError(_("A certificate counts from 1 to {most} days.").format(most=_MOST_DAYS))
        ca, ca_key = self._open()
        if ca.not_valid_after_utc <= now:
            raise PkiError(
                _("This CA ended on {day}.").format(day=f"{ca.not_valid_after_utc:%Y-%m-%d}"),
                _("Make another one: sightdesk pki init"),
            )
        key = minting.new_key()
        made = minting.certificate(ca, ca_key, key, who, now=now, days=days)
        issued = Issued(
            who.name, who.site, who.hosts, made.serial_number, made.not_valid_before_utc, made.not_valid_after_utc
        )
        files = Made(issued, self._issued / f"{who.name}.pem", self._issued / f"{who.name}.key")
        register.issued.append(issued)
        register.write()
        write_whole(files.key, minting.key_pem(key, None))
        write_whole(files.certificate, made.public_bytes(Encoding.PEM))
        return files

    def _write_crl(self, register: Register, ca: x509.Certificate, key: EllipticCurvePrivateKey) -> datetime:
        register.crl_number += 1
        register.write()
        gone = [(one.serial, one.revoked_at) for one in register.issued if one.revoked_at is not None]
        made = minting.revocations(ca, key, gone, register.crl_number, self._now())
        write_whole(self.crl, made.public_bytes(Encoding.PEM))
        return self._now() if made.next_update_utc is None else made.next_update_utc

    def _read(self) -> Register:
        if not self.certificate.exists():
            raise PkiError(
                _("There is no CA in {folder}.").format(folder=self.folder),
                _("Name its folder with --folder, or make one: sightdesk pki init --folder DIR"),
            )
        return Register.read(self._register)

    def _open(self) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
        """The CA's certificate and key. Raises PkiError."""
        try:
            pem, ca = self._key.read_bytes(), x509.load_pem_x509_certificate(self.certificate.read_bytes())
        except OSError as error:
            raise in_words(error, self._key) from error
        except ValueError:
            raise PkiError(_("{path} is no certificate.").format(path=self.certificate)) from None
        key = minting.key_of(pem, self._passphrase() if b"ENCRYPTED" in pem else None)
        if key.public_key() != ca.public_key():
            raise PkiError(_("The key in {folder} is not its CA's.").format(folder=self.folder))
        return ca, key

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other command changes the folder meanwhile."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms; listing needs no lock

        if not self.folder.is_dir():
            self._read()
        try:
            with FileLock(self.folder / ".lock", timeout=10):
                yield
        except Timeout:
            raise PkiError(
                _("Another command is at work in {folder}.").format(folder=self.folder), _("Try again when it is done.")
            ) from None


def _unknown(name: str) -> UsageError:
    return UsageError(
        _("This CA has issued nothing to {name}.").format(name=name), _("See what it has: sightdesk pki list")
    )
