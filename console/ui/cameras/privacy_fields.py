"""The fields of a camera's privacy: each may be left as it is for the whole site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.settings.privacy import CLOSER_LABELS, CameraPrivacy, KeepSettings
from console.settings.schema import CameraSettings, Settings
from console.ui.cameras.draft import KEYS
from console.ui.privacy_words import HEADS, PLATES, STYLES
from models.words import _
from widgets.form_editors import FieldSpec

OWN = ("faces", "heads", "plates", "style", "live")
"""Choices of which the first is: as for the site."""
PLACES: tuple[tuple[str, ...], ...] = (
    ("purpose",), ("faces", "heads"), ("plates", "style"), ("cover", "cover_else"), ("live", ""),
)  # fmt: skip
"""Rows of the form; an empty name is an empty place."""
KEPT: tuple[tuple[str, ...], ...] = (
    ("days", "gigabytes"), ("seal_plates_for",), ("seal_doubtful_for",), ("seal_doubtful_labels",), ("published_as",),
)  # fmt: skip


def specs(settings: Settings) -> dict[str, FieldSpec]:
    """The fields by their names in `CameraPrivacy` and `KeepSettings`."""
    site, keep = settings.privacy, settings.keep
    yes, no = _("covered"), _("not covered")
    return {
        "faces": _choice("faces", _("Faces"), {True: yes, False: no}, site.faces),
        "heads": _choice("heads", _("Heads"), HEADS, site.heads),
        "plates": _choice("plates", _("Plates"), PLATES, site.plates),
        "style": _choice("style", _("How"), STYLES, site.style),
        "live": _choice("live", _("Live picture"), {True: _("redacted"), False: _("as it is")}, site.live),
        "cover": FieldSpec(
            "cover",
            _("Whole objects"),
            _("Labels whose boxes are covered as a whole, with commas between."),
            "words",
            (),
            placeholder=_("such as person"),
        ),
        "cover_else": FieldSpec(
            "cover_else",
            _("Where that is empty"),
            _("What holds for this camera where no labels of its own are named: those of the site, or none at all."),
            "choice",
            None,
            ((None, _("Site: {what}").format(what=", ".join(site.cover) or _("none"))), (False, _("None"))),
            optional=True,
        ),
        "purpose": _text("purpose", _("Purpose"), _about("purpose"), site.purpose),
        "seal_plates_for": _text("seal_plates_for", _("Plates sealed for"), _about("seal_plates_for"), _("nobody")),
        "seal_doubtful_for": _text(
            "seal_doubtful_for", _("Doubtful objects sealed for"), _about("seal_doubtful_for"), _("nobody")
        ),
        "seal_doubtful_labels": FieldSpec(
            "seal_doubtful_labels",
            _("Doubtful classes sealed"),
            _about("seal_doubtful_labels"),
            "words",
            (),
            placeholder=", ".join(CLOSER_LABELS),
        ),
        "published_as": _text(
            "published_as",
            _("Published footage"),
            _(CameraSettings.model_fields["published_as"].description or ""),
            _("no: it is the site's own"),
        ),
        "days": _number("days", _("Days kept"), "whole", str(keep.days), ""),
        "gigabytes": _number("gigabytes", _("At most"), "number", _limit(keep.gigabytes), _("GB")),
    }


def written(values: Mapping[str, Any], areas: list[dict[str, Any]]) -> dict[str, Any]:
    """Fields of `CameraSettings` by what stands in the form; what is as for the site is left out."""
    privacy = {name: values[name] for name in OWN if values[name] is not None}
    privacy |= {name: values[name] for name in ("purpose", *KEYS) if values[name]}
    if values["seal_doubtful_labels"]:
        privacy["seal_doubtful_labels"] = list(values["seal_doubtful_labels"])
    if values["cover"] or values["cover_else"] is not None:
        privacy["cover"] = list(values["cover"])
    if areas:
        privacy["areas"] = areas
    keep = {name: values[name] for name in ("days", "gigabytes") if values[name] is not None}
    return {"privacy": privacy, "keep": keep or None, "published_as": values["published_as"] or ""}


def shown(camera: CameraSettings) -> dict[str, Any]:
    """What stands in the form for a camera."""
    own, keep = camera.privacy, camera.keep
    values: dict[str, Any] = {name: getattr(own, name) for name in (*OWN, "purpose", *KEYS)}
    values["seal_doubtful_labels"] = own.seal_doubtful_labels if own.seal_doubtful_labels != CLOSER_LABELS else ()
    values["cover"] = own.cover or ()
    values["cover_else"] = False if own.cover == () else None
    values["published_as"] = camera.published_as
    values["days"] = keep.days if keep is not None else None
    values["gigabytes"] = keep.gigabytes if keep is not None else None
    return values


def _choice(name: str, label: str, words: Mapping[Any, str], site: Any) -> FieldSpec:
    first = _("Site: {what}").format(what=_(words[site]))
    choices = ((None, first), *((value, _sentence(_(said))) for value, said in words.items()))
    return FieldSpec(name, label, _about(name), "choice", None, choices, optional=True)


def _text(name: str, label: str, about: str, placeholder: str) -> FieldSpec:
    return FieldSpec(name, label, about, "text", "", placeholder=placeholder)


def _number(name: str, label: str, kind: Any, placeholder: str, unit: str) -> FieldSpec:
    about = _(KeepSettings.model_fields[name].description or "")
    return FieldSpec(name, label, about, kind, None, unit=unit, optional=True, placeholder=placeholder)


def _limit(gigabytes: float | None) -> str:
    return _("no limit") if gigabytes is None else f"{gigabytes:g}"


def _about(name: str) -> str:
    return _(CameraPrivacy.model_fields[name].description or "")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
