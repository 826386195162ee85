"""What every command shares: its common options, its way of printing, its way of failing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from console.errors import SightdeskError

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Keep everything this site writes in DIR (or set SIGHTDESK_HOME)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


class Reported(SightdeskError):
    """A failure of a command that has printed its JSON already: only its words and exit status are left to give."""


def print_json(value: Any) -> None:
    """One JSON object on standard output; everything else a command says goes to standard error."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line for the person at the terminal, on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
