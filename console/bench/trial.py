"""What one loaded model is measured by: pictures a second, latency, memory, batches, agreement with f32."""

from __future__ import annotations

import ctypes
import gc
import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from typing import Any

import numpy as np
import psutil

from backends.base import BackendError
from console.bench.pictures import PictureSource
from console.datasets.accuracy import detect
from console.errors import ModelError
from console.pipeline.loader import LoadedModel
from console.pipeline.pipeline import Pipeline
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings
from models.boxes import iou
from models.detections import Detections
from models.frames import Picture

WARM_UP_SHARE = 0.2
"""Of the measured time, spent before it: caches fill, clocks rise."""
CONFIDENCE = 0.25
"""Boxes that agreement looks at: those an operator would see."""
MATCHED_IOU = 0.5
_SAMPLED_S = 0.05
_LOOKED_S = 0.1


class Cancelled(Exception):
    """Whoever measures wants to stop."""


def look(stop: threading.Event) -> None:
    """Raises Cancelled when `stop` is set."""
    if stop.is_set():
        raise Cancelled


def throughput(loaded: LoadedModel, pictures: Sequence[Picture], seconds: float, stop: threading.Event) -> float:
    """Pictures a second through the product's own pipeline, as fast as it takes them. The model is closed after it.

    Raises:
        ModelError: the pipeline's camera failed, or no picture was answered.
        Cancelled: `stop` was set.
    """
    name = loaded.detector.manifest.name
    camera = CameraSettings(id="bench", source="bench", track=False)
    pipeline = Pipeline()
    try:
        pipeline.add_model("bench", loaded)
        pipeline.add_camera(camera, [("bench", StageSettings(model=name))], lambda: PictureSource(pictures))
        meter = pipeline.meter("bench")
        _pause(seconds * WARM_UP_SHARE, stop)
        begin, before = time.perf_counter(), meter.inferred
        _pause(seconds, stop)
        rate = (meter.inferred - before) / (time.perf_counter() - begin)
        trouble = [str(what) for what, _count in meter.errors.most_common(1)] or [pipeline.status("bench").detail]
    finally:
        pipeline.close()
    if not rate:
        raise ModelError(f"{name} answered no picture in {seconds:g} s. {trouble[0]}".strip())
    return rate


def _pause(seconds: float, stop: threading.Event) -> None:
    """Wait, in short pieces: some systems hold back Ctrl+C until a wait is over."""
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        time.sleep(min(left, _LOOKED_S))
        look(stop)


def latencies(
    loaded: LoadedModel, pictures: Sequence[Picture], seconds: float, stop: threading.Event
) -> dict[str, float]:
    """Milliseconds from a picture to its boxes, one at a time: p50, p95, p99. Raises Cancelled."""
    spent: list[float] = []
    shown = cycle(pictures)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(spent) < 10:
        look(stop)
        picture, begin = next(shown), time.perf_counter()
        detect(loaded.detector, loaded.backend, picture, CONFIDENCE)
        spent.append(time.perf_counter() - begin)
    found = np.percentile(spent[len(spent) // 10 :], (50, 95, 99)) * 1e3
    return {name: round(float(ms), 2) for name, ms in zip(("p50", "p95", "p99"), found, strict=True)}


def boxes(loaded: LoadedModel, pictures: Sequence[Picture], stop: threading.Event) -> list[Detections]:
    """What the model sees in each picture. Raises Cancelled."""
    found = []
    for picture in pictures:
        look(stop)
        found.append(detect(loaded.detector, loaded.backend, picture, CONFIDENCE))
    return found


def agreement(found: Sequence[Detections], reference: Sequence[Detections]) -> float | None:
    """Share of both sides' boxes that have a partner of the same class with an IoU of at least .5; None without any."""
    matched = sum(_matched(one, other) for one, other in zip(found, reference, strict=True))
    total = sum(map(len, found)) + sum(map(len, reference))
    return round(2 * matched / total, 4) if total else None


def _matched(one: Detections, other: Detections) -> int:
    """How many pairs there are, the best first, each box in one pair at most."""
    if not len(one) or not len(other):
        return 0
    overlap = np.where(one.class_id[:, None] == other.class_id[None, :], iou(one.xyxy, other.xyxy), 0.0)
    count = 0
    while (best := float(overlap.max())) >= MATCHED_IOU:
        row, column = np.unravel_index(int(overlap.argmax()), overlap.shape)
        overlap[row, :] = overlap[:, column] = 0.0
        count += best > 0
    return count


def batched(
    loaded: LoadedModel, pictures: Sequence[Picture], batch: int, seconds: float, stop: threading.Event
) -> dict[str, float]:
    """Pictures a second and milliseconds a submission, with `batch` pictures in each; the model stays open.

    Raises:
        ModelError: a submission failed.
        Cancelled: `stop` was set.
    """
    detector, backend = loaded.detector, loaded.backend
    name, shown = detector.picture.name, cycle(pictures)
    free: queue.SimpleQueue[Any] = queue.SimpleQueue()
    size = (batch, detector.picture.height, detector.picture.width, 3)
    places = backend.info.max_in_flight + 1
    for _place in range(places):
        free.put(np.empty(size, np.uint8))
    failed: list[BackendError] = []

    def start(buffer: Any) -> None:
        for row in range(batch):
            detector.draw(next(shown), buffer[row : row + 1])

        def done(outcome: Any) -> None:
            if isinstance(outcome, BackendError):
                failed.append(outcome)
            free.put(buffer)

        backend.submit({name: buffer}, done)

    try:
        begin, count = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds and not failed and not stop.is_set():
            start(free.get())
            count += batch
        held = [free.get() for _place in range(places)]
        look(stop)
        rate = count / (time.perf_counter() - begin)
        alone = []
        for _time in range(8):
            since = time.perf_counter()
            start(held[0])
            held[0] = free.get()
            alone.append(time.perf_counter() - since)
    except BackendError as error:
        raise ModelError(error.what, error.hint) from error
    if failed:
        raise ModelError(failed[0].what, failed[0].hint)
    return {"batch": batch, "fps": round(rate, 1), "ms": round(float(np.median(alone)) * 1e3, 2)}


class Memory:
    """The process's memory, in bytes. `peak` is the highest that was seen inside `watched`."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.peak = 0

    def now(self) -> int:
        """Resident bytes, after what is free has been given back to the system where that can be asked for."""
        gc.collect()
        if sys.platform == "linux":
            with suppress(OSError, AttributeError):
                ctypes.CDLL("libc.so.6").malloc_trim(0)
        return int(self._process.memory_info().rss)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, the peak is followed."""
        over = threading.Event()
        self.peak = int(self._process.memory_info().rss)

        def look() -> None:
            while not over.wait(_SAMPLED_S):
                self.peak = max(self.peak, int(self._process.memory_info().rss))

        thread = threading.Thread(target=look, name="memory of the bench", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
