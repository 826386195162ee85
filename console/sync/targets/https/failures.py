"""Failures of TLS, of the network and of the protocol towards a target, in an operator's words."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpcore

from console.sync.targets.base import Denied, TargetError, Unreachable, WrongAnswer
from models.words import N_, _

OWN_HINT = N_("Have a certificate issued for this desk by whoever runs the target; name its files in the settings.")
OWN_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": N_("{place} lets in only who shows a certificate, and this desk showed none."),
    "TLSV1_ALERT_UNKNOWN_CA": N_("{place} does not know the CA that issued this desk's certificate."),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": N_("{place} says that this desk's certificate has ended."),
    "SSLV3_ALERT_CERTIFICATE_REVOKED": N_("{place} says that this desk's certificate was revoked."),
    "SSLV3_ALERT_BAD_CERTIFICATE": N_("{place} does not accept this desk's certificate."),
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": N_("{place} does not accept certificates of this desk's kind."),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": N_("{place} does not accept this desk's certificate."),
    "TLSV1_ALERT_DECRYPT_ERROR": N_("{place} does not accept this desk's certificate."),
    "TLSV1_ALERT_ACCESS_DENIED": N_("{place} does not let this desk's certificate in."),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": N_("{place} refuses this desk: a certificate it wants, or a cipher, is missing."),
}
"""By OpenSSL's reason: what a server says of the certificate that this desk shows."""
_CA_HINT = N_("Look whether the address is right, and whether the CA of the settings is the one that vouches for it.")
_AGAIN_HINT = N_(
    "It is tried again by itself. Should it stay so, check this machine's network and the target's address."
)
_OLD = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_SSL_VERSION", "NO_PROTOCOLS_AVAILABLE")
_NO_TLS = (
    "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG",
)  # fmt: skip
_NOT_YET, _ENDED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64
_UNKNOWN_CA = (2, 18, 19, 20, 21, 24)  # OpenSSL's X509_V_ERR_*: no issuer, self-signed, no CA
_ERRNO_WORDS = {
    errno.ECONNREFUSED: N_("{place} refuses the connection: nothing serves there just now."),
    errno.EHOSTUNREACH: N_("{place} can't be reached from here."),
    errno.ENETUNREACH: N_("The network of {place} can't be reached from here."),
    errno.ENETDOWN: N_("This machine's network is down, so {place} can't be reached."),
}
_HUNG_UP = ("disconnected", "closed")


def of_tls(failure: BaseException, place: str) -> TargetError | None:
    """What a failure of TLS means; None: it is not one. This desk's own certificate is `OWN_ALERTS`' matter.

    Args:
        failure: what was raised; what lies behind it is looked at, too.
        place: whom this is about.
    """
    error = next((one for one in causes(failure) if isinstance(one, ssl.SSLError)), None)
    if error is None:
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_trusted(error, place)
    reason = error.reason or ""
    if reason in _OLD:
        what = _("{place} speaks only an older TLS than 1.2, which is not safe, so nothing is sent.")
        return Denied(what.format(place=place), _("It must be brought up to date by whoever runs it."))
    if reason in _NO_TLS:
        what = _("What answers at {place} does not speak TLS, so nothing is sent.")
        return Denied(
            what.format(place=place), _("Check the port of the address, and whether something stands between.")
        )
    if reason == "TLSV1_UNRECOGNIZED_NAME":
        return Denied(_("{place} knows no service of this name.").format(place=place), _("Check the address."))
    return Unreachable(
        _("The connection to {place} broke while it was being secured.").format(place=place),
        _("It is tried again by itself. Should it stay so, check what stands between: firewall, proxy."),
    )


def of_network(error: Exception, place: str, connect_s: float, answer_s: float) -> TargetError:
    """What any other failure of a request means.

    Args:
        error: httpcore's.
        place: whom this is about.
        connect_s: how long was waited for a connection.
        answer_s: how long was waited for an answer.
    """
    for behind in causes(error):
        if isinstance(behind, socket.gaierror):
            what = _("The name of {place} can't be resolved here: there is no network, or no such host.")
            return Unreachable(what.format(place=place), _(_AGAIN_HINT))
        if isinstance(behind, OSError) and behind.errno in _ERRNO_WORDS:
            return Unreachable(_(_ERRNO_WORDS[behind.errno]).format(place=place), _(_AGAIN_HINT))
    hung_up = any(word in str(error) for word in _HUNG_UP)
    if isinstance(error, httpcore.RemoteProtocolError) and not hung_up:
        what = _("{place} answers, but not as a web server does.")
        return WrongAnswer(what.format(place=place), _("Check the port of the address."))
    if isinstance(error, httpcore.ConnectTimeout):
        what = _("{place} did not answer within {connect_s:g} s: it can't be reached from here.")
    elif isinstance(error, httpcore.WriteTimeout):
        what = _("{place} stopped taking what is sent to it.")
    elif isinstance(error, httpcore.TimeoutException):
        what = _("{place} did not answer in time ({answer_s:g} s).")
    else:
        what = _("The connection to {place} broke before an answer came.")
    return Unreachable(what.format(place=place, connect_s=connect_s, answer_s=answer_s), _(_AGAIN_HINT))


def causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure and what lies behind it."""
    seen: BaseException | None = failure
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _not_trusted(error: ssl.SSLCertVerificationError, place: str) -> Denied:
    code, hint = error.verify_code, _(_CA_HINT)
    if code == _ENDED:
        what = _("The certificate of {place} has ended, so nothing is sent.")
        hint = _("Whoever runs it must renew it. Or this desk's clock is wrong: look at it.")
    elif code == _NOT_YET:
        what = _("The certificate of {place} is not valid yet, so nothing is sent.")
        hint = _("Look whether this desk's clock is right.")
    elif code in {_OTHER_HOST, _OTHER_ADDRESS}:
        what = _("What answers at {place} shows the certificate of another host, so nothing is sent.")
    elif code in _UNKNOWN_CA:
        what = _("The CA that vouches for {place} is not one this desk trusts, so nothing is sent.")
    else:
        what = _("The certificate of {place} is not accepted ({reason}), so nothing is sent.")
    return Denied(what.format(place=place, reason=error.verify_message), hint)
