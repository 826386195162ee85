"""What went wrong with a camera over HTTP, in the operator's words."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator

import httpx

from console.errors import REFUSED_RETRY_S, SourceLost
from models.words import N_, _

_LOGIN = N_("Check the user and password of this camera.")
_NETWORK = N_("Check that the camera has power and network.")
_ERRNO_WORDS = {
    errno.ECONNREFUSED: N_("{place} refuses the connection."),
    errno.EHOSTUNREACH: N_("{place} can't be reached from here."),
    errno.ENETUNREACH: N_("The network of {place} can't be reached from here."),
    errno.ENETDOWN: N_("This machine's network is down, so {place} can't be reached."),
    errno.EADDRNOTAVAIL: N_("{place} can't be reached from here."),
}


def refused(status: int, place: str) -> SourceLost:
    """A status other than 200."""
    if status == httpx.codes.UNAUTHORIZED:
        return SourceLost(_("{place} refused the login.").format(place=place), _(_LOGIN), after_s=REFUSED_RETRY_S)
    if status == httpx.codes.FORBIDDEN:
        return SourceLost(
            _("{place} forbids this user to see the video.").format(place=place), _(_LOGIN), after_s=REFUSED_RETRY_S
        )
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        return SourceLost(
            _("{place} answers, but has no such stream.").format(place=place), _("Check the path of the address.")
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return SourceLost(
            _("{place} reports an error of its own ({status}).").format(place=place, status=status),
            _("Restart the camera if this stays."),
        )
    return SourceLost(
        _("{place} answers with status {status} instead of video.").format(place=place, status=status),
        _("Check the address."),
    )


def failed(failure: BaseException, place: str, *, opening: bool, limit_s: float, waited_s: float) -> SourceLost:
    """An error of the connection; past `limit_s` seconds of waiting it is the limit's, whatever it is called."""
    if isinstance(failure, httpx.TimeoutException) or waited_s >= limit_s:
        what = (
            _("{place} did not answer within {limit_s:g} s.").format(place=place, limit_s=limit_s)
            if opening
            else _("No data from {place} for {limit_s:g} s.").format(place=place, limit_s=limit_s)
        )
        return SourceLost(what, _(_NETWORK))
    for cause in _causes(failure):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SourceLost(
                _("{place} can't prove who it is: its certificate is not trusted.").format(place=place),
                _("Install the camera's certificate on this machine, or use http:// inside a closed network."),
                retry=False,
            )
        if isinstance(cause, OSError) and cause.errno in _ERRNO_WORDS:
            return SourceLost(_(_ERRNO_WORDS[cause.errno]).format(place=place), _(_NETWORK))
    if isinstance(failure, (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL)):
        return SourceLost(
            _("{place} sends elsewhere, and nothing is there.").format(place=place),
            _("Check the address."),
            retry=False,
        )
    if isinstance(failure, httpx.RemoteProtocolError) and opening:
        return SourceLost(_("{place} answers, but not as a web server does.").format(place=place), _("Check the port."))
    return SourceLost(_("{place} broke the connection off.").format(place=place), _(_NETWORK))


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure and what lies behind it."""
    seen: BaseException | None = failure
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
