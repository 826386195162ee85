"""YOLO, detection, as it is written; see `yolo` for the format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePath

from console.datasets.formats.notes import FormatError
from console.datasets.formats.values import Annotation, Dataset
from console.datasets.formats.yolo import PICTURES, SPLITS
from models.words import _

RESERVED = frozenset({"names", "nc", "path", "valid", "download", "kpt_shape"})
"""What data.yaml says beside its splits."""


def write(dataset: Dataset, out: Path) -> None:
    """Write data.yaml, labels/, and lists of pictures where a split has no folder of its own.

    Names of pictures are below images/. `path` is left out, so that the set may be moved.

    Raises:
        FormatError: two pictures would share a file of boxes.
    """
    numbers = {label: number for number, label in enumerate(dataset.labels)}
    taken: dict[str, str] = {}
    for sample in dataset.samples:
        name = PurePath(sample.picture).with_suffix(".txt").as_posix()
        if name.casefold() in taken:
            raise FormatError(
                _("{one} and {other} would share the file labels/{name}.").format(
                    one=taken[name.casefold()], other=sample.picture, name=name
                ),
                _("Rename one of them."),
            )
        taken[name.casefold()] = sample.picture
        path = out / "labels" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_line(box, sample.size, numbers) for box in sample.annotations), encoding="utf-8")
    (out / PICTURES).mkdir(exist_ok=True)
    lines = [f"{_key(split)}: {_places(where)}" for split, where in _splits(dataset, out).items()]
    lines += ["names:", *(f"  {n}: {_quoted(label)}" for n, label in enumerate(dataset.labels))]
    (out / "data.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    """A text in YAML: always in quotes, since readers of YAML 1.1 take a class called no or 7 for something else."""
    whole = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in whole)


def _key(split: str) -> str:
    return split if split in SPLITS else _quoted(split)


def _places(where: list[str]) -> str:
    return _quoted(where[0]) if len(where) == 1 else f"[{', '.join(map(_quoted, where))}]"


def _splits(dataset: Dataset, out: Path) -> dict[str, list[str]]:
    """What data.yaml says of its splits.

    Trainers ask for train and val: where one is missing it is the other one, or else all there is.

    Raises:
        FormatError: a split has the name of something else in data.yaml.
    """
    names: dict[str, list[str]] = {}
    for sample in dataset.samples:
        names.setdefault(sample.split or "train", []).append(sample.picture)
    told: dict[str, str] = {}
    for split, pictures in names.items():
        if not any(sample.split for sample in dataset.samples):
            told[split] = PICTURES
        elif all(name.startswith(f"{split}/") for name in pictures):
            told[split] = f"{PICTURES}/{split}"
        else:
            told[split] = f"{split}.txt"
            text = "".join(f"./{PICTURES}/{name}\n" for name in pictures)
            (out / told[split]).write_text(text, encoding="utf-8")
    if taken := RESERVED & told.keys():
        raise FormatError(_("data.yaml can't have a split {split}.").format(split=", ".join(taken)))
    places = {split: [where] for split, where in told.items()}
    whole = list(told.values()) or [PICTURES]
    train = places.get("train") or places.get("val") or whole
    return {"train": train, "val": places.get("val") or places.get("train") or whole, **places}


def _line(box: Annotation, size: tuple[int, int], numbers: Mapping[str, int]) -> str:
    x0, y0, x1, y1 = box.xyxy
    wide, high = size
    shares = (x0 + x1) / 2 / wide, (y0 + y1) / 2 / high, (x1 - x0) / wide, (y1 - y0) / high
    return f"{numbers[box.label]} " + " ".join(f"{share:.10f}" for share in shares) + "\n"
