"""What every command shares: its common options, its way of printing, its way of failing."""

from __future__ import annotations

import io
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


class Stopped(SightdeskError):
    """Ctrl+C or TERM before the command had anything to show (exit status 130).

    Attributes:
        stuck: True when a thread is still in native code, so that the process can't end in good order.
    """

    def __init__(self, what: str, *, stuck: bool = False) -> None:
        super().__init__(what)
        self.stuck = stuck


def survive_any_text() -> None:
    """From now on a terminal that lacks a letter shows its number instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """One JSON object on standard output; everything else a command says goes to standard error."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")  # there JSON's own escapes say every letter
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=plain, default=str) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line for the person at the terminal, on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
