"""FFmpeg's errors in the operator's words. Only numbers and names of errors are used: their texts carry URLs."""

from __future__ import annotations

import errno

from av import error

from console.errors import REFUSED_RETRY_S, SourceLost

_LOGIN = "Check the user and password of this camera."
_NETWORK = "Check that the camera has power and network."

# (what, hint, retry); {place} is filled in.
_WORDS: tuple[tuple[type[BaseException], tuple[str, str, bool]], ...] = (
    (error.HTTPUnauthorizedError, ("{place} refused the login.", _LOGIN, True)),
    (error.HTTPForbiddenError, ("{place} forbids this user to see the video.", _LOGIN, True)),
    (error.HTTPNotFoundError, ("{place} answers, but has no such stream.", "Check the path of the address.", True)),
    (error.HTTPServerError, ("{place} reports an error of its own.", "Restart the camera if this stays.", True)),
    (
        error.HTTPClientError,
        ("{place} does not accept how it is asked for video.", "Try the other transport, tcp or udp.", True),
    ),
    (error.ConnectionRefusedError, ("{place} refuses the connection.", "Check the port; is its video on?", True)),
    (error.ConnectionResetError, ("{place} broke the connection off.", _NETWORK, True)),
    (error.ConnectionAbortedError, ("{place} broke the connection off.", _NETWORK, True)),
    (error.BrokenPipeError, ("{place} broke the connection off.", _NETWORK, True)),
    (error.TimeoutError, ("{place} does not answer.", _NETWORK, True)),
    (error.FileNotFoundError, ("{place} is not there.", "Check the path.", False)),
    (error.PermissionError, ("{place} may not be read.", "Check who may read it.", False)),
    (error.IsADirectoryError, ("{place} is a folder, not a video.", "", False)),
    (error.DecoderNotFoundError, ("{place} uses a video format that can't be decoded here.", "Use H.264.", False)),
    (error.DemuxerNotFoundError, ("{place} is not a video format known here.", "", False)),
    (error.ProtocolNotFoundError, ("{place} wants to read from elsewhere, which is not allowed.", "", False)),
    (MemoryError, ("{place} needs more memory than there is.", "", False)),
)
_ERRNO_WORDS = {
    errno.EHOSTUNREACH: "{place} can't be reached from here.",
    errno.ENETUNREACH: "The network of {place} can't be reached from here.",
    errno.ENETDOWN: "This machine's network is down, so {place} can't be reached.",
    errno.EADDRNOTAVAIL: "{place} can't be reached from here.",
}
_NO_VIDEO_HERE = "{place} answers, but sends no video that can be read."
_NOT_A_VIDEO = "{place} is not a video that can be read."
_DAMAGED = "{place} is damaged and can't be read further."


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
            return SourceLost(what.format(place=place), hint, retry=retry, after_s=after_s)
    number = getattr(failure, "errno", None)
    if number in _ERRNO_WORDS:
        return SourceLost(_ERRNO_WORDS[number].format(place=place), _NETWORK)
    if isinstance(failure, (error.InvalidDataError, error.ArgumentError, error.EOFError, error.PatchWelcomeError)):
        return _unreadable(place, network=network, opening=opening)
    if number == errno.EIO and not network:
        return SourceLost(
            f"{place} can't be read.", "It is cut short or damaged, or the disk it lies on is.", retry=False
        )
    what = f"{place} can't be opened." if opening else f"{place} can't be read further."
    return SourceLost(what, f"FFmpeg's error {number}." if number is not None else "", retry=network)


def silent(place: str, *, network: bool, opening: bool, limit_s: float) -> SourceLost:
    """Nothing came for `limit_s` seconds."""
    what = f"{place} did not answer within {limit_s:g} s." if opening else f"No data from {place} for {limit_s:g} s."
    return SourceLost(what, _NETWORK if network else "The disk or share it lies on does not answer.")


def _unreadable(place: str, *, network: bool, opening: bool) -> SourceLost:
    if network:
        hint = "Check the address, the port and the path." if opening else "Check the network and the camera."
        return SourceLost((_NO_VIDEO_HERE if opening else _DAMAGED).format(place=place), hint)
    hint = "Check that it is a video, that it is whole, and that its format is a common one."
    return SourceLost((_NOT_A_VIDEO if opening else _DAMAGED).format(place=place), hint, retry=False)
