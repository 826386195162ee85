"""Why a broker is of no use just now, in words with a hint. Nothing that a library says is repeated."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final

from console.cloud.errors import CloudError
from console.cloud.waking.address import Address
from models.words import N_, _

MEANWHILE: Final = N_("Nothing is lost: workers look for jobs by themselves every few seconds.")
Words = tuple[str, str]
_LOGIN: Final = (N_("{place} does not accept the user or the password."), N_("Check both in the broker's address."))
_MECHANISM: Final = (
    N_("{place} takes no login of this kind."),
    N_("Kafka's is chosen by ?mechanism= in the broker's address: plain, scram-sha-256 or scram-sha-512."),
)
_ANOTHER: Final = (
    N_("What answers at {place} is no such broker."),
    N_("Check scheme and port in the broker's address."),
)
_VHOST: Final = (
    N_("{place} does not let this program into its virtual host {vhost}."),
    N_(
        "See that it is there and that the user has rights to it: rabbitmqctl list_vhosts, list_permissions -p {vhost}."
    ),
)
_RIGHTS: Final = (
    N_("{place} does not allow this program to use {name}."),
    N_("Give its user the rights to make, write and read it."),
)
_OTHERWISE: Final = (
    N_("{place} has a queue or topic {name} that was made differently."),
    N_("Remove it there, or name another one in the broker's address."),
)
_MISSING: Final = (
    N_("{place} has no topic {name}, and it could not be made."),
    N_("Make it there, or allow this program's user to."),
)
_HANGS: Final = (
    N_("{place} takes connections, but does not answer."),
    N_("See whether it hangs, takes nothing because its memory or disk is full, or is no such broker at all."),
)
_BROKE: Final = (
    N_("The connection to {place} broke off."),
    N_("It is tried again by itself. Should it stay so, look into the broker's log."),
)
_ENDED: Final = (
    N_("{place} ends the connection before it stands."),
    N_("Check scheme and port in the broker's address. Should they be right, look into the broker's log."),
)
_ENDED_TLS: Final = (
    _ENDED[0],
    N_("It may want a certificate: ?certificate=FILE&key=FILE in its address. Else look into the broker's log."),
)
_UNTRUSTED: Final = (
    N_("The certificate of {place} is not trusted, so nothing is said to it."),
    N_("Name the CA that vouches for it by ?ca=FILE, and the host as its certificate does."),
)
_NO_TLS: Final = (N_("What answers at {place} does not speak TLS."), _ANOTHER[1])
_TLS: Final = (
    N_("{place} refuses the connection while it is being secured."),
    N_("It may want a certificate: ?certificate=FILE&key=FILE in the broker's address."),
)
_NO_HOST: Final = (
    N_("The name of {place} can't be resolved here: there is no network, or no such host."),
    N_("Check the broker's address."),
)
_NOBODY: Final = (
    N_("{place} refuses the connection: nothing serves there just now."),
    N_("See whether the broker runs. It is tried again by itself."),
)
_FAR: Final = (N_("{place} can't be reached from here."), N_("Check the network and the broker's address."))
_BY_NAME: Final[dict[str, Words]] = {
    "ProbableAuthenticationError": _LOGIN, "AuthenticationFailedError": _LOGIN, "SaslAuthenticationFailed": _LOGIN,
    "AuthenticationError": _MECHANISM, "UnsupportedSaslMechanismError": _MECHANISM, "IllegalSaslStateError": _MECHANISM,
    "IncompatibleProtocolError": _ANOTHER, "KafkaProtocolError": _ANOTHER, "CorrelationIdError": _ANOTHER,
    "ChannelAccessRefused": _RIGHTS, "TopicAuthorizationFailedError": _RIGHTS,
    "ClusterAuthorizationFailedError": _RIGHTS, "ChannelPreconditionFailed": _OTHERWISE,
    "InvalidTopicError": _OTHERWISE, "PolicyViolationError": _OTHERWISE, "UnknownTopicOrPartitionError": _MISSING,
    "LeaderNotAvailableError": _MISSING, "TopicAlreadyExistsError": _MISSING,
}  # fmt: skip
"""By the names of the libraries' errors: of both only one is imported."""
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


class Lost(Exception):
    """The connection is over, and nobody said why."""


def failure(error: BaseException, address: Address, *, stood: bool = True) -> CloudError:
    """What went wrong with a broker.

    Args:
        error: whatever its library raised; what lies behind it is looked at, too.
        address: of the broker.
        stood: the connection had been made.
    """
    behind = list(_causes(error))
    for one in behind:
        if isinstance(one, CloudError):
            return one
    what, hint = next((found for one in behind if (found := _words(one))), None) or _rest(behind, address, stood=stood)
    said = {"place": address.place, "name": address.name, "vhost": address.vhost}
    return CloudError(_(what).format(**said), f"{_(hint).format(**said)} {_(MEANWHILE)}")


def _words(error: BaseException) -> Words | None:
    name = type(error).__name__
    if name == "InvalidFrameError" and "Connection.OpenOk" in str(error):  # the only word RabbitMQ has for this
        return _VHOST
    return _BY_NAME.get(name) or _of_network(error)


def _of_network(error: BaseException) -> Words | None:
    if isinstance(error, ssl.SSLError):
        if isinstance(error, ssl.SSLCertVerificationError):
            return _UNTRUSTED
        return _NO_TLS if error.reason in _NOT_TLS else _TLS
    if isinstance(error, socket.gaierror):
        return _NO_HOST
    if isinstance(error, ConnectionRefusedError):
        return _NOBODY
    if isinstance(error, OSError) and error.errno and not isinstance(error, TimeoutError | ConnectionError):
        return _FAR
    return None


def _rest(behind: list[BaseException], address: Address, *, stood: bool) -> Words:
    if any(isinstance(one, TimeoutError) or "Time" in type(one).__name__ for one in behind):
        return _HANGS
    if stood:
        return _BROKE
    # who wants a certificate may say so only once TLS stands, which libraries do not tell
    return _ENDED_TLS if address.tls and not address.certificate else _ENDED


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It, and what lies behind it, the nearest first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        else:
            yield one
        waiting.extend(behind for behind in (one.__cause__, one.__context__) if behind is not None)
