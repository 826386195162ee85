"""The settings as a commented YAML text that a person likes to read, made from the schema alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from console.settings.fields import limits, section_of
from console.settings.privacy import CameraPrivacy
from console.settings.render import block, inline
from console.settings.schema import CameraSettings, Settings
from console.settings.section import Section

_WIDTH = 110
_HEAD = """\
# Sightdesk: what this site shall do.
#
# Change what you need, save, and ask whether it is right:    sightdesk settings check
# A key left empty means its default. As long as there is a mistake in this file, the last good copy is in force.
# Passwords never stand here. Store them with    sightdesk secrets set NAME    and write    {secret: NAME}
"""
_CAMERA_HEAD = "One camera looks like this. Delete the [] above and the # here; only id and source are needed."
_EXAMPLE: dict[str, Any] = {
    "id": "gate",
    "name": "Gate",
    "source": "rtsp://192.168.1.20:554/stream1",
    "login": {"user": "viewer", "password": {"secret": "gate-camera"}},
    "stages": [{"model": "yolox_nano", "confidence": 0.3}],
    "privacy": CameraPrivacy().model_dump()
    | {"areas": [{"name": "the neighbour's door", "points": [[0.0, 0.0], [0.1, 0.0], [0.1, 0.2]]}]},
}


@cache
def commented() -> str:
    """The settings file of a first start: every key with its help and its default, and a camera to copy."""
    parts = [_HEAD]
    for name, field in Settings.model_fields.items():
        lines = [f"# {line}" for line in textwrap.wrap(_help(field), _WIDTH - 2)]
        below = section_of(field.annotation)
        if below is CameraSettings:
            lines += [f"{name}: []", "", f"# {_CAMERA_HEAD}", *_camera_example()]
        elif below is not None:
            lines += [f"{name}:", *_keys(below)]
        else:
            lines.append(f"{name}: {inline(field.get_default(call_default_factory=True))}".rstrip())
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _keys(section: type[Section]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield from (f"  # {line}" for line in textwrap.wrap(_help(field), _WIDTH - 4))
        default = to_jsonable_python(field.get_default(call_default_factory=True))
        yield from block({name: default}, 2)
        below = section_of(field.annotation)
        if below is not None and default == []:
            yield from _entry(below)


def _entry(section: type[Section]) -> Iterator[str]:
    """What may stand in an entry of a list that is empty so far, behind hashes."""
    for index, (name, field) in enumerate(section.model_fields.items()):
        yield f"  # {'- ' if index == 0 else '  '}{name}:"
        yield from (f"  #     # {line}" for line in textwrap.wrap(_help(field), _WIDTH - 10))


def _camera_example() -> Iterator[str]:
    """A camera behind hashes, its help beside it; `#  - id: gate` becomes right by deleting the first character."""
    for index, (name, field) in enumerate(CameraSettings.model_fields.items()):
        value = _EXAMPLE[name] if name in _EXAMPLE else field.get_default(call_default_factory=True)
        first, *rest = block({name: to_jsonable_python(value)}, 4)
        entry = ("  - " if index == 0 else "    ") + first.strip()
        help_lines = textwrap.wrap(_help(field), _WIDTH - 48)
        yield f"#{entry:<45} # {help_lines[0]}"
        yield from (f"#{'':<45} # {line}" for line in help_lines[1:])
        yield from (f"#{line}" for line in rest)


def _help(field: FieldInfo) -> str:
    allowed = limits(field)
    text = field.description or ""
    return f"{text} {allowed[:1].upper()}{allowed[1:]}.".strip() if allowed else text
