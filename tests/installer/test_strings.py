"""The words an operator reads: all of them marked, and each so that it can be translated."""

import ast
from collections.abc import Iterator
from pathlib import Path

from installer import strings
from tests.conftest import ROOT

# What a person is told: errors, the doctor's findings. Whoever writes a new one is reminded here.
_TOLD = {
    "SightdeskError", "UsageError", "HomeError", "SettingsError", "SettingsChanged", "SecretError", "StoreError",
    "CatalogError", "ModelError", "PictureError", "SourceLost", "BackendError", "PullCancelled", "SourceFailed",
    "QueueFull",
}  # fmt: skip
_BELOW_THE_SCREEN = (
    "backends", "console/catalog", "console/events", "console/health", "console/pipeline", "console/privacy",
    "console/settings", "console/site", "console/sources", "console/store",
)  # fmt: skip


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def is_bare(told: ast.expr) -> bool:
    """Whether words stand here as they are: a sentence, or an f-string with more than marks between its values."""
    if isinstance(told, ast.JoinedStr):
        return any(any(map(str.isalpha, strings.constant(part))) for part in told.values)
    return " " in strings.constant(told)


def is_made_up(told: ast.expr) -> bool:
    """Whether a text is put together of words: an f-string, or a sum with words in it."""
    parts = ast.walk(told) if isinstance(told, ast.BinOp) else ()
    words = (isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts)
    return isinstance(told, ast.JoinedStr) or any(words)


def test_every_error_below_the_screen_is_marked() -> None:
    found = []
    for place, tree in modules(*_BELOW_THE_SCREEN):
        for call in ast.walk(tree):
            if called(call) in _TOLD:
                assert isinstance(call, ast.Call)
                found += [f"{place}:{told.lineno} {ast.unparse(told)}" for told in call.args[:2] if is_bare(told)]
    assert found == []


def test_marked_texts_are_whole_and_never_made_up_on_the_way() -> None:
    """An f-string or a sum inside `_()` is looked up with its values in it, and never found."""
    found = []
    for place, tree in modules(*strings.ROOMS):
        for call in ast.walk(tree):
            if called(call) in {"_", "N_", "ngettext"}:
                assert isinstance(call, ast.Call)
                found += [f"{place}:{call.lineno}" for told in call.args[:1] if is_made_up(told)]
    assert found == []


def test_nothing_is_translated_before_the_language_is_known() -> None:
    """`_()` outside a function runs when the module is imported, in English for good: there `N_()` is the mark."""
    found = []
    for place, tree in modules(*strings.ROOMS):
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for node in ast.walk(function)
        }
        found += [f"{place}:{node.lineno}" for node in ast.walk(tree) if called(node) == "_" and id(node) not in inside]
    assert found == []


def test_the_places_of_a_text_have_names() -> None:
    """A translator may need another order; and both forms of a plural are about the same things."""
    for one, many in strings.collect():
        if "{" in one and not one.startswith(("Store", "Where it comes from")):  # those two show YAML
            assert all(name.isidentifier() for name in strings.places(one)), one
        if many:
            assert set(strings.places(one)) <= set(strings.places(many)), one


def test_a_template_can_be_filled_in_and_read_back(tmp_path: Path) -> None:
    texts = [("No picture of {place}.", ""), ("{n} camera", "{n} cameras"), ('Say "no" \\ or\nyes', "")]
    made = strings.template({text: strings.Entry(*text, {"console/x.py"}) for text in texts})
    assert '#: console/x.py\n#, python-brace-format\nmsgid "No picture of {place}."\nmsgstr ""\n' in made
    assert 'msgid_plural "{n} cameras"\nmsgstr[0] ""\nmsgstr[1] ""\n' in made
    assert 'msgid "Say \\"no\\" \\\\ or\\nyes"' in made


def test_the_program_has_words_for_translators() -> None:
    found = {one for one, _ in strings.collect()}
    assert {"{place} refused the login.", "reconnecting", "The name on screen; the id when empty."} <= found
    assert len(found) > 400
