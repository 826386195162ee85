"""`sightdesk privacy evaluate`: how much of the faces and plates in a dataset each policy covers."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.progress import ended_by_ctrl_c, fetching, measuring

if TYPE_CHECKING:
    from console.datasets.privacy import Outcome
    from console.pipeline.loader import Finder
    from console.settings.schema import Settings

EXAMPLES = """\b
Examples:
  sightdesk privacy evaluate --data coco/person_keypoints_val.json
  sightdesk privacy evaluate --data plates/ --policy plates=vehicles --sheet worst.png
  sightdesk privacy evaluate --data set/ --policy heads=always,pad=0.5 --policy cover=person --json
  sightdesk privacy evaluate --data set/ --face-model centerface --face-model yunet --sizes
  sightdesk privacy evaluate --data set/ --detection      also AP before and after
A policy's words: faces=yes|no heads=unsure|always|never plates=plates|vehicles|no cover=LABEL+LABEL
style=solid|pixelate|blur pad=0..1 models=none (as if face and plate models failed).
"""
_WORST = 8


DataOption = Annotated[
    list[Path],
    typer.Option("--data", metavar="SET", help="COCO .json, VOC .xml, or a folder of either. May be repeated."),
]
PicturesOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where the pictures are.  [default: beside the marks]")
]
PolicyOption = Annotated[
    list[str] | None,
    typer.Option("--policy", metavar="WORDS", help="What to try; may be repeated.  [default: those worth comparing]"),
]
ModelOption = Annotated[str, typer.Option(help="What finds persons and vehicles, as a camera's own model does.")]
ConfidenceOption = Annotated[float, typer.Option(min=0.01, max=1, help="Its boxes that score less are dropped.")]
FacesOption = Annotated[
    list[str] | None,
    typer.Option("--face-model", metavar="NAME", help="What finds faces; may be repeated.  [default: the site's]"),
]
PlatesOption = Annotated[str, typer.Option(metavar="NAME", help="What finds plates.  [default: the site's]")]
SizesOption = Annotated[bool, typer.Option("--sizes", help="Also how many faces are found at each size of the input.")]
DetectionOption = Annotated[
    bool, typer.Option("--detection", help="Also what redaction costs detection: AP before and after (COCO).")
]
SheetOption = Annotated[
    Path | None, typer.Option("--sheet", metavar="FILE.png", help="Write each policy's worst pictures, redacted by it.")
]


def evaluate(
    data: DataOption,
    pictures: PicturesOption = None,
    policy: PolicyOption = None,
    model: ModelOption = "yolox_nano",
    confidence: ConfidenceOption = 0.3,
    face_model: FacesOption = None,
    plate_model: PlatesOption = "",
    sizes: SizesOption = False,
    detection: DetectionOption = False,
    sheet: SheetOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """How much of the faces and plates in a dataset each policy covers, beside what else it covers and refuses.

    Faces are those with visible keypoints (nose, eyes, ears), or boxes; plates those with boxes. Models run as in the
    product. What is not marked is not measured, so this bounds nothing: use pictures of the cameras it is to hold for.
    Ctrl+C ends it with the results so far.
    """
    from console.bench import privacy as bench
    from console.datasets.privacy_trials import parse, standard
    from console.datasets.privacy_truth import read_truth

    stop = threading.Event()
    dataset = read_truth(data, pictures)
    settings, find = _place(home, [model, *(face_model or ())], plate_model)
    site = bench.site_policy(settings)
    written = [parse(words, site) for words in policy or []] or standard(site)
    with measuring() as told, ended_by_ctrl_c(stop):
        what = bench.Measured(dataset, settings, find, model, confidence, face_model or (), plate_model, told, stop)
        rows, outcomes = bench.covered(what, written, _WORST if sheet else 0)
        report: dict[str, Any] = {
            "data": [str(place) for place in data],
            "marked": bench.marked(dataset),
            "models": {"objects": what.model, "faces": what.faces, "plates": what.plates},
            "policies": rows,
            "recall_by_size": bench.by_size(what, site.pad) if sizes and not stop.is_set() else None,
            "detection": bench.cost(what, written) if detection and not stop.is_set() else None,
            "cancelled": stop.is_set(),
        }
    _show(report, as_json=as_json)
    if sheet is not None:
        _draw(sheet, outcomes)
    if stop.is_set():
        say("Stopped; these are the results so far.")
        raise typer.Exit(130)


def _place(home: Path | None, models: list[str], plate_model: str) -> tuple[Settings, Finder]:
    """The site's settings, and what finds models there; those named, and its own where none is, are fetched now."""
    from console.catalog.catalog import Catalog
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home
    from console.site.finding import ModelFinder

    place = Home.look(find_home(home))
    loaded = SettingsFile(place.settings_file).load(keep=False)
    if loaded.problem:
        say(str(loaded.problem))
    catalog, privacy = Catalog(place.models, place.clips), loaded.settings.privacy
    with fetching() as announce:
        fetch = ModelFinder(catalog, announce).find
        for name in [*models, *([] if models[1:] else [privacy.face_model]), plate_model or privacy.plate_model]:
            if "://" not in name:
                fetch(name)
    return loaded.settings, ModelFinder(catalog).find


def _draw(sheet: Path, outcomes: list[tuple[str, Outcome]]) -> None:
    """Write each policy's worst pictures."""
    from console.datasets.privacy import worst_of
    from console.datasets.privacy_sheet import write_sheet

    write_sheet(sheet, [(name, worst_of(outcome)) for name, outcome in outcomes])
    say(f"The worst pictures, as each policy would keep them: {sheet}")


def _show(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    from console.cli.privacy_tables import tables

    typer.echo("\n".join(tables(report)))
