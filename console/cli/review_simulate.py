"""`sightdesk review simulate` and `sightdesk bench review`: is the Review page quick with many items?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import JsonOption, print_json, say

EXAMPLES = """\b
Examples:
  sightdesk review simulate --items 100000 --json
  sightdesk review simulate --items 1000000
  sightdesk review simulate --items 2000 --pictures 100 --home /tmp/many
"""


def simulate(
    items: Annotated[int, typer.Option(min=10, help="Items in the queue.")] = 100_000,
    pictures: Annotated[int, typer.Option(min=1, help="Different pictures among them.")] = 1000,
    verdicts: Annotated[int, typer.Option(min=1, help="Verdicts given by key.")] = 300,
    every_ms: Annotated[float, typer.Option(min=0, help="Time from key to key.")] = 60,
    filters: Annotated[int, typer.Option(min=1, help="How often another filter is chosen.")] = 12,
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the filled home in DIR, which is new or empty.  [default: it is removed]"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fill a scratch home with items over drawn pictures, and judge them by key on the real page.

    Needs a screen; without one a window is opened that nobody sees, and the report says so.
    """
    from contextlib import nullcontext
    from tempfile import TemporaryDirectory

    from console.bench.review import Wanted, fill, in_words, measure
    from console.desk.screen import why_no_window
    from console.errors import SightdeskError, UsageError
    from console.settings.home import Home
    from console.store.store import Store

    if home is not None and home.exists() and any(home.iterdir()):
        raise UsageError(f"{home} is not empty.", "Name a folder that is new: it is filled with invented items.")
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if why := why_no_window():
        raise SightdeskError(why)
    wanted = Wanted(items, pictures, verdicts, every_ms / 1e3, filters)
    folder = TemporaryDirectory(prefix="sightdesk-review-") if home is None else nullcontext(str(home))
    with folder as path, Home.open(Path(path)) as place, Store.open(place) as store:
        fill(place, store, wanted, say)
        say(f"giving {verdicts} verdicts")
        report = measure(place, store, wanted)
    if as_json:
        print_json(report)
    else:
        print(in_words(report))  # noqa: T201
