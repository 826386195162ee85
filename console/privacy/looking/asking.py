"""What a face or plate model is asked, and what comes back: the terms between who asks and the thread that feeds it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backends.base import Backend, Outputs
from models.detector import Detector
from models.frames import Picture
from models.letterbox import Letterbox
from models.words import _


class Loaded(Protocol):
    """A loaded model; `console.pipeline.loader.LoadedModel` is one."""

    @property
    def detector(self) -> Detector:
        """How it is fed and read."""

    @property
    def backend(self) -> Backend:
        """What runs it."""


Load = Callable[[str, tuple[int, int] | None], Loaded]
"""Loads a model by its name or file, at an input of (width, height), where it leaves that free; None: at its own. It
has answered soundly when this returns. Raises SightdeskError."""


class NoAnswer(Exception):
    """A model gave no answer about a picture; says why, in the operator's words."""


class Asked:
    """A picture that a watcher was asked about.

    Attributes:
        within_s: how long its asker waits.
        begun: monotonic seconds at which the model was given it; None before.
    """

    def __init__(self, picture: Picture, within_s: float) -> None:
        self.picture, self.within_s = picture, within_s
        self.since = time.monotonic()
        self.begun: float | None = None
        self.given_up = False
        self._answer: tuple[Outputs, Letterbox] | BaseException | None = None
        self._there = threading.Event()

    def answer(self, answer: tuple[Outputs, Letterbox] | BaseException) -> None:
        """Give the answer, or why there is none; the first one counts."""
        if self._answer is None:
            self._answer = answer
            self._there.set()

    def wait(self) -> tuple[Outputs, Letterbox]:
        """The answer. Raises NoAnswer when it is late, and what was given instead of one."""
        if not self._there.wait(max(0.0, self.since + self.within_s - time.monotonic())):
            self.given_up = True
            raise NoAnswer(_("no answer within {seconds:g} s").format(seconds=self.within_s))
        if isinstance(self._answer, BaseException):
            raise self._answer
        assert self._answer is not None  # noqa: S101  # set before the event
        return self._answer


def is_broken(array: NDArray[np.generic]) -> bool:
    """Whether an output holds NaN or infinity: of a few numbers too, since the box that they were may be the face.

    -inf beside finite numbers is sound, some networks mask with it. The largest number is NaN where any is.
    """
    return bool(array.size and np.issubdtype(array.dtype, np.floating) and not np.isfinite(array.max()))
