"""Sealed pictures: for the eyes of one key's holder alone, unreadable to this desk once they are made.

Format of a ``.sealed`` file, version 1; lengths in bytes, numbers big-endian:

    8   SDSEAL, 0, 1 (the version)
    8   the public key's number: the first bytes of its SHA-256
    32  an X25519 public key made for this file alone
    n   AES-256-GCM of the content, its tag at the end; what stands before is authenticated with it

Key (32) and nonce (12) are HKDF-SHA256 of the X25519 secret, salted with both public keys, info `sightdesk sealed 1`.
The content is the length (4) and JSON of what the picture is, the length (4) and PNG of the picture, and zeros up to a
multiple of 4096, so that a file's size tells little.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import cv2
import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from console.errors import SightdeskError
from models.words import _

MAGIC = b"SDSEAL\x00\x01"
_TEXT = "sdseal1-"
_INFO = b"sightdesk sealed 1"
_BLOCK = 4096
_HEAD = len(MAGIC) + 8 + 32


class SealError(SightdeskError):
    """A key is none, or a sealed picture can't be made or opened."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What pictures are sealed with.

    Attributes:
        raw: the X25519 public key.
    """

    raw: bytes

    @classmethod
    def of(cls, text: str) -> PublicKey:
        """Read a key as `text` writes it.

        Raises:
            SealError: it is none, or one letter of it is wrong.
        """
        text = text.strip()
        hint = _("It begins with {begin}; sightdesk privacy keygen makes one.").format(begin=_TEXT)
        if not text.startswith(_TEXT):
            raise SealError(_("This is no public key for sealing."), hint)
        try:
            whole = base64.b64decode(text[len(_TEXT) :], altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise SealError(_("The public key for sealing is damaged."), hint) from error
        raw, check = whole[:32], whole[32:]
        if len(whole) != 36 or check != _check(raw):
            raise SealError(_("The public key for sealing is damaged: a part of it is missing or wrong."), hint)
        try:  # a point of low order would make every secret zero
            X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(raw))
        except ValueError as error:
            raise SealError(_("This public key would seal nothing."), hint) from error
        return cls(raw)

    @property
    def text(self) -> str:
        """As it stands in the settings: 56 letters with a check."""
        return _TEXT + base64.urlsafe_b64encode(self.raw + _check(self.raw)).decode()

    @property
    def number(self) -> str:
        """What tells keys apart, 16 hex digits; says nothing of the key's holder."""
        return hashlib.sha256(self.raw).hexdigest()[:16]


class PrivateKey:
    """What opens them. It belongs on its holder's machine, never on a desk."""

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def new(cls) -> PrivateKey:
        """A fresh one."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def of(cls, pem: bytes, passphrase: str | None) -> PrivateKey:
        """Read a key file.

        Raises:
            SealError: it is none, or the passphrase is wrong, missing or one too many.
        """
        try:
            key = serialization.load_pem_private_key(pem, passphrase.encode() if passphrase else None)
        except (TypeError, ValueError) as error:
            raise SealError(
                _("The private key can't be opened: it is none, or its passphrase is another."),
                _("sightdesk privacy keygen writes such files."),
            ) from error
        if not isinstance(key, X25519PrivateKey):
            raise SealError(_("The file holds a private key of another kind."), "")
        return cls(key)

    @property
    def public(self) -> PublicKey:
        """What pictures are sealed with for it."""
        return PublicKey(_raw(self._key.public_key()))

    def pem(self, passphrase: str | None) -> bytes:
        """The key file, encrypted where there is a passphrase."""
        lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else None
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock or serialization.NoEncryption()
        )

    def secret_with(self, made: bytes) -> bytes:
        """The secret shared with a file's own public key. Raises ValueError where that is no sound one."""
        return self._key.exchange(X25519PublicKey.from_public_bytes(made))


class Sealed:
    """A picture that may leave memory, since nobody here can read it. Made by `seal` alone.

    Attributes:
        content: the bytes of a ``.sealed`` file.
        key_number: whose; see `PublicKey.number`.
    """

    __slots__ = ("content", "key_number")

    content: bytes
    key_number: str

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a Sealed picture is made by console.privacy.sealing.seal, nowhere else")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Sealed has no subclasses")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Sealed picture can't be changed")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Sealed picture is neither copied nor pickled")


def seal(bgr: NDArray[np.uint8], about: Mapping[str, str | int | None], key: PublicKey) -> Sealed:
    """Seal a picture.

    Args:
        bgr: (H, W, 3) uint8.
        about: what it is; only the key's holder can read that, too.
        key: whose.

    Raises:
        SealError: it can't be encoded.
    """
    encoded, png = cv2.imencode(".png", bgr) if bgr.size else (False, np.empty(0, np.uint8))
    if not encoded:
        raise SealError(_("The picture could not be encoded as PNG, so it was not sealed."))
    own = X25519PrivateKey.generate()
    made = _raw(own.public_key())
    head = MAGIC + bytes.fromhex(key.number) + made
    lock, nonce = _derived(own.exchange(X25519PublicKey.from_public_bytes(key.raw)), made, key.raw)
    words = json.dumps(dict(about), ensure_ascii=False).encode()
    content = b"".join(struct.pack(">I", len(part)) + part for part in (words, png.tobytes()))
    content += bytes(-len(content) % _BLOCK)
    sealed = object.__new__(Sealed)
    object.__setattr__(sealed, "content", head + AESGCM(lock).encrypt(nonce, content, head))
    object.__setattr__(sealed, "key_number", key.number)
    return sealed


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What a sealed file held.

    Attributes:
        about: what the picture is.
        png: the picture, a PNG file.
    """

    about: Mapping[str, Any]
    png: bytes


def unseal(content: bytes, key: PrivateKey) -> Unsealed:
    """Open a sealed file.

    Raises:
        SealError: it is none, was sealed for another key, or was changed.
    """
    if not content.startswith(MAGIC) or len(content) < _HEAD + 16:
        raise SealError(_("This is no sealed picture of a kind this Sightdesk knows."))
    head = content[:_HEAD]
    number, made = head[len(MAGIC) : len(MAGIC) + 8].hex(), head[len(MAGIC) + 8 :]
    if number != key.public.number:
        raise SealError(
            _("It was sealed for the key {number}; this one is {own}.").format(number=number, own=key.public.number),
            _("Open it with the private key that belongs to it."),
        )
    try:
        lock, nonce = _derived(key.secret_with(made), made, key.public.raw)
        plain = AESGCM(lock).decrypt(nonce, content[_HEAD:], head)
        words, rest = _part(plain)
        png, _padding = _part(rest)
        return Unsealed(json.loads(words), png)
    except (InvalidTag, ValueError, struct.error) as error:
        raise SealError(_("The sealed picture was changed or damaged: it can't be opened.")) from error


def _part(plain: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack(">I", plain[:4])
    return plain[4 : 4 + length], plain[4 + length :]


def _derived(secret: bytes, made: bytes, public: bytes) -> tuple[bytes, bytes]:
    both = HKDF(hashes.SHA256(), 44, made + public, _INFO).derive(secret)
    return both[:32], both[32:]


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _check(raw: bytes) -> bytes:
    return hashlib.sha256(b"sightdesk sealing key" + raw).digest()[:4]
