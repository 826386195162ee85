"""Policies: what is covered in a camera's pictures before they leave memory, how, and why they are kept at all.

A policy is a value. It is kept with every picture that was made under it, as its JSON.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Style = Literal["solid", "pixelate", "blur"]
"""solid: nothing of what was there is left. pixelate and blur let some of its light and colour through, and protect
less; see `models.covers` for how much they leave."""
Heads = Literal["unsure", "always", "never"]
Plates = Literal["plates", "vehicles", "no"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Area(BaseModel):
    """A part of the picture that is always covered.

    Attributes:
        points: its corners in order, each as shares of the picture's width and height, after rotation and mirror.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: tuple[tuple[Share, Share], ...] = Field(min_length=3)


class Cover(BaseModel):
    """Cover what tells people and vehicles apart.

    Attributes:
        faces: those that a face model finds.
        heads: the head end of a person's box: where no sure face was found in it, always, or never.
        plates: those that a plate model finds; or whole vehicles, and the plates found besides; or neither.
        classes: labels whose whole boxes are covered.
        areas: covered whatever is in them.
        style: how.
        pad: how much wider and higher than what was found a cover is, as a share of its sides.
        seal_plates_for: the public key, as text, of who may read plates: crops of them are sealed for its holder. The
            picture is covered all the same. Empty: nobody may.
        seal_doubtful_for: the same of who looks closer at doubtful detections: of each a crop of what is in and around
            its box, covered nowhere but in `areas`, is sealed for its holder. Empty: nobody does.
        seal_doubtful_labels: labels of detections that are sealed so.
        purpose: why pictures are kept at all, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cover"] = "cover"
    faces: bool = True
    heads: Heads = "unsure"
    plates: Plates = "plates"
    classes: tuple[str, ...] = ()
    areas: tuple[Area, ...] = ()
    style: Style = "solid"
    pad: float = Field(default=0.15, ge=0, le=1)
    seal_plates_for: str = ""
    seal_doubtful_for: str = ""
    seal_doubtful_labels: tuple[str, ...] = ()
    purpose: str = Field(min_length=1)


class PublishedFootage(BaseModel):
    """Leave the picture as it is: it was published already, with the consent or under the law of its publisher.

    Attributes:
        published_as: which footage, where, under which licence.
        purpose: why pictures are kept at all, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["published footage"] = "published footage"
    published_as: str = Field(min_length=1)
    purpose: str = Field(min_length=1)


Policy = Annotated[Cover | PublishedFootage, Field(discriminator="kind")]
