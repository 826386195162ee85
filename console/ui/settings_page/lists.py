"""Changes inside lists of the settings: a list that stands by default is in no file, so a change writes it whole."""

from __future__ import annotations

from typing import Any

from console.settings.order import plain
from console.settings.schema import Settings
from console.settings.section import Section


def whole(settings: Settings, path: str, value: Any) -> tuple[str, Any]:
    """The change that is written for a wanted one.

    Args:
        settings: in force.
        path: of a value; entries of lists by number from 1: ``events.rules.1.sound``.
        value: what it shall be; None: the default, for an entry: remove it.

    Returns:
        The same, or the path of the list and all its entries where the list does not stand in the file.
    """
    words = path.split(".")
    at = next((index for index, word in enumerate(words) if word.isdecimal()), None)
    if at is None:
        return path, value
    owner: Any = settings
    for word in words[: at - 1]:
        owner = getattr(owner, word)
    name = words[at - 1]
    if not isinstance(owner, Section) or in_file(settings, ".".join(words[:at])):
        return path, value
    items = [plain(item.model_dump(exclude_defaults=True)) for item in getattr(owner, name)]
    number = int(words[at]) - 1
    if number == len(items):
        items.append({})
    if len(words) == at + 1:
        items[number : number + 1] = [] if value is None else [value]
    else:
        _set(items[number], words[at + 1 :], value)
    return ".".join(words[:at]), items


def in_file(settings: Settings, path: str) -> bool:
    """Whether a setting stands in the file, and is not just its default."""
    here: Any = settings
    for word in path.split("."):
        if not isinstance(here, Section) or word not in here.model_fields_set:
            return False
        here = getattr(here, word)
    return True


def _set(item: dict[str, Any], words: list[str], value: Any) -> None:
    for word in words[:-1]:
        item = item.setdefault(word, {})
    if value is None:
        item.pop(words[-1], None)
    else:
        item[words[-1]] = value
