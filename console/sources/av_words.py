"""FFmpeg's errors in the operator's words. Only numbers and names of errors are used: their texts carry URLs."""

from __future__ import annotations

import errno

from av import error

from console.errors import REFUSED_RETRY_S, SourceLost
from models.words import N_, _

_LOGIN = N_("Check the user and password of this camera.")
_NETWORK = N_("Check that the camera has power and network.")

# (what, hint, retry); {place} is filled in.
_WORDS: tuple[tuple[type[BaseException], tuple[str, str, bool]], ...] = (
    (error.HTTPUnauthorizedError, (N_("{place} refused the login."), _LOGIN, True)),
    (error.HTTPForbiddenError, (N_("{place} forbids this user to see the video."), _LOGIN, True)),
    (
        error.HTTPNotFoundError,
        (N_("{place} answers, but has no such stream."), N_("Check the path of the address."), True),
    ),
    (
        error.HTTPServerError,
        (N_("{place} reports an error of its own."), N_("Restart the camera if this stays."), True),
    ),
    (
        error.HTTPClientError,
        (N_("{place} does not accept how it is asked for video."), N_("Try the other transport, tcp or udp."), True),
    ),
    (
        error.ConnectionRefusedError,
        (N_("{place} refuses the connection."), N_("Check the port; is its video on?"), True),
    ),
    (error.ConnectionResetError, (N_("{place} broke the connection off."), _NETWORK, True)),
    (error.ConnectionAbortedError, (N_("{place} broke the connection off."), _NETWORK, True)),
    (error.BrokenPipeError, (N_("{place} broke the connection off."), _NETWORK, True)),
    (error.TimeoutError, (N_("{place} does not answer."), _NETWORK, True)),
    (error.FileNotFoundError, (N_("{place} is not there."), N_("Check the path."), False)),
    (error.PermissionError, (N_("{place} may not be read."), N_("Check who may read it."), False)),
    (error.IsADirectoryError, (N_("{place} is a folder, not a video."), "", False)),
    (
        error.DecoderNotFoundError,
        (N_("{place} uses a video format that can't be decoded here."), N_("Use H.264."), False),
    ),
    (error.DemuxerNotFoundError, (N_("{place} is not a video format known here."), "", False)),
    (error.ProtocolNotFoundError, (N_("{place} wants to read from elsewhere, which is not allowed."), "", False)),
    (MemoryError, (N_("{place} needs more memory than there is."), "", False)),
)
_ERRNO_WORDS = {
    errno.EHOSTUNREACH: N_("{place} can't be reached from here."),
    errno.ENETUNREACH: N_("The network of {place} can't be reached from here."),
    errno.ENETDOWN: N_("This machine's network is down, so {place} can't be reached."),
    errno.EADDRNOTAVAIL: N_("{place} can't be reached from here."),
}
_NO_VIDEO_HERE = N_("{place} answers, but sends no video that can be read.")
_NOT_A_VIDEO = N_("{place} is not a video that can be read.")
_DAMAGED = N_("{place} is damaged and can't be read further.")


def lost(
    failure: BaseException, place: str, *, network: bool, opening: bool, limit_s: float, waited_s: float
) -> SourceLost:
    """What `failure` means for the camera or file named `place`.

    Args:
        failure: an error of FFmpeg, or of the system under it.
        place: host:port or a file's name; nothing secret.
        network: a camera, where trying again may help, else a file.
        opening: it failed to open, else while reading.
        limit_s: the time limit that was in force, in seconds.
        waited_s: how long FFmpeg was at it; past the limit the failure is the limit's, whatever FFmpeg calls it.
    """
    if isinstance(failure, error.ExitError) or waited_s >= limit_s:
        return silent(place, network=network, opening=opening, limit_s=limit_s)
    for kind, (what, hint, retry) in _WORDS:
        if isinstance(failure, kind):
            after_s = REFUSED_RETRY_S if hint is _LOGIN else 0.0
            return SourceLost(_(what).format(place=place), _(hint), retry=retry, after_s=after_s)
    number = getattr(failure, "errno", None)
    if number in _ERRNO_WORDS:
        return SourceLost(_(_ERRNO_WORDS[number]).format(place=place), _(_NETWORK))
    if isinstance(failure, (error.InvalidDataError, error.ArgumentError, error.EOFError, error.PatchWelcomeError)):
        return _unreadable(place, network=network, opening=opening)
    if number == errno.EIO and not network:
        return SourceLost(
            _("{place} can't be read.").format(place=place),
            _("It is cut short or damaged, or the disk it lies on is."),
            retry=False,
        )
    what = (
        _("{place} can't be opened.").format(place=place)
        if opening
        else _("{place} can't be read further.").format(place=place)
    )
    return SourceLost(
        what, _("FFmpeg's error {number}.").format(number=number) if number is not None else "", retry=network
    )


def silent(place: str, *, network: bool, opening: bool, limit_s: float) -> SourceLost:
    """Nothing came for `limit_s` seconds."""
    what = (
        _("{place} did not answer within {limit_s:g} s.").format(place=place, limit_s=limit_s)
        if opening
        else _("No data from {place} for {limit_s:g} s.").format(place=place, limit_s=limit_s)
    )
    return SourceLost(what, _(_NETWORK) if network else _("The disk or share it lies on does not answer."))


def _unreadable(place: str, *, network: bool, opening: bool) -> SourceLost:
    if network:
        hint = _("Check the address, the port and the path.") if opening else _("Check the network and the camera.")
        return SourceLost(_(_NO_VIDEO_HERE if opening else _DAMAGED).format(place=place), hint)
    hint = _("Check that it is a video, that it is whole, and that its format is a common one.")
    return SourceLost(_(_NOT_A_VIDEO if opening else _DAMAGED).format(place=place), hint, retry=False)
