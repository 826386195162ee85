"""`sightdesk bench outbox`: how fast does the outbox empty, and what does it cost when it can't?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import JsonOption, print_json, say

EXAMPLES = """\b
Examples:
  sightdesk bench outbox
  sightdesk bench outbox --messages 8000 --rounds 7 --json
  sightdesk bench outbox --messages 0 --waiting 100000
"""


def outbox(
    messages: Annotated[int, typer.Option(min=0, help="Pictures sent in each round; 0: none.")] = 4000,
    concurrency: Annotated[int, typer.Option(min=1, max=32, help="Requests under way at once, in all loops.")] = 4,
    rounds: Annotated[int, typer.Option(min=1, help="How often all loops take their turn.")] = 5,
    waiting: Annotated[int, typer.Option(min=0, help="Messages that wait for a dead target; 0: none.")] = 100_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long they wait.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """A scratch home sent over mutual TLS to a receiver on loopback, against bare loops that post the same pictures."""
    from tempfile import TemporaryDirectory

    from console.bench.outbox import Wanted, in_words, measure

    wanted = Wanted(messages, concurrency, rounds, waiting, seconds)
    with TemporaryDirectory(prefix="sightdesk-outbox-") as folder:
        report = measure(Path(folder), wanted, say)
    if as_json:
        print_json(report)
    else:
        print(in_words(report))  # noqa: T201
