"""`sightdesk dataset`: annotated pictures from and for other tools."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, Stopped, print_json, say
from console.cli.progress import ended_by_ctrl_c, fetching, measuring
from console.errors import UsageError

if TYPE_CHECKING:
    from console.datasets.exporting import Exported
    from console.datasets.formats.notes import Notes
    from console.datasets.formats.values import Dataset
    from console.datasets.importing import Imported, Look
    from console.settings.home import Home
    from console.settings.schema import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Annotated pictures from and for other tools: COCO, YOLO, Pascal VOC, Datumaro, CVAT, Label Studio.",
)
FORMATS = "coco, yolo, voc, datumaro, cvat, labelstudio"
INSPECT_EXAMPLES = """\b
Examples:
  sightdesk dataset inspect street/
  sightdesk dataset inspect annotations/instances_val.json --pictures val2017/ --json
Nothing is written. What is wrong but no reason to refuse the set stands under problems.
"""
CONVERT_EXAMPLES = """\b
Examples:
  sightdesk dataset convert street/ street-yolo/ --to yolo
  sightdesk dataset convert boxes.json out/ --to cvat --pictures val2017/
Pictures are not copied: Sightdesk never writes a picture that is not redacted. They stay
where they are, and OUT names them relative to its folder images (VOC: JPEGImages): link
or move them there before training. What a format can't hold (YOLO: sizes, ids, scores;
VOC: order of classes, ids, scores) stands in OUT/sightdesk.json.
"""
EXPORT_EXAMPLES = """\b
Examples:
  sightdesk dataset export street-coco/ --gold street --format coco
  sightdesk dataset export street-yolo/ --gold street@2 --format yolo --split train,val
  sightdesk dataset export reviewed/ --reviewed --format labelstudio --partial
Pictures are those of the home, with faces and plates covered. OUT is complete or not
there: Ctrl+C leaves OUT.partial, and the same command goes on from it. Without --partial
only pictures are exported whose every object is known; a verdict on one box leaves the
others unknown, which training would take for background. The audit says what was
exported: neither an erasure nor the time pictures are kept reaches OUT.
"""
IMPORT_EXAMPLES = """\b
Examples:
  sightdesk dataset import street/ --name street
  sightdesk dataset import coco/instances_val.json --name coco --pictures val2017/ \\
      --published-as "COCO 2017, cocodataset.org, CC BY 4.0"
  sightdesk dataset import plates/ --name plates --model my-persons.onnx
Every picture is redacted as a camera's is before it is kept, by what is annotated and by
what --model and the face and plate models find; --published-as keeps it as it is, is for
sets that anybody can have, and stands with every picture. The same command goes on where
it was stopped and adds nothing twice. Pictures are kept as long as a camera's (settings,
keep), and longer once they are in a gold set.
"""
PicturesOption = Annotated[
    Path | None, typer.Option("--pictures", metavar="DIR", help="Where the pictures are.  [default: in the set]")
]
FormatOption = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help=f"What PATH is in: {FORMATS}.  [default: found out]")
]


@app.command("inspect", epilog=INSPECT_EXAMPLES)
def inspect(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A set's folder, or its file of annotations.")],
    pictures: PicturesOption = None,
    format_: FormatOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what is in a set: format, pictures, boxes, classes, problems."""
    from console.datasets.formats import known
    from console.datasets.formats.notes import Notes
    from console.datasets.inspecting import report

    notes = Notes()
    kind, dataset = known.read(path, format_, pictures, notes)
    told = report(path, kind, dataset, notes)
    if as_json:
        print_json(told)
        return
    counts = ", ".join(f"{told[key]} {key}" for key in ("pictures", "boxes", "negatives", "partial", "missing"))
    typer.echo(f"{kind.title}: {dataset.name}\n{counts}")
    if told["splits"] != {"": told["pictures"]}:
        typer.echo("splits: " + ", ".join(f"{split or '(none)'} {n}" for split, n in told["splits"].items()))
    for number, one in enumerate(told["classes"]):
        typer.echo(f"{number:>4}  {one['boxes']:>7}  {one['label']}")
    _problems(notes)


@app.command("convert", epilog=CONVERT_EXAMPLES)
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A set's folder, or its file of annotations.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder that is not there yet.")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help=f"{FORMATS}.")],
    pictures: PicturesOption = None,
    format_: FormatOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write a set's annotations in another format; its pictures stay where they are."""
    from console.datasets.convert import convert as run
    from console.datasets.folders import Cancelled
    from console.datasets.formats.notes import Notes

    notes, stop = Notes(), threading.Event()
    with measuring() as told, ended_by_ctrl_c(stop):
        try:
            done = run(source, out, to, name=format_, pictures=pictures, notes=notes, told=told, stopped=stop.is_set)
        except Cancelled as error:
            raise Stopped(str(error)) from error
    if as_json:
        counts = {"pictures": len(done.dataset.samples), "boxes": done.boxes, "classes": len(done.dataset.labels)}
        print_json({"from": done.came, "to": done.went, "out": str(out), **counts,
                    "pictures_in": str(done.pictures), "problems": notes.as_json()})  # fmt: skip
        return
    typer.echo(
        f"{len(done.dataset.samples)} pictures with {done.boxes} boxes of {len(done.dataset.labels)} classes: {out}"
    )
    typer.echo(f"The pictures stay in {done.pictures}")
    _problems(notes)


@app.command("export", epilog=EXPORT_EXAMPLES)
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder that is not there yet.")],
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help=f"{FORMATS}.")],
    gold: Annotated[
        str, typer.Option("--gold", metavar="NAME[@V]", help="A gold set; without a version the latest.")
    ] = "",
    reviewed: Annotated[bool, typer.Option("--reviewed", help="All that is reviewed.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Also pictures of which only one box was judged, marked as such.")
    ] = False,
    split: Annotated[
        str, typer.Option("--split", metavar="LIST", help="Of a gold set: train,val,test or some.  [default: all]")
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a gold set, or all that is reviewed, with its redacted pictures, for another tool."""
    from console.datasets import exporting
    from console.datasets.folders import Cancelled
    from console.datasets.formats.known import format_named
    from console.datasets.formats.notes import Notes
    from console.settings.home import Home, find_home

    if bool(gold) == reviewed:
        raise UsageError("Say what to export: --gold NAME or --reviewed.")
    if split and not gold:
        raise UsageError("Only a gold set has splits.", "Make one: sightdesk gold create NAME")
    format_named(format_)
    place, notes, stop = Home.look(find_home(home)), Notes(), threading.Event()
    dataset = _dataset(place, gold, tuple(filter(None, (one.strip() for one in split.split(",")))))
    with measuring() as told, ended_by_ctrl_c(stop):
        try:
            done = exporting.write(
                dataset, format_, out, exporting.home_pictures(place), told, stop.is_set, partial=partial, notes=notes
            )
        except Cancelled as error:
            raise Stopped(str(error)) from error
    if not done.complete_before:
        from console.privacy.audit.record import Audit

        Audit(place.path).write("dataset exported", name=dataset.name, pictures=done.pictures, out=str(out.resolve()))
    _exported(done, dataset, notes, as_json=as_json)


def _dataset(place: Home, gold: str, splits: tuple[str, ...]) -> Dataset:
    from console.datasets import gold as gold_sets
    from console.datasets.reviewed import reviewed
    from console.store.connect import reading

    with reading(place.database) as db:
        if gold:
            return gold_sets.dataset_of(db, place, *gold_sets.parse(gold), splits or None)
        return reviewed(db, place)


def _exported(done: Exported, dataset: Dataset, notes: Notes, *, as_json: bool) -> None:
    from dataclasses import asdict

    from console.datasets.exporting import PARTIAL

    if as_json:
        print_json({**asdict(done), "name": dataset.name, "classes": len(dataset.labels), "problems": notes.as_json()})
        return
    typer.echo(f"{done.pictures} pictures ({done.negatives} without objects) with {done.boxes} boxes: {done.out}")
    if done.complete_before:
        say("It was there already, complete.")
    if done.left_out:
        say(f"{done.left_out} known in part only are left out; --partial takes them.")
    if done.partial:
        say(PARTIAL.format(n=done.partial))
    _problems(notes)


@app.command("import", epilog=IMPORT_EXAMPLES)
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A set's folder, or its file of annotations.")],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What it is called here; its camera is import-NAME.")
    ],
    pictures: PicturesOption = None,
    format_: FormatOption = "",
    published_as: Annotated[
        str,
        typer.Option(
            "--published-as", metavar="TEXT", help="Licence and where it is published: keeps pictures as they are."
        ),
    ] = "",
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="What finds persons and vehicles to cover, as a camera's model does.")
    ] = "yolox_nano",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a set into the home, redacted: each picture a review item with its boxes as the truth."""
    from console.cli.supervisor import need_supervisor
    from console.datasets.formats import known
    from console.datasets.formats.notes import Notes
    from console.datasets.importing import Terms, bring_in
    from console.privacy.audit.record import Audit
    from console.privacy.policies import policy_for
    from console.privacy.writer import PictureWriter
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home
    from console.settings.schema import CameraSettings
    from console.store.store import Store

    published_as, notes, stop = published_as.strip(), Notes(), threading.Event()
    place = Home.look(find_home(home))
    loaded = SettingsFile(place.settings_file).load(keep=False)
    if loaded.problem:
        say(str(loaded.problem))
    settings = loaded.settings
    policy = policy_for(CameraSettings(id="import", source="import", published_as=published_as), settings.privacy)
    Terms(name, policy)  # a bad name is said before anything is read
    kind, dataset = known.read(path, format_, pictures, notes)
    if published_as:
        need_supervisor(home, "Keeping pictures uncovered")
    with ExitStack() as stack:
        redactor, look = _covering(place, settings, "" if published_as else model, stop, stack)
        store = stack.enter_context(Store.open(place))
        if published_as:
            Audit(place.path).write("import uncovered", name=name, published_as=published_as)
        told = stack.enter_context(measuring())
        stack.enter_context(ended_by_ctrl_c(stop))
        terms = Terms(name, policy, settings.review.picture_width, look=look)
        done = bring_in(
            dataset, store, PictureWriter(place, store), redactor, terms, notes=notes, told=told, stopped=stop.is_set
        )
    _imported(done, kind.name, dataset, terms.camera_id, notes, as_json=as_json)
    if done.stopped:
        say("Stopped; the same command goes on from here.")
        raise typer.Exit(130)
    if done.left_out == done.pictures and done.pictures:
        raise typer.Exit(1)


def _covering(
    place: Home, settings: Settings, model: str, stop: threading.Event, stack: ExitStack
) -> tuple[Any, Look | None]:
    """What covers pictures, and what finds persons and vehicles in them; both need nothing where nothing is covered."""
    from console.privacy.redactor import Redactor

    if not model:
        return Redactor(), None
    from console.catalog.catalog import Catalog
    from console.datasets.looking import looker
    from console.site.cover_models import CoverModels
    from console.site.finding import ModelFinder

    catalog, privacy = Catalog(place.models, place.clips), settings.privacy
    with fetching() as announce:
        for one in (model, privacy.face_model, privacy.plate_model):
            ModelFinder(catalog, announce, stop).find(one)
    find = ModelFinder(catalog).find
    covering = CoverModels(find, None, stop)
    stack.callback(covering.close)
    covering.take_on(settings)
    look, close = looker(model, find, settings.inference)
    stack.callback(close)
    return covering.redactor, look


def _imported(done: Imported, kind: str, dataset: Dataset, camera: str, notes: Notes, *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json({**asdict(done), "format": kind, "name": dataset.name, "camera": camera,
                    "weakened": dict(done.weakened), "problems": notes.as_json()})  # fmt: skip
        return
    typer.echo(
        f"{done.added} pictures with {done.boxes} boxes are in review as camera {camera}, {done.open} of them to be "
        f"judged; {done.there} were there, {done.left_out} of {done.pictures} are left out."
    )
    for why, number in done.weakened.items():
        say(f"In {number}: {why}")
    _problems(notes)


def _problems(notes: Notes) -> None:
    for one in notes.as_json():
        say(
            f"{one['number']} x {one['what']}: {', '.join(one['first'])}"
            + (" ..." if one["number"] > len(one["first"]) else "")
        )
