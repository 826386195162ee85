"""What is in a set of annotated pictures, for a person or a program to read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from console.datasets.formats.known import Format
from console.datasets.formats.notes import Notes
from console.datasets.formats.place import missing
from console.datasets.formats.values import Dataset


def report(path: Path, kind: Format, dataset: Dataset, notes: Notes) -> dict[str, Any]:
    """Counts of a set, for JSON; pictures that are missing are added to the notes."""
    samples = dataset.samples
    boxes = Counter(box.label for sample in samples for box in sample.annotations)
    gone = missing(dataset.folder or path, (sample.picture for sample in samples), notes)
    return {
        "path": str(path),
        "format": kind.name,
        "name": dataset.name,
        "folder": str(dataset.folder),
        "pictures": len(samples),
        "boxes": sum(boxes.values()),
        "negatives": sum(not sample.annotations and sample.exhaustive for sample in samples),
        "partial": sum(not sample.exhaustive for sample in samples),
        "missing": gone,
        "splits": dict(Counter(sample.split for sample in samples)),
        "classes": [{"label": label, "boxes": boxes[label]} for label in dataset.labels],
        "scored": sum(box.score is not None for sample in samples for box in sample.annotations),
        "tracked": sum(box.track is not None for sample in samples for box in sample.annotations),
        "problems": notes.as_json(),
    }
