"""Settings of what is covered, how long pictures are kept, and the record of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from console.settings.section import ModelName, Score, Section

Style = Literal["solid", "pixelate", "blur"]
Heads = Literal["unsure", "always", "never"]
Plates = Literal["plates", "vehicles", "no"]
CLOSER_LABELS = ("vehicle", "car", "truck", "bus", "motorcycle")
"""At which doubtful detections somebody may look closer, where nothing else is said: what carries plates."""


class AreaSettings(Section):
    """A part of a camera's picture that is always covered."""

    name: str = Field(default="", max_length=64, description="What it is, such as the neighbour's door.")
    points: tuple[tuple[Score, Score], ...] = Field(
        min_length=3, max_length=64, description="Its corners, each as shares of the picture's width and height."
    )


class PrivacySettings(Section):
    """What is covered in every picture that is kept or leaves, and what finds it."""

    faces: bool = Field(default=True, description="Cover the faces that the face model finds.")
    heads: Heads = Field(
        default="unsure",
        description="Cover the upper end of a person's box: where no sure face was found in it, always, or never.",
    )
    plates: Plates = Field(
        default="plates",
        description="plates: those the plate model finds, it misses some; vehicles: whole vehicles too; no: nothing.",
    )
    cover: tuple[str, ...] = Field(default=(), description="Labels whose boxes are covered as a whole, such as person.")
    style: Style = Field(
        default="solid", description="How it is covered; pixelate and blur show more and protect less than solid."
    )
    live: bool = Field(
        default=False,
        description="Cover the live picture too: it then comes at the rate at which faces and plates can be found.",
    )
    purpose: str = Field(
        default="to judge what the cameras reported", min_length=1, description="Why pictures are kept, in words."
    )
    face_model: ModelName = Field(default="centerface", description="What finds faces: a catalogue name or a file.")
    plate_model: ModelName = Field(
        default="vehicle-license-plate-detection-barrier-0106",
        description="What finds plates: a catalogue name or a file.",
    )
    within_s: float = Field(
        default=2.0,
        gt=0,
        le=30,
        description="A face or plate model that takes longer has failed for that picture: whole boxes are covered.",
    )
    idle_min: float = Field(
        default=5.0, gt=0, le=240, description="After so long without a key or click a supervisor is an operator again."
    )


class CameraPrivacy(Section):
    """What is covered in one camera's pictures; what is left empty is as for the site."""

    faces: bool | None = Field(default=None, description="Cover the faces that the face model finds.")
    heads: Heads | None = Field(default=None, description="Cover the upper end of a person's box.")
    plates: Plates | None = Field(default=None, description="Cover plates, whole vehicles, or neither.")
    cover: tuple[str, ...] | None = Field(default=None, description="Labels whose boxes are covered as a whole.")
    areas: tuple[AreaSettings, ...] = Field(default=(), description="Parts of the picture that are always covered.")
    style: Style | None = Field(default=None, description="How it is covered.")
    live: bool | None = Field(default=None, description="Cover the live picture too.")
    purpose: str = Field(default="", description="Why this camera's pictures are kept, in words.")
    seal_plates_for: str = Field(
        default="",
        description=(
            "Public key of who may read plates: crops of them are kept sealed for its holder, unreadable here. "
            "Make one with: sightdesk privacy keygen."
        ),
    )
    seal_doubtful_for: str = Field(
        default="",
        description=(
            "Public key of who looks closer at doubtful detections, such as a cloud's worker: crops of them, faces and "
            "plates included, are kept sealed for its holder, unreadable here."
        ),
    )
    seal_doubtful_labels: tuple[str, ...] = Field(
        default=CLOSER_LABELS, min_length=1, description="Labels of the detections that are sealed when in doubt."
    )


class KeepSettings(Section):
    """How long pictures are kept."""

    days: int = Field(default=30, ge=1, le=3650, description="Pictures go after so many days.")
    gigabytes: float | None = Field(
        default=None, gt=0, le=100_000, description="A camera's oldest go when it has more than this; empty: no limit."
    )


class AuditSettings(Section):
    """The record of who saw, sent, changed and erased what."""

    anchor: str = Field(
        default="",
        description="Full path of a file on another machine, to which the record's newest seal is added each time.",
    )
