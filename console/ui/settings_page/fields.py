"""From the settings' models to fields of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from console.settings.fields import limits, section_of
from console.settings.section import Section
from console.ui.settings_page.labels import choice_of, label_of, unit_of
from models.words import _
from widgets.form_editors import FieldSpec, Kind

Suggestions = Mapping[str, Sequence[str]]
"""Texts to pick from, by path."""
_KINDS: dict[Any, Kind] = {bool: "flag", int: "whole", float: "number", str: "text"}


def spec_of(path: str, field: FieldInfo, suggestions: Suggestions | None = None, key: str = "") -> FieldSpec | None:
    """The field of a form for a setting; None where a form has nothing for it: groups, lists of groups, tables.

    Args:
        path: where it stands, without the names of entries: ``events.rules.sound``.
        field: the model's.
        suggestions: texts to pick from, by path.
        key: what the form calls it; the path by default.
    """
    plain, optional = _without_none(field.annotation)
    choices: tuple[tuple[Any, str], ...] = ()
    offered = (suggestions or {}).get(path, ())
    if get_origin(plain) is Literal:
        kind: Kind | None = "choice"
        choices = tuple((value, choice_of(path, value)) for value in get_args(plain))
    elif get_origin(plain) is tuple and get_args(plain)[:1] == (str,):
        kind = "words"
    else:
        kind = _KINDS.get(plain)
    if kind is None:
        return None
    if kind == "text" and offered:
        kind, choices = "suggest", tuple((text, text) for text in offered)
    default = field.get_default(call_default_factory=True)
    return FieldSpec(
        key or path,
        label_of(path),
        _(field.description or ""),
        kind,
        "" if default is PydanticUndefined else default,
        choices,
        "" if kind == "choice" else _sentence(limits(field)),
        unit_of(path),
        optional,
    )


def list_of(field: FieldInfo) -> type[Section] | None:
    """The section a list of them holds; None where it is no such list."""
    plain, _optional = _without_none(field.annotation)
    return section_of(plain) if get_origin(plain) is tuple else None


def group_of(field: FieldInfo) -> type[Section] | None:
    """The section a field is; None where it is a value or a list."""
    plain, _optional = _without_none(field.annotation)
    return plain if isinstance(plain, type) and issubclass(plain, Section) else None


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """An annotation without its None and its bounds, and whether None was in it."""
    optional = False
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not NoneType]
        optional = len(parts) < len(get_args(annotation))
        annotation = parts[0] if len(parts) == 1 else annotation
    while hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    return annotation, optional


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def plain(value: Any) -> Any:
    """A value as `SettingsFile.edit` takes it."""
    return list(value) if isinstance(value, tuple) else value
