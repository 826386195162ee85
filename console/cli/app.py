"""The command table. Typer commands live one file each; this one only lists them and turns errors into words."""

from __future__ import annotations

import sys

import typer

from console.cli import bench, models, secrets, settings
from console.cli.demo import EXAMPLES as DEMO_EXAMPLES
from console.cli.demo import demo
from console.cli.doctor import EXAMPLES as DOCTOR_EXAMPLES
from console.cli.doctor import doctor
from console.cli.options import Reported, print_json, say
from console.cli.run import EXAMPLES as RUN_EXAMPLES
from console.cli.run import run
from console.errors import SightdeskError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich alone would double the time --help takes
    help="The operator's desk for computer vision in production.",
)


@app.callback()
def _root() -> None:
    """The operator's desk for computer vision in production."""


app.command(epilog=DEMO_EXAMPLES)(demo)
app.command(epilog=RUN_EXAMPLES)(run)
app.add_typer(models.app, name="models")
app.add_typer(settings.app, name="settings")
app.add_typer(secrets.app, name="secrets")
app.command(epilog=DOCTOR_EXAMPLES)(doctor)
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line: exit status 0 done, 1 failed, 2 wrong use; errors in words, never a traceback."""
    try:
        app()
    except SightdeskError as error:
        say(f"sightdesk: {error.what}")
        if error.hint:
            say(f"           {error.hint}")
        if "--json" in sys.argv and not isinstance(error, Reported):
            print_json({"error": {"what": error.what, "hint": error.hint}})
        raise SystemExit(2 if isinstance(error, UsageError) else 1) from None
