"""`sightdesk.json` beside a set: what its format can't hold. Every format tolerates a file it doesn't know.

An object: "sightdesk" (1, of this layout), "name", "format", "labels" in their order, "pictures" (where they are, for
a person to read: nothing is opened because of it) and "samples", one a picture: "picture", "size", what `extra` keeps
of it, and "boxes", what it keeps of each in their order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.datasets.formats import extra
from console.datasets.formats.json_stream import walk
from console.datasets.formats.notes import FormatError, Notes, label_in, list_in, mapping_in, name_in, size_in
from console.datasets.formats.values import Annotation, Sample
from models.words import _

FILE = "sightdesk.json"
LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Side:
    """What such a file says.

    Attributes:
        path: of the file; None: there is none, and the rest is empty.
        name, format, labels: of the set.
        samples: of each picture, as it was read.
        head: all other members.
    """

    path: Path | None = None
    name: str = ""
    format: str = ""
    labels: tuple[str, ...] = ()
    samples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)

    def size(self, picture: str) -> tuple[int, int] | None:
        """The size of a picture, or None."""
        kept = self.samples.get(picture, {}).get("size")
        if kept is None:
            return None
        place = f"{self.path}: {picture}"
        sides = list_in(kept, place)
        if len(sides) != 2:
            raise FormatError(_("{place}: a size is width and height.").format(place=place))
        return size_in(sides[0], sides[1], place)

    def complete(self, sample: Sample, notes: Notes) -> Sample:
        """A sample with what is kept of it here. Raises FormatError: what is kept is damaged."""
        kept = self.samples.get(sample.picture)
        if kept is None:
            return sample
        place = f"{self.path}: {sample.picture}"
        boxes = list_in(kept.get("boxes", []), place)
        annotations = sample.annotations
        if len(boxes) == len(annotations):
            annotations = tuple(
                _completed(a, mapping_in(b, place), place) for a, b in zip(annotations, boxes, strict=True)
            )
        elif boxes:
            notes.add(_("boxes were changed since sightdesk.json was written: scores and tracks are left out"), place)
        found = extra.sample_extra(kept, place, sample.id)
        split = kept.get("split")
        if not isinstance(split, str) or sample.split not in {"", split.replace("_", "-")}:  # VOC's lists have no _
            split = sample.split
        return Sample(picture=sample.picture, size=sample.size, annotations=annotations, split=split, **found)


def _completed(annotation: Annotation, kept: Mapping[str, Any], place: str) -> Annotation:
    if not kept:
        return annotation
    score, track, own, attributes = extra.annotation_extra(kept, place)
    return Annotation(
        annotation.xyxy,
        annotation.label,
        annotation.score if score is None else score,
        track,
        own,
        {**annotation.attributes, **attributes} if annotation.attributes else attributes,
    )


def read(folder: Path) -> Side:
    """What stands in a folder; nothing where there is no such file. Raises FormatError: it is damaged."""
    path = folder / FILE
    if not path.is_file():
        return Side()
    head: dict[str, Any] = {}
    samples: dict[str, Mapping[str, Any]] = {}
    for number, (key, value) in enumerate(walk(path, ("samples",))):
        if key == "samples":
            kept = mapping_in(value, f"{path}: {number}")
            samples[name_in(kept.get("picture"), f"{path}: {number}")] = kept
        else:
            head[key] = value
    if head.get(extra.KEY) != LAYOUT:
        raise FormatError(_("{file} is not of this Sightdesk.").format(file=path), _("Move it away to read the rest."))
    labels = tuple(label_in(label, str(path)) for label in list_in(head.get("labels", []), str(path)))
    name, kind = (head[key] if isinstance(head.get(key), str) else "" for key in ("name", "format"))
    return Side(path, name, kind, labels, samples, head)


def head_of(folder: Path) -> Mapping[str, Any]:
    """Name, format, labels and pictures alone; nothing where there is no such file, or it is another program's."""
    head: dict[str, Any] = {}
    try:
        if (folder / FILE).is_file():
            for key, value in walk(folder / FILE, ("samples",)):
                if key == "samples":
                    break
                head[key] = value
    except FormatError:
        return {}
    return head if head.get(extra.KEY) == LAYOUT else {}


def write(folder: Path, head: Mapping[str, Any], samples: Iterable[Sample] = ()) -> None:
    """Write such a file.

    Args:
        folder: where.
        head: its members beside "samples" and "sightdesk": name, format, labels, pictures.
        samples: those that the format can't hold whole.
    """
    with (folder / FILE).open("w", encoding="utf-8") as file:
        file.write(json.dumps({extra.KEY: LAYOUT, **head}, ensure_ascii=False)[:-1] + ', "samples": [')
        for number, sample in enumerate(samples):
            boxes = [extra.of_annotation(annotation) for annotation in sample.annotations]
            kept = {"picture": sample.picture, "size": list(sample.size), **extra.of_sample(sample)}
            if sample.split:
                kept["split"] = sample.split
            if any(boxes):
                kept["boxes"] = boxes
            file.write(("," if number else "") + "\n" + json.dumps(kept, ensure_ascii=False))
        file.write("\n]}\n")
