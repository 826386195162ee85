"""YOLO, detection: a text file a picture, a line a box: class number, middle x and y, width, height as shares.

Source: docs.ultralytics.com, "Object Detection Datasets Overview", and its loader: data.yaml with `path`, `train`,
`val`, `test` (a folder, a list of pictures in a text file, or several of them) and `names` (a list, or numbers to
names); the file of `.../images/A.jpg` is `.../labels/A.txt`; a picture without one, or with an empty one, has no
objects. A sixth number is the score, as its `save_txt` writes it; more are the corners of a polygon.

Pixels can't be told without the picture's size. It and what else YOLO can't hold stand in `sightdesk.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from console.datasets.formats import side
from console.datasets.formats.extra import NOTHING, score_in
from console.datasets.formats.notes import (
    XYXY,
    FormatError,
    Notes,
    box_in,
    enclosing,
    label_in,
    name_in,
    number,
)  # fmt: skip
from console.datasets.formats.place import Place, joined, listed
from console.datasets.formats.sizes import size_of
from console.datasets.formats.values import Annotation, Dataset, Sample
from models.words import _

PICTURES = "images"
SPLITS = ("train", "val", "test")
NAMES = ("classes.txt", "obj.names")
_YAML_MOST = 8 << 20
_BOX, _SCORED = 5, 6


@dataclass(frozen=True, slots=True)
class _Set:
    """What is the same for all pictures of a set."""

    root: Path
    place: Place
    labels: tuple[str, ...]
    side: side.Side
    notes: Notes


def files(path: Path) -> tuple[Path, ...]:
    """The file that describes the set at a path: its data.yaml, or the list of its classes."""
    if path.is_file():
        return (path,)
    found = [path / "data.yaml", path / "dataset.yaml", *sorted(path.glob("*.y*ml"))]
    found += [path / name for name in NAMES] + [path / "labels" / name for name in NAMES]
    return tuple(file for file in found if file.is_file())[:1]


def read(place: Place, notes: Notes) -> Dataset:
    """Read a set. Raises FormatError: it can't be; says where."""
    (file,) = place.files
    if file.suffix.lower() in {".yaml", ".yml"}:
        told = _yaml(file)
        labels = _names(told.get("names"), file)
        root = _root(told.get("path"), file)
    else:
        told, root = {}, place.root
        labels = tuple(label_in(line, str(file)) for line in _lines(file) if line.strip())
    if len(set(labels)) != len(labels):
        raise FormatError(_("{file}: two classes have the same name.").format(file=file))
    beside = side.read(root)
    about = _Set(root, place, labels, beside, notes)
    samples: dict[str, Sample] = {}
    for split, name in _pictures(told, about, file):
        if name in samples:
            raise FormatError(
                _("{file}: the picture {name} is named twice, in {one} and in {other}.").format(
                    file=file, name=name, one=samples[name].split or "-", other=split or "-"
                )
            )
        samples[name] = _sample(name, split, about)
    return Dataset(beside.name or root.name, labels, list(samples.values()), place.folder)


def _yaml(file: Path) -> Mapping[str, Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  # takes a tenth of a second
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        if file.stat().st_size > _YAML_MOST:
            raise FormatError(_("{file} is too large for a list of classes.").format(file=file))
        told = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FormatError(_("{file} can't be read: {why}.").format(file=file, why=error.strerror)) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise FormatError(_("{file} is no YAML: {why}.").format(file=file, why=str(error)[:200])) from error
    if not isinstance(told, dict):
        raise FormatError(_("{file} is no data.yaml: it has no names.").format(file=file))
    return told


def _names(names: Any, file: Path) -> tuple[str, ...]:
    if isinstance(names, dict) and all(isinstance(n, int) for n in names) and sorted(names) == list(range(len(names))):
        names = [names[n] for n in range(len(names))]
    if not isinstance(names, list) or not names:
        raise FormatError(
            _("{file}: `names` must be a list of classes, or their numbers from 0 with their names.").format(file=file)
        )
    return tuple(label_in(name if isinstance(name, str) else str(name), str(file)) for name in names)


def _root(path: Any, file: Path) -> Path:
    """The set's folder. What `path` says counts only where it stays inside of the folder of data.yaml."""
    if not isinstance(path, str) or not path:
        return file.parent
    told = file.parent / path
    inside = told.is_dir() and told.resolve().is_relative_to(file.parent.resolve())
    return file.parent / told.resolve().relative_to(file.parent.resolve()) if inside else file.parent


def _pictures(told: Mapping[str, Any], about: _Set, file: Path) -> Iterator[tuple[str, str]]:
    """Split and name of every picture, the name relative to the folder of pictures."""
    places = _named(told, file)
    if not places:
        names = list(listed(about.place.folder, "" if about.place.pictures else PICTURES))
        yield from (("", name) for name in names or about.side.samples)
        return
    for where, splits in places.items():
        # val must be named for a trainer to begin, so one place often stands for all
        own = splits[0] if len(splits) == 1 else PurePath(where).stem
        yield from ((own if own in splits else "", name) for name in _of(where, about, file))


def _named(told: Mapping[str, Any], file: Path) -> dict[str, list[str]]:
    """The places data.yaml names, each with the splits it stands for."""
    places: dict[str, list[str]] = {}
    own = [str(key) for key, value in told.items() if value in (f"{key}.txt", f"{PICTURES}/{key}")]
    for split in dict.fromkeys((*SPLITS, "valid", *own)):
        named = told.get(split) or []
        for where in named if isinstance(named, list) else [named]:
            if not isinstance(where, str):
                raise FormatError(_("{file}: {split} must name a folder or a list.").format(file=file, split=split))
            places.setdefault(where, []).append("val" if split == "valid" else split)
    return places


def _of(where: str, about: _Set, file: Path) -> Iterable[str]:
    """Names of the pictures of one folder or list."""
    if where.startswith("../") and (about.root / where[3:]).exists():  # as Roboflow writes it, and trainers read it
        where = where[3:]
    inside = name_in(_relative(where, about.root), str(file))
    if where.lower().endswith(".txt"):
        path = about.root / inside
        return [
            _below(name_in(_relative(line.strip(), about.root), f"{path}:{n}"), about)
            for n, line in enumerate(_lines(path), 1)
            if line.strip()
        ]
    folder = about.place.folder
    below = _below(inside, about) if about.place.pictures else inside
    if (folder / below).is_dir() and (found := list(listed(folder, below))):
        return found
    # nobody has put the pictures there: what is known of them stands beside
    names = [name for name in about.side.samples if joined(PICTURES, name).startswith(inside + "/")]
    if not names and about.side.path is None:
        about.notes.add(_("a folder of pictures is missing or empty"), str(folder / below))
    return names


def _relative(where: str, root: Path) -> str:
    """A path as the set says it, relative to its folder where it lies inside."""
    path = PurePath(where)
    if path.is_absolute() and path.is_relative_to(root.resolve()):
        return path.relative_to(root.resolve()).as_posix()
    return where


def _below(name: str, about: _Set) -> str:
    """A picture's name: below `--pictures`, and where there is none of it on disk, without the folder of pictures."""
    short = name.removeprefix(PICTURES + "/")
    if about.place.pictures:
        return short if not (about.place.pictures / name).is_file() else name
    return short if short in about.side.samples and not (about.root / name).is_file() else name


def _sample(name: str, split: str, about: _Set) -> Sample:
    short = name if name in about.side.samples else name.removeprefix(PICTURES + "/")
    size = about.side.size(short) or size_of(about.place.folder / name)
    if size is None:
        raise FormatError(
            _("{picture} is missing or no picture, and boxes are told as shares of its size.").format(
                picture=about.place.folder / name
            ),
            _("Say with --pictures where the pictures are."),
        )
    found = _labels_of(name, about)
    annotations = tuple(_boxes(found, size, about)) if found else ()
    if found is None:
        about.notes.add(_("a picture has no file of boxes: it counts as empty"), name)
    stem = PurePath(name).stem
    sample = Sample(id=stem, picture=short, size=size, annotations=annotations, split=split, attributes=NOTHING)
    whole = about.side.complete(sample, about.notes)
    return whole if short == name else replace(whole, picture=name)


def _labels_of(name: str, about: _Set) -> Path | None:
    """The file of a picture's boxes."""
    parts = PurePath(name).with_suffix(".txt").parts
    places = [PurePath("labels", *parts), PurePath(*parts)]
    if PICTURES in parts:
        last = len(parts) - 1 - parts[::-1].index(PICTURES)
        places.insert(0, PurePath(*parts[:last], "labels", *parts[last + 1 :]))
    return next((about.root / one for one in places if (about.root / one).is_file()), None)


def _boxes(file: Path, size: tuple[int, int], about: _Set) -> Iterator[Annotation]:
    for n, line in enumerate(_lines(file), 1):
        values = line.split()
        if not values:
            continue
        at = f"{file}:{n}"
        if len(values) < _BOX:
            raise FormatError(_("{place}: a line has a class and four numbers.").format(place=at))
        numbers = [number(value, at, text=True) for value in values]
        own = int(numbers[0])
        if own != numbers[0] or not 0 <= own < len(about.labels):
            raise FormatError(_("{place}: there is no class {n}.").format(place=at, n=values[0]))
        score = score_in(numbers[5], at) if len(values) == _SCORED else None
        box = box_in(_corners(numbers[1:], size, at, about.notes), size, at, about.notes)
        if box is not None:
            yield Annotation(box, about.labels[own], score, attributes=NOTHING)


def _corners(numbers: Sequence[float], size: tuple[int, int], at: str, notes: Notes) -> XYXY:
    wide, high = size
    if len(numbers) >= _SCORED:
        notes.add(_("a polygon is read as the box around it"), at)
        return enclosing([(x * wide, y * high) for x, y in zip(numbers[::2], numbers[1::2], strict=False)])
    x, y, across, down = (v * side for v, side in zip(numbers, (wide, high, wide, high), strict=False))
    corners = x - across / 2, y - down / 2, x + across / 2, y + down / 2
    # the decimals of a share may put a side a hair outside
    return tuple(round(v, 6) for v in corners)  # type: ignore[return-value]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise FormatError(_("{file} can't be read: {why}.").format(file=file, why=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise FormatError(_("{file} is not UTF-8 text.").format(file=file)) from error
