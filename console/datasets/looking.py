"""A model that finds persons and vehicles in pictures of a dataset, as a camera's own model does."""

from __future__ import annotations

from collections.abc import Callable

from console.datasets.accuracy import detect
from console.datasets.importing import Look
from console.errors import ModelError
from console.pipeline.loader import Finder, Surroundings, is_served, load_model
from console.settings.inference import InferenceSettings
from models.detections import Detections
from models.frames import Picture
from models.words import _

CONFIDENCE = 0.25
"""Low: covering a bush costs little, missing a person much."""


def looker(model: str, find: Finder, inference: InferenceSettings) -> tuple[Look, Callable[[], None]]:
    """What finds, and what ends it.

    Raises:
        ModelError, CatalogError: the model can't be had or run, or is on a server: pictures are not redacted yet.
    """
    if is_served(model):
        raise ModelError(
            _("{model} is on a server, and what is to be covered is looked for on this machine.").format(model=model),
            _("Name a model of the catalogue, or a file."),
        )
    loaded = load_model(model, find, inference, around=Surroundings(find, soonest=True))

    def look(picture: Picture) -> tuple[Detections, tuple[str, ...]]:
        found = detect(loaded.detector, loaded.backend, picture, CONFIDENCE)
        return found, tuple(loaded.detector.manifest.labels)

    return look, loaded.backend.close
