"""A watcher: one face or plate model at one input size, loaded and fed by a thread of its own.

Whoever asks it waits no longer than he wants to, whatever the model does: the thread alone waits for a load, for a
place in flight, for a `submit` that hangs. A model that is late is not waited for again until it has answered.
"""

from __future__ import annotations

import logging
import queue
import threading
import time

import numpy as np
from numpy.typing import NDArray

from backends.base import Backend, BackendError, Outputs
from console.errors import ModelError, SightdeskError
from console.privacy.looking.asking import Asked, Load, Loaded, NoAnswer, is_broken
from models.decoders import thresholds_for
from models.detections import Detections
from models.frames import Picture
from models.letterbox import Letterbox
from models.words import _

log = logging.getLogger(__name__)

AGAIN_S = (5.0, 10.0, 30.0, 60.0)
"""A model that could not be had, or gave out, is loaded anew after so long; the last pause is kept."""
FAILURES = 3
"""So many failing answers one after another, and the model is loaded anew."""
WAITING = 64
"""Pictures that may wait for a model; one more and it is too busy."""
_BUFFERS = 3
_TICK_S = 0.2
_IDLE_S = 1.0
"""One that was retired ends when nobody has asked it for so long: somebody may just be about to."""


class Watcher:
    """Looks for one kind of thing. Any thread may ask it.

    Args:
        model: as the settings name it.
        size: of the input; None: the model's own.
        labels: casefolded labels of what it is to find; a model without any of them is refused.
        score: the least a box must score.
        load: loads the model, on the watcher's thread.

    Attributes:
        used: monotonic seconds at which it was asked last.
        problem: why it can't look just now, in words; empty when it can, and while it is loaded the first time.
    """

    def __init__(
        self, model: str, size: tuple[int, int] | None, labels: frozenset[str], score: float, *, load: Load
    ) -> None:
        self.model, self.size = model, size
        self.used = time.monotonic()
        self.problem = ""
        self._labels, self._score, self._load = labels, score, load
        self._queue: queue.Queue[Asked] = queue.Queue(WAITING)
        self._running: dict[int, Asked] = {}
        self._loaded: Loaded | None = None
        self._classes: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._forms: dict[str, int] | None = None
        self._failed = 0
        self._begun = time.monotonic()
        self._retired = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {model}", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether the model is here and sound."""
        return self._loaded is not None and not self.problem

    @property
    def loading_s(self) -> float:
        """For how long it has been loaded the first time; 0 when it is not."""
        return 0.0 if self._loaded is not None or self.problem else time.monotonic() - self._begun

    @property
    def input(self) -> tuple[int, int] | None:
        """Size of the loaded model's input, which may be fixed and another than was asked for; None: not loaded."""
        loaded = self._loaded
        return None if loaded is None else (loaded.detector.picture.width, loaded.detector.picture.height)

    @property
    def late_s(self) -> float:
        """By how long the oldest picture in the model is late; 0 when none is."""
        now = time.monotonic()
        asked = list(self._running.values())
        return max((now - one.begun - one.within_s for one in asked if one.begun is not None), default=0.0)

    def ask(self, picture: Picture, within_s: float) -> Asked:
        """Have it look at a picture; returns at once, and `answer` waits.

        Raises:
            NoAnswer: it is known that there will be none in time.
        """
        self.used = time.monotonic()
        if self._stop.is_set():
            raise NoAnswer(_("{model} was closed").format(model=self.model))
        if self.problem:
            raise NoAnswer(self.problem)
        if self.loading_s > within_s:
            raise NoAnswer(_("{model} is being loaded").format(model=self.model))
        if self.late_s > 0:
            raise NoAnswer(_("{model} has not answered yet about an earlier picture").format(model=self.model))
        asked = Asked(picture, within_s)
        try:
            self._queue.put_nowait(asked)
        except queue.Full:
            raise NoAnswer(_("{model} is too busy").format(model=self.model)) from None
        if self._stop.is_set():  # meanwhile: the thread may have looked for the last time
            asked.answer(NoAnswer(_("{model} was closed").format(model=self.model)))
        return asked

    def answer(self, asked: Asked) -> Detections:
        """What was found in a picture, in its pixels, of class 0.

        Raises:
            NoAnswer: none came in time, or none that can be believed.
        """
        try:
            outputs, box = asked.wait()
            found = self._read(outputs, box, (asked.picture.width, asked.picture.height))
        except NoAnswer:
            raise
        except BackendError as error:
            self._failed += 1
            raise NoAnswer(error.what) from error
        except Exception as error:  # the outermost frame of a picture: a model may write what it likes
            self._failed += 1
            log.debug("%s can't be read", self.model, exc_info=error)
            raise NoAnswer(_("the answer of {model} can't be read").format(model=self.model)) from error
        self._failed = 0
        return found

    def retire(self) -> None:
        """Answer what is asked yet, and end; returns at once."""
        self._retired = True

    def stop(self) -> None:
        """Answer nothing any more; returns at once. Who waits is told."""
        self._stop.set()
        self._refuse(_("{model} was closed").format(model=self.model))

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False when it still loads, or hangs in the model, after that."""
        self._thread.join(max(timeout_s, 0.0))
        return not self._thread.is_alive()

    @property
    def name(self) -> str:
        """The thread's name."""
        return self._thread.name

    def _read(self, outputs: Outputs, box: Letterbox, size: tuple[int, int]) -> Detections:
        loaded = self._loaded
        if loaded is None:
            raise NoAnswer(_("{model} was closed").format(model=self.model))
        forms = {name: array.ndim for name, array in outputs.items()}
        self._forms = self._forms or forms
        if forms != self._forms:
            self._failed += 1
            raise NoAnswer(_("{model} answers in another form than before").format(model=self.model))
        if any(is_broken(array) for array in outputs.values()):
            self._failed += 1
            raise NoAnswer(_("{model} answers with numbers that are none").format(model=self.model))
        detector = loaded.detector
        found = detector.read(outputs, box, size, thresholds_for(detector.manifest, self._score, {}))
        found = found.select(np.flatnonzero(np.isin(found.class_id, np.flatnonzero(self._classes))))
        return Detections.of(found.xyxy, found.score, np.zeros(len(found)))

    # On the watcher's own thread

    def _run(self) -> None:
        tries = 0
        while not self._stop.is_set():
            try:
                loaded = self._fetch()
            except SightdeskError as error:
                self._say(error.what, tries)
            except Exception:  # the thread's outermost frame: a runtime may raise what it likes
                log.exception("loading %s failed", self.model)
                self._say(_("{model} can't be loaded; see the log").format(model=self.model), tries)
            else:
                began = time.monotonic()
                self._loaded, self._forms, self._failed, self.problem = loaded, None, 0, ""
                self._serve(loaded)
                _close(loaded.backend)
                if time.monotonic() - began > AGAIN_S[-1]:
                    tries = 0
            self._loaded = None
            self._refuse(self.problem or _("{model} was closed").format(model=self.model))
            if self._retired:
                self.stop()
            self._stop.wait(AGAIN_S[min(tries, len(AGAIN_S) - 1)])
            tries += 1
        self._refuse(_("{model} was closed").format(model=self.model))

    def _say(self, problem: str, tries: int) -> None:
        if not self._stop.is_set():
            log.log(logging.DEBUG if tries else logging.WARNING, "%s is not to be had: %s", self.model, problem)
        self.problem = problem

    def _fetch(self) -> Loaded:
        loaded = self._load(self.model, self.size)
        names = [label.strip().casefold() for label in loaded.detector.manifest.labels]
        self._classes = np.array([name in self._labels for name in names], np.bool_)
        if not self._classes.any():
            _close(loaded.backend)
            raise ModelError(
                _("{model} finds none of what it is to find: {labels}.").format(
                    model=self.model, labels=", ".join(sorted(self._labels)[:3])
                )
            )
        return loaded

    def _serve(self, loaded: Loaded) -> None:
        """Give the model pictures until it is to stop, or fails again and again."""
        free: queue.SimpleQueue[NDArray[np.uint8]] = queue.SimpleQueue()
        for _number in range(max(1, min(loaded.backend.info.max_in_flight, _BUFFERS))):
            free.put(loaded.detector.buffer())
        buffer: NDArray[np.uint8] | None = None
        while not self._stop.is_set():
            if self._failed >= FAILURES:
                self._say(_("{model} fails again and again, and is loaded anew").format(model=self.model), 0)
                return
            try:
                buffer = free.get(timeout=_TICK_S) if buffer is None else buffer
                asked = self._queue.get(timeout=_TICK_S)
            except queue.Empty:
                if self._retired and not self._running and time.monotonic() - self.used > _IDLE_S:
                    self.stop()
                continue
            if not asked.given_up:
                self._give(loaded, asked, buffer, free)
                buffer = None

    def _give(
        self, loaded: Loaded, asked: Asked, buffer: NDArray[np.uint8], free: queue.SimpleQueue[NDArray[np.uint8]]
    ) -> None:
        key = id(asked)

        def done(outputs: Outputs | BackendError) -> None:
            self._running.pop(key, None)
            asked.answer(outputs if isinstance(outputs, BackendError) else (outputs, box))
            free.put(buffer)

        try:
            box = loaded.detector.draw(asked.picture, buffer)
            asked.begun = time.monotonic()
            self._running[key] = asked
            loaded.backend.submit({loaded.detector.picture.name: buffer}, done)
        except Exception as error:  # the outermost frame of a picture: it may fail, or the model
            self._running.pop(key, None)
            asked.answer(error)
            free.put(buffer)

    def _refuse(self, why: str) -> None:
        """Tell those who wait."""
        for asked in list(self._running.values()):
            asked.answer(NoAnswer(why))
        self._running.clear()
        while True:
            try:
                self._queue.get_nowait().answer(NoAnswer(why))
            except queue.Empty:
                return


def _close(backend: Backend) -> None:
    """Closing waits for what runs, and a model that gave no answer may never give one."""
    threading.Thread(target=backend.close, name="close a watcher's model", daemon=True).start()
