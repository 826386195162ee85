"""`sightdesk privacy`: what redaction covers, and keys for what only one person may read."""

from __future__ import annotations

import typer

from console.cli.privacy_evaluate import EXAMPLES as EVALUATE_EXAMPLES
from console.cli.privacy_evaluate import evaluate
from console.cli.privacy_keys import KEYGEN_EXAMPLES, UNSEAL_EXAMPLES, keygen, unseal

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Measure what redaction covers; make keys for sealed pictures and open them.",
)

app.command(epilog=EVALUATE_EXAMPLES)(evaluate)
app.command(epilog=KEYGEN_EXAMPLES)(keygen)
app.command(epilog=UNSEAL_EXAMPLES)(unseal)
