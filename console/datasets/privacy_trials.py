"""The policies that are compared, and how one is written in words: heads=always,plates=vehicles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, get_args

from console.errors import UsageError
from models.policy import Cover, Heads, Plates, Style
from models.words import _

_T = TypeVar("_T")

STANDARD = {
    "found faces": "heads=never",
    "unsure heads": "heads=unsure",
    "all heads": "heads=always",
    "whole persons": "cover=person",
    "whole vehicles": "plates=vehicles",
    "models failed": "models=none",
}
"""What is compared where nothing else is asked for; everything that is not named is as the site has it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A policy as it was written.

    Attributes:
        name: what the table calls it.
        policy: what it says.
        models: False: face and plate models are left out, to see what is covered when they fail.
    """

    name: str
    policy: Cover
    models: bool = True


def standard(site: Cover) -> list[Written]:
    """Those worth comparing; the site's own is marked as such."""
    written = [parse(text, site, name) for name, text in STANDARD.items()]
    # whatever the site says of heads, it is one of these
    return [
        Written(_("{name} (site)").format(name=one.name), site) if one.models and one.policy == site else one
        for one in written
    ]


def parse(text: str, site: Cover, name: str = "") -> Written:
    """A policy from words: `key=value` with commas between; what is not named is as the site has it.

    Keys: faces (yes, no), heads (unsure, always, never), plates (plates, vehicles, no), cover (labels with + between),
    style (solid, pixelate, blur), pad (a share), models (all, none).

    Raises:
        UsageError: a key or a value is none of these.
    """
    changed: dict[str, object] = {}
    models = True
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, _equals, value = (side.strip() for side in part.partition("="))
        if key == "models":
            models = _one_of(key, value, {"all": True, "none": False})
        elif key in _KEYS:
            field, read = _KEYS[key]
            changed[field] = read(value)
        else:
            raise UsageError(
                _("A policy has no {key!r}.").format(key=key),
                _("Write it as heads=always,plates=vehicles; keys: {keys}.").format(keys=", ".join([*_KEYS, "models"])),
            )
    return Written(name or text or _("site"), site.model_copy(update=changed), models)


def _one_of(key: str, value: str, allowed: dict[str, _T]) -> _T:
    if value not in allowed:
        raise UsageError(
            _("{key} of a policy can't be {value!r}.").format(key=key, value=value),
            _("It is one of: {allowed}.").format(allowed=", ".join(allowed)),
        )
    return allowed[value]


def _pad(value: str) -> float:
    try:
        pad = float(value)
    except ValueError:
        pad = -1.0
    if not 0 <= pad <= 1:
        raise UsageError(_("pad of a policy can't be {value!r}.").format(value=value), _("It is a share from 0 to 1."))
    return pad


def _choice(key: str, kind: object) -> Callable[[str], object]:
    return lambda value: _one_of(key, value, {name: name for name in get_args(kind)})


_KEYS: dict[str, tuple[str, Callable[[str], object]]] = {
    "faces": ("faces", lambda value: _one_of("faces", value, {"yes": True, "no": False})),
    "heads": ("heads", _choice("heads", Heads)),
    "plates": ("plates", _choice("plates", Plates)),
    "cover": ("classes", lambda value: tuple(filter(None, (name.strip() for name in value.split("+"))))),
    "style": ("style", _choice("style", Style)),
    "pad": ("pad", _pad),
}
