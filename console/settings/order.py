"""A list of the settings in another order, with entries gone or new: each entry that stays takes its comments along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from console.errors import SettingsError
from console.settings.parse import child, is_sequence, parse
from console.settings.render import block
from console.settings.splice import splice
from models.words import _

Way = tuple[str | int, ...]


class Arranged(tuple[str | Mapping[str, Any], ...]):
    """What a list of entries shall be, as a value for `SettingsFile.edit`: ``{"cameras": Arranged(["yard", "gate"])}``.

    A text is the id of an entry that stays as it stands; a mapping is a new entry; an entry that is not named goes.
    One such change takes as long as one, however many entries it adds or moves.
    """

    __slots__ = ()

    def applied(self, entries: list[Any], path: str) -> list[Any]:
        """The list as plain values.

        Raises:
            SettingsError: an id is not in the list, or stands twice.
        """
        known = {entry["id"]: entry for entry in entries if isinstance(entry, dict) and "id" in entry}
        named = [item for item in self if isinstance(item, str)]
        for item in named:
            if item not in known or named.count(item) > 1:
                raise SettingsError(_("There is no {path}, or it is named twice.").format(path=f"{path}.{item}"))
        return [known[item] if isinstance(item, str) else plain(item) for item in self]


def order_cameras(ids: Iterable[str]) -> dict[str, object]:
    """The change that puts the cameras into this order; all their ids have to be there, or those left out go."""
    return {"cameras": Arranged(ids)}


def plain(value: Any) -> Any:
    """Mappings and sequences as dicts and lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def arrange(text: str, root: Any, way: Way, wanted: Arranged, expected: Any) -> str:
    """The text with a list arranged anew.

    Comments directly above an entry's dash, and those indented deeper below its last line, belong to it. Blank lines
    and comments set apart by them stay between the places where they are.

    Args:
        text: YAML with plain newlines.
        root: its tree of nodes.
        way: to the list.
        wanted: its entries.
        expected: the plain values of the whole text after the change.

    Raises:
        SettingsError: it can't be done in place.
    """
    text = text if text.endswith("\n") else text + "\n"
    node = _node(root, way)
    if node is None or not is_sequence(node) or node.flow_style or not node.value or not wanted:
        made = splice(text, root, way, expected)
    else:
        made = _arranged(text, node, wanted)
    if parse(made).data != expected:
        raise SettingsError(
            _("{path} can't be changed in place.").format(path=".".join(map(str, way))),
            _("Change it in the settings file with an editor."),
        )
    return made


def _node(root: Any, way: Way) -> Any:
    node = root
    for step in way:
        below = child(node, step)
        if below is None:
            return None
        node = below[1]
    return node


def _arranged(text: str, node: Any, wanted: Arranged) -> str:
    """The lines of a list in dashes, cut into entries and put together anew."""
    lines = text.split("\n")
    column = node.start_mark.column
    dashes = [_dash(lines, column, item.start_mark.line) for item in node.value]
    ends = [_end(lines, column, item) for item in node.value]
    heads = [_head(lines, dash, floor) for dash, floor in zip(dashes, [node.start_mark.line, *ends], strict=False)]
    heads[0] = _head(lines, dashes[0], 0)
    bodies = {_id(item): lines[head:end] for item, head, end in zip(node.value, heads, ends, strict=True)}
    gaps = [lines[end:head] for end, head in zip(ends, heads[1:], strict=False)]
    step = _dash_step(node)
    made: list[str] = []
    for number, item in enumerate(wanted):
        made += bodies[item] if isinstance(item, str) else block([plain(item)], column, step)
        if number < len(wanted) - 1 and number < len(gaps):
            made += gaps[number]
    return "\n".join([*lines[: heads[0]], *made, *lines[ends[-1] :]])


def _id(item: Any) -> str:
    below = child(item, "id")
    return str(below[1].value) if below is not None else ""


def _dash(lines: list[str], column: int, line: int) -> int:
    """The line with an item's dash; the item may begin on a line further down."""
    while lines[line][: column + 1].strip() != "-":
        line -= 1
    return line


def _end(lines: list[str], column: int, item: Any) -> int:
    """The line after an entry's last, comments indented deeper than its dash included."""
    last = _last_line(item)
    end = last + 1
    for number in range(end, len(lines)):
        stripped = lines[number].lstrip()
        if not stripped.startswith("#") or len(lines[number]) - len(stripped) <= column:
            break
        end = number + 1
    return end


def _last_line(node: Any) -> int:
    """The last line a node stands on; nodes of blocks themselves end where the next token begins."""
    if isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        if is_sequence(node):
            return _last_line(last)
        key, value = last
        empty = value.start_mark.index == value.end_mark.index
        return int(key.end_mark.line) if empty else _last_line(value)
    at_line_start = node.end_mark.column == 0 and node.end_mark.line > node.start_mark.line
    return int(node.end_mark.line) - (1 if at_line_start else 0)


def _head(lines: list[str], dash: int, floor: int) -> int:
    """The first line of an entry: that of the comments directly above its dash, not above line `floor`."""
    head = dash
    while head > floor and lines[head - 1].lstrip().startswith("#"):
        head -= 1
    return head


def _dash_step(node: Any) -> int:
    """How far lists inside the entries are indented, as the first one there is."""
    for item in node.value:
        for key, value in item.value if isinstance(item.value, list) and not is_sequence(item) else ():
            if is_sequence(value) and not value.flow_style:
                return int(value.start_mark.column - key.start_mark.column)
    return 2
