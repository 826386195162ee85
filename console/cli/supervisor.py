"""`sightdesk supervisor`: the PIN that what is covered, kept, sent and erased takes at the desk. Typed, never shown."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.secrets import ask_passphrase

if TYPE_CHECKING:
    from pathlib import Path

    from console.privacy.supervisor import Supervisor

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The supervisor's PIN, which privacy settings, erasing and revealing take at the desk.",
)

SET_EXAMPLES = """\b
Examples:
  sightdesk supervisor set-pin                            asks for the PIN, hidden, twice
  printf '%s\\n' "$OLD" "$NEW" | sightdesk supervisor set-pin --stdin
Without --stdin the PIN until now is asked for where there is one. It keeps out whoever sits at the desk, not whoever
may use this account of the machine; what is done is recorded either way: sightdesk audit show.
"""
StdinOption = Annotated[bool, typer.Option("--stdin", help="Read it from standard input, a line each.")]


@app.command("set-pin", epilog=SET_EXAMPLES)
def set_pin(from_stdin: StdinOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Set the supervisor's PIN, or another one."""
    supervisor = supervisor_of(home)
    known = supervisor.has_pin
    words = [*(["PIN until now"] if known else []), "New PIN"]
    typed = _lines(len(words)) if from_stdin else [_typed(one, twice=one == "New PIN") for one in words]
    supervisor.set_pin(typed[0] if known else "", typed[-1])
    _done("changed" if known else "set", as_json=as_json)


@app.command("clear")
def clear(
    forgotten: Annotated[
        bool, typer.Option("--forgotten", help="Without the PIN; recorded as such. Asks whether you mean it.")
    ] = False,
    from_stdin: StdinOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """From now on no PIN is asked for: whoever sits at the desk may change what is covered."""
    from console.errors import UsageError

    supervisor = supervisor_of(home)
    if not supervisor.has_pin:
        raise UsageError("No supervisor's PIN is set.")
    if forgotten:
        said = _lines(1)[0] if from_stdin else _typed("Type CLEAR to clear it without the PIN", hidden=False)
        if said.strip() != "CLEAR":
            raise UsageError("Nothing was cleared.", "It takes the word CLEAR.")
    pin = "" if forgotten else _lines(1)[0] if from_stdin else _typed("PIN")
    supervisor.clear_pin(pin, forgotten=forgotten)
    _done("cleared", as_json=as_json)


@app.command("status")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Whether a PIN is set, and how long a try has to wait."""
    supervisor = supervisor_of(home)
    known, wait = supervisor.has_pin, supervisor.wait_s()
    if as_json:
        print_json({"pin": known, "wait_s": round(wait, 1)})
    else:
        typer.echo("A PIN is set." if known else "No PIN is set: whoever sits at the desk is a supervisor.")
        if wait:
            typer.echo(f"After too many wrong ones the next try waits {round(wait)} s.")


def supervisor_of(home: Path | None) -> Supervisor:
    """The home's supervisor, as commands see it."""
    from console.privacy.audit.record import Audit
    from console.privacy.supervisor import Supervisor
    from console.settings.home import Home, find_home
    from console.settings.secrets import Secrets

    place = Home.look(find_home(home))
    place.make()
    audit = Audit(place.path)

    def record(event: str, **details: object) -> None:
        audit.write(event, who=getpass.getuser(), where="command line", **details)

    return Supervisor(Secrets(place, ask_passphrase), place.run, record)


def need_supervisor(home: Path | None, what: str) -> None:
    """For a command that does what is a supervisor's: have the PIN typed, where one is set.

    Args:
        home: the home option.
        what: what is to be done: "Erasing pictures".

    Raises:
        NeedsSupervisor: nobody is there to type it, it is wrong, or was wrong too often.
        SecretError, AuditError: it can't be looked at, or not recorded.
    """
    from console.errors import NeedsSupervisor

    supervisor = supervisor_of(home)
    if not supervisor.has_pin:
        return
    if not sys.stdin.isatty():
        raise NeedsSupervisor(f"{what} is for a supervisor.", "Run it at a terminal, where the PIN can be typed.")
    if not supervisor.unlock(_typed(f"{what} is for a supervisor. PIN")):
        raise NeedsSupervisor("That is not the supervisor's PIN.")


def _typed(words: str, *, twice: bool = False, hidden: bool = True) -> str:
    from console.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("Nobody is at the terminal to type it.", "Pipe it in and say --stdin.")
    answer: str = typer.prompt(words, hide_input=hidden, confirmation_prompt=twice, err=True)
    return answer


def _lines(count: int) -> list[str]:
    from console.errors import UsageError

    lines = sys.stdin.read().splitlines()
    if len(lines) != count:
        raise UsageError(f"Standard input has {len(lines)} lines; {count} are needed.", "See --help.")
    return lines


def _done(what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"pin": what})
    else:
        say(f"The supervisor's PIN is {what}.")
