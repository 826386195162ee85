"""COCO at an object store: a complete file of annotations for every day.

Boxes and sizes are in pixels of the picture as it is stored. An image's id is the number of the message that brought
it, an annotation's is made of that of its verdict, a category's is its class number + 1: all stay what they are, and
none comes twice at a target, so that the files of several days can be put together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from console.sync.targets.objects.layout import Spot
from console.sync.targets.objects.ledger import Row
from console.sync.targets.objects.truth import shares, truth_of

_MOST = 10_000
"""So many ids a verdict has."""


def day_file(rows: Iterable[Row], numbers: Mapping[str, int], spot: Spot, name: str) -> bytes | None:
    """A day's file; None: there is no picture to be in it.

    Args:
        rows: of the day.
        numbers: of the classes.
        spot: whether of what is known whole, or of what is known in part.
        name: of the set.
    """
    pictures = [row for row in rows if row.kind == "picture" and row.about.get("spot") == spot]
    if not pictures:
        return None
    whole = {
        "info": {"description": name, "version": "1.0", "contributor": "Sightdesk"},
        "licenses": [],
        "categories": [
            {"id": number + 1, "name": label, "supercategory": ""}
            for label, number in sorted(numbers.items(), key=lambda one: one[1])
        ],
        "images": [_image(row) for row in pictures],
        "annotations": [one for row in pictures for one in _boxes(row, numbers)],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _image(row: Row) -> dict[str, Any]:
    about = row.about
    known = {"id": row.tracking_id, "camera_id": about.get("camera_id", "")}
    if about.get("taken_at"):
        known["taken_at"] = about["taken_at"]
    if about["spot"] != "images":
        known["exhaustive"] = False
    wide, high = about["size"]
    return {"id": row.number, "file_name": f"{row.tracking_id}.jpg", "width": wide, "height": high, "sightdesk": known}


def _boxes(row: Row, numbers: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    wide, high = row.about["size"]
    for n, box in enumerate(truth_of(row.about).boxes or ()):
        inside = shares(box, row.about["source"])
        if inside is None:
            continue
        x0, y0, x1, y1 = inside[0] * wide, inside[1] * high, inside[2] * wide, inside[3] * high
        sides = [round(side, 3) for side in (x0, y0, x1 - x0, y1 - y0)]
        yield {
            "id": int(row.about["verdict"]) * _MOST + n, "image_id": row.number, "category_id": numbers[box[4]] + 1,
            "bbox": sides, "area": round(sides[2] * sides[3], 3), "iscrowd": 0, "segmentation": [],
        }  # fmt: skip
