"""Changes one place in a YAML text and leaves every other character as it stands: comments, order, indentation.

The places come from ruamel.yaml's nodes, which know where each begins and ends. ruamel's own dump of a changed tree is
not used: it keeps comments of what is not touched, but after an added key or a removed camera the heading of the next
group ends up inside the group before it, or is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.settings.parse import child, is_sequence
from console.settings.render import block, inline, is_block

Way = tuple[str | int, ...]


def splice(text: str, root: Any, way: Way, expected: Any) -> str:
    """The text with one place changed.

    Args:
        text: YAML with plain newlines.
        root: its tree of nodes.
        way: to the place: keys, and indices of lists.
        expected: the plain values of the whole text after the change; what is written comes from here.

    Raises:
        TypeError: a value is nothing that YAML holds plainly.
    """
    return _Splice(text if text.endswith("\n") else text + "\n", root).put(way, expected)


class _Splice:
    def __init__(self, text: str, root: Any) -> None:
        self.text = text
        self.root = root
        self.dash = next(_dash_indents(root), 2)

    def put(self, way: Way, expected: Any) -> str:
        key, node, above = None, self.root, None
        shrinks = isinstance(way[-1], int) and way[-1] >= len(_at(expected, way[:-1]))
        for depth, step in enumerate(way):
            below = child(node, step)
            if below is None or (node.flow_style and not shrinks and is_block(_at(expected, way))):
                return self._grow(way[: depth + 1], key, node, expected)
            if depth == len(way) - 1 and isinstance(step, int) and len(node.value) > len(_at(expected, way[:-1])):
                return self._shrink(way[:-1], node, step, expected)
            above, (key, node) = node, below
        if key is None and above is not None:
            return self._replace_item(above, node, _at(expected, way))
        nothing = "null" if above is not None and above.flow_style else ""  # in brackets a place can't just be empty
        return self._replace(key, node, _at(expected, way), nothing)

    def _grow(self, way: Way, key: Any, node: Any, expected: Any) -> str:
        """Add a key or an entry that is not there yet; what is empty or in brackets is written anew, as a block."""
        value = _at(expected, way)
        if not isinstance(node.value, list) or not node.value or node.flow_style:
            return self._rewrite(way[:-1], expected)
        if is_sequence(node):
            at = self._after(self._extent(None, node))
            return self._insert(at, block([value], node.start_mark.column, self.dash))
        indent = node.value[0][0].start_mark.column
        return self._insert(self._after(self._extent(key, node)), block({way[-1]: value}, indent, self.dash))

    def _shrink(self, way: Way, node: Any, index: int, expected: Any) -> str:
        """Delete an entry of a list."""
        if node.flow_style or len(node.value) == 1:
            return self._rewrite(way, expected)
        item = node.value[index]
        return self._cut(self._dash_line(node, item), self._after(self._extent(None, item)), [])

    def _rewrite(self, way: Way, expected: Any) -> str:
        """Write a whole group or list anew: the outermost one in brackets on the way, else the one at its end."""
        key, node, above, place = None, self.root, None, way
        for depth, step in enumerate(way):
            if node.flow_style:
                place = way[:depth]
                break
            above = node
            key, node = child(node, step) or (None, None)
        value = _at(expected, place)
        return self._replace_item(above, node, value) if key is None and above else self._replace(key, node, value)

    def _replace_item(self, sequence: Any, item: Any, value: Any) -> str:
        extent = self._extent(None, item)
        begin, end = self._dash_line(sequence, item), self._after(extent)
        lines = block([value], sequence.start_mark.column, self.dash)
        if item.flow_style:
            lines[0] += self.text[extent : end - 1]  # the comment beside it
        return self._cut(begin, end, lines)

    def _replace(self, key: Any, node: Any, value: Any, nothing: str = "") -> str:
        begin, end = node.start_mark.index, self._extent(key, node)
        colon = self.text.index(":", key.end_mark.index) + 1
        if begin == node.end_mark.index:  # nothing after the colon; the node itself may point to a line further down
            begin = end = colon
        same_line = self.text.find("\n", colon, begin) < 0
        if not same_line:  # a block below the key: its lines go, a comment beside the key stays
            self.text = self._cut(self._line(begin), self._after(end), [])
            begin = end = colon
        if not is_block(value):
            return self._put_inline(begin, end, colon, inline(value) or nothing)
        start = self.text[:begin].rstrip(" ") if begin > colon else self.text[:begin]
        self.text = start + self.text[end:]
        indent = key.start_mark.column + (2 if isinstance(value, dict) else self.dash)
        return self._insert(self._after(len(start)), block(value, indent, self.dash))

    def _put_inline(self, begin: int, end: int, colon: int, new: str) -> str:
        if begin == colon and new:
            new = " " + new
        elif not new:
            begin = colon  # the space between goes too
        return self.text[:begin] + new + self.text[end:]

    def _extent(self, key: Any, node: Any) -> int:
        """Where the text of a node ends: nodes of blocks themselves end where the next token begins."""
        if isinstance(node.value, list) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._extent(None, last) if is_sequence(node) else self._extent(*last)
        if node.start_mark.index == node.end_mark.index and key is not None:
            return self.text.index(":", key.end_mark.index) + 1
        return len(self.text[: node.end_mark.index].rstrip("\n"))

    def _line(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _after(self, index: int) -> int:
        return self.text.index("\n", index) + 1

    def _dash_line(self, sequence: Any, item: Any) -> int:
        """Where the line with an item's dash begins; the item may begin on a line further down."""
        line = self._line(item.start_mark.index)
        column = sequence.start_mark.column
        while self.text[line : line + column + 1].strip() != "-":
            line = self._line(line - 1)
        return line

    def _insert(self, at: int, lines: list[str]) -> str:
        return self._cut(at, at, lines)

    def _cut(self, begin: int, end: int, lines: list[str]) -> str:
        return self.text[:begin] + "".join(f"{line}\n" for line in lines) + self.text[end:]


def _at(data: Any, way: Way) -> Any:
    for step in way:
        data = data[step]
    return data


def _dash_indents(node: Any) -> Iterator[int]:
    """How far this file indents the dashes of its lists below their keys, in the order of the file."""
    if not isinstance(node.value, list) or node.flow_style:
        return
    if is_sequence(node):
        for item in node.value:
            yield from _dash_indents(item)
        return
    for key, value in node.value:
        if is_sequence(value) and not value.flow_style:
            yield value.start_mark.column - key.start_mark.column
        yield from _dash_indents(value)
