"""Models on a server: the tasks file says which servers workers may send pictures to, and nothing goes elsewhere.

A worker has no home to keep a record in: the log says at the start where pictures go, and every answer where its
picture went (`ran.served`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from backends.base import Backend, Done, LoadOptions
from backends.kserve import KServe
from console.cloud.working.looking import Model
from console.errors import ModelError
from console.pipeline.proof import prove
from console.privacy.remote import Permit, leaving, permit
from console.settings.inference import InferenceSettings, RemoteSettings
from models.decoders import FAMILIES, NotThisFamily, recognise
from models.detector import Detector
from models.words import _


class _Sending:
    """A backend whose submissions leave this machine, each under the permit. See `backends.base.Backend`."""

    def __init__(self, inner: Backend, allowed: Permit) -> None:
        self._inner, self._allowed = inner, allowed
        self.info = inner.info

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`."""
        self._inner.submit(leaving(inputs, self._allowed).pictures, done)

    def close(self) -> None:
        """See `backends.base.Backend.close`."""
        self._inner.close()


def load_served(url: str, settings: InferenceSettings, policy: RemoteSettings) -> Model:
    """Connect to a model on a server. It has answered soundly when this returns; what it was asked about is grey.

    Args:
        url: such as grpc://host:8001/NAME.
        settings: how pictures are scaled, and how many go in one request.
        policy: which servers are allowed.

    Raises:
        ModelError: the server is not allowed, or only for covered pictures, or the model is of no known family.
        BackendError: the server can't be used.
    """
    allowed = permit(url, policy)
    if allowed.covered:
        raise ModelError(
            _("Only covered pictures may go to {address}, and a worker covers none.").format(
                address=allowed.endpoint.address
            ),
            _("Say `pictures: plain` at this server in the tasks, or use a model on this machine."),
        )
    facts = KServe().inspect(url, allowed.tls)
    try:
        manifest = recognise(facts, allowed.endpoint.model)
    except NotThisFamily as misfit:
        raise ModelError(
            _("{model} is of no family Sightdesk can decode ({misfit}).").format(
                model=allowed.endpoint.url(), misfit=misfit
            )
        ) from misfit
    picture = FAMILIES[manifest.family].picture_input(facts, manifest.width, manifest.height)
    options = replace(LoadOptions(), batch=settings.batch, tls=allowed.tls)
    backend = _Sending(KServe().load(url, picture, "REMOTE", options), allowed)
    detector = Detector(manifest, FAMILIES[manifest.family], picture, settings.scaling)
    batch = prove(detector, backend, settings.batch)
    return Model(manifest.name, detector, backend, batch, served=allowed.endpoint.url())
