"""`sightdesk bench cloud`: how much does the cloud side get done, and how long do desks wait meanwhile?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

EXAMPLES = """\b
Examples:
  sightdesk bench cloud
  sightdesk bench cloud --model my.onnx --batch 1 --batch 16 --workers 4
  sightdesk bench cloud --crops 0 --seconds 60 --per-second 100 --json
"""


def cloud(
    model: Annotated[
        str, typer.Option(help="What workers run: a catalogue name or a file.")
    ] = "vehicle-license-plate-detection-barrier-0106",
    crops: Annotated[int, typer.Option(min=0, help="Sealed crops for each measurement of workers; 0: none.")] = 1000,
    batch: Annotated[
        list[int] | None, typer.Option(min=1, max=64, help="May be said again.  [default: 1, 8, 32]")
    ] = None,
    workers: Annotated[
        list[int] | None, typer.Option(min=1, max=64, help="May be said again.  [default: 1, 2]")
    ] = None,
    per_second: Annotated[float, typer.Option(min=0.1, max=5000, help="Requests a second, each with a crop.")] = 50,
    seconds: Annotated[float, typer.Option(min=0, help="So long, at rest and with busy workers; 0: neither.")] = 30,
    backlog: Annotated[int, typer.Option(min=0, help="Crops that are queued before.")] = 12_000,
    broker: Annotated[str, typer.Option(metavar="URL", help="Of a broker that wakes the workers.")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Real servers and workers in a scratch folder, against the model in a bare loop and a server at rest."""
    from tempfile import TemporaryDirectory

    from console.bench.cloud import Wanted, in_words, measure
    from console.catalog.catalog import Catalog
    from console.cli.progress import fetching
    from console.settings.home import Home, find_home
    from console.site.finding import ModelFinder

    place = Home.look(find_home(home))
    with fetching() as announce, TemporaryDirectory(prefix="sightdesk-cloud-") as folder:
        find = ModelFinder(Catalog(place.models, place.clips), announce).find
        wanted = Wanted(
            model,
            find,
            crops,
            tuple(batch or (1, 8, 32)),
            tuple(workers or (1, 2)),
            per_second,
            seconds,
            backlog,
            broker,
        )
        report = measure(Path(folder), wanted, say)
    if as_json:
        print_json(report)
    else:
        print(in_words(report))  # noqa: T201
