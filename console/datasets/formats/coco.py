"""COCO: instances as JSON, boxes as x, y, width, height in pixels from the picture's left upper corner.

Source: cocodataset.org, "Data format", 1. Object Detection. `score` stands where COCO's results have it, `track_id`
where TAO has it; `attributes` of an annotation is what CVAT and Datumaro write there. "sightdesk" is ours, in images
and annotations. Categories are numbered from 1 in the order of the set's labels; read, they are in that of their
numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from console.datasets.formats import extra
from console.datasets.formats.json_stream import keys, walk
from console.datasets.formats.notes import (
    XYXY,
    FormatError,
    Notes,
    box_in,
    label_in,
    list_in,
    mapping_in,
    name_in,
    number,
    size_in,
)  # fmt: skip
from console.datasets.formats.place import Place, joined
from console.datasets.formats.values import Annotation, Dataset, Sample
from models.words import _

PICTURES = "images"
_LISTS = ("images", "annotations", "categories", "licenses")
ROBOFLOW = "_annotations.coco.json"
"""In a folder a split, beside its pictures."""
_TASKS = ("instances_", "person_keypoints_")
_NOT = ("captions_", "image_info_", "panoptic_", "stuff_", "labels_")

Mark = tuple[int, list[float], float | None, int | None, str, Mapping[str, Any]]
"""A box before its picture is known: category, x y w h, score, track, id, attributes."""


def is_coco(path: Path) -> bool:
    """Whether a JSON file is COCO's. Raises FormatError: it is damaged."""
    seen: set[str] = set()
    for key in keys(path):
        if key in {"", "items", "dm_format_version"}:
            return False
        seen.add(key)
        if key in {"images", "annotations"}:
            return True
    return False


def files(path: Path) -> tuple[Path, ...]:
    """The files of annotations at a path."""
    if path.is_file():
        return (path,)
    found = sorted(path.glob("annotations/*.json")) or sorted(path.glob("*.json"))
    found = found or sorted(path.glob(f"*/{ROBOFLOW}"))
    found = [file for file in found if not file.name.startswith(_NOT) and file.name != "sightdesk.json"]
    named = [file for file in found if file.name.startswith(_TASKS[0])]
    return tuple(file for file in named or found if is_coco(file))


def read(place: Place, notes: Notes) -> Dataset:
    """Read a set. Raises FormatError: it can't be; says where."""
    labels: dict[str, None] = {}
    samples: list[Sample] = []
    name = ""
    for file in place.files:
        content = _File(file, notes)
        labels.update(dict.fromkeys(content.labels.values()))
        names = [name_in(image.get("file_name"), content.at("images", n)) for n, image in content.images[:8]]
        split = _split(file, several=len(place.files) > 1)
        below = file.parent.relative_to(place.root).as_posix() if file.is_relative_to(place.root) else "."
        prefix = place.prefix(
            names, (f"{PICTURES}/{_named(file)}", f"{PICTURES}/{file.stem}", PICTURES, file.stem, split or ".", below)
        )
        samples += content.samples(prefix, split)
        name = name or content.name
    return Dataset(name or place.root.name, tuple(labels), samples, place.folder)


def _split(file: Path, *, several: bool) -> str:
    stem = _named(file)
    if stem in {"default", "annotations"} or not (several or stem != file.stem):
        return ""
    return stem


def _named(file: Path) -> str:
    """What a file's name says its split is."""
    if file.name == ROBOFLOW:
        return {"valid": "val"}.get(file.parent.name, file.parent.name)
    stem = file.stem
    for task in _TASKS:
        stem = stem.removeprefix(task)
    return stem


class _File:
    """What one file says."""

    def __init__(self, path: Path, notes: Notes) -> None:
        self._path, self._notes = path, notes
        self.images: list[tuple[int, Mapping[str, Any]]] = []
        self.labels: dict[int, str] = {}
        self.name = ""
        self._marks: dict[int, list[Mark]] = {}
        categories: dict[int, str] = {}
        counts: dict[str, int] = {}
        for key, value in walk(path, _LISTS):
            counts[key] = n = counts.get(key, -1) + 1
            if key == "images":
                self.images.append((n, _kept(mapping_in(value, self.at(key, n)))))
            elif key == "annotations":
                self._mark(mapping_in(value, self.at(key, n)), n)
            elif key == "categories":
                category = mapping_in(value, self.at(key, n))
                own = _whole(category.get("id"), self.at(key, n))
                if own in categories:
                    raise FormatError(_("{place}: two categories are {id}.").format(place=self.at(key, n), id=own))
                categories[own] = label_in(category.get("name"), self.at(key, n))
            elif key == "info" and isinstance(value, dict) and isinstance(value.get("description"), str):
                self.name = value["description"]
        self.labels = dict(sorted(categories.items()))
        if "images" not in counts and not self.images and not categories:
            raise FormatError(_("{file} holds no images and no categories: it is no COCO file.").format(file=path))

    def at(self, key: str, n: int) -> str:
        """A place in the file."""
        return f"{self._path}: {key}[{n}]"

    def _mark(self, value: Mapping[str, Any], n: int) -> None:
        at = self.at("annotations", n)
        if "bbox" not in value:
            self._notes.add(_("an annotation without a box is left out"), at)
            return
        sides = list_in(value["bbox"], at)
        if len(sides) != 4:
            raise FormatError(_("{place}: a box has four numbers.").format(place=at))
        kept = mapping_in(value.get(extra.KEY) or extra.NOTHING, at)
        attributes = dict(mapping_in(value.get("attributes") or {}, at)) or extra.NOTHING
        if value.get("iscrowd"):
            attributes = {**attributes, "iscrowd": True}
        score = extra.score_in(value.get("score", attributes.get("score")), at)
        track = value.get("track_id", attributes.get("track_id"))
        if isinstance(attributes, dict):
            attributes.pop("score", None)
            attributes.pop("track_id", None)
        own = kept.get("id") or str(value.get("id", ""))
        self._marks.setdefault(_whole(value.get("image_id"), at), []).append(
            (_whole(value.get("category_id"), at), [number(side, at) for side in sides], score,
             extra.track_in(track, at), own, attributes or extra.NOTHING)
        )  # fmt: skip

    def samples(self, prefix: str, split: str) -> Iterator[Sample]:
        """Its pictures, with their boxes."""
        known: set[int] = set()
        for n, image in self.images:
            at = self.at("images", n)
            own = _whole(image.get("id"), at)
            if own in known:
                raise FormatError(_("{place}: two images are {id}.").format(place=at, id=own))
            known.add(own)
            size = size_in(image.get("width"), image.get("height"), at)
            boxes = (self._annotation(mark, size, at) for mark in self._marks.pop(own, ()))
            found = extra.sample_extra(image.get(extra.KEY), at, str(own))
            yield Sample(
                picture=joined(prefix, name_in(image.get("file_name"), at)),
                size=size,
                annotations=tuple(box for box in boxes if box is not None),
                split=split,
                **found,
            )
        for own in self._marks:
            self._notes.add(_("annotations of a picture that is not in the file are left out"), f"{self._path}: {own}")

    def _annotation(self, mark: Mark, size: tuple[int, int], at: str) -> Annotation | None:
        category, (x, y, wide, high), score, track, own, attributes = mark
        if category not in self.labels:
            raise FormatError(_("{place}: there is no category {id}.").format(place=at, id=category))
        box: XYXY | None = box_in((x, y, x + wide, y + high), size, at, self._notes)
        return None if box is None else Annotation(box, self.labels[category], score, track, own, attributes)


def _kept(image: Mapping[str, Any]) -> dict[str, Any]:
    return {key: image[key] for key in ("id", "file_name", "width", "height", extra.KEY) if key in image}


def _whole(value: Any, at: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FormatError(_("{place}: {value} is no whole number.").format(place=at, value=repr(value)[:60]))
    return value


def write(dataset: Dataset, out: Path) -> None:
    """Write annotations/instances_SPLIT.json for each split; names of pictures are below images/."""
    folder = out / "annotations"
    folder.mkdir(parents=True, exist_ok=True)
    for split in dict.fromkeys(sample.split for sample in dataset.samples) or {"": None}:
        with (folder / f"instances_{split or 'default'}.json").open("w", encoding="utf-8") as file:
            _write(dataset, [sample for sample in dataset.samples if sample.split == split], file)


def _write(dataset: Dataset, samples: list[Sample], file: TextIO) -> None:
    numbers = {label: number for number, label in enumerate(dataset.labels, 1)}
    head = {
        "info": {"description": dataset.name, "version": "1.0", "contributor": "Sightdesk"},
        "licenses": [],
        "categories": [{"id": own, "name": label, "supercategory": ""} for label, own in numbers.items()],
    }
    file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "images": [')
    _lines(file, (_image(sample, n) for n, sample in enumerate(samples, 1)))
    file.write('], "annotations": [')
    boxes = ((n, box) for n, sample in enumerate(samples, 1) for box in sample.annotations)
    _lines(file, (_box(box, n, own, numbers) for own, (n, box) in enumerate(boxes, 1)))
    file.write("]}\n")


def _lines(file: TextIO, values: Iterable[Mapping[str, Any]]) -> None:
    file.writelines(("," if n else "") + "\n" + json.dumps(value, ensure_ascii=False) for n, value in enumerate(values))


def _image(sample: Sample, n: int) -> dict[str, Any]:
    image: dict[str, Any] = {"id": n, "file_name": sample.picture, "width": sample.size[0], "height": sample.size[1]}
    if sample.taken_at is not None:
        image["date_captured"] = f"{sample.taken_at:%Y-%m-%d %H:%M:%S}"
    return {**image, extra.KEY: extra.of_sample(sample)}


def _box(box: Annotation, image: int, own: int, numbers: Mapping[str, int]) -> dict[str, Any]:
    x0, y0, x1, y1 = box.xyxy
    sides = [round(v, 6) for v in (x0, y0, x1 - x0, y1 - y0)]
    attributes = {key: value for key, value in box.attributes.items() if key != "iscrowd"}
    value: dict[str, Any] = {
        "id": own, "image_id": image, "category_id": numbers[box.label], "bbox": sides,
        "area": round(sides[2] * sides[3], 6), "iscrowd": int(box.attributes.get("iscrowd") is True),
        "segmentation": [],
    }  # fmt: skip
    if box.score is not None:
        value["score"] = box.score
    if box.track is not None:
        value["track_id"] = box.track
    if attributes:
        value["attributes"] = attributes
    if box.id and box.id != str(own):
        value[extra.KEY] = {"id": box.id}
    return value
