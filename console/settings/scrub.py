"""Takes secrets out of text before it is written, shown or sent: by shape, and by value where the value is known."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
_SHORT = 6
_DEPTH = 12

_STRONG = (
    r"password|passwd|passphrase|passcode|loginpas|token|secret|credential|signature|authorization|cookie"
    r"|(?:api|access|private|secret|account)[_-]?key"
)
_WEAK = r"pass|pwd|psw|auth|sig"  # only as a word of its own: compass and design are no secrets
SECRET_KEY = re.compile(rf"password|passwd|passphrase|(?:{_STRONG})s?$|(?:^|[^A-Za-z])(?:{_WEAK})$", re.IGNORECASE)
"""Found in the name of a field, parameter or header that carries a secret."""

# All patterns are anchored or bounded: a line of a megabyte must not cost more than reading it.
_URL_LOGIN = re.compile(
    r"(?<![a-z0-9+.\-])([a-z][a-z0-9+.\-]{0,30}://)"
    r"(?:[^\s@:\"'<>]{0,128}:[^\s\"'<>]{0,256}@|[^\s/?#@\"'<>]{1,256}@)",
    re.IGNORECASE,
)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|\Z)", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*")
_HEADER = re.compile(
    r"(?<![\w-])((?:proxy-)?authorization|x-api-key|x-auth-token|(?:set-)?cookie)(b?[\"']?[ \t]*[:=,][ \t]*)[^\r\n]+",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(Bearer|Basic|Digest)([ \t]+)(?=[^\s]{0,256}[A-Z0-9=])[^\s\"',;]{8,}")
_PAIR = re.compile(
    rf"(?<![\w.\-{{])([\w.\-]{{0,64}}?(?:(?:{_STRONG})s?|(?<![A-Za-z])(?:{_WEAK}))[\"']?[ \t]*[=:][ \t]*)"
    r"(?!\{[ \t]*secret:)"  # password: {secret: NAME} is how settings name a secret without telling it
    r"(\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[^\s,;&\"'}\])]+)",
    re.IGNORECASE,
)


class Scrubber:
    """Replaces secrets by ``***``. Any thread may call it; `remember` is told what `Secrets` hands out."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return f"Scrubber({len(self._known)} known)"

    def remember(self, value: str) -> None:
        """From now on take this value out, however it is spelled: plain, percent-encoded, in JSON, in base64.

        Values of fewer than six characters are taken out only where they stand as a word of their own: a password
        such as 1234 would otherwise eat every time stamp.
        """
        with self._lock:
            if value in self._known or not value.strip():
                return
            self._known.add(value)
            spellings = {spelling for known in self._known for spelling in _spellings(known)}
            # the longest first: a secret that contains another must not leave its rest behind
            parts = [_bounded(spelling) for spelling in sorted(spellings, key=len, reverse=True)]
            self._pattern = re.compile("|".join(parts))

    def forget_all(self) -> None:
        """Forget every value: for tests."""
        with self._lock:
            self._known.clear()
            self._pattern = None

    def text(self, text: str) -> str:
        """The text without the secrets in it."""
        text = self.known(text)
        if "://" in text:
            text = _URL_LOGIN.sub(rf"\1{MASK}@", text)
        if "PRIVATE KEY" in text:
            text = _PEM.sub(f"private key {MASK}", text)
        text = _JWT.sub(MASK, text)
        text = _HEADER.sub(rf"\1\2{MASK}", text)
        text = _SCHEME.sub(rf"\1\2{MASK}", text)
        return _PAIR.sub(rf"\1{MASK}", text)

    def known(self, text: str) -> str:
        """Only the remembered values taken out: for text that is scrubbed already and has a form to keep, as JSON."""
        pattern = self._pattern
        return text if pattern is None else pattern.sub(MASK, text)

    def learn(self, text: str) -> None:
        """Remember what looks like a password in a text that may never be shown itself, such as broken settings."""
        for found in _URL_LOGIN.finditer(text):
            self.remember(unquote(found[0][len(found[1]) : -1].partition(":")[2]))
        for found in _PAIR.finditer(text):
            if not found[1].rstrip(" \t:=\"'").lower().endswith("secret"):  # there stands a secret's name
                self.remember(found[2].strip("\"'"))

    def value(self, value: Any, depth: int = 0) -> Any:
        """The same for nested mappings and lists: what stands under a secret's name goes whole."""
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if depth >= _DEPTH:
            return MASK
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._field(str(key), item, depth) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            items = list(value)
            if len(items) == 2 and isinstance(items[0], str) and SECRET_KEY.search(items[0]):
                return [items[0], MASK]  # a header or parameter as a pair
            return [self.value(item, depth + 1) for item in items]
        return self.text(str(value))

    def _field(self, key: str, item: Any, depth: int) -> Any:
        if item is None or isinstance(item, bool) or not SECRET_KEY.search(key):
            return self.value(item, depth + 1)
        if isinstance(item, Mapping) and set(item) == {"secret"}:  # only the secret's name, as settings write it
            return {"secret": self.text(str(item["secret"]))}
        return MASK


def _spellings(value: str) -> Iterable[str]:
    yield value
    yield quote(value, safe="", errors="replace")
    yield quote(value, errors="replace")
    yield quote_plus(value, errors="replace")
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    if len(value) >= _SHORT:
        yield base64.b64encode(value.encode("utf-8", "replace")).decode()


def _bounded(spelling: str) -> str:
    escaped = re.escape(spelling)
    return rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])" if len(spelling) < _SHORT else escaped


SCRUBBER = Scrubber()
"""The process's own: its logs, crash reports and bundles must all know the same secrets."""
