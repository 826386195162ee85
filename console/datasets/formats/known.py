"""The formats there are: telling which one a set is in, reading and writing it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.datasets.formats import coco, cvat, datumaro, labelstudio, side, voc, yolo, yolo_writing
from console.datasets.formats.json_stream import keys
from console.datasets.formats.notes import FormatError, Notes, is_plain, name_in
from console.datasets.formats.place import Place
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.datasets.formats.xml_stream import root_of
from console.errors import UsageError
from models.words import _


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        name: as it is asked for.
        title: as its owner calls it.
        files: the files of annotations at a path; none where there is no such set.
        read, write: see the module of the format.
        pictures: the folder a written set has its pictures in.
        split_folders: a split has its pictures in a folder of its own.
        beside: what it can't hold is kept in `sightdesk.json`.
    """

    name: str
    title: str
    files: Callable[[Path], tuple[Path, ...]]
    read: Callable[[Place, Notes], Dataset]
    write: Callable[[Dataset, Path], None]
    pictures: str
    split_folders: bool = False
    beside: bool = False


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("coco", "COCO", coco.files, coco.read, coco.write, coco.PICTURES),
        Format(
            "yolo", "YOLO", yolo.files, yolo.read, yolo_writing.write, yolo.PICTURES, split_folders=True, beside=True
        ),
        Format("voc", "Pascal VOC", voc.files, voc.read, voc.write, voc.PICTURES, beside=True),
        Format("datumaro", "Datumaro", datumaro.files, datumaro.read, datumaro.write, datumaro.PICTURES),
        Format("cvat", "CVAT for images 1.1", cvat.files, cvat.read, cvat.write, cvat.PICTURES),
        Format(
            "labelstudio", "Label Studio", labelstudio.files, labelstudio.read, labelstudio.write, labelstudio.PICTURES
        ),
    )
}
_ROOTS = {"annotation": "voc", "annotations": "cvat"}
_LOOKED = 16


def format_named(name: str) -> Format:
    """A format by its name. Raises UsageError: there is none."""
    found = FORMATS.get(name.casefold().replace("-", "").replace("_", "").replace(" ", ""))
    if found is None:
        raise UsageError(
            _("There is no format {name}.").format(name=name), _("There are {names}.").format(names=", ".join(FORMATS))
        )
    return found


def format_at(path: Path) -> Format:
    """Which format the set at a path is in.

    Raises:
        FormatError: there is nothing, it is in none of them, or a file is damaged.
    """
    if path.is_file():
        found = _of_file(path)
    elif path.is_dir():
        found = _of_folder(path)
    else:
        raise FormatError(_("There is no dataset {path}.").format(path=path))
    if found is None:
        raise FormatError(
            _("{path} is a dataset in none of the formats that are known: {names}.").format(
                path=path, names=", ".join(one.title for one in FORMATS.values())
            ),
            _("Unpack an archive first. --format says which it is where it can't be told."),
        )
    return FORMATS[found]


def _of_file(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in {".yaml", ".yml"} or path.name in yolo.NAMES:
        return "yolo"
    if suffix == ".xml":
        return _ROOTS.get(root_of(path, strict=True))
    return _of_json(path) if suffix == ".json" else None


def _of_json(path: Path) -> str | None:
    for key in keys(path):
        if key == "":
            return "labelstudio"
        if key in {"items", "dm_format_version"}:
            return "datumaro"
        if key in {"images", "annotations"}:
            return "coco"
    return None


def _of_folder(path: Path) -> str | None:
    told = side.head_of(path).get("format")
    if told in FORMATS:
        return str(told)
    if yolo.files(path):
        return "yolo"
    jsons = sorted(path.glob("annotations/*.json")) or sorted(path.glob("*.json"))
    jsons = jsons or sorted(path.glob(f"*/{coco.ROBOFLOW}"))
    for file in jsons[:_LOOKED]:
        if file.name != side.FILE and (found := _of_json(file)):
            return found
    for n, file in enumerate(path.rglob("*.xml")):
        if n == _LOOKED:
            break
        if found := _ROOTS.get(root_of(file)):
            return found
    return None


def read(
    path: Path, name: str = "", pictures: Path | None = None, notes: Notes | None = None
) -> tuple[Format, Dataset]:
    """Read a set.

    Args:
        path: its folder, or a file of annotations in it.
        name: the format; empty: it is found out.
        pictures: the folder the pictures are in, if that is not in the set's own.
        notes: problems go there.

    Raises:
        FormatError: it can't be read; says the file and the place.
        UsageError: there is no such format.
    """
    kind = format_named(name) if name else format_at(path)
    if pictures is not None and not pictures.is_dir():
        raise FormatError(_("There is no folder {path}.").format(path=pictures))
    files = kind.files(path)
    root = path if path.is_dir() else path.parent
    if not files and side.head_of(root).get("format") != kind.name:  # a set of no pictures has no files in some
        raise FormatError(_("{path} holds no dataset in the format {title}.").format(path=path, title=kind.title))
    if path.is_file() and root.name in {"annotations", "Annotations", "labels"}:
        root = root.parent
    dataset = kind.read(Place(root, files, pictures), Notes() if notes is None else notes)
    if beside := side.head_of(root).get("name"):
        dataset = replace(dataset, name=str(beside))
    _once(dataset, path)
    return kind, dataset


def _once(dataset: Dataset, path: Path) -> None:
    seen: set[str] = set()
    for sample in dataset.samples:
        if sample.picture in seen:
            raise FormatError(
                _("{path}: the picture {name} comes twice.").format(path=path, name=sample.picture),
                _("Leave one out; which boxes are true can't be told."),
            )
        seen.add(sample.picture)


def write(dataset: Dataset, name: str, out: Path, pictures: str = "", *, more: Mapping[str, Any] | None = None) -> None:
    """Write the annotations of a set into a folder that is there, and `sightdesk.json`.

    Args:
        dataset: names of pictures are relative to the format's folder of pictures.
        name: the format.
        out: the folder.
        pictures: where the pictures are, if they are not in the folder; for a person to read.
        more: further members of `sightdesk.json`; JSON values.

    Raises:
        FormatError: the set can't be written in that format; says what of it.
        OSError: the disk refused it.
    """
    kind = format_named(name)
    check(dataset)
    kind.write(dataset, out)
    head = {
        "name": dataset.name,
        "format": kind.name,
        "labels": list(dataset.labels),
        "pictures": pictures,
        **(more or {}),
    }
    side.write(out, head, dataset.samples if kind.beside else ())


def check(dataset: Dataset) -> None:
    """See that every format can hold a set. Raises FormatError: it can't be; says what of it."""
    labels = set(dataset.labels)
    if len(labels) != len(dataset.labels):
        raise FormatError(_("{set}: two classes have the same name.").format(set=dataset.name))
    if not is_plain(dataset.name):
        raise FormatError(_("{name} is no name for a set.").format(name=repr(dataset.name)))
    for label in dataset.labels:
        if not label or label != label.strip() or not is_plain(label):
            raise FormatError(_("{set}: {label} is no name of a class.").format(set=dataset.name, label=repr(label)))
    _once(dataset, Path(dataset.name))
    for sample in dataset.samples:
        at = f"{dataset.name}: {sample.picture}"
        if name_in(sample.picture, at) != sample.picture or not is_plain(sample.id + sample.split):
            raise FormatError(_("{place}: no file can have that name.").format(place=at))
        if "/" in sample.split or "\\" in sample.split or sample.split in {".", ".."}:
            raise FormatError(_("{place}: {split} is no split.").format(place=at, split=repr(sample.split)))
        for box in sample.annotations:
            _check_box(box, sample, labels, at)


def _check_box(box: Annotation, sample: Sample, labels: set[str], at: str) -> None:
    if box.label not in labels:
        raise FormatError(
            _("{place}: the class {label} is not one of the set's.").format(place=at, label=repr(box.label))
        )
    x0, y0, x1, y1 = box.xyxy
    inside = all(map(math.isfinite, box.xyxy)) and 0 <= x0 < x1 <= sample.size[0] and 0 <= y0 < y1 <= sample.size[1]
    if not inside:
        raise FormatError(_("{place}: the box {box} is not in the picture.").format(place=at, box=box.xyxy))
