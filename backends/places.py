"""The places in flight of a loaded network: who may start, who waits for the answer, and how all of it ends.

Every place has a daemon thread of its own that waits for its inference. Nothing depends on a runtime calling back
(OpenVINO does not when an inference fails), and a driver that never answers keeps no program alive.
"""

from __future__ import annotations

import atexit
import logging
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock, Thread, current_thread
from typing import Any, Generic, TypeVar
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from backends.base import Backend, BackendError, Done, LoadOptions, Outputs
from models.manifest import PictureInput
from models.words import _

WARM_UP_S = 120.0
"""How long the first inference may take: some devices compile their last kernels in it."""
EXIT_S = 1.0
"""How long an ending program waits for inferences of networks that nobody closed."""

_log = logging.getLogger(__name__)
Tool = TypeVar("Tool")
Answer = Callable[[], Outputs]
"""Waits for one inference and returns its outputs; raises when it failed."""


class _Place(Generic[Tool]):
    """Where one inference at a time runs, with what it needs: an infer request, a session."""

    def __init__(self, tool: Tool) -> None:
        self.tool: Tool | None = tool
        self.jobs: queue.SimpleQueue[tuple[Answer, Done] | None] = queue.SimpleQueue()


class Places(Generic[Tool]):
    """As many inferences side by side as there are tools."""

    def __init__(self, name: str, tools: Sequence[Tool]) -> None:
        self._idle: queue.SimpleQueue[_Place[Tool] | None] = queue.SimpleQueue()
        self._lock = Lock()
        self._closed = False
        self._places = [_Place(tool) for tool in tools]
        self._threads: list[Thread] = []
        for number, place in enumerate(self._places):
            thread = Thread(target=_serve, args=(place, self._idle), name=f"{name} {number}", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                self.close()
                raise BackendError(
                    _("The system gives no thread to wait for answers: {error}.").format(error=error)
                ) from error
            self._threads.append(thread)
            self._idle.put(place)
        _unclosed.add(self)

    def submit(self, start: Callable[[Tool], Answer], done: Done) -> None:
        """Wait for a free place, `start` there, and have its answer brought to `done` by the place's own thread.

        Raises:
            BackendError: closed. What `start` raises also goes to the caller. `done` is not called then.
        """
        place = self._idle.get()
        with self._lock:  # so that closing comes before the start or after the hand-over, never between
            if place is None or place.tool is None or self._closed:
                self._idle.put(None)
                raise BackendError(_("The model was closed."))
            try:
                answer = start(place.tool)
            except BaseException:
                self._idle.put(place)
                raise
            place.jobs.put((answer, done))

    def close(self) -> None:
        """Wait until what runs has been answered and the threads have ended, then let go of the tools.

        Called from within a `done`, it does not wait for that one.
        """
        with self._lock:
            self._closed = True
        self.end(None)
        for place in self._places:
            place.tool = None
        _unclosed.discard(self)

    def end(self, deadline: float | None) -> None:
        """Have the threads end after what they have, and wait for that until `deadline` (time.monotonic)."""
        self._closed = True
        self._idle.put(None)
        for place in self._places:
            place.jobs.put(None)  # one too many is never read
        for thread in self._threads:
            if thread is not current_thread():
                thread.join(None if deadline is None else max(deadline - time.monotonic(), 0))


_unclosed: WeakSet[Places[Any]] = WeakSet()


@atexit.register
def _end_all() -> None:
    """A thread that comes back from a runtime's native code while Python is taken down would abort the process."""
    deadline = time.monotonic() + EXIT_S
    for places in list(_unclosed):
        places.end(deadline)


def _serve(place: _Place[Tool], idle: queue.SimpleQueue[_Place[Tool] | None]) -> None:
    while (job := place.jobs.get()) is not None:
        wait, done = job
        outcome: Outputs | BackendError
        try:
            outcome = wait()
        except BackendError as error:
            outcome = error
        except Exception as error:  # the thread's outermost frame: every submission is answered
            outcome = BackendError(_("The inference failed: {error}").format(error=error))
        try:
            done(outcome)
        except Exception:  # the same: the next submission needs this thread
            _log.exception("A receiver of answers failed")
        del job, wait, done, outcome  # a place that waits keeps no picture alive
        idle.put(place)


def pixels_of(inputs: Mapping[str, NDArray[Any]], picture: PictureInput, most: int) -> NDArray[np.uint8]:
    """The pictures of a submission: (N, height, width, 3) uint8, N from 1 to `most`.

    Raises:
        BackendError: another input, shape, dtype or number of pictures.
    """
    given = inputs.get(picture.name)
    wanted = (picture.height, picture.width, 3)
    if given is None or len(inputs) > 1 or given.ndim != 4 or given.shape[1:] != wanted or given.dtype != np.uint8:
        got = ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in inputs.items())
        raise BackendError(
            _("Expected {picture} (N, {wanted}) uint8, got {shapes}.").format(
                picture=picture.name, wanted=", ".join(map(str, wanted)), shapes=got or _("nothing")
            )
        )
    if not 1 <= given.shape[0] <= most:
        raise BackendError(
            _("The model takes 1 to {most} pictures at once here, got {count}.").format(most=most, count=given.shape[0])
        )
    return given


class NoBatch(BackendError):
    """A model that several pictures go into does not answer for each of them."""


def warmed_up(make: Callable[[LoadOptions], Backend], picture: PictureInput, options: LoadOptions) -> Backend:
    """What `make` makes, after a warm-up of one picture and one of as many as it says it takes.

    Where several pictures at once fail, or are not answered one by one, it is made again for one picture.

    Raises:
        BackendError: it could not be made, or one picture fails.
    """
    backend = make(options)
    if backend.info.max_batch > 1:
        try:
            warm_up(backend, picture, backend.info.max_batch)
        except BackendError:  # it is closed, or being closed where it hangs: that may not be waited for
            backend = make(replace(options, batch=1))
    warm_up(backend, picture)
    return backend


def warm_up(backend: Backend, picture: PictureInput, count: int = 1) -> None:
    """One inference on grey pictures, so that the first frame is not the one that pays. Closes what fails it.

    Raises:
        BackendError: it failed, or did not answer within `WARM_UP_S`.
        NoBatch: an output's first dimension is not `count`, which is more than 1.
    """
    answers: queue.SimpleQueue[Outputs | BackendError] = queue.SimpleQueue()
    grey = np.full((count, picture.height, picture.width, 3), 114, np.uint8)
    try:
        backend.submit({picture.name: grey}, answers.put)
        answer = answers.get(timeout=WARM_UP_S)
        if isinstance(answer, BackendError):
            raise answer
        shapes = {name: output.shape for name, output in answer.items()}
    except BackendError as error:
        backend.close()
        raise BackendError(_("The warm-up run failed. {what}").format(what=error.what), error.hint) from error
    except queue.Empty:
        # closing waits for what runs, and that may never end
        Thread(target=backend.close, name="close after warm-up", daemon=True).start()
        raise BackendError(
            _("The warm-up run gave no answer within {warm_up_s:g} s.").format(warm_up_s=WARM_UP_S),
            _("Try another device or backend."),
        ) from None
    if count > 1 and any(shape[:1] != (count,) for shape in shapes.values()):
        backend.close()
        raise NoBatch(_("{count} pictures were answered with {shapes}.").format(count=count, shapes=shapes))
