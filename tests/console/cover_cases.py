"""Face and plate models made by hand: they find the marks that a test plants, and fail in every way it wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.base import BackendError, BackendInfo, Done
from console.errors import ModelError
from console.pipeline.loader import LoadedModel
from models.decoders.family import Family, Thresholds
from models.detections import Detections
from models.detector import Detector
from models.manifest import ModelManifest, PictureInput

SIDE = 64
FACE_MARK, PLATE_MARK = 0, 2
"""Channels in which a mark is bright, while the other two are dark."""


def _decode(outputs: Mapping[str, Any], _size: tuple[int, int], thresholds: Thresholds) -> Detections:
    rows = outputs["rows"][0]
    rows = rows[rows[:, 4] >= thresholds.min()]
    return Detections.of(rows[:, :4], rows[:, 4], rows[:, 5])


def family(size: tuple[int, int]) -> tuple[Family, PictureInput]:
    drawn = PictureInput("x", *size, "NHWC")
    return Family("made", "corner", 0, False, {}, lambda *_: drawn, _decode), drawn


def marks(bgr: NDArray[np.uint8], channel: int) -> NDArray[np.bool_]:
    """Where a mark of a channel can be read."""
    others = [c for c in range(3) if c != channel]
    return (bgr[..., channel] >= 200) & (bgr[..., others] < 60).all(-1)


class Marker:
    """A network that finds the marks of one channel, as one box around them; faults can be switched on.

    Attributes:
        fault: "", "dead", "nan", "late" (answers when `late_ones` is called), "hangs" (in submit), "shape".
    """

    def __init__(self, channel: int) -> None:
        self.info = BackendInfo("made", "1", "CPU", "f32", 2)
        self.fault = ""
        self.asked = 0
        self.closed = threading.Event()
        self._channel = channel
        self._late: list[Callable[[], None]] = []

    def submit(self, inputs: Mapping[str, Any], done: Done) -> None:
        self.asked += 1
        fault, found = self.fault, self.rows(inputs["x"][0])
        if fault == "dead":
            raise BackendError("The device is gone.")
        if fault == "hangs":
            self.closed.wait(20)
        if fault == "nan":
            found = np.concatenate([found, np.full_like(found[:, :1], np.nan)])
        rows: dict[str, Any] = {"rows": found} if fault != "shape" else {"other": found, "more": found[0]}
        if fault == "late":
            self._late.append(lambda: done(rows))
        else:
            done(rows)

    def rows(self, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        y, x = np.nonzero(marks(bgr, self._channel))
        if not len(x):
            return np.empty((1, 0, 6), np.float32)
        return np.array([[[x.min(), y.min(), x.max() + 1, y.max() + 1, 0.9, 1]]], np.float32)

    def late_ones(self) -> None:
        """Answer what was kept back."""
        late, self._late = self._late, []
        for answer in late:
            answer()

    def close(self) -> None:
        self.closed.set()
        self.late_ones()


class Shelf:
    """Loads them, by the names "face" and "plate" and whatever ends so. Every load is kept.

    Attributes:
        gone: names that can't be had.
        go: cleared: loads stand still until it is set.
        made: (name, size, model) of every load.
        free: whether inputs are as large as asked; False: always `SIDE`.
    """

    def __init__(self, *, free: bool = False) -> None:
        self.gone: set[str] = set()
        self.go = threading.Event()
        self.go.set()
        self.made: list[tuple[str, tuple[int, int] | None, Marker]] = []
        self.free = free

    def load(self, name: str, size: tuple[int, int] | None) -> LoadedModel:
        assert self.go.wait(20)
        if name in self.gone:
            raise ModelError(f"There is no {name}.")
        channel, label = (FACE_MARK, "face") if name.endswith("face") else (PLATE_MARK, "licence plate")
        kind, drawn = family(size if self.free and size else (SIDE, SIDE))
        labels = ("background", label) if "wrong" not in name else ("background", "cat")
        marker = Marker(channel)
        self.made.append((name, size, marker))
        return LoadedModel(Detector(ModelManifest(name=name, family="made", labels=labels), kind, drawn), marker)

    def all(self, ending: str = "") -> list[Marker]:
        return [marker for name, _size, marker in self.made if name.endswith(ending)]
