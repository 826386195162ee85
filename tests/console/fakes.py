"""Hand-written stand-ins for a camera and a runtime, so that the pipeline's rules are tested without either."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from backends.base import BackendError, BackendInfo, Done
from console.errors import SourceLost
from console.pipeline.loader import LoadedModel
from models.decoders.family import Family, Thresholds
from models.detections import Detections
from models.detector import Detector
from models.frames import ArrayPicture, Frame
from models.manifest import ModelManifest, PictureInput

SIZE = 64


def _decode(outputs: Mapping[str, Any], _size: tuple[int, int], thresholds: Thresholds) -> Detections:
    rows = outputs["rows"][0]
    rows = rows[rows[:, 4] >= thresholds.min()]
    return Detections.of(rows[:, :4], rows[:, 4], rows[:, 5])


INPUT = PictureInput("x", SIZE, SIZE, "NHWC")
FAMILY = Family(
    "fake", fit="stretch", pad=0, suppress=False, default_labels={}, picture_input=lambda *_: INPUT, decode=_decode
)


class FakeBackend:
    """Answers on a thread of its own after `delay_s` with `answer(picture)`: rows of x0 y0 x1 y1 score class.

    With a `batch`, it takes so many pictures at once, asks for each by itself, and fails all of them where one fails.

    `hold` keeps every answer back until it is set; `backwards` gives answers that wait together in reverse order.
    """

    def __init__(
        self, answer: Callable[[np.ndarray], Any], *, delay_s: float = 0.0, in_flight: int = 2, batch: int = 1
    ) -> None:
        self.info = BackendInfo("fake", "1", "CPU", "f32", in_flight, max_batch=batch)
        self.sizes: list[int] = []
        self.closed = threading.Event()
        self.answer = answer
        self.delay_s = delay_s
        self.hold = threading.Event()
        self.hold.set()
        self.backwards = False
        self.submitted = 0
        self._room = threading.Semaphore(in_flight)
        self._waiting: list[tuple[np.ndarray, Done]] = []
        self._changed = threading.Condition()
        self._closing = False
        self._worker = threading.Thread(target=self._work, name="fake backend", daemon=True)
        self._worker.start()

    def submit(self, inputs: Mapping[str, Any], done: Done) -> None:
        self._room.acquire()
        with self._changed:
            self._waiting.append((inputs["x"].copy(), done))
            self.submitted += 1
            self.sizes.append(len(inputs["x"]))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
            self.hold.wait()
            if self.delay_s:
                time.sleep(self.delay_s)
            with self._changed:
                pixels, done = self._waiting.pop(-1 if self.backwards else 0)
            try:
                rows: Any = {
                    "rows": np.stack(
                        [
                            np.array(self.answer(pixels[n : n + 1]), np.float32).reshape(-1, 6)
                            for n in range(len(pixels))
                        ]
                    )
                }
            except BackendError as error:
                rows = error
            self._room.release()
            done(rows)

    def close(self) -> None:
        self.hold.set()
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._worker.join()
        self.closed.set()


def model(backend: FakeBackend, labels: tuple[str, ...] = ("person", "car")) -> LoadedModel:
    manifest = ModelManifest(name="fake", family="fake", labels=labels)
    return LoadedModel(Detector(manifest, FAMILY, INPUT), backend, batch=backend.info.max_batch)


class FakeSource:
    """Yields grey pictures whose level is their number. `period_s` makes it live; `hang` blocks before a frame."""

    def __init__(
        self,
        count: int | None = None,
        *,
        period_s: float | None = None,
        then: SourceLost | None = None,
        hang_s: float = 0.0,
        size: tuple[int, int] = (SIZE, SIZE),
    ) -> None:
        self.live = period_s is not None
        self.count = count
        self.period_s = period_s
        self.then = then
        self.hang_s = hang_s
        self.size = size
        self.closed = threading.Event()

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        number = 0
        while (self.count is None or number < self.count) and not self.closed.is_set():
            if self.period_s:
                self.closed.wait(self.period_s)
            seq = first_seq + number
            pixels = np.full((self.size[1], self.size[0], 3), seq % 256, np.uint8)
            now = time.monotonic_ns()
            yield Frame("cam", seq, now, datetime.now(UTC), number / 10, ArrayPicture(pixels))
            number += 1
        if self.hang_s:
            time.sleep(self.hang_s)  # a read that can't be cancelled
        if self.then is not None and not self.closed.is_set():
            raise self.then

    def close(self) -> None:
        self.closed.set()


def wait_until(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
