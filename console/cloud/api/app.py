"""The application, put together: ways in and out, who may, what is counted, and every no in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from console.cloud.api.asking import Asking
from console.cloud.api.door import Door
from console.cloud.api.intake import later
from console.cloud.api.limits import ApiLimits
from console.cloud.api.metrics import Measured, Meters
from console.cloud.api.taking import Taking
from console.cloud.api.threads import Threads
from console.cloud.api.watching import Watching
from console.cloud.errors import CloudError, DatabaseAway, DiskFull
from console.sync import wire
from models.words import _

if TYPE_CHECKING:
    from console.cloud.keeping.keeper import Keeper
    from console.cloud.pki.identity import Revoked
    from console.cloud.serving.limits import Figures as Served

log = logging.getLogger(__name__)
_ABOUT = (
    "Receives what desks send, keeps it, erases it on notice, and says where anything is. A desk is known by its "
    "certificate, and sees its own site. Every no is JSON: why, in words."
)


def create_app(
    keeper: Keeper,
    limits: ApiLimits | None = None,
    revoked: Revoked | None = None,
    served: Served | None = None,
    *,
    problem: Callable[[], str] = str,
) -> FastAPI:
    """The application. Whoever runs it says who asks: scope["extensions"]["sightdesk"]["identity"].

    Args:
        keeper: where everything is kept; stays the caller's.
        limits: of what is taken on at once.
        revoked: whose certificate counts no more; None: nothing is revoked.
        served: what the server counts; None: it does not.
        problem: what else a person should look at, in words; empty: all is well. It must not block.
    """
    limits = limits or ApiLimits()
    app = FastAPI(title="Sightdesk cloud", version=str(wire.VERSION), description=_ABOUT, docs_url=None, redoc_url=None)
    meters, door = Meters(served), Door(revoked)
    app.state.door = door
    Taking(keeper, limits, meters).add_to(app)
    Asking(keeper, Threads(limits.asks)).add_to(app)
    Watching(keeper, limits, meters, door, problems=(_of(revoked), problem)).add_to(app)
    app.add_middleware(Measured, meters=meters)
    for kind, handler in (
        (HTTPException, _refused), (RequestValidationError, _not_so), (CloudError, _could_not), (Exception, _broke),
    ):  # fmt: skip
        app.add_exception_handler(kind, handler)
    return app


def _of(revoked: Revoked | None) -> Callable[[], str]:
    return str if revoked is None else lambda: revoked.problem


def _no(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"why": why}, status, headers)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    words = {404: _("There is nothing at this address."), 405: _("This can't be done at this address.")}
    bare = error.detail == HTTPStatus(error.status_code).phrase  # the framework's own
    why = words.get(error.status_code, error.detail) if bare else error.detail
    return _no(error.status_code, why, dict(error.headers or {}))


async def _not_so(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    parts = ", ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
    return _no(HTTPStatus.UNPROCESSABLE_ENTITY, _("The address is not what it can be: {parts}.").format(parts=parts))


async def _could_not(_request: Request, error: Exception) -> JSONResponse:
    """What can't be kept: a desk is told what it may do; the cause is for whoever runs this, in the log."""
    log.error("Could not do what was asked: %s", error)
    if isinstance(error, DiskFull):
        return _no(HTTPStatus.INSUFFICIENT_STORAGE, _("There is no room left here."))
    if isinstance(error, DatabaseAway):
        return _no(HTTPStatus.SERVICE_UNAVAILABLE, _("The database can't be reached just now."), later())
    return _no(HTTPStatus.SERVICE_UNAVAILABLE, _("Nothing can be kept here just now."), later())


async def _broke(_request: Request, _error: Exception) -> JSONResponse:
    """A fault of this program; the server logs where."""
    return _no(HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong inside. It is in the log there."))
