"""What a change of the settings means: key paths, and the values that must come out.

A change is made twice, on plain values here and in the text by `splice`; the text is then read again and must say the
same, so that a clever edit of text can't ever mean something else than was asked for.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from console.errors import SettingsError
from console.settings.fields import field_at, section_at
from console.settings.order import Arranged, arrange
from console.settings.parse import Misread, Parsed, child, parse
from console.settings.schema import Settings
from console.settings.splice import splice
from models.words import _

Changes = Mapping[str, object]
"""Key paths and their new values, as `SettingsFile.edit` takes them."""
Way = tuple[str | int, ...]


def changed(text: str, changes: Changes) -> str:
    """The text with the changes in it, and everything else as it stands.

    Args:
        text: valid settings.
        changes: see `SettingsFile.edit`.

    Raises:
        SettingsError: a path leads nowhere, or a value can't stand there.
    """
    parsed = parse(text)
    wanted = list(_expanded(changes, parsed.data))
    at_once = _all_at_once(text, parsed, wanted)
    return at_once if at_once is not None else _one_by_one(text, wanted)


def _one_by_one(text: str, wanted: list[tuple[str, Any]]) -> str:
    for path, value in wanted:
        parsed = parse(text)
        expected = copy.deepcopy(parsed.data)
        way = _put(expected, path, value)
        try:
            if isinstance(value, Arranged):
                text = arrange(text, parsed.root, way, value, expected)
                continue
            text = splice(text, parsed.root, way, expected)
            reread = parse(text).data
        except (Misread, TypeError, ValueError) as error:
            raise SettingsError(
                _("{path} can't be set to this value: {error}.").format(path=path, error=error)
            ) from None
        if reread != expected:
            raise SettingsError(
                _("{path} can't be changed in place.").format(path=path),
                _("Change it in the settings file with an editor."),
            )
    return text


def _all_at_once(text: str, parsed: Parsed, wanted: list[tuple[str, Any]]) -> str | None:
    """Many changes with the text read twice in all: from the last place to the first, so that places stay right.

    A text of sixty cameras takes .2 s to read, and copying settings from one camera to all makes hundreds of changes.
    None where it is not that simple: a list grows or shrinks, or two changes meet in one place.
    """
    expected = copy.deepcopy(parsed.data)
    places = []
    for path, value in wanted:
        if isinstance(value, Arranged):
            return None
        way = _put(expected, path, value)
        place = _place(parsed.root, way)
        if place is None:
            return None
        places.append((*place, way))
    try:
        for _begin, _depth, way in sorted(places, key=lambda found: (-found[0], found[1])):
            text = splice(text, parsed.root, way, expected)
        return text if parse(text).data == expected else None
    except (Misread, TypeError, ValueError, LookupError):
        return None


def _place(root: Any, way: Way) -> tuple[int, int] | None:
    """Where in the text a change begins, and how deep; None inside brackets and where a list would grow."""
    node = root
    for depth, step in enumerate(way):
        below = child(node, step)
        brackets = getattr(node, "flow_style", True)  # a key without a value is no block either
        if brackets or (below is None and isinstance(step, int)):
            return None
        if below is None:
            return node.end_mark.index, depth
        key, node = below
    return (key or node).start_mark.index, len(way)


def _expanded(changes: Changes, data: Any) -> Iterator[tuple[str, Any]]:
    """A group that replaces a group becomes changes of its keys, so that the comments between them stay."""
    for path, value in changes.items():
        if isinstance(value, Arranged):
            yield path, value
            continue
        new, old = _plain(value), _find(data, path)
        if not isinstance(new, dict) or old is None or section_at(Settings, old[0]) is None:
            yield path, new
            continue
        keys = {**dict.fromkeys(old[1]), **new}
        if isinstance(old[0][-1], int):  # an entry found by its id keeps it
            keys["id"] = new.get("id", old[1].get("id"))
        yield from _expanded({f"{path}.{key}": item for key, item in keys.items()}, data)


def _find(data: Any, path: str) -> tuple[Way, dict[str, Any]] | None:
    """The way to a group that is there, and the group."""
    way: Way = ()
    for word in path.split("."):
        if not isinstance(data, (dict, list)):
            return None
        step = _step(data, word, path)
        if isinstance(data, list) and step >= len(data):
            return None
        data = data.get(step) if isinstance(data, dict) else data[step]
        way = (*way, step)
    return (way, data) if isinstance(data, dict) else None


def _put(data: Any, path: str, value: Any) -> Way:
    """Change plain values; returns the way to the changed place, list entries by index."""
    way: Way = ()
    words = path.split(".")
    for word in words[:-1]:
        step = _step(data, word, path)
        way = (*way, step)
        below = data.get(step) if isinstance(data, dict) else (data[step] if step < len(data) else None)
        if below is None:
            if isinstance(data, list):
                raise SettingsError(_("There is no {path}: the list has no entry {word}.").format(path=path, word=word))
            below = data[step] = _empty(way)
        if not isinstance(below, (dict, list)):
            raise SettingsError(_("There is no {path}: {word} is a single value.").format(path=path, word=word))
        data = below
    step = _step(data, words[-1], path)
    if isinstance(value, Arranged):
        data[step] = value.applied(data.get(step) or [], path)
    elif isinstance(data, list):
        _put_entry(data, step, words[-1], value, path)
    else:
        data[step] = value
    return (*way, step)


def _put_entry(items: list[Any], index: Any, word: str, value: Any, path: str) -> None:
    if index == len(items):
        if not isinstance(value, dict):
            raise SettingsError(_("There is no {path}: the list has no entry {word}.").format(path=path, word=word))
        items.append(value if word.isdecimal() else {"id": word} | value)
    elif value is None:
        del items[index]
    else:
        items[index] = {"id": word} | value if isinstance(value, dict) and not word.isdecimal() else value


def _step(data: Any, word: str, path: str) -> Any:
    """A word of a path as key or index; the index after the last stands for an entry to come."""
    if not word:
        raise SettingsError(
            _("{path!r} is not the path of a setting.").format(path=path),
            _("Write it like log.level or cameras.gate.name."),
        )
    if isinstance(data, dict):
        return word
    for index, item in enumerate(data):
        if isinstance(item, dict) and item.get("id") == word:
            return index
    if word.isdecimal():
        if not 1 <= int(word) <= len(data) + 1:
            raise SettingsError(
                _("There is no {path}: the list has {count} entries.").format(path=path, count=len(data))
            )
        return int(word) - 1
    return len(data)


def _empty(way: Way) -> dict[str, Any] | list[Any]:
    """What a group or list is that has nothing in it yet; the schema knows which of both."""
    field = field_at(Settings, way)
    return [] if field is not None and get_origin(field.annotation) is tuple else {}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
