"""`sightdesk bench`: measurements anyone can repeat."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console.cli.bench_backends import EXAMPLES as BACKENDS_EXAMPLES
from console.cli.bench_backends import backends
from console.cli.bench_boxes import EXAMPLES as BOXES_EXAMPLES
from console.cli.bench_boxes import boxes
from console.cli.bench_cloud import EXAMPLES as CLOUD_EXAMPLES
from console.cli.bench_cloud import cloud
from console.cli.bench_outbox import EXAMPLES as OUTBOX_EXAMPLES
from console.cli.bench_outbox import outbox
from console.cli.bench_redaction import EXAMPLES as REDACTION_EXAMPLES
from console.cli.bench_redaction import redaction
from console.cli.bench_wall import EXAMPLES as WALL_EXAMPLES
from console.cli.bench_wall import wall
from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.review_simulate import EXAMPLES as SIMULATE_EXAMPLES
from console.cli.review_simulate import simulate

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Measure this machine: ratios to a peer or a limit in the same run.",
)

app.command(epilog=BACKENDS_EXAMPLES)(backends)
app.command(epilog=BOXES_EXAMPLES)(boxes)
app.command(epilog=CLOUD_EXAMPLES)(cloud)
app.command(epilog=OUTBOX_EXAMPLES)(outbox)
app.command(epilog=REDACTION_EXAMPLES)(redaction)
app.command("review", epilog=SIMULATE_EXAMPLES)(simulate)
app.command(epilog=WALL_EXAMPLES)(wall)


@app.command()
def pipeline(
    model: Annotated[str, typer.Option(help="Catalogue name or model file.")] = "yolox_nano",
    source: Annotated[Path | None, typer.Option(metavar="CLIP", help="A video file.  [default: the demo's]")] = None,
    precision: Annotated[
        Literal["f32", "default"], typer.Option(help="Of both, the product and its peer.")
    ] = "default",
    seconds: Annotated[float, typer.Option(min=1, help="Length of each run.")] = 10,
    pairs: Annotated[int, typer.Option(min=1, help="How often the two are run in turn.")] = 3,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The whole pipeline on a file against OpenVINO's benchmark_app on the bare network."""
    from console.bench.pipeline import compare
    from console.catalog.catalog import Catalog
    from console.cli.progress import fetching
    from console.settings.home import Home, find_home
    from console.site.finding import ModelFinder

    place = Home.look(find_home(home))
    catalog = Catalog(place.models, place.clips)
    with fetching() as announce:
        path, _ = ModelFinder(catalog, announce).find(model)
        clip = source or catalog.best_clip(announce("a clip")).path
    result = compare(path, clip, precision=precision, seconds=seconds, pairs=pairs, say=say)
    if as_json:
        print_json(result)
        return
    ratio, costs = result["ratio"], result["core_ms_per_frame"]
    print(f"ratio to the bare network: {ratio['without_tracking']:.2f}, with tracking {ratio['with_tracking']:.2f}")  # noqa: T201
    for stage, ms in costs["stages"].items():
        print(f"  {ms:7.3f} ms a frame  {stage}")  # noqa: T201
    print(f"  {costs['sum']:7.3f} ms of {costs['total']:.3f} explained ({costs['share']:.0%})")  # noqa: T201
