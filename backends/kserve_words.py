"""Why a server gives no answer, in words: gRPC's, the TLS library's and the system's messages made sense of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backends.base import BackendError
from backends.kserve_place import Endpoint
from models.words import N_, _

_CHECK = N_("Check its address, that it runs, and the firewall between.")
_CASES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("dns resolution failed", "name or service not known", "getaddrinfo", "nodename nor servname", "name resolution",
      "domain name"),
     N_("There is no host named {host} on this network."), N_("Check the spelling and the network.")),
    (("certificate has expired", "certificate expired"),
     N_("The certificate of {address} has expired."), N_("Renew it on the server; check this machine's clock.")),
    (("not yet valid",),
     N_("The certificate of {address} is not valid yet."), N_("Check this machine's clock.")),
    (("hostname mismatch", "address mismatch", "not valid for", "not in peer certificate", "hostname verification",
      "peer name"),
     N_("The certificate of {address} is made out to another name."),
     N_("Reach it by the name that stands in its certificate.")),
    (("certificate required", "certificate_required", "alert certificate", "handshake_failure", "handshake failure",
      "alert_bad_certificate", "alert_unknown_ca", "alert unknown ca", "alert bad certificate",
      "unwrap failed"),
     N_("{address} asks for a certificate of this machine, or does not accept the one it was shown."),
     N_("Name certificate and key at this endpoint in the settings, under remote.allowed.")),
    (("certificate_verify_failed", "certificate verify failed", "unable to get local issuer", "self signed",
      "self-signed", "unknown authority"),
     N_("The certificate of {address} is vouched for by nobody this machine trusts."),
     N_("Name the certificate of its authority (ca) at this endpoint in the settings, under remote.allowed.")),
    (("wrong_version_number", "wrong version number", "record layer", "packet_length", "packet length", "not_ssl",
      "http_request", "cannot check peer", "ssl_error_ssl", "handshake failed", "unexpected_eof", "tls handshake",
      "tsi_protocol_failure"),
     N_("{address} does not speak TLS, or breaks it off."),
     N_("Check the port; a server without TLS is only used on this machine, as grpc:// or http://.")),
    (("connection refused", "actively refused", "errno 111", "errno 61", "winerror 10061"),
     N_("Nothing answers at {address}: the connection was refused."), _CHECK),
    (("unreachable", "no route", "host is down", "network is down"),
     N_("{address} can't be reached: the network knows no way."), _CHECK),
    (("deadline", "timed out", "timeout", "time-out"),
     N_("{address} gave no answer in time."), _CHECK),
    (("failed parsing http/2", "connect an http1", "protocol_error", "http2", "received http/0", "http status",
      ":status", "content-type", "illegal status", "illegal request", "header line"),
     N_("{address} answers in another protocol."), N_("Check scheme and port: grpc and http have ports of their own.")),
    (("socket closed", "connection reset", "broken pipe", "disconnected", "closed the connection", "eof", "goaway",
      "recvmsg", "end of tcp stream", "connection aborted", "keepalive", "connection closed"),
     N_("{address} broke the connection off."),
     N_("It may have been stopped, it speaks another protocol at this port (grpc or http, with TLS or without), or it "
        "wants a certificate of this machine: certificate and key at this endpoint, under remote.allowed.")),
)  # fmt: skip
"""What the libraries below say (any of these, in small letters), and what it means; the first that fits."""


_RAISED = re.compile(r"^(?:[A-Za-z_][\w.]*\.)?[A-Z]\w+\s*:\s+(?=\S)")
"""How the last line of a Python trace begins: the exception's name."""


def unreachable(endpoint: Endpoint, told: str) -> BackendError:
    """The error for a message of the libraries below, its cause named where it is known."""
    low = told.lower()
    for signs, what, hint in _CASES:
        if any(sign in low for sign in signs):
            return BackendError(_(what).format(address=endpoint.address, host=endpoint.host), _(hint))
    return BackendError(
        _("{address} can't be used: {reason}").format(address=endpoint.address, reason=telling(told)), _(_CHECK)
    )


def failed(told: str) -> BackendError:
    """The error for an inference that a server says has failed."""
    return BackendError(
        _("The inference failed: {error}").format(error=telling(told)), _("The server's own log may say more.")
    )


def no_answer(endpoint: Endpoint, seconds: float) -> BackendError:
    """The error for a request that took too long."""
    return BackendError(
        _("{address} gave no answer within {seconds:g} s.").format(address=endpoint.address, seconds=seconds),
        _("The server is busy, or hangs: see its own log."),
    )


def no_such_model(endpoint: Endpoint, there: Sequence[str]) -> BackendError:
    """The error for a model that is not there, or not ready; `there` are those that are, empty where nobody knows."""
    asked = endpoint.model + (f"/{endpoint.version}" if endpoint.version else "")
    what = _("{address} has no model {model} that is ready.").format(address=endpoint.address, model=asked)
    if not there:  # not every server has a list, and Triton's leaves out what was loaded without a repository
        return BackendError(what, _("The server does not say which it has: see its own list."))
    return BackendError(what, _("Ready there: {models}.").format(models=", ".join(there)))


def garbage(endpoint: Endpoint, why: str = "") -> BackendError:
    """The error for an answer that the protocol does not know."""
    what = _("{address} answered with something that is not the KServe v2 protocol.").format(address=endpoint.address)
    return BackendError(f"{what} {telling(why)}".strip(), _("Check the port, and what listens there."))


def telling(told: str) -> str:
    """The line of a message that says it, cut at 300 characters: of a Python trace the last, else the first."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    if not lines:
        return ""
    if any("Traceback (most recent" in line for line in lines):
        lines = [line for line in lines if _RAISED.match(line)][-1:] or lines
    return _RAISED.sub("", lines[0])[:300]
