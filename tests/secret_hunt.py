"""Looks for planted secrets, however they are spelled or packed, in everything a program wrote and said."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

_DEPTH = 3


def spellings(secret: str) -> dict[str, bytes]:
    """A secret in every form in which a careless line of code may write it."""
    raw = secret.encode()
    forms = {
        "plain": raw,
        "other case": secret.upper().encode(),
        "percent": quote(secret, safe="").encode(),
        "percent, slashes kept": quote(secret).encode(),
        "form": quote_plus(secret).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "repr": repr(secret)[1:-1].encode(),
        "backwards": secret[::-1].encode(),
        "hex": raw.hex().encode(),
        "UTF-16": secret.encode("utf-16-le"),
        "UTF-16 BE": secret.encode("utf-16-be"),
        "MD5": hashlib.md5(raw).hexdigest().encode(),
        "SHA-256": hashlib.sha256(raw).hexdigest().encode(),
    }
    for shift in range(3):  # as it stands after 0 to 2 other bytes, such as in `user:secret`
        whole = base64.b64encode(b"\0" * shift + raw + b"\0" * 2)
        begin, end = (shift * 8 + 5) // 6, (shift + len(raw)) * 8 // 6
        forms[f"base64 at {shift}"] = whole[begin:end]
        forms[f"URL's base64 at {shift}"] = whole[begin:end].translate(bytes.maketrans(b"+/", b"-_"))
    return forms


def digests(user: str, secret: str, realms: tuple[str, ...]) -> dict[str, bytes]:
    """What HTTP's and RTSP's digest login make of a password: as good as the password itself."""
    return {
        f"digest of {realm}": hashlib.md5(f"{user}:{realm}:{secret}".encode()).hexdigest().encode() for realm in realms
    }


def found(content: Mapping[str, bytes], planted: Mapping[str, Mapping[str, bytes]]) -> list[str]:
    """Every place in which a secret stands: "NAME as SPELLING in PLACE".

    Args:
        content: bytes by place.
        planted: of each secret, by name, its `spellings`.
    """
    hits = []
    for place, raw in content.items():
        for where, piece in _unpacked(place, raw, _DEPTH):
            low = piece.lower()
            hits += [
                f"{name} as {form} in {where}"
                for name, forms in planted.items()
                for form, spelling in forms.items()
                if spelling in piece or spelling.lower() in low
            ]
    return hits


def everything_in(folder: Path) -> dict[str, bytes]:
    """All files below a folder, their names too; SQLite's free pages and write-ahead log are in its files' bytes."""
    files = {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {**files, "names of files": "\n".join(map(str, folder.rglob("*"))).encode()}


def _unpacked(place: str, raw: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    yield place, raw
    if depth == 0:
        return
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            for name in packed.namelist():
                yield from _unpacked(f"{place}/{name}", packed.read(name), depth - 1)
    for head, unpack in ((b"\x1f\x8b", gzip.decompress), (b"\x78", zlib.decompress)):
        if raw.startswith(head):
            try:
                yield from _unpacked(f"{place} unpacked", unpack(raw), depth - 1)
            except (OSError, EOFError, zlib.error):
                continue
