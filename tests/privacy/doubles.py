"""Models whose answers are fixed: they know the places of a `World` by the colours around them, and nothing else.

So whatever is readable in the end was let through by the plumbing, never by a detector that missed something. At any
size of the picture and in any part of it they find what is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.base import BackendInfo, Done
from console.pipeline.loader import LoadedModel
from models.decoders.family import Family, Thresholds
from models.detections import Detections
from models.detector import Detector
from models.manifest import ModelManifest, PictureInput

Boxes = list[tuple[int, int, int, int]]
_LEAST = 0.0012
"""A region of a colour is at least such a share of the picture: less is a codec's ringing."""


def magenta(bgr: NDArray[np.uint8]) -> Boxes:
    """The faces."""
    blue, green, red = _channels(bgr)
    return _regions((blue > 150) & (red > 150) & (green < 120))


def cyan(bgr: NDArray[np.uint8]) -> Boxes:
    """The plates."""
    blue, green, red = _channels(bgr)
    return _regions((blue > 150) & (green > 150) & (red < 120))


def bodies(bgr: NDArray[np.uint8]) -> Boxes:
    """The persons."""
    blue, green, red = _channels(bgr)
    return _regions((green > 110) & (blue < 80) & (red < 80))


def vehicles(bgr: NDArray[np.uint8]) -> Boxes:
    """The vehicles."""
    blue, green, red = _channels(bgr)
    return _regions((blue > 140) & (green < 120) & (red < 90))


def _channels(bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    return bgr[:, :, 0], bgr[:, :, 1], bgr[:, :, 2]


def _regions(mask: NDArray[np.bool_]) -> Boxes:
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:].tolist() if area >= _LEAST * mask.size]


class FixedBackend:
    """Answers on a thread of its own with what its finders find in the picture.

    Args:
        finders: what it finds, by class.
        takes_s: how long it takes for an answer.

    Attributes:
        asked: how many pictures it was given.
        hurry: set to have it take no time any more.
    """

    def __init__(self, finders: tuple[Callable[[NDArray[np.uint8]], Boxes], ...], takes_s: float = 0.0) -> None:
        self.info = BackendInfo("fixed", "1", "CPU", "f32", 2)
        self.asked = 0
        self.hurry = threading.Event()
        self._takes_s = takes_s
        self._finders = finders
        self._waiting: list[tuple[NDArray[np.uint8], Done]] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="fixed model", daemon=True)
        self._thread.start()

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        with self._changed:
            self._waiting.append((inputs["x"][0].copy(), done))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                pixels, done = self._waiting.pop(0)
            self.asked += 1
            self.hurry.wait(self._takes_s)
            rows = [(*box, 0.9, nth) for nth, find in enumerate(self._finders) for box in find(pixels)]
            done({"rows": np.array(rows, np.float32).reshape(1, -1, 6)})

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(10)


def _decode(outputs: Mapping[str, Any], _size: tuple[int, int], thresholds: Thresholds) -> Detections:
    rows = outputs["rows"][0]
    rows = rows[rows[:, 4] >= thresholds.min()]
    return Detections.of(rows[:, :4], rows[:, 4], rows[:, 5])


_MODELS: dict[str, tuple[tuple[str, ...], tuple[Callable[[NDArray[np.uint8]], Boxes], ...]]] = {
    "faces": (("face",), (magenta,)),
    "plates": (("plate",), (cyan,)),
    "street": (("person", "car"), (bodies, vehicles)),
}


def fixed_model(name: str, size: tuple[int, int] | None = None, takes_s: float = 0.0) -> LoadedModel:
    """A model by its name, faces, plates or street (persons and cars), at an input of (width, height).

    `takes_s`: how long it takes for an answer.
    """
    labels, finders = _MODELS[name]
    width, height = size or (640, 480)
    taken = PictureInput("x", width, height, "NHWC")
    family = Family(
        "fixed", fit="stretch", pad=0, suppress=False, default_labels={}, picture_input=lambda *_: taken, decode=_decode
    )
    manifest = ModelManifest(name=name, family="fixed", labels=labels)
    return LoadedModel(Detector(manifest, family, taken), FixedBackend(finders, takes_s))


def fixed_loader(name: str, *_arguments: Any, around: Any = None, **_more: Any) -> LoadedModel:
    """In place of `load_model`, for the models that are fixed."""
    return fixed_model(name, around.size if around is not None else None)
