"""YAML text to plain values that remember their lines. What is not plain YAML (aliases, tags) is refused with its line.

No message repeats what stands in the file beyond the names of keys: a value may be a password in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.words import N_, _

MAX_BYTES = 256 * 1024  # sixty cameras with every key written out are 80 kB
_MAX_OPEN = 100
_IN_QUOTES = N_("Write the value in quotes.")
_MESSAGES = (
    ("'\\t' that cannot start", N_("a tab is used to indent"), N_("Indent with spaces.")),
    ("cannot start any token", N_("a value begins with a character that YAML keeps for itself"), _IN_QUOTES),
    (
        "mapping values are not",
        N_("there is a colon too many, or a line is indented wrongly"),
        N_("Quote values with a colon."),
    ),
    (
        "could not find expected ':'",
        N_("a key has no colon after it, here or in the line before"),
        N_("Write KEY: VALUE."),
    ),
    ("undefined alias", N_("a value begins with *"), _IN_QUOTES),
    (
        "unexpected end of stream",
        N_("a quote or bracket is opened and never closed"),
        N_("Close it, here or further up."),
    ),
    (
        "expected <block end>",
        N_("this line is not indented like its neighbours"),
        N_("Indent the keys of a group equally."),
    ),
    ("another document", N_("a second document (---) begins here"), N_("Delete the line ---.")),
)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"")
_INT, _FLOAT, _BOOL, _NULL = (f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "null"))
_PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq", "timestamp", "merge", "value")} | {
    _INT, _FLOAT, _BOOL, _NULL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the settings.

    Attributes:
        what: in words, without any value of the file.
        hint: what to do; may be empty.
        line: counts from 1; None where the file as a whole is meant.
        key: the way to the key, such as ``cameras.gate.confidence``; empty where none is meant.
    """

    what: str
    hint: str = ""
    line: int | None = None
    key: str = ""


class Misread(Exception):
    """The text is not settings at all; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed text.

    Attributes:
        data: dicts with string keys, lists, strings, numbers, booleans, None.
        root: ruamel.yaml's tree of nodes; each knows where it begins and ends in the text.
    """

    data: dict[str, Any]
    root: Any

    def line_of(self, way: Sequence[str | int]) -> int:
        """The line (from 1) of a key or list item; of the nearest thing above it that stands in the text."""
        node, line = self.root, 1
        for step in way:
            below = child(node, step)
            if below is None:
                break
            key, node = below
            line = (key or node).start_mark.line + 1
        return line


def child(node: Any, step: str | int) -> tuple[Any | None, Any] | None:
    """(key node, value node) under a key, or (None, item node) at an index; None where there is no such thing."""
    if not isinstance(node.value, list):
        return None
    if is_sequence(node):
        return (None, node.value[step]) if isinstance(step, int) and 0 <= step < len(node.value) else None
    return next(((key, value) for key, value in node.value if key.value == step), None)


def is_sequence(node: Any) -> bool:
    """Whether a node is a list."""
    return str(node.tag).endswith(":seq")


def decode(raw: bytes) -> str:
    """The bytes of a settings file as text with plain newlines.

    Raises:
        Misread: too large, empty, or not UTF-8.
    """
    if len(raw) > MAX_BYTES:
        raise Misread(
            Problem(_("it is larger than {max_bytes} kB, so it can't be settings").format(max_bytes=MAX_BYTES // 1024))
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Misread(Problem(_("it is written in UTF-16"), _("Save it as UTF-8 in your editor."), 1))
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Misread(Problem(_("this line is not UTF-8 text"), _("Save it as UTF-8 in your editor."), line)) from None
    if not text.strip():
        raise Misread(Problem(_("it is empty")))
    return text


def parse(text: str) -> Parsed:
    """Read YAML.

    Raises:
        Misread: not YAML, or more than plain keys, lists and values; names the line.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415  # 140 ms
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415
    from ruamel.yaml.reader import ReaderError  # noqa: PLC0415

    _refuse_depth(text)
    try:
        yaml = YAML()
        yaml.composer.warn_double_anchors = False  # the warning would print a piece of the file
        root = yaml.compose(text)
        if root is None:
            raise Misread(Problem(_("it has only comments in it")))
        data = _value(root)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Misread(Problem(*_in_words(error.problem or ""), line=line)) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position or 0) + 1
        raise Misread(Problem(_("this line has a character in it that YAML doesn't allow"), line=line)) from None
    except RecursionError:
        raise Misread(Problem(_("it is nested too deep"))) from None
    except YAMLError:
        raise Misread(Problem(_("it is not YAML"))) from None
    if not isinstance(data, dict):
        raise Misread(Problem(_("it is not a list of keys and values, such as site: Plant 1"), line=1))
    return Parsed(data, root)


def _refuse_depth(text: str) -> None:
    """Refuse what ruamel.yaml can't read in time: it grows with the square of open brackets, 5 s for 5,000."""
    depth = 0
    for found in re.finditer(r"[\[{\]}]", text):
        depth += 1 if found[0] in "[{" else -1
        if depth > _MAX_OPEN:
            raise Misread(Problem(_("it is nested too deep"), line=text.count("\n", 0, found.start()) + 1))


def _value(node: Any) -> Any:
    line = node.start_mark.line + 1
    if node.anchor:
        hint = _("Write the text in quotes, or repeat what the name stands for.")
        raise Misread(Problem(_("names for repeated parts (&name, *name) are not read here"), hint, line))
    if str(node.tag) not in _PLAIN:
        raise Misread(Problem(_("types of values (!type) are not read here"), _("Write the text in quotes."), line))
    if not isinstance(node.value, list):
        return _scalar(str(node.tag), node.value)
    if is_sequence(node):
        return [_value(item) for item in node.value]
    made: dict[str, Any] = {}
    for key, value in node.value:
        if isinstance(key.value, list):
            raise Misread(Problem(_("a key must be a word"), line=key.start_mark.line + 1))
        _value(key)
        if key.value in made:
            raise Misread(
                Problem(
                    _("the key {value} stands here twice").format(value=key.value),
                    _("Delete one."),
                    key.start_mark.line + 1,
                )
            )
        made[key.value] = _value(value)
    return made


def _scalar(tag: str, text: str) -> Any:
    """A scalar by the tag YAML 1.2 resolves it to; what doesn't convert stays text, and is then judged as text."""
    try:
        if tag == _NULL:
            return None
        if tag == _BOOL:
            return text.lower() in ("true", "yes", "on")
        if tag == _INT:
            digits = text.replace("_", "")
            return int(digits, 0 if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else 10)
        if tag == _FLOAT:
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
    return text


def _in_words(problem: str) -> tuple[str, str]:
    """ruamel.yaml's messages as an operator would say them; the rarer ones as they are, without what they quote."""
    for words, what, hint in _MESSAGES:
        if words in problem:
            return _(what), _(hint)
    told = _QUOTED.sub(lambda quoted: quoted[0] if len(quoted[0]) <= 3 else "...", problem.partition(", but ")[0])
    return _("it is not YAML here: {told}").format(told=told) if told else _("it is not YAML here"), ""
