"""What of a picture must be covered, as a dataset marks it: keypoints and boxes of faces, boxes of plates.

COCO (cocodataset.org, data format): of category "person" with keypoints named nose, left_eye, right_eye, left_ear and
right_ear, those with v = 2, labelled and visible; a face that is turned away has none, and neither has a crowd. Boxes
of categories that mean a face or a plate count, too. Pascal VOC: `object`s whose name means a face or a plate.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from console.datasets.accuracy import read_picture
from console.errors import SightdeskError
from models.findings import FACES, PLATES
from models.words import _

POINTS = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
"""The keypoints of a face."""
_VISIBLE = 2
_WIDE, _OF_PERSON = 2.0, 1 / 8
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face that can be seen.

    Attributes:
        points: (K, 2) float32, its visible keypoints in pixels; none where the dataset draws a box instead.
        box: (4,) float32; where there are keypoints about where the whole head is: a square around them, twice as wide
            as they are apart or an eighth of the person's height, whichever is more.
    """

    points: NDArray[np.float32]
    box: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """One picture of a dataset.

    Attributes:
        path: of the picture.
        size: (width, height) the marks are for.
        faces: those that can be seen.
        plates: (P, 4) float32.
    """

    path: Path
    size: tuple[int, int]
    faces: tuple[Face, ...]
    plates: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Pictures with their marks.

    Attributes:
        truths: a picture each.
        coco: what COCO files say, for measuring detection: those of one list of categories pooled, by its names; an
            image's `file_name` is the picture's whole path.
    """

    truths: tuple[Truth, ...]
    coco: Mapping[tuple[str, ...], dict[str, Any]]


def read_truth(places: Sequence[Path], pictures: Path | None = None) -> Dataset:
    """The pictures of datasets, with their marks.

    Args:
        places: each a COCO JSON file, a VOC XML file, or a folder of either (COCO files beside the folders of their
            pictures, VOC files in it or in a folder of it).
        pictures: folder of the pictures, if they are not beside the marks.

    Raises:
        SightdeskError: a file can't be read, a picture is not to be found, or nothing at all is marked.
    """
    truths: list[Truth] = []
    coco: dict[tuple[str, ...], dict[str, Any]] = {}
    for file in [file for place in places for file in _files(place)]:
        if file.suffix.casefold() == ".json":
            truths += _of_coco(file, pictures, coco)
        else:
            truths.append(_of_voc(file, pictures))
    if not any(truth.faces or len(truth.plates) for truth in truths):
        raise SightdeskError(
            _("No face and no plate is marked in {places}.").format(places=", ".join(map(str, places))),
            _("COCO files with person keypoints, or COCO or VOC files with boxes of faces or plates, can be measured."),
        )
    return Dataset(tuple(truths), coco)


def _files(place: Path) -> list[Path]:
    """The files of marks at a place. Raises SightdeskError: there are none."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise SightdeskError(_("There is no dataset {place}.").format(place=place))
    found = sorted(place.glob("*.json")) or sorted(place.rglob("*.xml"))
    if not found:
        raise SightdeskError(_("{place} holds no dataset: no COCO .json and no VOC .xml is in it.").format(place=place))
    return found


def _of_coco(file: Path, pictures: Path | None, coco: dict[tuple[str, ...], dict[str, Any]]) -> list[Truth]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        categories = {int(c["id"]): c for c in content["categories"]}
        marks = defaultdict(list)
        for mark in content["annotations"]:
            marks[int(mark["image_id"])].append(mark)
        images = [(int(i["id"]), str(i["file_name"]), int(i["width"]), int(i["height"])) for i in content["images"]]
        made: list[Truth] = []
        for number, name, width, height in images:
            path = _picture(name, _folders(file, pictures))
            faces, plates = [], []
            for mark in marks[number]:
                category = categories[int(mark["category_id"])]
                label = str(category["name"]).strip().casefold()
                if label in PLATES:
                    plates.append(_corners(mark["bbox"]))
                elif label in FACES:
                    faces.append(Face(np.empty((0, 2), np.float32), _corners(mark["bbox"])))
                elif not mark.get("iscrowd") and (face := _face(mark, category.get("keypoints", ()))):
                    faces.append(face)
            made.append(Truth(path, (width, height), tuple(faces), _boxes(plates)))
        _pool(coco, content, [truth.path for truth in made])
        if not any(_tells(category) for category in categories.values()):
            return []  # faces and plates may be in these pictures, but nothing says where
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise SightdeskError(
            _("{file} can't be read as COCO annotations: {error}").format(file=file, error=repr(error))
        ) from error
    return made


def _tells(category: Mapping[str, Any]) -> bool:
    """Whether a category's annotations say where faces or plates are."""
    label = str(category["name"]).strip().casefold()
    return label in PLATES | FACES or bool(set(POINTS) & set(category.get("keypoints", ())))


def _face(mark: Mapping[str, Any], names: Sequence[str]) -> Face | None:
    """The face of a person's annotation; None where none of its keypoints is visible."""
    if "keypoints" not in mark or not set(POINTS) & set(names):
        return None
    rows = np.array(mark["keypoints"], np.float32).reshape(-1, 3)[[names.index(n) for n in POINTS if n in names]]
    points = rows[rows[:, 2] == _VISIBLE, :2]
    if not len(points):
        return None
    labelled = rows[rows[:, 2] > 0, :2]
    side = max(_WIDE * float(np.ptp(labelled, axis=0).max()), _OF_PERSON * float(mark["bbox"][3]))
    middle = (labelled.min(0) + labelled.max(0)) / 2
    return Face(points, np.concatenate([middle - side / 2, middle + side / 2]).astype(np.float32))


def _pool(coco: dict[tuple[str, ...], dict[str, Any]], content: dict[str, Any], paths: Sequence[Path]) -> None:
    """Keep what a file says, together with others of the same categories.

    Pictures, marks and categories are numbered anew, since two files may use the same numbers for other things.
    """
    key = tuple(sorted(str(category["name"]) for category in content["categories"]))
    held = coco.setdefault(key, {"images": [], "annotations": [], "categories": content["categories"]})
    numbers = {str(category["name"]): category["id"] for category in held["categories"]}
    names = {category["id"]: str(category["name"]) for category in content["categories"]}
    fresh = {}
    for place, (image, path) in enumerate(zip(content["images"], paths, strict=True), len(held["images"]) + 1):
        fresh[image["id"]] = place
        held["images"].append({**image, "id": place, "file_name": str(path)})
    for place, mark in enumerate(content["annotations"], len(held["annotations"]) + 1):
        own = {"id": place, "image_id": fresh[mark["image_id"]], "category_id": numbers[names[mark["category_id"]]]}
        held["annotations"].append({**mark, **own})


def _of_voc(file: Path, pictures: Path | None) -> Truth:
    try:
        root = ET.parse(file).getroot()  # noqa: S314  # the operator's own file; expat bounds what entities may grow to
        width, height = (int(float(root.findtext(f"size/{side}") or 0)) for side in ("width", "height"))
        faces, plates = [], []
        for item in root.iter("object"):
            label = (item.findtext("name") or "").strip().casefold()
            box = _finite([float(item.findtext(f"bndbox/{side}") or "nan") for side in _SIDES])
            if label in PLATES:
                plates.append(box)
            elif label in FACES:
                faces.append(Face(np.empty((0, 2), np.float32), box))
    except (OSError, ET.ParseError, ValueError) as error:
        raise SightdeskError(
            _("{file} can't be read as VOC annotations: {error}").format(file=file, error=error)
        ) from error
    names = [root.findtext("filename") or "", *(file.stem + suffix for suffix in _PICTURES)]
    path = _first(names, _folders(file, pictures))
    if path is None:
        raise _lost(names[0] or file.stem, file.parent)
    if not (width and height):
        picture = read_picture(path)
        width, height = picture.width, picture.height
    return Truth(path, (width, height), tuple(faces), _boxes(plates))


def _folders(file: Path, pictures: Path | None) -> list[Path]:
    """Where the pictures of a file of marks may be."""
    if pictures is not None:
        return [pictures]
    beside = [file.parent / file.stem, file.parent / "images"]
    above = [file.parent.parent / name for name in ("images", "JPEGImages")]
    return [file.parent, *beside, *above]


def _picture(name: str, folders: Sequence[Path]) -> Path:
    path = _first([name, Path(name).name], folders)
    if path is None:
        raise _lost(name, folders[0])
    return path


def _first(names: Sequence[str], folders: Sequence[Path]) -> Path | None:
    return next((f / name for f in folders for name in names if name and (f / name).is_file()), None)


def _lost(name: str, folder: Path) -> SightdeskError:
    return SightdeskError(
        _("The picture {name} is not beside the marks in {folder}.").format(name=name, folder=folder),
        _("Say where the pictures are: --pictures DIR."),
    )


def _corners(bbox: Sequence[float]) -> NDArray[np.float32]:
    x, y, width, height = map(float, bbox)
    return _finite([x, y, x + width, y + height])


def _finite(sides: Sequence[float]) -> NDArray[np.float32]:
    box = np.array(sides, np.float32)
    if not np.isfinite(box).all():
        raise ValueError(_("a box that is not in numbers"))
    return box


def _boxes(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)
