"""What a model file is: facts read from it, and the manifest that says what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MANIFEST_KEY = "sightdesk.manifest"
"""The key of a file's metadata, or of a served model's parameters, under which its manifest stands as JSON."""


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """An input or output as the file states it; a None in `shape` is a free dimension."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model file says about itself, before anything is compiled."""

    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PictureInput:
    """An input that takes a picture, and how it wants its numbers.

    The caller always submits (N, height, width, 3) uint8 BGR; the backend converts, in the graph where it can:
    ``(pixel - mean) / std`` in the wanted channel order, layout and dtype.

    Attributes:
        name: the input's name in the file.
        width: pixels; a model with free spatial dimensions is fixed to it.
        height: pixels.
        layout: order of dimensions in the file.
        color: channel order the weights were trained on.
        dtype: element type in the file.
        mean: per channel, in the model's channel order.
        std: per channel.
    """

    name: str
    width: int
    height: int
    layout: Literal["NCHW", "NHWC"]
    color: Literal["BGR", "RGB"] = "BGR"
    dtype: Literal["float32", "uint8"] = "float32"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)


class ModelManifest(BaseModel):
    """What a model package says its weights are. Knowledge travels with the weights, not in the program.

    Attributes:
        name: the package's name, such as yolox_nano.
        family: the decoder family.
        labels: names behind the class numbers; a number past the end is shown as "class N".
        width: input width in pixels where the file leaves it free.
        height: input height in pixels where the file leaves it free.
        nms_iou: overlap above which the lower-scoring box of one class goes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    family: str
    labels: tuple[str, ...] = ()
    width: int | None = Field(default=None, ge=32, le=8192)
    height: int | None = Field(default=None, ge=32, le=8192)
    nms_iou: float = Field(default=0.45, gt=0, le=1)

    def label(self, class_id: int) -> str:
        """The name behind a class number."""
        return self.labels[class_id] if 0 <= class_id < len(self.labels) else f"class {class_id}"
