"""What a decoder family is made of, and what families share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.detections import Detections
from models.letterbox import Fit
from models.manifest import ModelFacts, ModelManifest, PictureInput, TensorFacts

Outputs = Mapping[str, NDArray[Any]]
Thresholds = NDArray[np.float32]


class NotThisFamily(ValueError):
    """A model file's inputs or outputs are not those of the family; says which and why."""


@dataclass(frozen=True, slots=True)
class Family:
    """How a family of models takes a picture and writes its answers.

    Attributes:
        name: as manifests say it.
        fit: how a picture is laid into the input.
        pad: grey level around it.
        suppress: True when the answers overlap and need NMS.
        default_labels: class names where the file gives none, by number of classes (0: any number).
        picture_input: facts, wanted width, wanted height -> the input. Raises NotThisFamily.
        decode: outputs, (width, height) of the input, thresholds -> boxes of one picture in *input* pixels,
            every one at or over its class's threshold.
    """

    name: str
    fit: Fit
    pad: int
    suppress: bool
    default_labels: Mapping[int, tuple[str, ...]]
    picture_input: Callable[[ModelFacts, int | None, int | None], PictureInput]
    decode: Callable[[Outputs, tuple[int, int], Thresholds], Detections]
    count_classes: Callable[[ModelFacts], int] = lambda _facts: 0

    def labels(self, facts: ModelFacts) -> tuple[str, ...]:
        """Class names for a file without a manifest."""
        count = self.count_classes(facts)
        return self.default_labels.get(count, tuple(f"class {i}" for i in range(count)))


def thresholds_for(manifest: ModelManifest, confidence: float, own: Mapping[str, float]) -> Thresholds:
    """Thresholds per class, (len(labels) + 1,) float32; the last one is for class numbers without a name.

    Raises:
        ValueError: `own` names a label the model does not have.
    """
    values = np.full(len(manifest.labels) + 1, confidence, np.float32)
    for label, value in own.items():
        if label not in manifest.labels:
            raise ValueError(f"{manifest.name} has no label {label!r}; it has: {', '.join(manifest.labels)}")
        values[manifest.labels.index(label)] = value
    return values


def over(score: NDArray[np.float32], class_id: NDArray[np.int32], thresholds: Thresholds) -> NDArray[np.bool_]:
    """Mask (N,) of the boxes that reach their class's threshold; NaN never does."""
    known = np.where((class_id >= 0) & (class_id < len(thresholds)), class_id, len(thresholds) - 1)
    reached: NDArray[np.bool_] = score >= thresholds[known]
    return reached


def picture_tensor(facts: ModelFacts) -> TensorFacts:
    """The one four-dimensional input of a model that takes a picture and nothing else.

    Raises:
        NotThisFamily: there are more inputs, or it isn't four-dimensional.
    """
    if len(facts.inputs) != 1 or len(facts.inputs[0].shape) != 4:
        raise NotThisFamily(f"expected one 4-D input, got {[list(t.shape) for t in facts.inputs]}")
    return facts.inputs[0]


def named(outputs: Outputs, wanted: str) -> NDArray[Any]:
    """The output whose name is, or starts with, `wanted` (converters append :0 and the like).

    Raises:
        KeyError: none is.
    """
    for name, value in outputs.items():
        if name.split(":")[0] == wanted:
            return value
    raise KeyError(f"no output {wanted!r} among {sorted(outputs)}")


def side(stated: int | None, wanted: int | None, default: int) -> int:
    """A dimension: what the file fixes, else what is wanted, else the family's default."""
    return stated or wanted or default


def shapes(tensors: Sequence[TensorFacts]) -> str:
    """Shapes in words, for messages."""
    return ", ".join(f"{t.name} {list(t.shape)}" for t in tensors)
