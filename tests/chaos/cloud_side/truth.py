"""Crops of real vehicles, and what the plate model says of them by OpenVINO alone: none of the product's code."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import openvino
from numpy.typing import NDArray

LEAST, SLACK = 0.3, 0.02
"""What scores less is not answered; so much may differ, as runtimes round differently."""
LABELS = {1: "vehicle", 2: "plate"}
WIDE, HIGH = 320, 180
MODEL = "vehicle-license-plate-detection-barrier-0106"


@dataclass(frozen=True)
class Crop:
    """A part of a photo.

    Attributes:
        bgr: (H, W, 3) uint8.
        place: x, y of its corner, width and height of the photo.
        found: (label, score, x0, y0, x1, y1) in pixels of the photo, the best first; some of them score a
            little less than the least that is answered.
    """

    bgr: NDArray[np.uint8]
    place: tuple[int, int, int, int]
    found: tuple[tuple[str, float, float, float, float, float], ...]


def crops(shared: Path, seed: int, number: int) -> list[Crop]:
    """Large parts of the annotated photos, scaled down, each cut differently."""
    chance = random.Random(f"crops {seed}")
    model = _compiled(shared / "models" / f"{MODEL}.xml")
    paths = sorted((shared / "datasets" / "plates_mit" / "images").glob("*"))
    photos = [_read(path) for path in paths]
    made = []
    for _n in range(number):
        photo = chance.choice(photos)
        left, top = chance.randint(0, 60), chance.randint(0, 30)
        right, bottom = WIDE - chance.randint(0, 60), HIGH - chance.randint(0, 30)
        part = np.ascontiguousarray(photo[top:bottom, left:right])
        made.append(Crop(part, (left, top, WIDE, HIGH), _found(model, part, (left, top))))
    return made


def _compiled(path: Path) -> openvino.CompiledModel:
    core = openvino.Core()
    return core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def _read(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return cv2.resize(picture, (WIDE, HIGH), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]  # it is uint8


def _found(
    model: openvino.CompiledModel, bgr: NDArray[np.uint8], corner: tuple[int, int]
) -> tuple[tuple[str, float, float, float, float, float], ...]:
    high, wide = bgr.shape[:2]
    rows = model(cv2.resize(bgr, (300, 300)).astype(np.float32)[None])[0].reshape(-1, 7)
    sizes, corners = np.array([wide, high, wide, high]), np.array([*corner, *corner])
    return tuple(
        (LABELS[int(row[1])], float(row[2]), *(np.clip(row[3:], 0, 1) * sizes + corners).tolist())
        for row in rows[np.argsort(-rows[:, 2])]
        if row[0] >= 0 and int(row[1]) in LABELS and row[2] >= LEAST - SLACK
    )
