"""`sightdesk audit`: whether the record of who did what is what was written, its head, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The record of who saw, sent, changed and erased what: a chain of hashes, line by line.",
)

VERIFY_EXAMPLES = """\b
Examples:
  sightdesk audit verify
  sightdesk audit verify --against 212:9f86d081884c7d659a2feaa0c55ad015...
  sightdesk audit verify --anchor /mnt/office/sightdesk-anchor.jsonl
Exit status: 0 sound, 1 changed, cut or made anew, 2 wrong use.
"""


@app.command("verify", epilog=VERIFY_EXAMPLES)
def verify(
    against: Annotated[
        str | None, typer.Option("--against", metavar="HEAD", help="A head that was noted down earlier.")
    ] = None,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="The file off this machine; else audit.anchor's.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether any line was changed, cut, put in or made anew; exit status 1 when one was."""
    from console.privacy.audit.verify import verify as look
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home

    place = Home.look(find_home(home))
    if anchor is None:
        named = SettingsFile(place.settings_file).load(keep=False).settings.audit.anchor.strip()
        anchor = Path(named).expanduser() if named else None
    verdict = look(place.path, against=against, anchor=anchor)
    if as_json:
        print_json(
            {
                "sound": verdict.sound,
                "lines": verdict.lines,
                "head": str(verdict.head) if verdict.head else None,
                "anchored": verdict.anchored,
                "problems": verdict.problems,
                "notes": verdict.notes,
            }
        )
    for problem in verdict.problems:
        say(f"✗ {problem}")
    for note in verdict.notes:
        say(f"  {note}")
    if not verdict.sound:
        raise typer.Exit(1)
    say(f"Sound: {verdict.lines} lines, head {verdict.head or 'none'}.")


@app.command("head")
def head(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The newest line's number and hash: kept elsewhere, it vouches for all lines up to it."""
    from console.privacy.audit.verify import head as newest
    from console.settings.home import Home, find_home

    found = newest(Home.look(find_home(home)).path)
    if as_json:
        print_json({"head": str(found) if found else None, "record": found.record if found else None})
    elif found:
        typer.echo(str(found))
    else:
        say("Nothing is recorded yet.")


@app.command("show")
def show(
    event: Annotated[
        str | None, typer.Option("--event", metavar="WORDS", help="Only events in whose name these stand.")
    ] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="Only so many, the newest.")] = 50,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the record says; lines that were changed are shown as such, and not believed."""
    from collections import deque

    from console.errors import AuditError
    from console.privacy.audit.chain import FILE, lines
    from console.settings.disk import in_words
    from console.settings.home import Home, find_home

    path = Home.look(find_home(home)).path / FILE
    shown: deque[dict[str, Any]] = deque(maxlen=last)
    try:
        for line in lines(path) if path.exists() else ():
            entry = dict(line.fields) if line.fields is not None else _older(line.raw)
            if event is None or event.casefold() in str(entry["event"]).casefold():
                shown.append(entry)
    except OSError as error:
        words = in_words(error, path)
        raise AuditError(words.what, words.hint) from error
    if as_json:
        print_json({"entries": list(shown)})
    for entry in () if as_json else shown:
        typer.echo(_words(entry))
    if not shown:
        say("Nothing is recorded yet." if event is None else "Nothing like it is recorded.")


def _older(raw: bytes) -> dict[str, Any]:
    """A line that no chain vouches for: older than it, cut off or changed."""
    import json

    try:
        said = json.loads(raw)
        return {**said, "event": str(said["event"]), "unsealed": True}
    except (ValueError, KeyError, TypeError):
        return {"event": "unreadable line", "unsealed": True, "bytes": len(raw)}


def _words(entry: dict[str, Any]) -> str:
    """An entry as a line for people."""
    import json

    hidden = {"n", "at", "event", "record", "prev", "hash", "over", "unsealed"}
    mark = "?" if entry.get("unsealed") else " "
    details = "  ".join(
        f"{name}={value if isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)}"
        for name, value in entry.items()
        if name not in hidden
    )
    return f"{entry.get('n', ''):>6}{mark} {str(entry.get('at', ''))[:19]}  {entry['event']}  {details}".rstrip()
