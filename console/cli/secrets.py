"""`sightdesk secrets`: store, list and remove passwords. Values are typed or piped in, never arguments, never shown."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Passwords of cameras and services: in the system's keyring, else in an encrypted file.",
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, dot, dash and underscore.")]

SET_EXAMPLES = """\b
Examples:
  sightdesk secrets set gate-camera                       asks for the value, hidden
  printf %s "$PASSWORD" | sightdesk secrets set gate-camera --stdin
Then in the settings:
  login: {user: viewer, password: {secret: gate-camera}}
"""


@app.command("set", epilog=SET_EXAMPLES)
def set_secret(
    name: NameArgument,
    from_stdin: Annotated[bool, typer.Option("--stdin", help="Read the value from standard input.")] = False,
    in_file: Annotated[
        bool,
        typer.Option("--file", help="Keep it in the home's encrypted file even where there is a keyring (services)."),
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store a secret, or replace it."""
    from console.errors import UsageError
    from console.settings.home import Home, find_home
    from console.settings.secrets import Secrets

    _not_reserved(name)
    secrets = Secrets(Home.look(find_home(home)), ask_passphrase)
    if from_stdin:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        value = typer.prompt("Value", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise UsageError("Nobody is at the terminal to type the value.", "Pipe it in and say --stdin.")
    place = secrets.set(name, value, "file" if in_file else None)
    if as_json:
        print_json({"name": name, "place": place})
    else:
        say(f"Stored {name} in the {_PLACES[place]}. In the settings write: {{secret: {name}}}")


@app.command("list")
def list_secrets(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The names of the stored secrets and where each is; never a value."""
    from console.settings.home import Home, find_home
    from console.settings.secrets import Secrets

    names = Secrets(Home.look(find_home(home))).names()
    if as_json:
        print_json({"secrets": names})
    elif names:
        typer.echo("\n".join(f"{name}  ({_PLACES[place]})" for name, place in names.items()))
    else:
        say("No secret is stored yet. Store one with: sightdesk secrets set NAME")


@app.command("remove")
def remove_secret(name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Forget a secret."""
    from console.settings.home import Home, find_home
    from console.settings.secrets import Secrets

    _not_reserved(name)
    Secrets(Home.look(find_home(home)), ask_passphrase).remove(name)
    if as_json:
        print_json({"removed": name})
    else:
        say(f"Removed {name}.")


def _not_reserved(name: str) -> None:
    from console.errors import UsageError
    from console.settings.secrets import RESERVED

    if name.startswith(RESERVED):
        raise UsageError(f"Names that begin with {RESERVED} are the program's own.", "See: sightdesk supervisor --help")


_PLACES = {"keyring": "system's keyring", "file": "home's encrypted file"}


def ask_passphrase(new: bool) -> str:
    """Ask for the encrypted file's passphrase at the terminal."""
    from console.errors import SecretError
    from console.settings.vault import VARIABLE

    if not sys.stdin.isatty():
        raise SecretError("The encrypted file of secrets needs its passphrase.", f"Set {VARIABLE}.")
    text = "New passphrase for the secrets of this home" if new else "Passphrase of this home's secrets"
    answer: str = typer.prompt(text, hide_input=True, confirmation_prompt=new, err=True)
    return answer
