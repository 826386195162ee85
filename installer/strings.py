"""Collects the words an operator reads into a template for translators (gettext's .pot format).

Run it with: uv run installer/strings.py > sightdesk.pot

The template is made when it is wanted and kept nowhere: the code says the same. Marked are texts in `_()`, `N_()` and
`ngettext()` (see `models.words`) and the descriptions of settings, which are the help on the settings page. Places are
given without line numbers, so that two templates differ only where words do.

Format: https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

from __future__ import annotations

import ast
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("models", "backends", "widgets", "console")
_HEADER = (
    'msgid ""\nmsgstr ""\n'
    '"Project-Id-Version: Sightdesk\\n"\n"MIME-Version: 1.0\\n"\n'
    '"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
)


@dataclass(slots=True)
class Entry:
    """One text.

    Attributes:
        one: the text, or its form for one.
        many: its form for several; empty where there is none.
        places: the files it stands in.
    """

    one: str
    many: str = ""
    places: set[str] = field(default_factory=set)


def collect(root: Path = ROOT) -> dict[tuple[str, str], Entry]:
    """All marked texts of the program, in the order of files and lines."""
    found: dict[tuple[str, str], Entry] = {}
    for room in ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            for one, many in marked(ast.parse(file.read_text(encoding="utf-8"))):
                entry = found.setdefault((one, many), Entry(one, many))
                entry.places.add(file.relative_to(root).as_posix())
    return found


def marked(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(one, many) of every marked text of a module; many is empty where a text has one form."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in {"_", "N_"} and (text := constant(call.args[0])):
            yield text, ""
        elif name == "ngettext":
            yield constant(call.args[0]), constant(call.args[1])
        elif name == "Field":
            for keyword in call.keywords:
                if keyword.arg == "description" and (text := constant(keyword.value)):
                    yield text, ""


def constant(node: ast.expr) -> str:
    """The text of a node; empty where it is none, as in `_(words)`."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def template(entries: dict[tuple[str, str], Entry]) -> str:
    """The .pot file."""
    return "\n".join([_HEADER, *(_lines(entry) for entry in entries.values())])


def places(text: str) -> list[str]:
    """The names in a text's braces, such as ["path", "count"]. Raises ValueError: the braces don't fit together."""
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def _lines(entry: Entry) -> str:
    lines = [f"#: {place}" for place in sorted(entry.places)]
    lines += ["#, python-brace-format"] if "{" in entry.one else []
    lines.append(f"msgid {_quoted(entry.one)}")
    if entry.many:
        lines += [f"msgid_plural {_quoted(entry.many)}", 'msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines.append('msgstr ""')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


if __name__ == "__main__":
    sys.stdout.write(template(collect()))
