"""A model serves only after it has answered soundly: what comes before the first frame, and decides about a swap."""

from __future__ import annotations

import logging
import queue
import threading

import numpy as np

from backends.base import Backend, BackendError, Outputs
from console.pipeline.batches import misfits
from models.decoders import thresholds_for
from models.detector import Detector
from models.letterbox import Letterbox
from models.words import _

log = logging.getLogger(__name__)

ANSWER_S = 120.0
"""How long it may take: some devices compile their last kernels for a new batch size."""
_GREY = 114


def prove(detector: Detector, backend: Backend, batch: int) -> int:
    """Have a loaded model look at grey pictures: how many it may be given at once, 1 to `batch`.

    One whose answer to several is not several answers is given one at a time, and that is logged.

    Raises:
        BackendError: it failed, or its answer can't be read or holds NaN; it is closed then.
    """
    most = max(1, min(batch, backend.info.max_batch))
    try:
        _read(detector, _ask(detector, backend, 1))
        if most > 1 and (misfit := misfits(_ask(detector, backend, most), most)):
            log.warning("%s is given one picture at a time: %s", detector.manifest.name, misfit)
            return 1
    except BackendError as error:
        # closing waits for what runs, and a model that gave no answer may never give one
        threading.Thread(target=backend.close, name="close after warm-up", daemon=True).start()
        raise BackendError(_("The warm-up run failed. {what}").format(what=error.what), error.hint) from error
    return most


def _ask(detector: Detector, backend: Backend, pictures: int) -> Outputs:
    answers: queue.SimpleQueue[Outputs | BackendError] = queue.SimpleQueue()
    grey = detector.buffer(pictures)
    grey[:] = _GREY
    backend.submit({detector.picture.name: grey}, answers.put)
    try:
        answer = answers.get(timeout=ANSWER_S)
    except queue.Empty:
        raise BackendError(
            _("It gave no answer within {seconds:g} s.").format(seconds=ANSWER_S), _("Try another device or backend.")
        ) from None
    if isinstance(answer, BackendError):
        raise answer
    return answer


def _read(detector: Detector, outputs: Outputs) -> None:
    """See that an answer is one of the model's family, in numbers."""
    size = (detector.picture.width, detector.picture.height)
    box = Letterbox.fit(size, size, detector.family.fit)
    try:
        found = detector.read(outputs, box, size, np.asarray(thresholds_for(detector.manifest, 0.5, {})))
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        raise BackendError(
            _("The answer of {model} is not what its family writes: {error}").format(
                model=detector.manifest.name, error=error
            )
        ) from error
    if detector.is_broken(outputs, found):
        raise BackendError(
            _("{model} answers with numbers that are none (NaN or infinity).").format(model=detector.manifest.name),
            _("Try precision f32, or another device."),
        )
