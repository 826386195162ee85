"""What went wrong with a camera over HTTP, in the operator's words."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator

import httpx

from console.errors import REFUSED_RETRY_S, SourceLost

_LOGIN = "Check the user and password of this camera."
_NETWORK = "Check that the camera has power and network."
_ERRNO_WORDS = {
    errno.ECONNREFUSED: "{place} refuses the connection.",
    errno.EHOSTUNREACH: "{place} can't be reached from here.",
    errno.ENETUNREACH: "The network of {place} can't be reached from here.",
    errno.ENETDOWN: "This machine's network is down, so {place} can't be reached.",
    errno.EADDRNOTAVAIL: "{place} can't be reached from here.",
}


def refused(status: int, place: str) -> SourceLost:
    """A status other than 200."""
    if status == httpx.codes.UNAUTHORIZED:
        return SourceLost(f"{place} refused the login.", _LOGIN, after_s=REFUSED_RETRY_S)
    if status == httpx.codes.FORBIDDEN:
        return SourceLost(f"{place} forbids this user to see the video.", _LOGIN, after_s=REFUSED_RETRY_S)
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        return SourceLost(f"{place} answers, but has no such stream.", "Check the path of the address.")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return SourceLost(f"{place} reports an error of its own ({status}).", "Restart the camera if this stays.")
    return SourceLost(f"{place} answers with status {status} instead of video.", "Check the address.")


def failed(failure: BaseException, place: str, *, opening: bool, limit_s: float, waited_s: float) -> SourceLost:
    """An error of the connection; past `limit_s` seconds of waiting it is the limit's, whatever it is called."""
    if isinstance(failure, httpx.TimeoutException) or waited_s >= limit_s:
        what = (
            f"{place} did not answer within {limit_s:g} s." if opening else f"No data from {place} for {limit_s:g} s."
        )
        return SourceLost(what, _NETWORK)
    for cause in _causes(failure):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SourceLost(
                f"{place} can't prove who it is: its certificate is not trusted.",
                "Install the camera's certificate on this machine, or use http:// inside a closed network.",
                retry=False,
            )
        if isinstance(cause, OSError) and cause.errno in _ERRNO_WORDS:
            return SourceLost(_ERRNO_WORDS[cause.errno].format(place=place), _NETWORK)
    if isinstance(failure, (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL)):
        return SourceLost(f"{place} sends elsewhere, and nothing is there.", "Check the address.", retry=False)
    if isinstance(failure, httpx.RemoteProtocolError) and opening:
        return SourceLost(f"{place} answers, but not as a web server does.", "Check the port.")
    return SourceLost(f"{place} broke the connection off.", _NETWORK)


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure and what lies behind it."""
    seen: BaseException | None = failure
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
