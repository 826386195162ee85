"""An encrypted file of secrets, for machines without a keyring: services, edge devices, containers.

Format, version 1: magic, version (1 byte), cost (1 byte: scrypt's n is 2 to the power of it, r 8, p 1), salt (16),
nonce (12), AES-256-GCM of a JSON object with everything before it as associated data, SHA-256 of all before it (32).
The checksum is there to tell a damaged file from a wrong passphrase, not to protect: that is what GCM's tag does.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

from console.errors import SecretError
from console.settings.disk import in_words, write_whole
from console.settings.scrub import SCRUBBER
from models.words import _

VARIABLE = "SIGHTDESK_PASSPHRASE"
MAGIC = b"SIGHTDESK-SECRETS"
COST = 17  # 128 MiB and about half a second, what OWASP asks for
MIN_PASSPHRASE = 8
_VERSION = 1
_COSTS = range(10, 21)  # a forged header must not make us allocate a terabyte
_SALT, _NONCE, _TAG, _SUM = 16, 12, 16, 32
_HEAD = len(MAGIC) + 2
_MAX_BYTES = 4 * 1024 * 1024

Ask = Callable[[bool], str]
"""Asks a person for the passphrase; True: a new one, to be typed twice."""
_given: str | None = None


def unlock(passphrase: str | None) -> None:
    """Use this passphrase for every file of secrets of this process, as if it stood in SIGHTDESK_PASSPHRASE.

    For a desk whose operator has typed it once: every camera's password is read with it from then on. None: forget it.
    """
    global _given  # noqa: PLW0603  # as an environment variable is the process's, too
    _given = passphrase


class Vault:
    """The secrets in one encrypted file. Values exist in memory only while they are asked for; the key stays.

    Args:
        path: the file; it need not exist.
        ask: how to ask for the passphrase where SIGHTDESK_PASSPHRASE is not set; None: nobody can be asked.
    """

    def __init__(self, path: Path, ask: Ask | None = None) -> None:
        self.path = path
        self._ask = ask
        self._key: tuple[bytes, bytes] | None = None  # (header with salt, key)

    def __repr__(self) -> str:
        return f"Vault({str(self.path)!r})"

    def read(self) -> dict[str, str]:
        """All secrets by name; none when there is no file.

        Raises:
            SecretError: no passphrase, the wrong one, or a damaged file; says which.
        """
        raw = self._raw()
        if raw is None:
            return {}
        head = raw[: _HEAD + _SALT]
        nonce = raw[_HEAD + _SALT : _HEAD + _SALT + _NONCE]
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        try:
            text = AESGCM(self._derived(head, new=False)).decrypt(nonce, raw[len(head) + _NONCE : -_SUM], head + nonce)
        except InvalidTag:
            self._key = None
            raise SecretError(
                _("The passphrase is not the one these secrets were stored with."),
                _("Set {variable} to the right one. If it is lost: delete {path} and store the secrets again.").format(
                    variable=VARIABLE, path=self.path
                ),
            ) from None
        return {str(name): str(value) for name, value in json.loads(text).items()}

    def write(self, secrets: dict[str, str]) -> None:
        """Replace all secrets, whole or not at all; the first time asks for a new passphrase.

        Raises:
            SecretError: no passphrase, or too short a new one.
            HomeError: the file can't be written.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        raw = self._raw()
        head = raw[: _HEAD + _SALT] if raw else MAGIC + bytes([_VERSION, COST]) + os.urandom(_SALT)
        key = self._derived(head, new=raw is None)
        nonce = os.urandom(_NONCE)
        body = head + nonce + AESGCM(key).encrypt(nonce, json.dumps(secrets).encode(), head + nonce)
        write_whole(self.path, body + hashlib.sha256(body).digest(), 0o600)

    def _raw(self) -> bytes | None:
        try:
            with self.path.open("rb") as file:
                raw = file.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise in_words(error, self.path) from error
        hint = _("Bring {path} back from a backup, or delete it and store the secrets again.").format(path=self.path)
        if not raw.startswith(MAGIC):
            raise SecretError(_("{path} is damaged, or no file of secrets at all.").format(path=self.path), hint)
        whole = _HEAD + _SALT + _NONCE + _TAG + _SUM <= len(raw) <= _MAX_BYTES
        if not whole or hashlib.sha256(raw[:-_SUM]).digest() != raw[-_SUM:]:
            raise SecretError(_("{path} is damaged.").format(path=self.path), hint)
        version, cost = raw[len(MAGIC)], raw[len(MAGIC) + 1]
        if version > _VERSION:
            raise SecretError(
                _("{path} was written by a newer Sightdesk.").format(path=self.path),
                _("Install that version or a later one."),
            )
        if cost not in _COSTS:
            raise SecretError(_("{path} is damaged.").format(path=self.path), hint)
        return raw

    def _derived(self, head: bytes, *, new: bool) -> bytes:
        """The key for this file's salt and cost; derived once, since it takes half a second."""
        if self._key is not None and self._key[0] == head:
            return self._key[1]
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415

        passphrase = unicodedata.normalize("NFKC", self._passphrase(new=new))
        if new and len(passphrase) < MIN_PASSPHRASE:
            raise SecretError(
                _("The passphrase is too short."),
                _("Take at least {min_passphrase} characters.").format(min_passphrase=MIN_PASSPHRASE),
            )
        SCRUBBER.remember(passphrase)
        derive = Scrypt(salt=head[_HEAD:], length=32, n=2 ** head[_HEAD - 1], r=8, p=1).derive
        self._key = (head, derive(passphrase.encode("utf-8", "surrogatepass")))
        return self._key[1]

    def _passphrase(self, *, new: bool) -> str:
        if given := os.environ.get(VARIABLE):
            return given
        if _given is not None:
            return _given
        if self._ask is None:
            raise SecretError(
                _("The secrets in {path} need their passphrase.").format(path=self.path),
                _("Set the environment variable {variable}.").format(variable=VARIABLE),
            )
        return self._ask(new)
