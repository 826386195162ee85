"""A loaded model looks at pictures: in as many submissions side by side as keep its device full.

A submission that fails is asked again picture by picture, so that one bad picture costs no other its answer.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.base import Backend, BackendError, Outputs
from console.cloud.errors import CloudError
from console.pipeline.batches import misfits
from models.detections import Detections
from models.detector import Detector
from models.frames import ArrayPicture
from models.letterbox import Letterbox
from models.words import _

ANSWER_S = 120.0
"""A model that answers nothing for so long has hung: nothing brings it back but another process."""
_LOOK_S = 0.25
_GREY = 114

Seen = Detections | BackendError
"""What a model found in a picture, or why it gave no answer."""


class Hung(CloudError):
    """A model gives no answer any more, neither good nor bad."""


class Abandoned(CloudError):
    """The worker is to end, and what is under way took too long for that."""


class Patience:
    """For how long answers are waited for.

    Args:
        stop: set when the worker is to end.
        grace_s: so long after that what is under way may still take.
        answer_s: so long a model may be silent.
    """

    def __init__(self, stop: threading.Event, grace_s: float = 10.0, answer_s: float = ANSWER_S) -> None:
        self._stop, self._grace_s, self._answer_s = stop, grace_s, answer_s
        self._until = float("inf")

    def check(self, model: str, since: float) -> None:
        """Go on waiting.

        Args:
            model: that is waited for.
            since: monotonic seconds of what came last.

        Raises:
            Abandoned, Hung: or don't.
        """
        now = time.monotonic()
        if self._stop.is_set():
            self._until = min(self._until, now + self._grace_s)
        if now >= self._until:
            raise Abandoned(_("{model} took too long for a worker that is to end.").format(model=model))
        if now - since >= self._answer_s:
            raise Hung(
                _("{model} gave no answer for {seconds:g} s.").format(model=model, seconds=self._answer_s),
                _("The worker ends; started again it loads its models anew. Try another device or driver."),
            )


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded model. One thread at a time may have it look.

    Attributes:
        name: its own, without a folder or a server.
        batch: pictures it may be given at once.
        served: the URL that pictures are sent to; empty: it runs here.
    """

    name: str
    detector: Detector
    backend: Backend
    batch: int = 1
    served: str = ""


def look(
    model: Model, pictures: Sequence[ArrayPicture], thresholds: NDArray[np.float32], patience: Patience
) -> list[Seen]:
    """What a model sees in each of these pictures, in their order; boxes in pixels of the picture, best first.

    Args:
        model: that looks.
        pictures: any number.
        thresholds: per class, see `models.decoders.thresholds_for`.
        patience: for how long.

    Raises:
        Hung, Abandoned: it does not answer, or not in time.
    """
    places = max(1, model.backend.info.max_in_flight)
    size = max(1, min(model.batch, -(-len(pictures) // places)))
    found = _Pass(model, pictures, thresholds, patience).run(size)
    alone = [index for index, one in enumerate(found) if isinstance(one, BackendError)]
    if size > 1 and alone:
        again = _Pass(model, [pictures[index] for index in alone], thresholds, patience).run(1)
        for index, one in zip(alone, again, strict=True):
            found[index] = one
    return found


def trouble_of(model: Model, patience: Patience) -> BackendError | None:
    """Why a model answers nothing at all, not even about a grey picture; None: it is well.

    Raises:
        Hung, Abandoned: see `look`.
    """
    picture = ArrayPicture(np.full((model.detector.picture.height, model.detector.picture.width, 3), _GREY, np.uint8))
    thresholds = np.ones(len(model.detector.manifest.labels) + 1, np.float32)
    (seen,) = look(model, [picture], thresholds, patience)
    return seen if isinstance(seen, BackendError) else None


@dataclass(frozen=True, slots=True, eq=False)
class _Submission:
    """Pictures that are given to the model together: their places in the list, and how they were drawn."""

    pixels: NDArray[np.uint8]
    indexes: list[int] = field(default_factory=list)
    boxes: list[Letterbox] = field(default_factory=list)


class _Pass:
    """Pictures on their way through a model. While one submission is answered, the next is drawn."""

    def __init__(
        self, model: Model, pictures: Sequence[ArrayPicture], thresholds: NDArray[np.float32], patience: Patience
    ) -> None:
        self._model, self._pictures, self._thresholds, self._patience = model, pictures, thresholds, patience
        self._answers: queue.SimpleQueue[tuple[_Submission, Outputs | BackendError]] = queue.SimpleQueue()
        self._under_way = 0
        self._seen: list[Seen] = [BackendError(_("It was not looked at."))] * len(pictures)

    def run(self, size: int) -> list[Seen]:
        """Have them looked at, so many in a submission."""
        places, count = max(1, self._model.backend.info.max_in_flight), len(self._pictures)
        try:
            for begin in range(0, count, size):
                submission = self._drawn(range(begin, min(begin + size, count)))
                while self._under_way >= places:
                    self._take()
                if submission.indexes:
                    self._submit(submission)
            while self._under_way:
                self._take()
        except (Hung, Abandoned):
            raise
        except BaseException:
            while self._under_way:  # else the next pass would wait for places that nobody watches
                self._next()
            raise
        return self._seen

    def _drawn(self, wanted: range) -> _Submission:
        """Draw pictures side by side; one that can't be drawn is told so, and left out."""
        model = self._model
        made = _Submission(model.detector.buffer(len(wanted)))
        for index in wanted:
            place = len(made.indexes)
            try:
                box = model.detector.draw(self._pictures[index], made.pixels[place : place + 1])
            except (cv2.error, ValueError) as error:
                self._seen[index] = BackendError(
                    _("The picture could not be drawn for {model}: {error}").format(model=model.name, error=error)
                )
                continue
            made.boxes.append(box)
            made.indexes.append(index)
        return made

    def _submit(self, submission: _Submission) -> None:
        pixels = submission.pixels[: len(submission.indexes)]
        answers = self._answers
        try:
            self._model.backend.submit(
                {self._model.detector.picture.name: pixels}, lambda outputs: answers.put((submission, outputs))
            )
        except BackendError as error:
            for index in submission.indexes:
                self._seen[index] = error
        else:
            self._under_way += 1

    def _take(self) -> None:
        """Read the next answer; a failure is that of every picture of its submission."""
        submission, outputs = self._next()
        count = len(submission.indexes)
        if not isinstance(outputs, BackendError) and count > 1 and (misfit := misfits(outputs, count)):
            outputs = BackendError(misfit)
        for place, (index, box) in enumerate(zip(submission.indexes, submission.boxes, strict=True)):
            if isinstance(outputs, BackendError):
                self._seen[index] = outputs
                continue
            part = outputs if count == 1 else {name: array[place : place + 1] for name, array in outputs.items()}
            self._seen[index] = _decode(self._model, part, box, self._pictures[index], self._thresholds)

    def _next(self) -> tuple[_Submission, Outputs | BackendError]:
        since = time.monotonic()
        while True:
            try:
                answer = self._answers.get(timeout=_LOOK_S)
            except queue.Empty:
                self._patience.check(self._model.name, since)
            else:
                self._under_way -= 1
                return answer


def _decode(
    model: Model, outputs: Outputs, box: Letterbox, picture: ArrayPicture, thresholds: NDArray[np.float32]
) -> Seen:
    try:
        found = model.detector.read(outputs, box, (picture.width, picture.height), thresholds)
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        return BackendError(
            _("The answer of {model} is not what its family writes: {error}").format(model=model.name, error=error)
        )
    if model.detector.is_broken(outputs, found):
        return BackendError(_("{model} answers with numbers that are none (NaN or infinity).").format(model=model.name))
    return found
