"""Pascal VOC: an XML file a picture, corners of boxes as pixels counted from 1, the last one inside.

Source: host.robots.ox.ac.uk/pascal/VOC, VOC2012 development kit, 4.2 and 5.2: Annotations/, JPEGImages/ and
ImageSets/Main/SPLIT.txt. The pixels xmin..xmax cover what lies between x0 = xmin - 1 and x1 = xmax; written, sides
are rounded to whole pixels, and a box thinner than one takes up one. What is not VOC's stands in `sightdesk.json`;
the order of the classes in labelmap.txt too, as Datumaro has it ("name:colour:parts:actions").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element  # values only
from xml.sax.saxutils import escape

from console.datasets.formats import side
from console.datasets.formats.extra import NOTHING
from console.datasets.formats.notes import XYXY, FormatError, Notes, box_in, label_in, name_in, number, size_in
from console.datasets.formats.place import Place, joined
from console.datasets.formats.sizes import SUFFIXES, size_of
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.datasets.formats.xml_stream import elements, root_of
from models.words import _

PICTURES = "JPEGImages"
_USUAL = (PICTURES, "images", "Images", "image", "img")
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_FLAGS = ("difficult", "truncated", "occluded")
_TRIED = 16


def files(path: Path) -> tuple[Path, ...]:
    """The files of annotations at a path."""
    if path.is_file():
        return (path,)
    found = sorted((path / "Annotations").rglob("*.xml")) or sorted(path.rglob("*.xml"))
    return tuple(found) if any(root_of(file) == "annotation" for file in found[:_TRIED]) else ()


def read(place: Place, notes: Notes) -> Dataset:
    """Read a set. Raises FormatError: it can't be; says where."""
    beside = side.read(place.root)
    splits = _splits(place.root)
    samples: list[Sample] = []
    taken: set[str] = set()
    stems: set[str] = set()
    pictures = _Pictures(place)
    base = place.root / "Annotations"
    for file in place.files:
        roots = list(elements(file, "" if place.files[1:] else "annotation", ("annotation",)))
        if not roots:
            notes.add(_("an XML file that is not VOC's is left out"), str(file))
            continue
        below = file.relative_to(base if file.is_relative_to(base) else file.parent).with_suffix("").as_posix()
        written = name_in((roots[0].findtext("filename") or below).strip(), str(file))
        sample = _sample(roots[0], pictures.name(written, below, file), str(file), place.folder, notes)
        sample = _completed(replace(sample, split=splits.get(below, "")), beside, notes)
        if sample.picture in taken:
            raise FormatError(_("{file}: the picture {name} comes twice.").format(file=file, name=sample.picture))
        taken.add(sample.picture)
        stems.add(below)
        samples.append(sample)
    for stem in _listed(place.root, stems):
        empty = _empty(place, stem, splits.get(stem, ""), notes)
        samples += [_completed(empty, beside, notes)] if empty is not None and empty.picture not in taken else []
    found = {box.label for sample in samples for box in sample.annotations}
    labels = _labels(place.root, beside)
    labels += tuple(sorted(found - set(labels)))
    return Dataset(beside.name or place.root.name, labels, samples, place.folder)


class _Pictures:
    """Finds the picture of each file: the one it names, or else one of the file's own name."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._prefix = ""
        self._found = False
        self._tried = 0

    def name(self, written: str, below: str, file: Path) -> str:
        """The picture's name below the folder of pictures; as written where there is none."""
        names = (written, *(below + suffix for suffix in SUFFIXES))
        if not self._found and self._tried < _TRIED:
            self._tried += 1
            own = file.parent.relative_to(self._place.root) if file.is_relative_to(self._place.root) else Path()
            self._prefix = self._place.prefix(names, (*_USUAL, own.as_posix()))
            self._found = any((self._place.folder / self._prefix / name).is_file() for name in names)
        for name in names if self._found else ():
            if (self._place.folder / self._prefix / name).is_file():
                return joined(self._prefix, name)
        return joined(self._prefix, written)


def _listed(root: Path, known: set[str]) -> list[str]:
    """Pictures of the lists that have no file of their own, as some tools leave out what is empty."""
    named: dict[str, None] = {}
    for file in sorted((root / "ImageSets" / "Main").glob("*.txt")):
        if "_" not in file.stem:
            named.update((line.strip(), None) for line in _text(file).splitlines() if line.strip())
    return [stem for stem in named if stem not in known]


def _empty(place: Place, stem: str, split: str, notes: Notes) -> Sample | None:
    at = str(place.root / "ImageSets" / "Main")
    for name in (name_in(stem + suffix, at) for suffix in SUFFIXES):
        picture = joined("" if place.pictures else PICTURES, name)
        size = size_of(place.folder / picture)
        if size is not None:
            notes.add(_("a picture has no file of boxes: it counts as empty"), picture)
            return Sample(PurePosixPath(name).stem, picture, size, (), split=split, attributes=NOTHING)
    notes.add(_("a picture that is listed is missing, and is left out"), f"{at}: {stem}")
    return None


def _splits(root: Path) -> dict[str, str]:
    """Split of each picture, by its name without suffix. Lists of one class ("car_train.txt") are none."""
    found: dict[str, str] = {}
    for file in sorted((root / "ImageSets" / "Main").glob("*.txt")):
        if "_" in file.stem or file.stem in {"trainval", "default"}:
            continue
        for line in _text(file).splitlines():
            if line.strip():
                found.setdefault(line.strip(), file.stem)
    return found


def _labels(root: Path, beside: side.Side) -> tuple[str, ...]:
    if beside.labels:
        return beside.labels
    for name in ("labelmap.txt", "classes.txt", "predefined_classes.txt"):
        if (root / name).is_file():
            lines = [line for line in _text(root / name).splitlines() if line.strip() and not line.startswith("#")]
            cut = name == "labelmap.txt"
            return tuple(
                dict.fromkeys(label_in(line.split(":")[0] if cut else line, str(root / name)) for line in lines)
            )
    return ()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FormatError(_("{file} can't be read: {why}.").format(file=file, why=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise FormatError(_("{file} is not UTF-8 text.").format(file=file)) from error


def _sample(root: Element, name: str, at: str, folder: Path, notes: Notes) -> Sample:
    wide, high = (root.findtext(f"size/{one}") for one in ("width", "height"))
    size = size_of(folder / name) if wide in {None, "", "0"} or high in {None, "", "0"} else None
    if size is None:
        size = size_in(wide, high, at, text=True)
    annotations = tuple(_boxes(root, size, at, notes))
    return Sample(PurePosixPath(name).stem, name, size, annotations, attributes=NOTHING)


def _completed(sample: Sample, beside: side.Side, notes: Notes) -> Sample:
    name = sample.picture
    short = name if name in beside.samples else name.removeprefix(PICTURES + "/")
    return replace(beside.complete(replace(sample, picture=short), notes), picture=name)


def _boxes(root: Element, size: tuple[int, int], file: str, notes: Notes) -> Iterator[Annotation]:
    for n, item in enumerate(root.iterfind("object"), 1):
        at = _("{file}, object {n}").format(file=file, n=n)
        label = label_in(item.findtext("name"), at)
        box = item.find("bndbox")
        if box is None:
            notes.add(_("an object without a box is left out"), at)
            continue
        x0, y0, x1, y1 = (number((box.findtext(one) or "").strip(), at, text=True) for one in _SIDES)
        inside = box_in((x0 - 1, y0 - 1, x1, y1), size, at, notes)
        if inside is not None:
            flags = {flag: True for flag in _FLAGS if (item.findtext(flag) or "").strip() == "1"}
            yield Annotation(inside, label, attributes=flags or NOTHING)


def write(dataset: Dataset, out: Path) -> None:
    """Write Annotations/, ImageSets/Main/ and labelmap.txt; names of pictures are below JPEGImages/.

    Raises:
        FormatError: two pictures would share a file.
    """
    taken: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for sample in dataset.samples:
        stem = PurePosixPath(sample.picture).with_suffix("").as_posix()
        if stem.casefold() in taken:
            raise FormatError(
                _("{one} and {other} would share the file Annotations/{name}.xml.").format(
                    one=taken[stem.casefold()], other=sample.picture, name=stem
                ),
                _("Rename one of them."),
            )
        taken[stem.casefold()] = sample.picture
        lists.setdefault(sample.split.replace("_", "-") or "default", []).append(stem)
        path = out / "Annotations" / f"{stem}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_xml(sample, dataset.name)), encoding="utf-8")
    main = out / "ImageSets" / "Main"
    main.mkdir(parents=True, exist_ok=True)
    for split, stems in (lists or {"default": []}).items():
        (main / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems), encoding="utf-8")
    if not any(":" in label or label.startswith("#") for label in dataset.labels):
        lines = ["# label:color_rgb:parts:actions", *(f"{label}:::" for label in dataset.labels)]
        (out / "labelmap.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _xml(sample: Sample, name: str) -> Iterator[str]:
    yield f"<annotation>\n\t<folder>{PICTURES}</folder>\n\t<filename>{escape(sample.picture)}</filename>\n"
    yield f"\t<source><database>{escape(name)}</database></source>\n"
    yield f"\t<size><width>{sample.size[0]}</width><height>{sample.size[1]}</height><depth>3</depth></size>\n"
    yield "\t<segmented>0</segmented>\n"
    for box in sample.annotations:
        sides = "".join(f"<{one}>{v}</{one}>" for one, v in zip(_SIDES, _pixels(box.xyxy, sample.size), strict=True))
        yield f"\t<object>\n\t\t<name>{escape(box.label)}</name>\n\t\t<pose>Unspecified</pose>\n"
        yield "".join(f"\t\t<{flag}>{int(box.attributes.get(flag) is True)}</{flag}>\n" for flag in _FLAGS)
        yield f"\t\t<bndbox>{sides}</bndbox>\n\t</object>\n"
    yield "</annotation>\n"


def _pixels(xyxy: XYXY, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The first and last pixels of a box, counted from 1."""
    sides = []
    for low, high, length in ((xyxy[0], xyxy[2], size[0]), (xyxy[1], xyxy[3], size[1])):
        first, last = math.floor(low + 1.5), math.floor(high + 0.5)
        if last < first:
            first = last = math.floor((low + high) / 2) + 1
        sides.append((min(max(first, 1), length), min(max(last, 1), length)))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]
