"""Values as YAML text that a person would have written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

# a colon inside a word, as in rtsp://host, needs no quotes; one at its end would make a key of it
_WORD = r"[A-Za-z0-9_./:?&=%+-]*[A-Za-z0-9_./?&=%+-]"
_PLAIN_TEXT = re.compile(rf"(?=[A-Za-z_/]){_WORD}(?: (?=[A-Za-z0-9]){_WORD})*")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def scalar(value: object) -> str:
    """A single value as YAML that reads back as exactly it; nothing for None.

    Raises:
        TypeError: it is no text, finite number, boolean or None.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and math.isfinite(value):
        return repr(value)
    if isinstance(value, str):
        plain = _PLAIN_TEXT.fullmatch(value) and value.lower() not in _NOT_TEXT
        return value if plain else f'"{"".join(map(_escaped, value))}"'
    raise TypeError(f"{type(value).__name__} has no place in settings")


def _escaped(character: str) -> str:
    """A character inside double quotes. Not JSON's way: YAML reads two halves of an escaped pair as two characters."""
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def block(value: object, indent: int, dash: int = 2) -> list[str]:
    """A mapping or list as lines of YAML; an empty or single value as one line.

    Args:
        value: dicts, lists, tuples and single values.
        indent: spaces before each line.
        dash: further spaces before the dash of a list inside a mapping.
    """
    pad = " " * indent
    if isinstance(value, Mapping) and value:
        lines = []
        for key, item in value.items():
            if is_block(item):
                lines.append(f"{pad}{scalar(key)}:")
                lines += block(item, indent + (2 if isinstance(item, Mapping) else dash), dash)
            else:
                lines.append(f"{pad}{scalar(key)}: {inline(item)}".rstrip())
        return lines
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        lines = []
        for item in value:
            first, *rest = block(item, indent + 2, dash)
            lines += [f"{pad}- {first.lstrip()}", *rest]
        return lines
    return [pad + inline(value)]


def is_block(value: object) -> bool:
    """Whether a value takes lines of its own below its key."""
    return isinstance(value, (Mapping, list, tuple)) and bool(value)


def inline(value: object) -> str:
    """A single value, an empty list or an empty mapping, on one line."""
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, (list, tuple)) else scalar(value)
