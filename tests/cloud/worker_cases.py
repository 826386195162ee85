"""Workers for tests: sealed crops and pictures of squares, models that find squares, and may be made to fail."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.base import BackendError, BackendInfo, Done, Outputs
from console.cloud.database.base import Repository
from console.cloud.keeping.keeper import Keeper
from console.cloud.tasks import CloudTasks
from console.cloud.waking.waker import Clock
from console.cloud.working.cascade import Plan
from console.cloud.working.figures import Figures
from console.cloud.working.loading import plan_of
from console.cloud.working.looking import Model
from console.cloud.working.manner import Manner, Source
from console.cloud.working.opening import Keys
from console.cloud.working.worker import Worker
from console.privacy.sealing import PrivateKey, seal
from console.sync.wire import Received
from models.decoders import FAMILIES
from models.detector import Detector
from models.manifest import ModelManifest, PictureInput
from tests.cloud.keeping_cases import DESK, message

KEY = PrivateKey.new()
ABOUT = {"camera_id": "gate", "x": 100, "y": 50, "source_width": 1920, "source_height": 1080}
SIDE = 128
CAR, PLATE = (255, 0, 0), (0, 0, 255)
LABELS = ("car", "plate")
MODELS = {"cars": ("car",), "plates": ("plate",)}
TASKS = CloudTasks.model_validate(
    {
        "tasks": [
            {"name": "crops", "takes": "sealed", "stages": [{"model": "cars"}, {"model": "plates", "on": "car"}]},
            {"name": "whole", "takes": "pictures", "stages": [{"model": "cars"}], "attempts": 3},
        ]
    }
)


def square(size: tuple[int, int] = (SIDE, SIDE), at: int = 32) -> NDArray[np.uint8]:
    """A dark picture with a car from (at, at), 64 wide and high, that has a plate of 16 x 8 in its middle."""
    picture = np.full((size[1], size[0], 3), 20, np.uint8)
    cv2.rectangle(picture, (at, at), (at + 63, at + 63), CAR, -1)
    cv2.rectangle(picture, (at + 24, at + 28), (at + 39, at + 35), PLATE, -1)
    return picture


def sealed(bgr: NDArray[np.uint8] | None = None, key: PrivateKey = KEY, about: Any = None, **values: Any) -> Received:
    """A message with a sealed crop."""
    crop = square() if bgr is None else bgr
    return message(seal(crop, ABOUT if about is None else about, key.public).content, "sealed", **values)


def jpeg_of(bgr: NDArray[np.uint8] | None = None) -> bytes:
    return bytes(cv2.imencode(".jpg", square() if bgr is None else bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


def picture(content: bytes | None = None, **values: Any) -> Received:
    """A message with a whole picture, half as large as what the camera saw."""
    body = {"of": "event", "size": [SIDE, SIDE], "source_size": [SIDE * 2, SIDE * 2]}
    return message(jpeg_of() if content is None else content, "picture", **{"body": body, **values})


class Squares:
    """A network that finds, in each picture, the box around the pixels of its label's colour.

    Attributes:
        seen: sizes of its submissions.
        before: called with the pixels of each before it is answered; may raise, or wait.
    """

    def __init__(self, labels: tuple[str, ...], most: int = 8, in_flight: int = 1) -> None:
        self.info = BackendInfo("squares", "1.0", "CPU", "f32", in_flight, max_batch=most)
        self.labels, self.seen, self.closed = labels, [], False
        self.before: Callable[[NDArray[np.uint8]], object] = lambda _pixels: None
        self._jobs: queue.SimpleQueue[tuple[NDArray[np.uint8], Done] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _place in range(in_flight)]
        for thread in self._threads:
            thread.start()

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        self._jobs.put((inputs["picture"], done))

    def close(self) -> None:
        for _thread in self._threads:
            self._jobs.put(None)
        self.closed = True

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            pixels, done = job
            self.seen.append(len(pixels))
            try:
                self.before(pixels)
                done(self.outputs(pixels))
            except BackendError as error:
                done(error)

    def outputs(self, pixels: NDArray[np.uint8]) -> Outputs:
        count, most = len(pixels), len(self.labels)
        boxes, scores = np.zeros((count, most, 4), np.float32), np.zeros((count, most), np.float32)
        for n, one in enumerate(pixels):
            for m, label in enumerate(self.labels):
                colour = one[:, :, 0 if label == "car" else 2] > 128
                if colour.any():
                    ys, xs = np.where(colour)
                    box = np.array([ys.min(), xs.min(), ys.max() + 1, xs.max() + 1], np.float32)
                    boxes[n, m], scores[n, m] = box / pixels.shape[1], 0.9
        classes = np.tile(np.arange(1, most + 1, dtype=np.float32), (count, 1))
        return {
            "detection_boxes": boxes, "detection_scores": scores, "detection_classes": classes,
            "num_detections": np.full(count, most, np.float32),
        }  # fmt: skip


def model(name: str, most: int = 8, in_flight: int = 1) -> Model:
    labels = MODELS[name]
    given = PictureInput("picture", SIDE, SIDE, "NHWC")
    manifest = ModelManifest(name=name, family="tf-ssd", labels=labels)
    return Model(name, Detector(manifest, FAMILIES["tf-ssd"], given), Squares(labels, most, in_flight), most)


@contextmanager
def planned(tasks: CloudTasks = TASKS, **how: int) -> Iterator[dict[str, Plan]]:
    """Plans of tasks, on models of squares."""
    models: Any = {name: model(name, **how) for name in MODELS}
    try:
        yield {task.name: plan_of(task, models) for task in tasks.tasks}
    finally:
        for one in models.values():
            one.backend.close()


def squares_of(plan: Plan, stage: int = 0) -> Squares:
    backend = plan.stages[stage].model.backend
    assert isinstance(backend, Squares)
    return backend


class Working:
    """A worker in a thread.

    Attributes:
        figures: what it counted.
        error: what it ended with.
    """

    def __init__(
        self, repository: Repository, folder: Path, plans: Mapping[str, Plan], keys: Keys | None = None, **manner: Any
    ) -> None:
        self.figures, self.error = Figures(), None
        self._stop = threading.Event()
        attempts = {name: plan.task.attempts for name, plan in plans.items()}
        source = Source(repository, Clock(), folder / "files", Keys([KEY]) if keys is None else keys, attempts)
        told = replace(Manner("worker"), **{"lease_s": 5.0, **manner})
        self._worker = Worker(plans, source, told, self.figures, self._stop)
        self._thread = threading.Thread(target=self._run, name="worker")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._worker.run()
        except Exception as error:
            self.error = error

    def stop(self) -> float:
        """End it; how long that took."""
        begin = time.monotonic()
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        return time.monotonic() - begin

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def totals(self) -> dict[str, int]:
        return {outcome: n for outcome, n in self.figures.totals().items() if n}


@contextmanager
def working(*given: Any, **manner: Any) -> Iterator[Working]:
    worker = Working(*given, **manner)
    try:
        yield worker
    finally:
        worker.stop()


def until(holds: Callable[[], object], patience_s: float = 20.0) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def states(keeper: Keeper) -> dict[str, str]:
    """The state of every job, by message ID."""
    with keeper.repository.reading() as db:
        return {
            job["message_id"]: job["state"] for job in db.jobs(None, ("queued", "processing", "done", "failed"), 1000)
        }


def whys(keeper: Keeper) -> list[str]:
    with keeper.repository.reading() as db:
        return [job["why"] for job in db.jobs(None, ("queued", "processing", "done", "failed"), 1000)]


def answers(keeper: Keeper) -> list[Any]:
    return list(keeper.answers(DESK, 0, 500)["answers"])


def settled(keeper: Keeper, count: int) -> Callable[[], bool]:
    """Whether so many jobs ended."""
    return lambda: sum(state in ("done", "failed") for state in states(keeper).values()) >= count
