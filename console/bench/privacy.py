"""`sightdesk privacy evaluate`: datasets, models and policies brought together as the product does it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

from console.datasets.privacy import Outcome, Stage, Trial, evaluate
from console.datasets.privacy_cost import detection_cost
from console.datasets.privacy_sizes import recall_by_size
from console.datasets.privacy_trials import Written
from console.datasets.privacy_truth import Dataset
from console.pipeline.loader import Finder, LoadedModel, Surroundings, load_model
from console.privacy.looking.finders import SCORES, SIZES, Finders
from console.privacy.policies import policy_for
from console.settings.schema import CameraSettings, Settings
from models.policy import Cover

Told = Callable[[int, int, str], None]
_SMALLER = ((160, 128), (224, 192))
"""Beside the finders' own sizes, to see from where on it matters."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured, and with what.

    Attributes:
        dataset: marked pictures.
        settings: the site's: runtime, device, face and plate model, policy.
        find: finds model files.
        model: finds persons and vehicles.
        confidence: its boxes that score less are dropped.
        face_models: each is tried; none: the site's.
        plate_model: empty: the site's.
        told: called before each picture with how many are done, of how many, and its name.
        stop: set from elsewhere, ends what runs; what is done is kept.
    """

    dataset: Dataset
    settings: Settings
    find: Finder
    model: str
    confidence: float = 0.3
    face_models: Sequence[str] = ()
    plate_model: str = ""
    told: Told = lambda _done, _of, _name: None
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def faces(self) -> list[str]:
        """The face models, each once."""
        return list(dict.fromkeys(self.face_models)) or [self.settings.privacy.face_model]

    @property
    def plates(self) -> str:
        """The plate model."""
        return self.plate_model or self.settings.privacy.plate_model

    def load(self, model: str, size: tuple[int, int] | None = None) -> LoadedModel:
        """A model as it would be loaded for the site. Raises ModelError, CatalogError."""
        around = Surroundings(self.find, None, self.settings.remote, size=size, soonest=True)
        return load_model(model, self.find, self.settings.inference, around=around)


def site_policy(settings: Settings) -> Cover:
    """The policy of a camera that says nothing of its own."""
    policy = policy_for(CameraSettings(id="any", source="any"), settings.privacy)
    assert isinstance(policy, Cover)  # noqa: S101  # only footage that was published has another
    return policy


def covered(
    what: Measured, written: Sequence[Written], worst: int = 0
) -> tuple[list[dict[str, Any]], list[tuple[str, Outcome]]]:
    """What each policy covers with each face model: rows for JSON, and the outcomes by their names.

    Raises:
        SightdeskError: a picture or a model can't be read, or the detector failed.
    """
    rows: list[dict[str, Any]] = []
    named: list[tuple[str, Outcome]] = []
    with ExitStack() as stack:
        stage, trials = _begin(what, written, stack)
        outcomes = evaluate(
            what.dataset.truths, [trial for _face, trial in trials], stage, worst=worst, told=what.told, stop=what.stop
        )
        for (face, _trial), outcome in zip(trials, outcomes, strict=True):
            rows.append({"face_model": face, **outcome.report()})
            named.append((f"{outcome.trial.name}, {face}" if face else outcome.trial.name, outcome))
    return rows, named


def cost(what: Measured, written: Sequence[Written]) -> list[dict[str, Any]]:
    """What each policy costs detection, with the first of the face models. Raises as `covered` does."""
    with ExitStack() as stack:
        stage, trials = _begin(what, written, stack, what.faces[:1])
        return detection_cost(
            what.dataset.coco, [trial for _face, trial in trials], stage, told=what.told, stop=what.stop
        )


def by_size(what: Measured, pad: float) -> dict[str, Any]:
    """How many faces are found at each size of the input. Raises as `covered` does."""
    sizes = (*_SMALLER, *SIZES)
    return recall_by_size(
        what.dataset.truths,
        what.load,
        what.faces,
        sizes,
        confidence=SCORES["faces"],
        pad=pad,
        told=what.told,
        stop=what.stop,
    )


def _begin(
    what: Measured, written: Sequence[Written], stack: ExitStack, faces: Sequence[str] | None = None
) -> tuple[Stage, list[tuple[str, Trial]]]:
    """Load what finds persons and vehicles, and begin what finds faces and plates; trials with their face model."""
    loaded = what.load(what.model)
    stack.enter_context(closing(loaded.backend))
    trials: list[tuple[str, Trial]] = []
    for face in what.faces if faces is None else faces:
        privacy = what.settings.privacy.model_copy(update={"face_model": face, "plate_model": what.plates})
        finders = Finders(what.load, privacy)
        stack.callback(finders.close)
        trials += [(face, Trial(one.name, one.policy, finders)) for one in written if one.models]
    trials += [("", Trial(one.name, one.policy, None)) for one in written if not one.models]
    return Stage(loaded.detector, loaded.backend, what.confidence), trials


def marked(dataset: Dataset) -> dict[str, int]:
    """How much there is to be covered, for JSON."""
    faces = [face for truth in dataset.truths for face in truth.faces]
    return {
        "pictures": len(dataset.truths),
        "faces": len(faces),
        "keypoints": sum(len(face.points) for face in faces),
        "plates": sum(len(truth.plates) for truth in dataset.truths),
    }
