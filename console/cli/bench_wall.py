"""`sightdesk bench wall`: does a wall of cameras reach the screen in time, with inference on?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

EXAMPLES = """\b
Examples:
  xvfb-run -s "-screen 0 1920x1080x24" sightdesk bench wall --cameras 16 --json
  sightdesk bench wall --cameras 1
  sightdesk bench wall --no-inference
  sightdesk bench wall --cameras 4 --paint-cost 0.04
  sightdesk bench wall --outbox 100000
"""


def wall(
    cameras: Annotated[int, typer.Option(min=1, max=64, help="How many cameras of 1280x720 at 30 fps.")] = 16,
    seconds: Annotated[float, typer.Option(min=1, help="Length of the measurement.")] = 20,
    model: Annotated[str, typer.Option(help="Catalogue name or model file.")] = "yolox_nano",
    inference: Annotated[bool, typer.Option("--inference/--no-inference", help="Whether a model runs.")] = True,
    clip: Annotated[Path | None, typer.Option(metavar="CLIP", help="What cameras send.  [default: the demo's]")] = None,
    source: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Cameras of your own instead; may be repeated.")
    ] = None,
    paint_cost: Annotated[float, typer.Option(min=0, max=1, help="Seconds burnt in each painting of a tile.")] = 0,
    review: Annotated[
        float, typer.Option(min=0, metavar="S", help="Judge an item on the Review page every S seconds meanwhile.")
    ] = 0,
    outbox: Annotated[
        int, typer.Option(min=0, metavar="N", help="Measure it again with N messages waiting: target dead, then live.")
    ] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """A wall of real RTSP cameras on loopback in a window of 1920x1080, measured from inside.

    Needs a display (or xvfb-run, or QT_QPA_PLATFORM=offscreen) and GStreamer's RTSP server.
    """
    from tempfile import TemporaryDirectory

    from console.bench import wall_outbox
    from console.bench.wall import Wanted, in_words, measure
    from console.catalog.catalog import Catalog
    from console.cli.progress import fetching
    from console.settings.home import Home, find_home

    place = Home.look(find_home(home))
    with fetching() as announce:
        sent = clip or (None if source else Catalog(place.models, place.clips).best_clip(announce("a clip")).path)
    wanted = Wanted(cameras, tuple(source or ()), model if inference else None, seconds, paint_cost, review, outbox)
    with TemporaryDirectory(prefix="sightdesk-wall-") as folder:
        report = measure(place, sent or Path(), wanted, Path(folder), say)
    if as_json:
        print_json(report)
    else:
        print(in_words(report))  # noqa: T201
        if outbox:
            print(wall_outbox.in_words(report["outbox"]))  # noqa: T201
