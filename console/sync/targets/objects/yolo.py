"""YOLO at an object store: a file of boxes beside each picture, and the names of the classes.

Sizes are shares of the picture, so that the stored picture may be smaller than the source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from console.sync.targets.objects.layout import Spot
from console.sync.targets.objects.truth import Truth, shares

_WARNING = "# Of each picture one box was judged; others in it may have none. Not for training as it is.\n"


def label_text(truth: Truth, source: Sequence[int], numbers: Mapping[str, int]) -> bytes:
    """A picture's file of boxes: class, middle x and y, width, height; six decimals. Empty: nothing is in it.

    Args:
        truth: what is known.
        source: (width, height) that its boxes are told in.
        numbers: of the classes.
    """
    lines = []
    for box in truth.boxes or ():
        inside = shares(box, source)
        if inside is not None:
            x0, y0, x1, y1 = inside
            values = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
            lines.append(f"{numbers[box[4]]} " + " ".join(f"{value:.6f}" for value in values) + "\n")
    return "".join(lines).encode()


def data_yaml(numbers: Mapping[str, int], spot: Spot) -> bytes:
    """data.yaml. It leaves `path` out, so that the set may be moved; trainers ask for `val`, which is all there is."""
    lines = [_WARNING if spot == "partial" else "", "train: images\nval: images\nnames:\n"]
    for label, number in sorted(numbers.items(), key=lambda one: one[1]):
        lines.append(f"  {number}: {_quoted(label)}\n")
    return "".join(lines).encode()


def _quoted(text: str) -> str:
    """A text in YAML: always in quotes, since readers of YAML 1.1 take a class called no or 7 for something else."""
    whole = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in whole)
