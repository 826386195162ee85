"""Settings of the models, of what runs them, and of the servers pictures may be sent to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from console.settings.section import ModelName, Score, Section, mistake
from models.words import _


class StageSettings(Section):
    """One model working on a camera's pictures."""

    model: ModelName = Field(description="A catalogue name such as yolox_nano, or the path of a model file.")
    on: str | None = Field(
        default=None,
        description="Label of an earlier stage whose boxes this model looks into; empty: the whole picture.",
    )
    confidence: Score = Field(default=0.3, description="Boxes that score less are dropped.")
    thresholds: dict[str, Score] = Field(
        default_factory=dict, description="Own confidence for some labels, such as person: 0.45."
    )


class Fallback(Section):
    """What runs a model when the chosen device is lost."""

    backend: str = Field(description="Runtime: openvino, onnxruntime, or a plug-in's name.")
    device: str = Field(default="CPU", description="Device as the runtime names it.")
    model: ModelName = Field(
        default="", description="Another model, such as one on this machine for one on a server; empty: the same."
    )


Precision = Literal["default", "f32"]


class OwnPlace(Section):
    """What runs one model, where not what runs the others."""

    model: str = Field(min_length=1, description="The model, as it is named by the site or by its cameras.")
    backend: str = Field(description="Runtime: openvino, onnxruntime, or a plug-in's name.")
    device: str = Field(default="CPU", description="Device as the runtime names it.")
    precision: Precision = Field(default="default", description="default or f32, as for the site.")


class GateSettings(Section):
    """What a model must show before it is activated."""

    gold: str = Field(
        default="", description="Name of the gold set it is measured on, in its newest version; empty: no gate."
    )
    least_ap: Score | None = Field(default=None, description="Average precision it must reach; empty: none in itself.")
    loss: Score = Field(default=0.01, description="Average precision it may be behind what runs now, at most.")


class InferenceSettings(Section):
    """What runs the models."""

    model: ModelName = Field(
        default="best",
        description=(
            "Model of cameras that name none: a catalogue name, a file, the address of a served model "
            "(grpc://host:port/MODEL), or best: the best that can be had."
        ),
    )
    backend: str = Field(default="openvino", description="Runtime: openvino, onnxruntime, or a plug-in's name.")
    device: str = Field(default="CPU", description="Device as the runtime names it.")
    precision: Precision = Field(
        default="default",
        description="default: what the device runs fastest (such as bf16); f32: exact, for comparisons.",
    )
    scaling: Literal["fast", "exact"] = Field(
        default="fast", description="How pictures are scaled for the model; exact costs about three times as much."
    )
    batch: int = Field(
        default=1, ge=1, le=64, description="Pictures of several cameras given to a model at once, at most."
    )
    batch_wait_ms: float = Field(
        default=4.0,
        ge=0,
        le=100,
        description="How long a picture may wait for others of its batch; never while the device is idle.",
    )
    fallback: tuple[Fallback, ...] = Field(
        default=(),
        description="What to take, in this order, when the chosen device is lost; empty: nothing else, ever.",
    )
    gate: GateSettings = Field(
        default_factory=GateSettings, description="What a model must show on a gold set before it is activated."
    )
    own: tuple[OwnPlace, ...] = Field(
        default=(), description="Models that another runtime, device or precision runs than the rest of the site."
    )

    def of(self, model: str) -> InferenceSettings:
        """What runs one model, named as the settings name it."""
        entry = next((one for one in self.own if one.model == model), None)
        return self if entry is None else self.model_copy(update=entry.model_dump(exclude={"model"}))

    @model_validator(mode="after")
    def _each_once(self) -> InferenceSettings:
        seen: set[str] = set()
        for index, entry in enumerate(self.own):
            if entry.model in seen:
                raise mistake(
                    _("{model} has two entries").format(model=entry.model), _("Keep one."), ("own", index, "model")
                )
            seen.add(entry.model)
        return self


class RemoteEndpoint(Section):
    """A model server that pictures may be sent to."""

    address: str = Field(
        pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):[0-9]{1,5}$",
        description="The server's host:port, as in the model's address.",
    )
    purpose: str = Field(min_length=1, description="Why pictures are sent there, in words; it goes into the audit.")
    pictures: Literal["plain", "covered"] = Field(
        default="plain",
        description="plain: pictures go there as they are; covered: faces, plates and areas are covered first.",
    )
    ca: str = Field(
        default="",
        description="Full path of the certificate (PEM) of who vouches for it; empty: whom the system trusts.",
    )
    certificate: str = Field(
        default="", description="Full path of the certificate (PEM) this machine shows, where the server asks for one."
    )
    key: str = Field(default="", description="Full path of that certificate's private key (PEM).")

    @model_validator(mode="after")
    def _whole_pair(self) -> RemoteEndpoint:
        if bool(self.certificate) != bool(self.key):
            raise mistake(_("a certificate and its key are only of use together"), _("Name both, or neither."))
        return self


class RemoteSettings(Section):
    """Which model servers pictures may be sent to."""

    allowed: tuple[RemoteEndpoint, ...] = Field(
        default=(),
        description="Nothing is sent to a server that is not here; to other machines only with TLS (grpcs, https).",
    )
