"""The command table."""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The operator's desk for computer vision in production."
)


def main() -> None:
    """Run the command line."""
    app()
