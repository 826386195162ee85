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

from console.pipeline.finisher import Sink
from console.pipeline.lane import Lane
from console.pipeline.meters import CameraMeter
from console.settings.schema import Settings
from console.site.site import Site
from console.site.summary import summary
from models.states import CameraStatus

log = logging.getLogger(__name__)

T = TypeVar("T")


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
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)
        self._thread.start()
        self._busy = False
        self._began = time.monotonic()

    def apply(self, settings: Settings) -> Future[None]:
        """Bring what runs in line with the settings; pictures first. `Site.apply`'s errors are in the future."""
        return self._ask(lambda: self._site.apply(settings, pictures_first=True))

    @property
    def busy(self) -> bool:
        """Whether a change is being carried out."""
        return self._busy

    def subscribe(self, sink: Sink) -> None:
        """Hand every result to `sink`, on the finisher's thread: it must return soon."""
        self._site.subscribe(sink)  # one assignment: it need not wait for a model that is being compiled

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

    def summary(self) -> dict[str, Any]:
        """The figures of what ran, in the form `run` prints; empty while a change is being carried out."""
        return self._look(lambda: summary(self._site.pipeline, time.monotonic() - self._began)) or {}

    def close(self, patience_s: float = 2.5) -> list[str]:
        """Stop everything; names of what is stuck in a read, or in compiling a model, and ends by itself."""
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
        while (wish := self._wishes.get()) is not None:
            self._busy = True
            try:
                wish.future.set_result(wish.work())
            except BaseException as error:  # the outermost frame: whoever asked is told
                wish.future.set_exception(error)
            self._busy = False
