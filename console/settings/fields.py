"""What the schema says about a place in the settings: its help, the values it takes, the keys that may stand there."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from console.settings.schema import Settings
from console.settings.section import Section
from models.words import _


def limits(field: FieldInfo) -> str:
    """Which values a field takes, in words such as ``from 0 to 1`` or ``one of: tcp, udp``; empty where any."""
    if choices := _choices(field.annotation):
        return _("one of: {choices}").format(choices=", ".join(str(choice) for choice in choices))
    bounds: dict[str, Any] = {}
    for part in [*field.metadata, *_metadata(field.annotation)]:
        bounds.update({name: getattr(part, name) for name in ("ge", "gt", "le", "lt") if hasattr(part, name)})
    if "ge" in bounds and "le" in bounds:
        return _("from {least} to {most}").format(least=bounds["ge"], most=bounds["le"])
    words = {
        "ge": _("at least {limit}"), "gt": _("more than {limit}"),
        "le": _("at most {limit}"), "lt": _("less than {limit}"),
    }  # fmt: skip
    return _(" and ").join(words[name].format(limit=bounds[name]) for name in words if name in bounds)


def _choices(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _metadata(annotation: Any) -> list[Any]:
    """Limits inside Annotated, as pydantic keeps them on a nested FieldInfo."""
    return [part for info in getattr(annotation, "__metadata__", ()) for part in getattr(info, "metadata", ())]


def section_of(annotation: Any) -> type[Section] | None:
    """The section an annotation holds: Section, Section | None, tuple[Section, ...]."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for part in get_args(annotation):
        if part not in (NoneType, Ellipsis) and (found := section_of(part)) is not None:
            return found
    return None


def field_at(model: type[Section], way: Sequence[str | int]) -> FieldInfo | None:
    """The field at a place, such as ``("cameras", 0, "name")``; None where the schema has none."""
    if not way or isinstance(way[-1], int):
        return None
    above = section_at(model, way[:-1])
    return above.model_fields.get(way[-1]) if above is not None else None


def section_at(model: type[Section], way: Sequence[str | int]) -> type[Section] | None:
    """The section whose keys may stand at a place; None where the schema has none."""
    here: type[Section] | None = model
    for step in way:
        if isinstance(step, int):
            continue
        field = here.model_fields.get(step) if here is not None else None
        here = section_of(field.annotation) if field is not None else None
    return here


def takes_text(path: str) -> bool:
    """Whether a path such as ``cameras.gate.name`` leads to a setting that is text.

    Entries of lists are any word: whether there is such a camera is for the settings to say.
    """
    here: type[Section] | None = Settings
    words = iter(path.split("."))
    field: FieldInfo | None = None
    for word in words:
        field = here.model_fields.get(word) if here is not None else None
        if field is None:
            return False
        here = section_of(field.annotation)
        if get_origin(field.annotation) is tuple and next(words, None) is not None:
            field = None
    return field is not None and field.annotation in (str, str | None)
