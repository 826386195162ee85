"""The peer of a worker: its model in a bare loop, on pictures that are scaled already, with nothing around it."""

from __future__ import annotations

import itertools
from pathlib import Path

from console.bench.bare import Task, openvino
from console.bench.cloud_crops import pictures
from console.pipeline.loader import Finder, load_model
from console.settings.inference import InferenceSettings
from models.frames import ArrayPicture


class Bare:
    """A model, to be run now and then.

    Args:
        model: a catalogue name or a file.
        find: finds it.
        seconds: it runs for so long each time.

    Raises:
        ModelError: it can't be had or run.
    """

    def __init__(self, model: str, find: Finder, seconds: float) -> None:
        loaded = load_model(model, find, InferenceSettings(model=model))
        self._path: Path = find(model)[0]
        self._detector, self._in_flight = loaded.detector, loaded.backend.info.max_in_flight
        loaded.backend.close()
        self._seconds = seconds
        self._pictures = [ArrayPicture(picture) for picture in pictures(8)]

    def per_second(self) -> float:
        """Pictures a second, answers thrown away."""
        seen = itertools.cycle(self._pictures)
        detector = self._detector
        task = Task(
            self._path,
            detector.picture,
            "CPU",
            detector.draw,
            None,
            seen,
            self._in_flight,
            exact=False,
            seconds=self._seconds,
        )
        return openvino(task)
