"""Models on their way: loaded each on a thread of its own, so that whoever waits can see how it stands and give up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from console.errors import ModelError
from console.pipeline.durations import Durations
from console.pipeline.loader import LoadedModel, Phase
from console.settings.inference import InferenceSettings
from models.words import _

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loading:
    """A model on its way.

    Attributes:
        model: as the settings name it.
        backend, device, precision: as asked.
        begun: monotonic seconds at which it began.
        usual_s: how long it took the last time here; None when that is not known.
        phase: what is being done: finding (or fetching) the file, compiling, warming up.
    """

    model: str
    backend: str
    device: str
    precision: str
    begun: float
    usual_s: float | None
    phase: Phase = "finding"


Make = Callable[[Callable[[Phase], None]], LoadedModel]
"""Loads a model; is given where to tell its phases."""


class Loads:
    """Loads one model at a time for one waiting thread; any thread may look or cancel.

    A native compile can't be interrupted. Who cancels is free at once: the compile ends on its own thread, and what it
    brings is closed.

    Args:
        durations: how long loads took before; they are added to it.
    """

    def __init__(self, durations: Durations) -> None:
        self._durations = durations
        self._changed = threading.Condition()
        self._current: _Load | None = None
        self._open = self._cancelled = self._closed = False
        self._left: tuple[threading.Thread, ...] = ()

    @property
    def loading(self) -> tuple[Loading, ...]:
        """What is on its way now."""
        current = self._current
        return () if current is None else (current.state,)

    @property
    def given_up(self) -> bool:
        """Whether the loads that hang together were cancelled, or all were."""
        return self._cancelled or self._closed

    @contextmanager
    def together(self) -> Iterator[None]:
        """Loads inside of this are cancelled together."""
        with self._changed:
            self._open, self._cancelled = True, False
        try:
            yield
        finally:
            with self._changed:
                self._open = False

    def cancel(self) -> None:
        """Give up what is on its way, and what was to follow it; nothing where nothing is. Returns at once."""
        with self._changed:
            self._cancelled = self._open
            self._changed.notify_all()

    def close(self) -> None:
        """Give up all, for good; returns at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, deadline: float) -> list[str]:
        """Wait until `deadline` (monotonic) for what was given up; names of what is still in a native compile.

        It is worth some patience: a program that ends while a library compiles may not end well.
        """
        for thread in self._left:
            thread.join(max(deadline - time.monotonic(), 0.0))
        return [thread.name for thread in self._left if thread.is_alive()]

    def load(self, model: str, settings: InferenceSettings, make: Make) -> LoadedModel:
        """Load a model and wait for it.

        Raises:
            ModelError: cancelled; and what `make` raises.
        """
        key = f"{model}|{settings.backend}|{settings.device}|{settings.precision}"
        begun = time.monotonic()
        state = Loading(
            model, settings.backend, settings.device, settings.precision, begun, self._durations.usual_s(key)
        )
        load = _Load(state, make, self._changed)
        with self._changed:
            if self.given_up:
                raise _cancelled(model)
            self._left = (*(thread for thread in self._left if thread.is_alive()), load.thread)
            self._current = load
            load.thread.start()
            try:
                self._changed.wait_for(lambda: load.ended or self._cancelled or self._closed)
            finally:  # an interrupted wait gives up as well
                self._current = None
                load.given_up = not load.ended
        if load.given_up:
            raise _cancelled(model)
        product = load.outcome()
        self._durations.note(key, time.monotonic() - begun)
        return product


def _cancelled(model: str) -> ModelError:
    return ModelError(
        _("Loading the model {model} was cancelled.").format(model=model), _("What ran goes on as it was.")
    )


class _Load:
    """One load; `changed` guards its fields."""

    def __init__(self, state: Loading, make: Make, changed: threading.Condition) -> None:
        self.state = state
        self.ended = self.given_up = False
        self.product: LoadedModel | None = None
        self.error: BaseException | None = None
        self._make = make
        self._changed = changed
        self.thread = threading.Thread(target=self._run, name=f"load {state.model}", daemon=True)

    def outcome(self) -> LoadedModel:
        """What it came to, once it has ended. Raises what loading raised."""
        if self.product is None:
            raise self.error or ModelError(_("Loading the model {model} failed.").format(model=self.state.model))
        return self.product

    def _run(self) -> None:
        product: LoadedModel | None = None
        error: BaseException | None = None
        try:
            product = self._make(self._tell)
        except BaseException as raised:  # the thread's outermost frame: handed to whoever waits
            error = raised
        with self._changed:
            self.product, self.error, self.ended = product, error, True
            unwanted = self.given_up
            self._changed.notify_all()
        if unwanted and product is not None:
            log.info("the model %s came after it was cancelled, and is closed", self.state.model)
            product.backend.close()

    def _tell(self, phase: Phase) -> None:
        self.state = replace(self.state, phase=phase)
