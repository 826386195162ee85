"""CVAT for images 1.1: one XML file, corners of boxes in pixels from the picture's left upper corner.

Source: docs.cvat.ai, "CVAT for image" and its dump_as_cvat_annotation: meta (a task, or a project whose tasks each
belong to a subset) with the classes in their order, then an `image` each with its `box`es. score and track_id are
attributes of a box, declared as text; the attribute `sightdesk` of images and boxes is ours, JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO
from xml.etree.ElementTree import Element  # values only
from xml.sax.saxutils import escape, quoteattr

from console.datasets.formats import extra
from console.datasets.formats.notes import (
    FormatError,
    Notes,
    box_in,
    label_in,
    mapping_in,
    name_in,
    number,
    size_in,
    turned,
)  # fmt: skip
from console.datasets.formats.place import Place, joined
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.datasets.formats.xml_stream import elements, root_of
from models.words import _

PICTURES = "images"
FILE = "annotations.xml"
_SIDES = ("xtl", "ytl", "xbr", "ybr")
_OWN = ("score", "track_id", extra.KEY)


def files(path: Path) -> tuple[Path, ...]:
    """The files of annotations at a path."""
    if path.is_file():
        return (path,)
    return tuple(file for file in sorted(path.glob("*.xml")) if root_of(file) == "annotations")


def read(place: Place, notes: Notes) -> Dataset:
    """Read a set. Raises FormatError: it can't be; says where."""
    labels: dict[str, None] = {}
    samples: list[Sample] = []
    name = ""
    for file in place.files:
        prefix: str | None = None
        for element in elements(file, "annotations", ("meta", "image", "track")):
            if element.tag == "meta":
                name = (element.findtext("task/name") or element.findtext("project/name") or name).strip()
                labels.update((label_in(one.findtext("name"), str(file)), None) for one in element.iter("label"))
            elif element.tag == "track":
                raise FormatError(
                    _("{file} holds tracks of a video.").format(file=file),
                    _("Export it from CVAT as CVAT for images 1.1."),
                )
            else:
                written = name_in(element.get("name"), _("{file}, image {n}").format(file=file, n=len(samples)))
                if prefix is None:
                    split = element.get("subset", "")
                    prefix = place.prefix([written], (PICTURES, f"{PICTURES}/{split or 'default'}"))
                samples.append(_sample(element, joined(prefix, written), f"{file}: {written}", notes))
    labels.update((box.label, None) for sample in samples for box in sample.annotations)
    return Dataset(name or place.root.name, tuple(labels), samples, place.folder)


def _sample(image: Element, picture: str, at: str, notes: Notes) -> Sample:
    size = size_in(image.get("width"), image.get("height"), at, text=True)
    found = []
    for n, shape in enumerate(image):
        if shape.tag == "box":
            box = _box(shape, size, f"{at}, {n + 1}", notes)
            found += [box] if box is not None else []
        else:
            notes.add(_("a shape that is no box is left out: {kind}").format(kind=shape.tag[:20]), at)
    split = image.get("subset", "")
    about = extra.sample_extra(_json(image.get(extra.KEY), at), at, image.get("id") or picture)
    return Sample(
        picture=picture, size=size, annotations=tuple(found), split="" if split == "default" else split, **about
    )


def _box(shape: Element, size: tuple[int, int], at: str, notes: Notes) -> Annotation | None:
    x0, y0, x1, y1 = (number(shape.get(side), at, text=True) for side in _SIDES)
    angle = number(shape.get("rotation", "0"), at, text=True)
    corners = (x0, y0, x1, y1)
    if angle:
        notes.add(_("a turned box is read as the box around it"), at)
        corners = turned(corners, angle, ((x0 + x1) / 2, (y0 + y1) / 2))
    inside = box_in(corners, size, at, notes)
    written = {str(one.get("name")): one.text or "" for one in shape.iterfind("attribute")}
    kept = dict(_json(written.get(extra.KEY), at) or {})
    for own, key in (("score", "score"), ("track_id", "track")):
        if written.get(own, "").strip():
            kept.setdefault(key, number(written[own].strip(), at, text=True))
    score, track, label, attributes = extra.annotation_extra(kept, at)
    others: dict[str, Any] = {key: text for key, text in written.items() if key not in _OWN and text}
    if shape.get("occluded") == "1":
        others["occluded"] = True
    name = label_in(shape.get("label"), at)
    if inside is None:
        return None
    return Annotation(inside, name, score, track, label, {**others, **attributes} or extra.NOTHING)


def _json(text: str | None, at: str) -> Mapping[str, Any] | None:
    if not text:
        return None
    try:
        return mapping_in(json.loads(text), at)
    except (ValueError, RecursionError) as error:
        raise FormatError(_("{place}: what Sightdesk kept there is damaged.").format(place=at)) from error


def write(dataset: Dataset, out: Path) -> None:
    """Write annotations.xml; names of pictures are below images/."""
    with (out / FILE).open("w", encoding="utf-8") as file:
        _write(dataset, file)


def _write(dataset: Dataset, file: TextIO) -> None:
    splits = [split or "default" for split in dict.fromkeys(sample.split for sample in dataset.samples)]
    several = splits not in ([], ["default"])
    own = "".join(
        f"<attribute><name>{name}</name><mutable>False</mutable><input_type>text</input_type>"
        "<default_value></default_value><values></values></attribute>"
        for name in _OWN
    )
    labels = "".join(
        f"\n        <label><name>{escape(label)}</name><attributes>{own}</attributes></label>"
        for label in dataset.labels
    )
    head = f"      <name>{escape(dataset.name)}</name>\n      <labels>{labels}\n      </labels>\n"
    if several:
        tasks = "".join(f"<task><name>{escape(s)}</name><subset>{escape(s)}</subset></task>" for s in splits)
        head = f"    <project>\n{head}      <tasks>{tasks}</tasks>\n    </project>\n"
    else:
        head = f"    <task>\n{head}      <size>{len(dataset.samples)}</size>\n    </task>\n"
    file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n')
    file.write(f"  <meta>\n{head}  </meta>\n")
    file.writelines("".join(_image(sample, n, several=several)) for n, sample in enumerate(dataset.samples))
    file.write("</annotations>\n")


def _image(sample: Sample, n: int, *, several: bool) -> Iterator[str]:
    subset = f" subset={quoteattr(sample.split or 'default')}" if several else ""
    kept = quoteattr(json.dumps(extra.of_sample(sample), ensure_ascii=False))
    yield f'  <image id="{n}" name={quoteattr(sample.picture)}{subset}'
    yield f' width="{sample.size[0]}" height="{sample.size[1]}" {extra.KEY}={kept}>\n'
    for box in sample.annotations:
        sides = " ".join(f'{side}="{round(v, 6)}"' for side, v in zip(_SIDES, box.xyxy, strict=True))
        occluded = int(box.attributes.get("occluded") is True)
        yield f'    <box label={quoteattr(box.label)} source="manual" occluded="{occluded}" {sides} z_order="0">\n'
        native = {"score": box.score, "track_id": box.track}
        for name, value in native.items():
            if value is not None:
                yield f'      <attribute name="{name}">{value}</attribute>\n'
        if rest := extra.of_annotation(box, native=("score", "track")):
            yield f'      <attribute name="{extra.KEY}">{escape(json.dumps(rest, ensure_ascii=False))}</attribute>\n'
        yield "    </box>\n"
    yield "  </image>\n"
