"""A site on a thread of its own, so that a screen never waits for a model to compile."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from console.errors import CatalogError, ModelError, SightdeskError
from console.pipeline.finisher import Sink
from console.pipeline.lane import Lane
from console.pipeline.loading import Loading
from console.pipeline.meters import CameraMeter
from console.privacy.redactor import Redactor
from console.settings.schema import Settings
from console.site.site import Site
from console.site.summary import summary
from models.states import CameraStatus

log = logging.getLogger(__name__)

T = TypeVar("T")
AGAIN_S = (5.0, 10.0, 30.0)
"""Cameras without a model, because it could not be had when they were started, are given another try after so long: a
server may have been started later than this machine. The last pause is kept."""


@dataclass(frozen=True, slots=True)
class _Wish:
    work: Callable[[], Any]
    future: Future[Any]


class RunningSite:
    """Owns a site. Wishes are carried out one after another on its thread; looking is free for any thread.

    Looking at a camera that is not running, or not any more, answers None: a screen asks all the time, and cameras
    come and go between two questions.

    Args:
        site: taken over; nobody else may call it any more.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._wishes: queue.SimpleQueue[_Wish | None] = queue.SimpleQueue()
        self._busy = False
        self._began = time.monotonic()
        self._again: Settings | None = None
        self._failure = ""
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)
        self._thread.start()

    def apply(self, settings: Settings) -> Future[None]:
        """Bring what runs in line with the settings; pictures first. `Site.apply`'s errors are in the future.

        Cameras that have no model afterwards are given another try by themselves; see `AGAIN_S`. A camera that is to be
        covered is, when this returns; and no server is sent what it may not be sent any more.
        """
        self._site.live.take_on(settings)
        self._site.hold_to(settings)
        return self._ask(lambda: self._apply(settings))

    @property
    def loading(self) -> tuple[Loading, ...]:
        """Models on their way now, with how long they usually take."""
        return self._site.loading

    def cancel_loading(self) -> None:
        """Have the `apply` that is loading models fail at once with a ModelError; what ran goes on."""
        self._site.cancel_loading()

    @property
    def busy(self) -> bool:
        """Whether a change is being carried out."""
        return self._busy

    def subscribe(self, sink: Sink) -> None:
        """Hand every result to `sink`, on the finisher's thread: it must return soon."""
        self._site.subscribe(sink)  # one assignment: it need not wait for a model that is being compiled

    @property
    def redactor(self) -> Redactor:
        """Covers pictures that are to be kept, sent or shown; from any thread."""
        return self._site.redactor

    @property
    def cameras(self) -> tuple[str, ...]:
        """Ids of the cameras that run."""
        return tuple(self._site.pipeline.cameras)

    def status(self, camera_id: str) -> CameraStatus | None:
        """How a camera stands."""
        return self._look(lambda: self._site.pipeline.status(camera_id))

    def meter(self, camera_id: str) -> CameraMeter | None:
        """A camera's figures."""
        return self._look(lambda: self._site.pipeline.meter(camera_id))

    def lane(self, camera_id: str) -> Lane | None:
        """A camera's place in the pipeline: its latest frame and result, its picture for the screen."""
        return self._look(lambda: self._site.pipeline.lane(camera_id))

    def ran(self, camera_id: str) -> list[dict[str, object]]:
        """What really runs for a camera, stage by stage; empty when it is not running."""
        return self._look(lambda: self._site.pipeline.ran(camera_id)) or []

    def trouble(self, camera_id: str) -> str:
        """Why a camera has no boxes now, in words; empty when all is well, and while its first model is on its way."""
        lane = self.lane(camera_id)
        if lane is None:
            return ""
        return (self._look(lambda: self._site.pipeline.trouble(camera_id)) or "") if lane.plans else self._failure

    def summary(self) -> dict[str, Any]:
        """The figures of what ran, in the form `run` prints; empty while a change is being carried out."""
        return self._look(lambda: summary(self._site.pipeline, time.monotonic() - self._began)) or {}

    def close(self, patience_s: float = 2.5) -> list[str]:
        """Stop everything; names of what is stuck in a read, or in compiling a model, and ends by itself."""
        self._site.give_up_loading()
        closing: Future[list[str]] = self._ask(self._site.close)
        self._wishes.put(None)
        self._thread.join(patience_s + 0.5)
        return closing.result() if closing.done() else [self._thread.name]

    def _look(self, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except KeyError:
            return None

    def _ask(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._wishes.put(_Wish(work, future))
        return future

    def _run(self) -> None:
        while True:
            try:
                wish = self._wishes.get(timeout=self._again_in_s)
            except queue.Empty:
                self._try_again()
                continue
            if wish is None:
                return
            self._busy = True
            try:
                wish.future.set_result(wish.work())
            except BaseException as error:  # the outermost frame: whoever asked is told
                wish.future.set_exception(error)
            self._busy = False

    def _apply(self, settings: Settings) -> None:
        self._again, self._failure = None, ""
        try:
            self._site.apply(settings, pictures_first=True, taken_on=True)
        except (ModelError, CatalogError) as error:
            if any(not lane.plans for lane in map(self.lane, self.cameras) if lane is not None):
                self._again, self._failure = settings, str(error)
            raise
        self._failures = 0
        self._site.covers.want(settings)

    @property
    def _again_in_s(self) -> float | None:
        return None if self._again is None else AGAIN_S[min(self._failures, len(AGAIN_S) - 1)]

    def _try_again(self) -> None:
        """Nobody asked for this one, so nobody is told but the log, when it works."""
        settings = self._again
        if settings is None:
            return
        self._failures += 1
        try:
            self._apply(settings)
        except SightdeskError as error:
            log.debug("there is still no model: %s", error)
            self._again = settings
        except Exception:  # the outermost frame
            log.exception("giving cameras their model failed")
        else:
            log.info("the cameras have their model now")
