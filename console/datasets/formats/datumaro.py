"""Datumaro's own format 1.0: a JSON file a split, boxes as x, y, width, height in pixels.

Source: open-edge-platform.github.io/datumaro, "Datumaro format", and its JsonReader. An item's `attr` and an
annotation's `attributes` are free: score and track_id stand there, and "sightdesk" is ours. A picture's size is
[height, width].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

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
)  # fmt: skip
from console.datasets.formats.place import Place, joined
from console.datasets.formats.sizes import size_of
from console.datasets.formats.values import Annotation, Dataset, Sample
from models.words import _

PICTURES = "images"
_OWN = (extra.KEY, "score", "track_id")


def is_datumaro(path: Path) -> bool:
    """Whether a JSON file is Datumaro's. Raises FormatError: it is damaged."""
    for key in keys(path):
        if key in {"items", "dm_format_version"}:
            return True
        if key in {"", "images", "annotations"}:
            return False
    return False


def files(path: Path) -> tuple[Path, ...]:
    """The files of annotations at a path."""
    if path.is_file():
        return (path,)
    found = sorted(path.glob("annotations/*.json")) or sorted(path.glob("*.json"))
    return tuple(file for file in found if is_datumaro(file))


def read(place: Place, notes: Notes) -> Dataset:
    """Read a set. Raises FormatError: it can't be; says where."""
    labels: tuple[str, ...] = ()
    samples: list[Sample] = []
    name = ""
    for file in place.files:
        split = "" if file.stem == "default" else file.stem
        reader = _Reader(file, split, place, notes)
        own: tuple[str, ...] = ()
        for n, (key, value) in enumerate(walk(file, ("items",))):
            if key == "categories":
                own = _labels(value, file)
            elif key == "items":
                reader.item(mapping_in(value, f"{file}: {n}"), f"{file}: items[{len(reader.samples)}]")
            elif key == "infos" and isinstance(value, dict) and isinstance(value.get("name"), str):
                name = value["name"]
        samples += reader.done(own)
        labels = tuple(dict.fromkeys((*labels, *own)))
    return Dataset(name or place.root.name, labels, samples, place.folder)


def _labels(value: Any, file: Path) -> tuple[str, ...]:
    kept = mapping_in(mapping_in(value, str(file)).get("label", {}), str(file))
    named = [mapping_in(one, str(file)) for one in list_in(kept.get("labels", []), str(file))]
    return tuple(label_in(one.get("name"), str(file)) for one in named)


class _Reader:
    """Reads the items of one file; their classes may be named behind them."""

    def __init__(self, file: Path, split: str, place: Place, notes: Notes) -> None:
        self._file, self._split, self._place, self._notes = file, split, place, notes
        self._prefix: str | None = None
        self.samples: list[tuple[Sample, list[int]]] = []

    def item(self, value: Mapping[str, Any], at: str) -> None:
        image = mapping_in(value.get("image") or {}, at)
        name = name_in(image.get("path") or f"{value.get('id', '')}.jpg", at)
        if self._prefix is None:
            usual = (f"{PICTURES}/{self._split or 'default'}", PICTURES)
            self._prefix = self._place.prefix([name], usual)
        picture = joined(self._prefix, name)
        size = self._size(image.get("size"), picture, at)
        kept = mapping_in(value.get("attr") or {}, at)
        boxes, classes = [], []
        for n, one in enumerate(list_in(value.get("annotations", []), at)):
            found = self._box(mapping_in(one, at), size, f"{at}: annotations[{n}]")
            if found is not None:
                boxes.append(found[0])
                classes.append(found[1])
        about = extra.sample_extra(kept.get(extra.KEY), at, str(value.get("id", "")) or PurePosixPath(name).stem)
        others = {key: one for key, one in kept.items() if key != extra.KEY}
        if others:
            about["attributes"] = {**others, **about.get("attributes", {})}
        sample = Sample(picture=picture, size=size, annotations=tuple(boxes), split=self._split, **about)
        self.samples.append((sample, classes))

    def _size(self, value: Any, picture: str, at: str) -> tuple[int, int]:
        if value is None:
            size = size_of(self._place.folder / picture)
            if size is None:
                raise FormatError(
                    _("{place}: neither the file nor a picture says how large {name} is.").format(
                        place=at, name=picture
                    ),
                    _("Say with --pictures where the pictures are."),
                )
            return size
        sides = list_in(value, at)
        if len(sides) != 2:
            raise FormatError(_("{place}: a size is height and width.").format(place=at))
        return size_in(sides[1], sides[0], at)

    def _box(self, value: Mapping[str, Any], size: tuple[int, int], at: str) -> tuple[Annotation, int] | None:
        if value.get("type") != "bbox":
            self._notes.add(
                _("a shape that is no box is left out: {kind}").format(kind=str(value.get("type"))[:20]), at
            )
            return None
        sides = [number(side, at) for side in list_in(value.get("bbox"), at)]
        if len(sides) != 4:
            raise FormatError(_("{place}: a box has four numbers.").format(place=at))
        x, y, wide, high = sides
        box = box_in((x, y, x + wide, y + high), size, at, self._notes)
        own = value.get("label_id")
        if isinstance(own, bool) or not isinstance(own, int):
            raise FormatError(_("{place}: a box has no class.").format(place=at))
        if box is None:
            return None
        written = mapping_in(value.get("attributes") or {}, at)
        kept = mapping_in(written.get(extra.KEY) or {}, at)
        others = {key: one for key, one in written.items() if key not in _OWN}
        score, track = extra.score_in(written.get("score"), at), extra.track_in(written.get("track_id"), at)
        label = kept.get("id") or str(value.get("id", ""))
        return Annotation(box, "", score, track, str(label), others or extra.NOTHING), own

    def done(self, labels: tuple[str, ...]) -> Iterable[Sample]:
        """The samples, with the names of their classes."""
        for n, (sample, classes) in enumerate(self.samples):
            at = f"{self._file}: items[{n}]"
            if any(not 0 <= own < len(labels) for own in classes):
                raise FormatError(_("{place}: there is no such class.").format(place=at))
            named = tuple(
                Annotation(box.xyxy, labels[own], box.score, box.track, box.id, box.attributes)
                for box, own in zip(sample.annotations, classes, strict=True)
            )
            yield replace(sample, annotations=named)


def write(dataset: Dataset, out: Path) -> None:
    """Write annotations/SPLIT.json for each split; names of pictures are below images/."""
    folder = out / "annotations"
    folder.mkdir(parents=True, exist_ok=True)
    for split in dict.fromkeys(sample.split for sample in dataset.samples) or {"": None}:
        with (folder / f"{split or 'default'}.json").open("w", encoding="utf-8") as file:
            _write(dataset, split, file)


def _write(dataset: Dataset, split: str, file: TextIO) -> None:
    numbers = {label: number for number, label in enumerate(dataset.labels)}
    named = [{"name": label, "parent": "", "attributes": []} for label in dataset.labels]
    head = {
        "dm_format_version": "1.0",
        "media_type": 2,
        "infos": {"name": dataset.name, "author": "Sightdesk"},
        "categories": {"label": {"label_groups": [], "attributes": [], "labels": named}},
    }
    file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "items": [')
    for n, sample in enumerate(one for one in dataset.samples if one.split == split):
        item = {
            "id": PurePosixPath(sample.picture).with_suffix("").as_posix(),
            "annotations": [_annotation(box, own, numbers) for own, box in enumerate(sample.annotations)],
            "attr": {extra.KEY: extra.of_sample(sample)},
            "image": {"path": sample.picture, "size": [sample.size[1], sample.size[0]]},
        }
        file.write(("," if n else "") + "\n" + json.dumps(item, ensure_ascii=False))
    file.write("]}\n")


def _annotation(box: Annotation, own: int, numbers: Mapping[str, int]) -> dict[str, Any]:
    x0, y0, x1, y1 = box.xyxy
    attributes = dict(box.attributes)
    if box.score is not None:
        attributes["score"] = box.score
    if box.track is not None:
        attributes["track_id"] = box.track
    if box.id and box.id != str(own):
        attributes[extra.KEY] = {"id": box.id}
    return {
        "id": own, "type": "bbox", "attributes": attributes, "group": 0, "label_id": numbers[box.label], "z_order": 0,
        "bbox": [round(v, 6) for v in (x0, y0, x1 - x0, y1 - y0)],
    }  # fmt: skip
