"""Label Studio: tasks as JSON, boxes as shares of a hundred; the classes in their order in the labelling config, XML.

Source: labelstud.io, "Label Studio JSON format of annotated tasks" and the tag RectangleLabels: x, y, width, height
in percent of the picture, rotation in degrees clockwise about the left upper corner. The export JSON is read (tasks
with annotations or predictions), and JSON-MIN. A task that nobody annotated says nothing of its picture: it is not
exhaustive, and neither is a prediction. "sightdesk" in `data` is ours; `score` of a region is where predictions have
it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import quoteattr

from console.datasets.formats import extra
from console.datasets.formats.json_stream import keys, walk
from console.datasets.formats.notes import (
    FormatError,
    Notes,
    box_in,
    label_in,
    list_in,
    mapping_in,
    name_in,
    number,
    size_in,
    turned,
)  # fmt: skip
from console.datasets.formats.place import Place, joined
from console.datasets.formats.sizes import SUFFIXES, size_of
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.datasets.formats.xml_stream import elements, root_of
from models.words import _

PICTURES = "images"
FILE, CONFIG = "tasks.json", "config.xml"
_LOCAL = "/data/local-files/"
_TYPE = "rectanglelabels"


def is_labelstudio(path: Path) -> bool:
    """Whether a JSON file is a list of tasks. Raises FormatError: it is damaged."""
    return next(keys(path), None) == ""


def files(path: Path) -> tuple[Path, ...]:
    """The files of tasks at a path."""
    if path.is_file():
        return (path,)
    return tuple(file for file in sorted(path.glob("*.json")) if is_labelstudio(file))


def read(place: Place, notes: Notes) -> Dataset:
    """Read a set. Raises FormatError: it can't be; says where."""
    labels: dict[str, None] = dict.fromkeys(_config(place.root, notes))
    ordered = bool(labels)
    samples: list[Sample] = []
    for file in place.files:
        prefix: str | None = None
        for n, (_key, value) in enumerate(walk(file)):
            task = mapping_in(value, f"{file}: {n}")
            at = _("{file}, task {n}").format(file=file, n=task.get("id", n + 1))
            name = _picture(task.get("data", task), at)
            if prefix is None:
                prefix = place.prefix([name], (PICTURES, "."))
                if not prefix and not (place.folder / name).is_file() and "/" in name:
                    prefix = place.prefix([PurePosixPath(name).name], (PICTURES, "."))
            samples.append(_sample(task, _found(place, prefix, name), place, at, notes))
    found = {box.label for sample in samples for box in sample.annotations} - set(labels)
    if found and not ordered:
        notes.add(_("there is no config.xml: the classes are in the order of the alphabet"), str(place.root))
    return Dataset(place.root.name, (*labels, *sorted(found)), samples, place.folder)


def _config(root: Path, notes: Notes) -> list[str]:
    """The classes of a labelling config beside the tasks, in their order.

    A damaged one is only counted: Label Studio's own converter writes such for classes with a quotation mark.
    """
    for path in (root / CONFIG, *sorted(root.glob("*.xml"))):
        if path.is_file() and root_of(path) == "View":
            try:
                controls = list(elements(path, "View", ("RectangleLabels", "Labels")))
            except FormatError as error:
                notes.add(_("the labelling config can't be read"), error.what)
                continue
            return [label_in(one.get("value"), str(path)) for control in controls for one in control.iter("Label")]
    return []


def _picture(data: Any, at: str) -> str:
    """The name of a task's picture, out of the address Label Studio shows it by."""
    texts = mapping_in(data, at)
    named = [texts.get("image"), *texts.values()]
    for text in named:
        if isinstance(text, str) and text:
            name = _name(text)
            if text is named[0] or name.lower().endswith(SUFFIXES):
                return name_in(name, at)
    raise FormatError(_("{place}: the task shows no picture.").format(place=at))


def _name(address: str) -> str:
    parts = urlsplit(address) if "://" in address or address.startswith(_LOCAL) else None
    if parts is None:
        pieces = address.split("/")
        if address.startswith("/data/upload/"):  # /data/upload/PROJECT/NAME
            return unquote("/".join(pieces[4:]))
        return address
    if parts.path == _LOCAL and (found := parse_qs(parts.query).get("d")):
        return found[0].removeprefix(f"{PICTURES}/")
    return unquote(PurePosixPath(parts.path).name)


def _found(place: Place, prefix: str, name: str) -> str:
    """The picture's name as it is on the disk; Label Studio's folders may have been left behind."""
    short = joined(prefix, PurePosixPath(name).name)
    if not (place.folder / joined(prefix, name)).is_file() and (place.folder / short).is_file():
        return short
    return joined(prefix, name)


def _sample(task: Mapping[str, Any], picture: str, place: Place, at: str, notes: Notes) -> Sample:
    data = mapping_in(task.get("data", {}), at)
    kept = dict(mapping_in(data.get(extra.KEY) or {}, at))
    regions, said = _regions(task, at, notes)
    size = _size(kept.pop("size", None), regions, place.folder / picture, at)
    split = kept.pop("split", "")
    boxes = (_box(region, size, at, notes) for region in regions)
    own = str(task.get("id", "")) or PurePosixPath(picture).stem
    about = extra.sample_extra(kept or None, at, own)
    about["exhaustive"] = said and about.get("exhaustive", True)
    return Sample(
        picture=picture,
        size=size,
        annotations=tuple(box for box in boxes if box is not None),
        split=split if isinstance(split, str) else "",
        **about,
    )


def _regions(task: Mapping[str, Any], at: str, notes: Notes) -> tuple[list[Mapping[str, Any]], bool]:
    """The regions of a task, and whether a person said that these are all."""
    given = [mapping_in(one, at) for one in list_in(task.get("annotations") or task.get("completions") or [], at)]
    valid = [one for one in given if not one.get("was_cancelled")]
    if len(valid) > 1:
        notes.add(_("a task has several annotations: its ground truth, or else the last, is taken"), at)
    if valid:
        chosen = next((one for one in valid if one.get("ground_truth")), valid[-1])
        return _list(chosen.get("result"), at), True
    if "data" not in task:  # JSON-MIN
        flat = [one for value in task.values() if isinstance(value, list) for one in value if isinstance(one, dict)]
        return [{"type": _TYPE, "value": one, **_sizes(one)} for one in flat if _TYPE in one], True
    notes.add(_("nobody annotated a task: its picture says nothing of what is not in it"), at)
    guessed = [mapping_in(one, at) for one in list_in(task.get("predictions") or [], at)]
    if not guessed:
        return [], False
    score = guessed[-1].get("score")
    return [{"score": score, **region} for region in _list(guessed[-1].get("result"), at)], False


def _list(result: Any, at: str) -> list[Mapping[str, Any]]:
    return [mapping_in(one, at) for one in list_in(result or [], at)]


def _sizes(region: Mapping[str, Any]) -> dict[str, Any]:
    return {key: region.get(key) for key in ("original_width", "original_height")}


def _size(kept: Any, regions: list[Mapping[str, Any]], picture: Path, at: str) -> tuple[int, int]:
    if kept is not None:
        sides = list_in(kept, at)
        if len(sides) != 2:
            raise FormatError(_("{place}: a size is width and height.").format(place=at))
        return size_in(sides[0], sides[1], at)
    for region in regions:
        if region.get("original_width"):
            return size_in(region["original_width"], region.get("original_height"), at)
    size = size_of(picture)
    if size is None:
        raise FormatError(
            _("{place}: neither the task nor a picture says how large {name} is.").format(place=at, name=picture),
            _("Say with --pictures where the pictures are."),
        )
    return size


def _box(region: Mapping[str, Any], size: tuple[int, int], at: str, notes: Notes) -> Annotation | None:
    if region.get("type") != _TYPE:
        notes.add(_("a shape that is no box is left out: {kind}").format(kind=str(region.get("type"))[:20]), at)
        return None
    value = mapping_in(region.get("value"), at)
    names = list_in(value.get(_TYPE) or value.get("labels"), at)
    if len(names) != 1:
        notes.add(_("a box with several classes, or none, is left out"), at)
        return None
    x, y, wide, high = (
        number(value.get(key), at) * side / 100
        for key, side in zip(("x", "y", "width", "height"), (*size, *size), strict=True)
    )
    corners = (x, y, x + wide, y + high)
    if angle := number(value.get("rotation") or 0, at):
        notes.add(_("a turned box is read as the box around it"), at)
        corners = turned(corners, angle, (x, y))
    rounded = tuple(round(side, 6) for side in corners)
    inside = box_in(rounded, size, at, notes)
    if inside is None:
        return None
    kept = dict(mapping_in(mapping_in(region.get("meta") or {}, at).get(extra.KEY) or {}, at))
    own = kept.get("id") or region.get("id")
    _score, track, _id, attributes = extra.annotation_extra({**kept, "id": ""}, at)
    score = region.get("score")
    # a prediction's own score is of any scale; of a region, or one in 0..1, it is the box's
    sound = isinstance(score, int | float) and 0 <= score <= 1
    label = label_in(names[0], at)
    return Annotation(
        inside, label, float(score or 0) if sound else None, track, own if isinstance(own, str) else "", attributes
    )


def write(dataset: Dataset, out: Path) -> None:
    """Write tasks.json and config.xml; names of pictures are below images/.

    Label Studio shows them once its storage "Local files" has the set's folder as its root.
    """
    labels = "".join(f"\n    <Label value={quoteattr(label)}/>" for label in dataset.labels)
    config = (
        f'<View>\n  <Image name="image" value="$image"/>\n  <RectangleLabels name="label" toName="image">{labels}\n'
    )
    (out / CONFIG).write_text(config + "  </RectangleLabels>\n</View>\n", encoding="utf-8")
    with (out / FILE).open("w", encoding="utf-8") as file:
        file.write("[")
        for n, sample in enumerate(dataset.samples, 1):
            file.write(("," if n > 1 else "") + "\n" + json.dumps(_task(sample, n), ensure_ascii=False))
        file.write("\n]\n")


def _task(sample: Sample, n: int) -> dict[str, Any]:
    kept: dict[str, Any] = {**extra.of_sample(sample), "size": list(sample.size)}
    if sample.split:
        kept["split"] = sample.split
    result = [_region(box, sample.size, f"{n}-{own}") for own, box in enumerate(sample.annotations, 1)]
    return {
        "id": n,
        "data": {"image": f"{_LOCAL}?d={quote(f'{PICTURES}/{sample.picture}')}", extra.KEY: kept},
        "annotations": [{"id": n, "result": result, "was_cancelled": False, "ground_truth": sample.exhaustive}],
        "predictions": [],
    }


def _region(box: Annotation, size: tuple[int, int], own: str) -> dict[str, Any]:
    wide, high = size
    x0, y0, x1, y1 = box.xyxy
    sides = {"x": x0 / wide, "y": y0 / high, "width": (x1 - x0) / wide, "height": (y1 - y0) / high}
    region: dict[str, Any] = {
        "id": own, "type": _TYPE, "from_name": "label", "to_name": "image", "origin": "manual",
        "original_width": wide, "original_height": high, "image_rotation": 0,
        "value": {**{key: round(100 * v, 10) for key, v in sides.items()}, "rotation": 0, _TYPE: [box.label]},
    }  # fmt: skip
    if box.score is not None:
        region["score"] = box.score
    if rest := extra.of_annotation(box, native=("score",)):
        region["meta"] = {extra.KEY: rest}
    return region
