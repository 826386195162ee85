"""Brings boxes back: a model that gave out is loaded anew, or what the operator named for that case is taken."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from console.errors import SightdeskError
from console.pipeline.inference import InferenceLoop
from console.pipeline.loader import LoadedModel, is_served
from console.pipeline.loading import Loads
from console.pipeline.pipeline import Pipeline
from console.settings.inference import InferenceSettings
from models.words import _

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before each attempt to load a model that gave out anew; the last one is kept."""
TRIES = 2
"""The chosen device is tried so often before the operator's order of fallbacks is gone through: 3 s and the loading."""
RETURN_S, LONGEST_RETURN_S = 60.0, 600.0
"""While something else runs, the first choice is tried after so long; twice as long each time it did not last."""
STEADY_S = 60.0
"""What gives out again so soon after it was brought back has not recovered: its attempts are counted on, and the other
choices come before it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What may run a model: the first choice, or one of the fallbacks.

    Attributes:
        model: as it is named.
        inference: with the backend and device.
    """

    model: str
    inference: InferenceSettings

    def __str__(self) -> str:
        if is_served(self.model):
            return self.model
        return _("{backend} on {device}").format(backend=self.inference.backend, device=self.inference.device)


def choices(model: str, inference: InferenceSettings) -> list[Choice]:
    """What may run a model, in the operator's order; the first is what was asked."""
    others = [
        Choice(other.model or model, inference.model_copy(update={"backend": other.backend, "device": other.device}))
        for other in inference.fallback
    ]
    return [Choice(model, inference), *others]


def reason(asked: Choice, why: str) -> str:
    """What stands in `LoadedModel.fell_back`."""
    return _("asked {choice}: {why}").format(choice=asked, why=why)


Load = Callable[[Choice, Loads, str], LoadedModel]
"""Loads a choice with these `Loads`; the third says what was asked where that is not it. Raises SightdeskError."""


@dataclass(slots=True)
class _Patient:
    """A model that does not run as it should.

    Attributes:
        loop: what served when it was noticed; another one means that it is somebody else's business.
        why: the trouble, or empty while a fallback serves soundly.
        due: monotonic seconds of the next attempt.
        attempts: so many were made.
    """

    loop: InferenceLoop
    why: str
    due: float
    attempts: int = 0


class Recovery:
    """One thread that waits until a model gets into trouble; see `PAUSES_S`, `TRIES` and `RETURN_S`.

    A model that recovers by itself, as a served one does when its server is back, is left alone: what was being loaded
    for it is closed. Captures are never touched.

    Args:
        pipeline: what runs.
        lock: held while what runs is changed.
        load: loads a model.
        loads: shows what is being loaded.
    """

    def __init__(self, pipeline: Pipeline, lock: AbstractContextManager[object], load: Load, loads: Loads) -> None:
        self.loads = loads
        self._pipeline = pipeline
        self._lock = lock
        self._load = load
        self._choices: dict[str, list[Choice]] = {}
        self._patients: dict[str, _Patient] = {}
        self._return_s: dict[str, float] = {}
        self._serving: dict[str, Choice] = {}
        self._brought_back: dict[str, tuple[int, float]] = {}
        self._changed = threading.Condition()
        self._noticed = self._stopping = False
        self._thread: threading.Thread | None = None
        self._treated: str | None = None
        pipeline.model_changed = self.look

    def watch(self, chosen: dict[str, list[Choice]]) -> None:
        """Take care of these models from now on, by their keys; called with the lock held."""
        self._choices = dict(chosen)
        if self._treated is not None and self._treated not in chosen:
            self.loads.cancel()  # nobody wants it any more, and others may need the thread
        if self._thread is None and chosen:
            self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)
            self._thread.start()
        self.look()

    def look(self) -> None:
        """A model got into trouble or out of it; returns at once."""
        with self._changed:
            self._noticed = True
            self._changed.notify()

    def stop(self) -> None:
        """Ask the thread to end, and give up what it loads; returns at once."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self.loads.close()

    def join(self, deadline: float) -> list[str]:
        """Wait until `deadline` (monotonic) for the end; names of threads that are still in a native compile."""
        if self._thread is not None:
            self._thread.join(max(deadline - time.monotonic(), 0.0))
        left = [self._thread.name] if self._thread is not None and self._thread.is_alive() else []
        return [*left, *self.loads.join(deadline)]

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._treat()
            except Exception:  # the outermost frame: one model may fail in an unknown way, the others are cared for
                log.exception("bringing a model back failed")
            with self._changed:
                dues = [patient.due for patient in self._patients.values()]
                wait_s = max(min(dues) - time.monotonic(), 0.01) if dues else None
                self._changed.wait_for(lambda: self._noticed or self._stopping, wait_s)
                self._noticed = False

    def _treat(self) -> None:
        """One round over all models."""
        with self._lock:
            for known in (self._patients, self._return_s, self._serving, self._brought_back):
                for key in [key for key in known if key not in self._choices]:
                    del known[key]
            for key in self._choices:
                self._examine(key)
        for key, patient in list(self._patients.items()):
            if patient.due <= time.monotonic() and not self._stopping:
                self._attempt(key, patient)

    def _examine(self, key: str) -> None:
        """See how a model stands; the lock is held."""
        loop, patient, now = self._pipeline.model(key), self._patients.get(key), time.monotonic()
        why = loop.standing.trouble
        if patient is not None and patient.loop is loop and bool(patient.why) == bool(why):
            return
        if why:
            log.warning("%s gives no boxes: %s", loop.name, why)
            attempts, at = self._brought_back.get(key, (0, -STEADY_S))
            attempts = attempts if now - at < STEADY_S else 0
            self._patients[key] = _Patient(loop, why, now + _pause_s(attempts), attempts)
            return
        if patient is not None and patient.why:
            log.warning("%s gives boxes again", loop.name)
        self._patients.pop(key, None)
        if loop.fell_back:
            self._patients[key] = _Patient(loop, "", now + self._return_s.get(key, RETURN_S))

    def _attempt(self, key: str, patient: _Patient) -> None:
        """Try what may run a model, in order, until one does."""
        chosen = self._choices.get(key)
        if chosen is None:
            return
        patient.attempts += 1
        for choice in self._order(key, patient, chosen):
            fell_back = "" if choice is chosen[0] else reason(chosen[0], patient.why)
            try:
                with self.loads.together():
                    self._treated = key
                    if key not in self._choices:  # it went in this moment, and nobody would cancel
                        return
                    loaded = self._load(choice, self.loads, fell_back)
            except SightdeskError as error:
                log.info("%s can't run: %s", choice, error)
                continue
            finally:
                self._treated = None
            if self._take(key, patient, loaded, choice):
                return
        self._no_luck(key, patient)

    def _order(self, key: str, patient: _Patient, chosen: list[Choice]) -> list[Choice]:
        """What to try now: the first choice alone at first; then all, what was brought back in vain last."""
        if not patient.why or patient.attempts < TRIES:
            return chosen[:1]
        now = self._serving.get(key, chosen[0]) if key in self._brought_back else None
        return sorted(chosen, key=lambda choice: choice is now)

    def _take(self, key: str, patient: _Patient, loaded: LoadedModel, choice: Choice) -> bool:
        """Have a loaded model serve, if it is still wanted; False when it does not fit."""
        with self._lock:
            wanted = (
                not self._stopping
                and key in self._choices
                and self._pipeline.model(key) is patient.loop
                and bool(self._pipeline.model(key).standing.trouble) == bool(patient.why)
            )
            if not wanted:
                loaded.backend.close()
                self._patients.pop(key, None)
                self.look()
                return True
            try:
                self._pipeline.replace_model(key, loaded)
            except SightdeskError as error:
                log.warning("%s can't take over: %s", choice, error)
                return False
            if loaded.fell_back:
                log.warning("%s runs instead: %s", choice, loaded.fell_back)
                self._return_s.setdefault(key, RETURN_S)
            else:
                log.warning("%s runs again on %s", loaded.detector.manifest.name, choice)
                if not patient.why:  # it came back from a fallback: should it not last, the next time waits longer
                    self._return_s[key] = min(self._return_s.get(key, RETURN_S) * 2, LONGEST_RETURN_S)
            self._serving[key] = choice
            # one that came back from a fallback and gives out again: the fallback is next
            self._brought_back[key] = (patient.attempts if patient.why else TRIES - 1, time.monotonic())
            self._patients.pop(key, None)
            self.look()
            return True

    def _no_luck(self, key: str, patient: _Patient) -> None:
        """Nothing could be loaded: try again later."""
        if not patient.why:
            self._return_s[key] = min(self._return_s.get(key, RETURN_S) * 2, LONGEST_RETURN_S)
            patient.due = time.monotonic() + self._return_s[key]
            return
        patient.due = time.monotonic() + _pause_s(patient.attempts)
        if patient.attempts == TRIES and not is_served(self._choices[key][0].model):
            # what it holds on a device may be just what the next one lacks; closing may wait for ever for what runs
            threading.Thread(target=patient.loop.backend.close, name=f"close {patient.loop.name}", daemon=True).start()


def _pause_s(attempts: int) -> float:
    return PAUSES_S[min(attempts, len(PAUSES_S) - 1)]
