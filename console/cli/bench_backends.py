"""`sightdesk bench backends`: every variant of a model on every device here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.progress import ended_by_ctrl_c

if TYPE_CHECKING:
    from console.bench.backends import Wanted

EXAMPLES = """\b
Examples:
  sightdesk bench backends yolox_nano
  sightdesk bench backends my.onnx --seconds 20 --json > here.json
  sightdesk bench backends yolox_nano --data gold/instances.json      AP as well
"""
SCENE = "synthetic:street?fps=30&width=1280&height=720"
_HEAD = (
    f"{'':34} {'ran':>18} {'pictures/s':>10} {'of bare':>7} {'p50':>7} {'p95':>7} {'p99':>7} {'MB':>6} {'peak':>6} "
    f"{'agrees':>7} {'AP':>6} {'AP50':>6}"
)


def backends(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Catalogue name, model file, or a served model's URL.")],
    data: Annotated[
        Path | None, typer.Option("--data", metavar="COCO.json", help="Pictures with their truth: measures AP, too.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where its pictures are.  [default: beside it, or in images/]")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--source", metavar="CLIP", help="A video file instead.  [default: the demo's]")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.2, max=600, help="Length of each part of a measurement.")] = 5,
    lines: Annotated[bool, typer.Option("--lines", hidden=True, help="One JSON object a line, as they come.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every variant on every device here: pictures a second, latency, memory, agreement with f32, AP, batches.

    Runs the product's own loop on pictures decoded before, and a bare loop of the same runtime beside it. What can't
    be run is listed with the reason. Ctrl+C ends it with the results so far.
    """
    from console.bench.backends import measure

    rows: list[dict[str, Any]] = []
    tell = _tell_lines if lines else _tell_words
    wanted = _wanted(model, data, pictures, source, seconds, home)
    with ended_by_ctrl_c(wanted.stop):
        for row in measure(wanted, lambda done, of, words: tell({"done": done, "of": of, "words": words})):
            rows.append(row)
            tell({"row": row})
    cancelled = wanted.stop.is_set()
    if cancelled:
        say("Stopped; these are the results so far.")
    if as_json:
        print_json({"model": model, "seconds": seconds, "cancelled": cancelled, "rows": rows})
    elif not lines:
        typer.echo("\n".join(_table(rows)))
    if cancelled:
        raise typer.Exit(130)
    if not any("fps" in row for row in rows):
        raise typer.Exit(1)


def _tell_lines(value: dict[str, Any]) -> None:
    """For a program that reads along."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()


def _tell_words(value: dict[str, Any]) -> None:
    """For a person."""
    if value.get("words"):
        say(f"{value['done'] + 1} of {value['of']}: {value['words']}")
    elif "error" in value.get("row", {}):
        say(f"  {value['row']['error']['what']}")


def _wanted(
    model: str, data: Path | None, pictures: Path | None, source: Path | None, seconds: float, home: Path | None
) -> Wanted:
    """Find the model and decode the pictures."""
    from console.bench.backends import Wanted
    from console.bench.pictures import of_clip, of_dataset
    from console.catalog.catalog import Catalog
    from console.cli.progress import fetching
    from console.errors import CatalogError
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home
    from console.site.finding import ModelFinder

    place = Home.look(find_home(home))
    catalog = Catalog(place.models, place.clips)
    remote = SettingsFile(place.settings_file).load(keep=False).settings.remote
    with fetching() as announce:
        find = ModelFinder(catalog, announce).find
        if "://" not in model:
            find(model)
        if data is not None:
            shown, folder = of_dataset(data, pictures)
            return Wanted(model, find, shown, seconds, data, folder, remote=remote)
        try:
            clip = str(source or catalog.best_clip(announce("a clip")).path)
        except CatalogError as error:
            clip = SCENE
            say(f"{error.what} A drawn street takes its place; it says nothing about boxes.")
    return Wanted(model, find, of_clip(clip), seconds, remote=remote)


def _table(rows: list[dict[str, Any]]) -> list[str]:
    """Figures one variant a line, then batches."""
    lines = [_HEAD] if rows else []
    for row in rows:
        name = f"{row['runtime']} {row['device']} {row['precision']}"
        if "error" in row:
            lines += [f"{name:34} {row['error']['what']}", f"{'':34} {row['error']['hint']}"]
            continue
        ran, latency, memory, bare = row["ran"], row["latency_ms"], row["memory_mb"], row.get("bare", {})
        share = f"{bare['ratio']:.0%}" if bare.get("ratio") else "-"
        astray = f"  {ran['astray']} nodes on CPU" if ran["astray"] else ""
        lines.append(
            f"{name:34} {ran['device']:>11} {ran['precision']:>6} {row['fps']:10.1f} {share:>7} {latency['p50']:7.1f} "
            f"{latency['p95']:7.1f} {latency['p99']:7.1f} {memory['loaded']:6.0f} {memory['peak']:6.0f} "
            f"{_share(row['agreement']):>7} {_points(row.get('ap')):>6} {_points(row.get('ap50')):>6}{astray}"
        )
    return lines + _batch_table(rows)


def _batch_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        single = next((entry for entry in row.get("batches", []) if entry["batch"] == 1), None)
        for entry in row.get("batches", []):
            name = f"{row['runtime']} {row['device']} {row['precision']}"
            words = entry.get("why", "")
            if "fps" in entry and single:
                words = f"{entry['fps']:10.1f} pictures/s, {entry['ms'] - single['ms']:+.1f} ms"
            lines.append(f"{name:34} batch {entry['batch']:<3} {words}")
    return ["", *lines] if lines else []


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _points(ap: float | None) -> str:
    return "-" if ap is None else f"{ap * 100:.1f}"
