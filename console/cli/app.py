"""The command table. Typer commands live one file each; this one only lists them and turns errors into words."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import typer

from console.cli import (
    audit,
    bench,
    cloud,
    dataset,
    gold,
    models,
    outbox,
    pki,
    privacy,
    review,
    secrets,
    settings,
    supervisor,
)
from console.cli.backends import EXAMPLES as BACKENDS_EXAMPLES
from console.cli.backends import backends
from console.cli.demo import EXAMPLES as DEMO_EXAMPLES
from console.cli.demo import demo
from console.cli.desk import EXAMPLES as DESK_EXAMPLES
from console.cli.desk import open_window
from console.cli.doctor import EXAMPLES as DOCTOR_EXAMPLES
from console.cli.doctor import doctor
from console.cli.erase import EXAMPLES as ERASE_EXAMPLES
from console.cli.erase import erase
from console.cli.options import HomeOption, Reported, Stopped, print_json, say, survive_any_text
from console.cli.review_simulate import EXAMPLES as SIMULATE_EXAMPLES
from console.cli.review_simulate import simulate
from console.cli.run import EXAMPLES as RUN_EXAMPLES
from console.cli.run import run
from console.errors import SightdeskError, UsageError

_INTERRUPTED = 130

app = typer.Typer(
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich alone would double the time --help takes
    help="The operator's desk for computer vision in production.",
)


@app.callback(epilog=DESK_EXAMPLES)
def _root(context: typer.Context, home: HomeOption = None) -> None:
    """The operator's desk for computer vision in production. Without a command: open the desk."""
    if context.invoked_subcommand is None:
        open_window(home)
    elif home is not None:
        raise UsageError("--home comes last.", f"sightdesk {context.invoked_subcommand} ... --home {home}")


app.command(epilog=DEMO_EXAMPLES)(demo)
app.command(epilog=RUN_EXAMPLES)(run)
app.add_typer(models.app, name="models")
app.command(epilog=BACKENDS_EXAMPLES)(backends)
app.add_typer(settings.app, name="settings")
app.add_typer(secrets.app, name="secrets")
app.command(epilog=ERASE_EXAMPLES)(erase)
app.add_typer(supervisor.app, name="supervisor")
app.add_typer(audit.app, name="audit")
app.command(epilog=DOCTOR_EXAMPLES)(doctor)
app.add_typer(privacy.app, name="privacy")
review.app.command(epilog=SIMULATE_EXAMPLES)(simulate)
app.add_typer(review.app, name="review")
app.add_typer(outbox.app, name="outbox")
app.add_typer(cloud.app, name="cloud")
app.add_typer(pki.app, name="pki")
app.add_typer(gold.app, name="gold")
app.add_typer(dataset.app, name="dataset")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line: exit status 0 done, 1 failed, 2 wrong use, 130 stopped; errors in words, no traceback."""
    survive_any_text()
    try:
        code = _command()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has left, as `| head` does
        _let_go_of_output()
        code = 1
    raise SystemExit(code)


def _command() -> int:
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # typer's answer to Ctrl+C, which it doesn't say
            say("sightdesk: Stopped.")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except SightdeskError as error:
        say(f"sightdesk: {error.what}")
        if error.hint:
            say(f"           {error.hint}")
        if "--json" in sys.argv and not isinstance(error, Reported):
            print_json({"error": {"what": error.what, "hint": error.hint}})
        if isinstance(error, Stopped):
            if error.stuck:
                os._exit(_INTERRUPTED)
            return _INTERRUPTED
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _let_go_of_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own flush at its end is silent."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):
                os.dup2(nowhere, stream.fileno())
