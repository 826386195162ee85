"""Why a connection was refused: a word for figures, and a line for whoever reads the log."""

from __future__ import annotations

import logging
import ssl
from typing import Final

_log = logging.getLogger(__name__)
_EVERY_S = 10.0
_UNKNOWN_CA = (2, 18, 19, 20, 21)  # OpenSSL's X509_V_ERR_*: no issuer, self-signed, not to be verified
_NOT_YET, _ENDED, _PURPOSE = 9, 10, 26
_OLD = ("UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "NO_PROTOCOLS_AVAILABLE", "TLSV1_ALERT_PROTOCOL_VERSION")
_NO_TLS = ("HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "BAD_RECORD_TYPE")

NO_CERTIFICATE: Final = "no certificate"
UNKNOWN_CA: Final = "unknown ca"
ENDED: Final = "expired"
NOT_YET: Final = "not valid yet"
OTHER_CERTIFICATE: Final = "wrong certificate"
OLD_TLS: Final = "old tls"
NO_TLS: Final = "no tls"
DISTRUSTED: Final = "server not trusted"
TOO_MANY: Final = "too many"
SLOW: Final = "too slow"
GONE: Final = "went away"
OTHER: Final = "other"

WORDS: Final = {
    NO_CERTIFICATE: "it showed no certificate",
    UNKNOWN_CA: "its certificate is of a CA that is not let in",
    ENDED: "its certificate has ended",
    NOT_YET: "its certificate does not count yet, or a clock is wrong",
    OTHER_CERTIFICATE: "its certificate is not one of a desk, or is damaged",
    OLD_TLS: "it speaks no TLS from 1.2 on",
    NO_TLS: "it does not speak TLS",
    DISTRUSTED: "it does not trust this server's certificate: another CA, another name, or ended",
    TOO_MANY: "there are too many connections",
    SLOW: "it took too long",
    GONE: "it went away in the handshake",
    OTHER: "the handshake failed",
}


def why(error: BaseException) -> str:
    """The word for a handshake that failed; one of `WORDS`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        found = {_ENDED: ENDED, _NOT_YET: NOT_YET, **dict.fromkeys(_UNKNOWN_CA, UNKNOWN_CA)}
        return found.get(error.verify_code, OTHER_CERTIFICATE)
    if isinstance(error, ssl.SSLError):
        return _of_reason(error.reason or "")
    if isinstance(error, ConnectionAbortedError | TimeoutError):  # asyncio's own limit
        return SLOW
    return GONE if isinstance(error, OSError) else OTHER


def _of_reason(reason: str) -> str:
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return NO_CERTIFICATE
    if reason in _OLD:
        return OLD_TLS
    if reason in _NO_TLS:
        return NO_TLS
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return DISTRUSTED
    return OTHER


class Refusals:
    """Counts them, and says them in the log: of each kind one line every ten seconds, with how many it stands for.

    Args:
        counts: of each kind, all there from the start so that another thread may read on.
    """

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._said: dict[str, tuple[float, int]] = {}
        counts.update({kind: counts.get(kind, 0) for kind in WORDS})

    def note(self, kind: str, address: str, now: float, detail: str = "") -> None:
        """One more.

        Args:
            kind: one of `WORDS`.
            address: whose.
            now: the loop's time.
            detail: what OpenSSL calls it.
        """
        self._counts[kind] += 1
        at, before = self._said.get(kind, (float("-inf"), 0))
        if now - at < _EVERY_S:
            return
        self._said[kind] = now, self._counts[kind]
        more = self._counts[kind] - before - 1
        again = f" ({more} more since the last such line)" if more and before else ""
        _log.warning("Refused %s: %s%s%s.", address, WORDS[kind], f" [{detail}]" if detail else "", again)
