"""What pydantic has against the settings, in an operator's words and at the line where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from console.settings.fields import field_at, limits, section_at
from console.settings.parse import Parsed, Problem
from console.settings.scrub import SECRET_KEY
from console.settings.section import MOVE_PASSWORD, Section
from models.words import N_, _

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo

_ENOUGH = 50  # nobody reads more, and a file of nothing but mistakes must not hold up a start
_KINDS = {
    "string_type": N_("must be text; write it in quotes if it looks like a number or a date"),
    "string_unicode": N_("has characters in it that are no text"),
    "string_too_short": N_("must not be empty"),
    "int_type": N_("must be a whole number"),
    "int_parsing": N_("must be a whole number"),
    "int_from_float": N_("must be a whole number"),
    "float_type": N_("must be a number"),
    "float_parsing": N_("must be a number"),
    "finite_number": N_("must be a number"),
    "bool_type": N_("must be true or false"),
    "bool_parsing": N_("must be true or false"),
    "tuple_type": N_("must be a list: one line with a dash for each entry"),
    "list_type": N_("must be a list: one line with a dash for each entry"),
    "dict_type": N_("must be a group of keys, each with a value"),
    "model_type": N_("must be a group of keys, each with a value"),
    "model_attributes_type": N_("must be a group of keys, each with a value"),
    "missing": N_("is missing"),
    "string_pattern_mismatch": N_("has characters in it that don't fit here"),
}
_BOUNDS = {
    "ge": N_("must be at least {limit}"),
    "gt": N_("must be more than {limit}"),
    "le": N_("must be at most {limit}"),
    "lt": N_("must be less than {limit}"),
    "min_length": N_("must have at least {limit} of them"),
    "max_length": N_("must have at most {limit} of them"),
}


def problems(error: ValidationError, parsed: Parsed, model: type[Section]) -> tuple[Problem, ...]:
    """Every problem pydantic found, in the order of the file.

    Args:
        error: of validating `parsed` as `model`.
        parsed: where the lines are known.
        model: the section that was validated, such as Settings.
    """
    found = []
    for detail in error.errors(include_url=False, include_input=False)[:_ENOUGH]:
        context: Mapping[str, Any] = detail.get("ctx", {})
        way = (*(step for step in detail["loc"] if step != "[key]"), *context.get("at", ()))
        what, hint = _say(detail["type"], detail["msg"], way, context, model)
        found.append(Problem(what, hint, parsed.line_of(way), key_path(way, parsed.data)))
    return tuple(sorted(found, key=lambda problem: problem.line or 0))


def _say(
    kind: str, message: str, way: Sequence[str | int], context: Mapping[str, Any], model: type[Section]
) -> tuple[str, str]:
    if kind == "mistake":
        return str(context["what"]), str(context["hint"])
    if kind == "extra_forbidden":
        return _unknown_key(way, model)
    field = field_at(model, way)
    hint = (
        _("What it is: {description}").format(description=_(field.description))
        if field is not None and field.description
        else ""
    )
    what = _(_KINDS.get(kind, "")) or _out_of_bounds(field, context) or message[:1].lower() + message[1:]
    return what, hint


def _out_of_bounds(field: FieldInfo | None, context: Mapping[str, Any]) -> str:
    """For a value of the right type that is not allowed: what would be."""
    if field is not None and (allowed := limits(field)):
        return _("must be {allowed}").format(allowed=allowed)
    return next((_(words).format(limit=context[name]) for name, words in _BOUNDS.items() if name in context), "")


def _unknown_key(way: Sequence[str | int], model: type[Section]) -> tuple[str, str]:
    key = str(way[-1])
    above = section_at(model, way[:-1])
    known = list(above.model_fields) if above is not None else []
    if near := get_close_matches(key.lower(), known, n=1, cutoff=0.6):
        return _("is not a key that is known here"), _("Did you mean {near}?").format(near=near[0])
    if SECRET_KEY.search(key):
        return _("is not a key that is known here, and a password never stands in this file"), _(MOVE_PASSWORD)
    return _("is not a key that is known here"), _("Known here: {known}.").format(
        known=", ".join(known)
    ) if known else ""


def key_path(way: Sequence[str | int], data: Any) -> str:
    """The way to a key as an operator writes it: ``cameras.gate.stages.1.model``.

    A list's entries go by their id where they have one, else by their number, from 1.
    """
    steps = []
    for step in way:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
            name = data.get("id") if isinstance(data, dict) else None
            steps.append(name if isinstance(name, str) and name else str(step + 1))
        else:
            data = data.get(step) if isinstance(data, dict) else None
            steps.append(step)
    return ".".join(steps)
