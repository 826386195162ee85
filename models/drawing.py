"""Boxes and labels drawn into pixels, for saved pictures. The live wall paints its own."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import NO_TRACK, Detections

BOX = (255, 208, 127)  # BGR of #7fd0ff, the same in every theme
_GROUND = (18, 14, 10)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_detections(bgr: NDArray[np.uint8], detections: Detections, labels: Sequence[str]) -> None:
    """Draw boxes with label, score and track number into `bgr`, (H, W, 3) uint8, in place.

    Lines and letters grow with the picture, so that 4K stays readable and a thumbnail is not smeared.
    """
    height, width = bgr.shape[:2]
    scale = max(min(width, height) / 900, 0.38)
    line = max(round(scale * 2), 1)
    for xyxy, score, class_id, track in zip(
        detections.xyxy.round().astype(int).tolist(),
        detections.score.tolist(),
        detections.class_id.tolist(),
        detections.track_id.tolist(),
        strict=True,
    ):
        cv2.rectangle(bgr, xyxy[:2], xyxy[2:], BOX, line, cv2.LINE_AA)
        name = labels[class_id] if 0 <= class_id < len(labels) else f"class {class_id}"
        number = "" if track == NO_TRACK else f" #{track}"
        _label(bgr, f"{name} {score:.2f}{number}", xyxy, scale, line)


def _label(bgr: NDArray[np.uint8], text: str, xyxy: list[int], scale: float, line: int) -> None:
    """A label over the box, or inside it where there is no room above."""
    (w, h), base = cv2.getTextSize(text, _FONT, scale, line)
    pad = max(round(3 * scale), 2)
    x = min(max(xyxy[0], 0), max(bgr.shape[1] - w - 2 * pad, 0))
    top = xyxy[1] - h - base - 2 * pad
    top = top if top >= 0 else max(xyxy[1], 0)
    cv2.rectangle(bgr, (x, top), (x + w + 2 * pad, top + h + base + 2 * pad), _GROUND, -1)
    cv2.putText(bgr, text, (x + pad, top + pad + h), _FONT, scale, BOX, line, cv2.LINE_AA)
