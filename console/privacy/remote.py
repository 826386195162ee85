"""Pictures that a model on a server is to look at: to which servers they may go, and the record that they went.

Nothing is sent to a server which the settings don't allow, nor in the clear to another machine. Every load of a remote
model, and how much was sent since when, stands in the log and in the home's record; see `console.privacy.audit.record`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from backends.base import Backend, BackendError, BackendInfo, Done, LoadOptions, Tls
from backends.kserve import KServe, KServeBackend
from backends.kserve_place import Endpoint
from console.errors import AuditError, ModelError
from console.privacy.audit.record import Audit
from console.privacy.covering import Coverer, Origin, Vouched, kept_back
from console.settings.inference import RemoteEndpoint, RemoteSettings
from models.detector import Detector
from models.findings import Unanswered
from models.frames import Picture
from models.letterbox import Letterbox
from models.manifest import ModelFacts, PictureInput
from models.words import _

SUMMARY_S = 60.0
"""What was sent is summed up over so long."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Permit:
    """The settings' word that pictures may go to a server.

    Attributes:
        endpoint: the model there.
        purpose: why, in the operator's words.
        tls: the certificates to use.
        covered: faces, plates and areas are covered in what goes there; else it goes as it is.
    """

    endpoint: Endpoint
    purpose: str
    tls: Tls
    covered: bool = False


def permit(url: str, policy: RemoteSettings) -> Permit:
    """The permit for a model's URL.

    Raises:
        ModelError: it is no such URL, the settings don't allow its server, or it would go over a network in the clear.
    """
    try:
        endpoint = Endpoint.of(url)
    except BackendError as error:
        raise ModelError(error.what, error.hint) from error
    entry = next((one for one in policy.allowed if _same(one, endpoint)), None)
    if entry is None:
        lines = f'remote: {{allowed: [{{address: "{endpoint.address}", purpose: "..."}}]}}'
        raise ModelError(
            _("Pictures may not be sent to {address}: the settings don't allow it.").format(address=endpoint.address),
            _("To allow it, add to the settings, with the purpose in words: {lines}").format(lines=lines),
        )
    if not endpoint.tls and not endpoint.loopback:
        raise ModelError(
            _("Pictures may not go to {address} in the clear.").format(address=endpoint.address),
            _("Use TLS: {url}. Without it only a server on this machine is used.").format(
                url=endpoint.url().replace(endpoint.scheme, f"{endpoint.scheme}s", 1)
            ),
        )
    tls = Tls(_path(entry.ca), _path(entry.certificate), _path(entry.key))
    return Permit(endpoint, entry.purpose, tls, covered=entry.pictures == "covered")


def check(url: str, policy: RemoteSettings) -> None:
    """Whether pictures may go to a model's URL.

    Raises:
        ModelError: they may not; says why, and which lines of the settings would allow it.
    """
    permit(url, policy)


class RemoteTensor:
    """Pictures on their way to a server: one of the three types that may leave memory. Only `leaving` makes one.

    Attributes:
        pictures: by input name, (N, H, W, 3) uint8 BGR.
        permit: what allows it.
    """

    __slots__ = ("permit", "pictures")
    pictures: Mapping[str, NDArray[Any]]
    permit: Permit

    def __init__(self) -> None:
        raise TypeError("a RemoteTensor is only made by `leaving`, under a permit")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RemoteTensor can't be copied or pickled")


def leaving(pictures: Mapping[str, NDArray[Any]], allowed: Permit, vouched: Vouched | None = None) -> RemoteTensor:
    """Pictures that may go to the one server of a permit.

    Args:
        pictures: by input name, (N, H, W, 3) uint8 BGR.
        allowed: the permit.
        vouched: what was covered; where the permit asks for it, nothing else goes.

    Raises:
        BackendError: one of them is not covered, and may only go so.
    """
    if allowed.covered:
        for one in (one for batch in pictures.values() for one in batch):
            if vouched is None or not vouched.take(one):
                raise kept_back(allowed.endpoint.address, _("it is not covered"))
    made = object.__new__(RemoteTensor)
    made.pictures, made.permit = pictures, allowed
    return made


class _Sent:
    """Counts what is sent, and sums it up for the audit now and then."""

    def __init__(self, audit: Audit, to: str, purpose: str) -> None:
        self._audit, self._to, self._purpose = audit, to, purpose
        self._lock = Lock()
        self._tensors = self._bytes = 0
        self._since = datetime.now(UTC)
        self._due = time.monotonic() + SUMMARY_S

    def __call__(self, size: int) -> None:
        with self._lock:
            self._tensors += 1
            self._bytes += size
            due = time.monotonic() >= self._due
        if due:
            self.sum_up()

    def sum_up(self) -> None:
        """Write what is counted; where that fails it stays counted, and the log says so."""
        with self._lock:
            self._due = time.monotonic() + SUMMARY_S
            if not self._tensors:
                return
            counted = {"tensors": self._tensors, "bytes": self._bytes, "since": self._since.isoformat()}
            try:
                self._audit.write("tensors sent", to=self._to, purpose=self._purpose, **counted)
            except AuditError:
                _log.exception("Tensors were sent that the audit does not hold yet", extra=counted)
                return
            self._tensors = self._bytes = 0
            self._since = datetime.now(UTC)


class RemoteBackend:
    """A backend whose submissions leave this machine, each as a `RemoteTensor`. See `backends.base.Backend`.

    Args:
        inner: the model on the server.
        permitted: the permit as it is now: whether pictures may go there, and how, can change while it runs. Raises
            ModelError once they may not.
        sent: counts.
        coverer: covers what may only go there covered; None: then nothing of that goes.
    """

    def __init__(
        self, inner: Backend, permitted: Callable[[], Permit], sent: _Sent, coverer: Coverer | None = None
    ) -> None:
        self._inner, self._permitted, self._sent, self._coverer = inner, permitted, sent, coverer
        self._vouched = Vouched()

    @property
    def info(self) -> BackendInfo:
        """See `backends.base.Backend`."""
        return self._inner.info

    def draw(self, detector: Detector, picture: Picture, origin: Origin, out: NDArray[np.uint8]) -> Letterbox:
        """Draw a picture into a place of the input, as `Detector.draw` does; covered where it may only go so.

        Args:
            detector: whose input it is.
            picture: what to draw.
            origin: where it comes from.
            out: (1, H, W, 3).

        Raises:
            BackendError: pictures may not go there any more, or it can't be covered for certain.
        """
        allowed = self._now()
        if not allowed.covered:
            return detector.draw(picture, out)
        if self._coverer is None:
            raise kept_back(allowed.endpoint.address, _("there is nothing that could cover it"))
        try:
            box = self._coverer.draw(detector, origin, out)
        except Unanswered as why:
            raise kept_back(allowed.endpoint.address, why) from why
        self._vouched.add(out[0])
        return box

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`. What may only go covered must have been drawn by `draw`."""
        self._send(leaving(inputs, self._now(), self._vouched), done)

    def close(self) -> None:
        """See `backends.base.Backend.close`."""
        self._inner.close()
        self._sent.sum_up()

    def _now(self) -> Permit:
        try:
            return self._permitted()
        except ModelError as error:
            raise BackendError(error.what, error.hint) from error

    def _send(self, tensor: RemoteTensor, done: Done) -> None:
        self._inner.submit(tensor.pictures, done)


def inspect(url: str, policy: RemoteSettings) -> ModelFacts:
    """What a server says of a model, asked with the settings' certificates; no picture is sent.

    Raises:
        ModelError: the settings don't allow the server.
        BackendError: the server can't be asked.
    """
    allowed = permit(url, policy)
    return KServe().inspect(url, allowed.tls)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for servers, as it is at any time.

    Attributes:
        now: the settings in force; asked before every picture.
        coverer: covers what may only go covered; None: nothing of that goes.
    """

    now: Callable[[], RemoteSettings]
    coverer: Coverer | None = None


def load(url: str, picture: PictureInput, options: LoadOptions, rules: Rules, audit: Audit) -> RemoteBackend:
    """Connect to a model on a server, recorded. The warm-up's picture is plain grey and shows nothing.

    Raises:
        ModelError: the settings don't allow the server, or the record can't be written: then nothing is sent.
        BackendError: the server can't be used.
    """
    allowed = permit(url, rules.now())
    said = {
        "url": allowed.endpoint.url(),
        "purpose": allowed.purpose,
        "encrypted": allowed.endpoint.tls,
        "pictures": "covered" if allowed.covered else "plain",
    }
    _record(audit, "remote model wanted", **said)
    backend = KServe().load(url, picture, "REMOTE", replace(options, tls=allowed.tls))
    try:
        _record(audit, "remote model loaded", **said, device=backend.info.device, server=backend.info.version)
    except ModelError:
        backend.close()
        raise
    sent = _Sent(audit, allowed.endpoint.url(), allowed.purpose)
    cast("KServeBackend", backend).sent = sent
    return RemoteBackend(backend, _Standing(url, rules.now), sent, rules.coverer)


class _Standing:
    """The permit for a URL as the settings have it now; looked up again only where they changed."""

    def __init__(self, url: str, now: Callable[[], RemoteSettings]) -> None:
        self._url, self._now = url, now
        self._known: tuple[RemoteSettings, Permit] | None = None

    def __call__(self) -> Permit:
        policy, known = self._now(), self._known
        if known is None or known[0] is not policy:
            known = self._known = policy, permit(self._url, policy)
        return known[1]


def _record(audit: Audit, event: str, **details: object) -> None:
    """Without a record nothing is sent. Raises ModelError."""
    try:
        audit.write(event, **details)
    except AuditError as error:
        raise ModelError(error.what, error.hint) from error


def _same(entry: RemoteEndpoint, endpoint: Endpoint) -> bool:
    return entry.address.casefold() == endpoint.address.casefold()


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None
