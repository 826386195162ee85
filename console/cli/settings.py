"""`sightdesk settings`: where they are, what they say, whether they are right, and changing one value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

if TYPE_CHECKING:
    from console.settings.file import SettingsFile
    from console.settings.parse import Problem

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The site's settings: one commented YAML file in its home."
)

EDIT_EXAMPLES = """\b
Examples:
  sightdesk settings edit site="Plant 1" log.level=debug
  sightdesk settings edit cameras.gate.fps_cap=5
  sightdesk settings edit cameras.gate.fps_cap=           back to the default
  sightdesk settings edit cameras.yard='{source: "rtsp://10.0.0.8/stream1"}'
"""


@app.command("path")
def path(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Where the settings file is."""
    from console.settings.home import Home, find_home

    file = Home.look(find_home(home)).settings_file
    if as_json:
        print_json({"path": str(file), "exists": file.is_file()})
    else:
        typer.echo(str(file))


@app.command("show")
def show(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The settings in force, defaults included."""
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home
    from console.settings.render import block

    loaded = SettingsFile(Home.look(find_home(home)).settings_file).load(keep=False)
    if loaded.problem:
        say(f"sightdesk: {loaded.problem}")
    values = loaded.settings.model_dump(mode="json")
    if as_json:
        print_json({"origin": loaded.origin, "settings": values})
    else:
        typer.echo("\n".join(block(values, 0)))


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Another file than the home's.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether the settings are right, and if not, in which lines; exit status 1 when they are not."""
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home

    target = file if file is not None else Home.look(find_home(home)).settings_file
    if file is not None and not file.exists():
        from console.errors import UsageError

        raise UsageError(f"There is no file {file}.")
    problems = SettingsFile(target).load(keep=False).problems
    if as_json:
        print_json({"path": str(target), "ok": not problems, "problems": [_as_json(item) for item in problems]})
    for item in problems:
        place = f"{target}:{item.line}" if item.line else str(target)
        say(f"{place}: {item.key + ': ' if item.key else ''}{item.what}. {item.hint}".rstrip())
    if problems:
        raise typer.Exit(1)
    say(f"{target} is right." if target.exists() else f"{target} is not there yet; the defaults are in force.")


def _as_json(item: Problem) -> dict[str, Any]:
    return {"line": item.line, "key": item.key, "what": item.what, "hint": item.hint}


@app.command("edit", epilog=EDIT_EXAMPLES)
def edit(
    changes: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="What to change; see the examples.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change values in the settings file; comments and order stay. What would not be right is not written."""
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home

    file = SettingsFile(Home.look(find_home(home)).settings_file)
    wanted = dict(_change(text) for text in changes)
    _guard(file, wanted, home)
    file.edit(wanted)
    if as_json:
        print_json({"path": str(file.path), "changed": list(wanted)})
    else:
        say(f"Changed {', '.join(wanted)} in {file.path}.")


def _guard(file: SettingsFile, wanted: dict[str, Any], home: Path | None) -> None:
    """What is a supervisor's takes the PIN here too, where one is set, and is recorded before it is written."""
    import getpass

    from console.cli.supervisor import need_supervisor
    from console.privacy.audit.record import Audit
    from console.privacy.changes import changes, guarded

    before = file.load(keep=False).settings
    found = [change.as_json() for change in changes(guarded(before), guarded(file.outcome(lambda it: it.edit(wanted))))]
    if not found:
        return
    need_supervisor(home, "Changing what is covered, kept or sent")
    file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    Audit(file.path.parent).write(
        "privacy settings changed", who=getpass.getuser(), where="command line", changes=found
    )


def _change(text: str) -> tuple[str, Any]:
    """KEY=VALUE as a path and a value; text stays text where the setting is text, whatever it looks like."""
    from console.errors import UsageError
    from console.settings.fields import takes_text
    from console.settings.parse import Misread, parse

    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{key!r} says no value.", "Write KEY=VALUE, such as log.level=debug.")
    key = key.strip()
    if not value.strip():
        return key, None
    if takes_text(key):
        return key, value
    try:
        return key, parse(f"value: {value}").data["value"]
    except Misread as error:
        raise UsageError(f"The value of {key} can't be read: {error.problem.what}.", error.problem.hint) from None
