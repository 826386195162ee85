"""Pictures that are given to a model together: drawn into one buffer, answered one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from backends.base import BackendError, Outputs
from console.pipeline.work import Answer, Job
from console.privacy.covering import Draw
from models.detector import Detector
from models.letterbox import Letterbox
from models.words import _


class Batch:
    """One submission in the making, on the inference loop's thread.

    Args:
        buffer: the input.
        draw: draws a picture into a place of it, where the model has a way of its own; see `LoadedModel.draw`.

    Attributes:
        jobs: one a picture, in the order of the buffer.
        pixels: the part of the buffer that is drawn, (len(jobs), H, W, 3) uint8.
    """

    def __init__(self, buffer: NDArray[np.uint8], draw: Draw | None = None) -> None:
        self._buffer = buffer
        self._draw = draw
        self.jobs: list[Job] = []
        self._letterboxes: list[Letterbox] = []
        self._drawn_ns: list[int] = []

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """See above."""
        return self._buffer[: len(self.jobs)]

    def draw(self, job: Job, detector: Detector) -> None:
        """Draw a job's picture into the next place. Raises whatever the picture does; the batch is then as it was."""
        begin = time.monotonic_ns()
        place = len(self.jobs)
        out = self._buffer[place : place + 1]
        if self._draw is None:
            letterbox = detector.draw(job.picture, out)
        else:
            letterbox = self._draw(detector, job.picture, job.origin, out)
        end = time.monotonic_ns()
        job.ticket.frame.trace.add("wait", job.since_ns, begin)
        job.ticket.frame.trace.add("letterbox", begin, end)
        self.jobs.append(job)
        self._letterboxes.append(letterbox)
        self._drawn_ns.append(end)

    def sent(self, now_ns: int) -> None:
        """It goes to the runtime: what its pictures waited for others is waiting, whether one came or not."""
        if len(self._buffer) > 1:
            for job, drawn_ns in zip(self.jobs, self._drawn_ns, strict=True):
                job.ticket.frame.trace.add("wait", drawn_ns, now_ns)

    def answers(
        self, outputs: Outputs | BackendError, begin_ns: int, end_ns: int, give_back: Callable[[], None]
    ) -> Iterator[Answer]:
        """One answer a picture, with its own part of the outputs: views, nothing is copied.

        `give_back` is called once the last of them has been worked off.
        """
        share = _shared(len(self.jobs), give_back)
        parts = _split(outputs, len(self.jobs))
        for job, letterbox, part in zip(self.jobs, self._letterboxes, parts, strict=True):
            yield Answer(job, letterbox, part, begin_ns, end_ns, tried=True, give_back=share)


def _split(outputs: Outputs | BackendError, count: int) -> list[Outputs | BackendError]:
    """The outputs of each picture of a batch; a failure is everybody's."""
    if isinstance(outputs, BackendError) or count == 1:
        return [outputs] * count
    if misfit := misfits(outputs, count):
        return [BackendError(misfit)] * count
    return [{name: array[place : place + 1] for name, array in outputs.items()} for place in range(count)]


def misfits(outputs: Outputs, count: int) -> str:
    """Why outputs are not those of `count` pictures, in words; empty when they are."""
    for name, array in outputs.items():
        if np.shape(array)[:1] != (count,):
            return _("The answer {name} {shape} is not one of {count} pictures.").format(
                name=name, shape=list(np.shape(array)), count=count
            )
    return ""


def _shared(count: int, give_back: Callable[[], None]) -> Callable[[], None]:
    """Something to be called `count` times, by one thread, of which the last calls `give_back`."""
    if count == 1:
        return give_back
    left = count

    def share() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            give_back()

    return share
