"""How the service stands, for whoever watches it: health for anybody, figures for this machine and for desks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from console.cloud.api.answers import Health, refusals
from console.cloud.api.door import Door
from console.cloud.api.limits import ApiLimits
from console.cloud.api.metrics import Meters
from console.cloud.api.threads import Threads
from console.cloud.errors import CloudError
from models.words import _

if TYPE_CHECKING:
    from console.cloud.jobs.values import JobFigures
    from console.cloud.keeping.keeper import Keeper
    from console.cloud.keeping.said import Figures

log = logging.getLogger(__name__)


class Watching:
    """Health and figures.

    Args:
        keeper: what is asked.
        limits: how long it is waited for.
        meters: what was counted.
        door: who may see figures.
        problems: each says in words what a person should look at; empty: nothing.
    """

    def __init__(
        self, keeper: Keeper, limits: ApiLimits, meters: Meters, door: Door, *, problems: Sequence[Callable[[], str]]
    ) -> None:
        self._keeper, self._limits, self._meters, self._door, self._problems = keeper, limits, meters, door, problems
        self._threads = Threads(2)
        self._figures: tuple[Figures, JobFigures] | None = None
        self._looked = float("-inf")

    def add_to(self, app: FastAPI) -> None:
        """Make these ways of an application."""
        ill: dict[int | str, dict[str, Any]] = {503: {"model": Health, "description": "It can't keep anything now."}}
        app.get("/healthz", response_model=Health, responses={**ill, **refusals(500)}, tags=["watching"])(self.health)
        text = {"description": "Prometheus' text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
        app.get("/metrics", response_class=Response, responses={**refusals(403, 500), 200: text}, tags=["watching"])(
            self.metrics
        )

    async def health(self) -> JSONResponse:
        """Say whether messages can be kept now."""
        try:
            await self._threads.run_within(self._limits.wait_s, self._keeper.check)
        except CloudError as error:
            log.warning("Not well: %s", error)
            return _health(ok=False, why=error.what)
        except TimeoutError:
            return _health(ok=False, why=_("The database does not answer in time."))
        return _health(ok=True, why=" ".join(filter(None, (one() for one in self._problems))))

    async def metrics(self, request: Request) -> Response:
        """Give figures for Prometheus."""
        self._door.let_watch(request)
        if time.monotonic() - self._looked >= self._limits.figures_s:
            try:
                self._figures = await self._threads.run_within(self._limits.wait_s, self._look)
            except (CloudError, TimeoutError):
                self._figures = None
            self._looked = time.monotonic()
        return Response(self._meters.page(self._figures), media_type=CONTENT_TYPE_LATEST)

    def _look(self) -> tuple[Figures, JobFigures]:
        """In a thread."""
        return self._keeper.figures(), self._keeper.job_figures()


def _health(*, ok: bool, why: str) -> JSONResponse:
    return JSONResponse({"ok": ok, "why": why}, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)
