"""`sightdesk bench redaction`: what covering faces and plates costs beside the bare networks it needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say
from console.errors import UsageError

EXAMPLES = """\b
Examples:
  sightdesk bench redaction
  sightdesk bench redaction --size 1280x720 --face-model yunet --json
"""


def redaction(
    source: Annotated[
        Path | None, typer.Option("--source", metavar="CLIP", help="A video file.  [default: the demo's]")
    ] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the pictures, which are scaled to it.")] = "1920x1080",
    face_model: Annotated[
        str, typer.Option("--face-model", metavar="NAME", help="What finds faces.  [default: the site's]")
    ] = "",
    seconds: Annotated[float, typer.Option(min=0.2, max=600, help="Length of each policy's measurement.")] = 5,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Redacting a decoded picture against OpenVINO alone on the same face and plate networks, in turn."""
    from console.bench.redaction import measure
    from console.catalog.catalog import Catalog
    from console.cli.progress import fetching
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home
    from console.site.finding import ModelFinder

    sides = re.fullmatch(r"(\d{2,4})x(\d{2,4})", size)
    if sides is None or any(int(side) % 2 or int(side) < 64 for side in sides.groups()):
        raise UsageError(f"{size} is no size of a picture.", "Write it as 1920x1080; both sides are even, 64 at least.")
    place = Home.look(find_home(home))
    settings = SettingsFile(place.settings_file).load(keep=False).settings
    if face_model:
        changed = settings.privacy.model_copy(update={"face_model": face_model})
        settings = settings.model_copy(update={"privacy": changed})
    catalog = Catalog(place.models, place.clips)
    with fetching() as announce:
        find = ModelFinder(catalog, announce).find
        for model in (settings.privacy.face_model, settings.privacy.plate_model):
            find(model)
        clip = source or catalog.best_clip(announce("a clip")).path
    report = measure(find, settings, clip, size=(int(sides[1]), int(sides[2])), seconds=seconds, say=say)
    if as_json:
        print_json(report)
        return
    typer.echo("\n".join(_table(report)))


def _table(report: dict[str, Any]) -> list[str]:
    (wide, high), limit = report["size"], report["limit"]
    lines = [
        f"{wide}x{high:<21} {'ms p50':>8} {'p95':>8} {'bare p50':>9} {'covering':>9} {'ratio':>6}  at most {limit:g}"
    ]
    for row in report["policies"]:
        models = ", ".join(f"{one['name']} {one['input'][0]}x{one['input'][1]}" for one in row["models"])
        lines.append(
            f"{row['policy']:26} {row['ms']['p50']:8.1f} {row['ms']['p95']:8.1f} {row['bare_ms']['p50']:9.1f} "
            f"{row['covering_ms']['p50']:9.1f} {row['ratio']:6.2f}  {models}"
        )
    return lines
