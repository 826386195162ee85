"""Average precision of a loaded model on a COCO dataset."""

from __future__ import annotations

import contextlib
import io
import json
import queue
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from backends.base import Backend, BackendError
from console.errors import ModelError, SightdeskError
from models.decoders import thresholds_for
from models.detections import Detections
from models.detector import Detector
from models.frames import ArrayPicture, Picture

Reader = Callable[[Path], Picture]

CONFIDENCE = 0.001
"""Low, so that the whole precision-recall curve is measured, as COCO's own evaluation expects."""


def average_precision(
    detector: Detector, backend: Backend, annotations: Path, pictures: Path, read: Reader | None = None
) -> dict[str, Any]:
    """AP (IoU .50:.95) and AP50 over the categories of the dataset that the model has a label for.

    Args:
        detector: the model's two halves.
        backend: what runs it; it stays open.
        annotations: COCO instances (or person keypoints) JSON.
        pictures: folder of the pictures it names.
        read: opens a picture; `read_picture` by default.

    Raises:
        SightdeskError: the dataset can't be read, a picture is missing, or no category is known to the model.
        ModelError: the model failed on a picture.
    """
    try:
        content = json.loads(annotations.read_text(encoding="utf-8"))
        category = shared_categories(content, detector.manifest.labels)
        images = [(int(image["id"]), str(image["file_name"])) for image in content["images"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightdeskError(f"{annotations} can't be read as COCO annotations: {error}") from error
    if not category:
        raise SightdeskError(f"{detector.manifest.name} has no label of {annotations.name}.")
    answers = {
        image_id: rows(image_id, detect(detector, backend, (read or read_picture)(pictures / name)), category)
        for image_id, name in images
    }
    return score(content, answers, category)


def shared_categories(content: Mapping[str, Any], labels: Sequence[str]) -> dict[int, int]:
    """Class number of the model -> category id of the dataset, where both have the name."""
    return {labels.index(c["name"]): int(c["id"]) for c in content["categories"] if c["name"] in labels}


def score(
    content: Mapping[str, Any], answers: Mapping[int, list[dict[str, Any]]], category: Mapping[int, int]
) -> dict[str, Any]:
    """AP (IoU .50:.95) and AP50 of answers.

    Args:
        content: COCO instances.
        answers: the results of each picture that is to count, by image id, as `rows` makes them.
        category: as `shared_categories` gives it; those of its values count.

    Raises:
        SightdeskError: faster-coco-eval is not installed.
    """
    try:
        from faster_coco_eval import COCO, COCOeval_faster  # noqa: PLC0415  # an optional weight
    except ImportError as error:
        raise SightdeskError("Measuring AP needs faster-coco-eval.", "Install it: uv sync --group dev.") from error
    found = [row for picture in answers.values() for row in picture]
    with contextlib.redirect_stdout(io.StringIO()):  # the library prints its tables
        truth = COCO(content)
        evaluation = COCOeval_faster(truth, truth.loadRes(found) if found else COCO(), "bbox")
        evaluation.params.catIds = sorted(category.values())
        evaluation.params.imgIds = sorted(answers)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {
        "ap": round(float(evaluation.stats[0]), 4),
        "ap50": round(float(evaluation.stats[1]), 4),
        "pictures": len(answers),
    }


def detect(detector: Detector, backend: Backend, picture: Picture, confidence: float = CONFIDENCE) -> Detections:
    """The boxes of one picture, waited for.

    Raises:
        ModelError: the model failed.
    """
    buffer = detector.buffer()
    letterbox = detector.draw(picture, buffer)
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    try:
        backend.submit({detector.picture.name: buffer}, answers.put)
    except BackendError as error:
        raise ModelError(error.what, error.hint) from error
    outputs = answers.get()
    if isinstance(outputs, BackendError):
        raise ModelError(outputs.what, outputs.hint)
    thresholds = thresholds_for(detector.manifest, confidence, {})
    return detector.read(outputs, letterbox, (picture.width, picture.height), thresholds)


def read_picture(path: Path) -> Picture:
    """A picture file. Raises SightdeskError: missing, or not a picture."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise SightdeskError(f"The picture {path} is missing or can't be read.")
    return ArrayPicture(np.asarray(pixels))


def rows(image_id: int, found: Detections, category: dict[int, int]) -> list[dict[str, Any]]:
    """COCO results: boxes as x, y, width, height."""
    return [
        {"image_id": image_id, "category_id": category[class_id], "bbox": [x0, y0, x1 - x0, y1 - y0], "score": score}
        for (x0, y0, x1, y1), score, class_id in zip(
            found.xyxy.tolist(), found.score.tolist(), found.class_id.tolist(), strict=True
        )
        if class_id in category
    ]
