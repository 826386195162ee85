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
_Area = tuple[int, int, int, int]


def draw_detections(bgr: NDArray[np.uint8], detections: Detections, labels: Sequence[str]) -> None:
    """Draw boxes with label, score and track number into `bgr`, (H, W, 3) uint8, in place.

    Lines and letters grow with the picture, so that 4K stays readable and a small picture is not smeared over. Labels
    keep clear of each other where there is room: above the box, else below, else inside; the best score chooses first.
    """
    height, width = bgr.shape[:2]
    scale = max(min(width, height) / 1600, 0.36)
    line = max(round(min(width, height) / 350), 1)
    corners = detections.xyxy.round().astype(int).tolist()
    for x0, y0, x1, y1 in corners:
        cv2.rectangle(bgr, (x0, y0), (x1, y1), BOX, line, cv2.LINE_AA)
    taken: list[_Area] = []
    for number in np.argsort(-detections.score, kind="stable").tolist():
        class_id, track = int(detections.class_id[number]), int(detections.track_id[number])
        name = labels[class_id] if 0 <= class_id < len(labels) else f"class {class_id}"
        text = f"{name} {detections.score[number]:.2f}" + ("" if track == NO_TRACK else f" #{track}")
        taken.append(_label(bgr, text, corners[number], scale, taken))


def _label(bgr: NDArray[np.uint8], text: str, box: list[int], scale: float, taken: list[_Area]) -> _Area:
    """Draw a label at the first of its places that is free, or at its first place; returns the area it took."""
    (w, h), base = cv2.getTextSize(text, _FONT, scale, 1)
    pad = max(round(4 * scale), 2)
    wide, high = w + 2 * pad, h + base + pad
    x = min(max(box[0], 0), max(bgr.shape[1] - wide, 0))
    tops = [top for top in (box[1] - high, box[3], box[1], box[3] - high) if 0 <= top <= bgr.shape[0] - high] or [0]
    areas = [(x, top, x + wide, top + high) for top in tops]
    area = next((a for a in areas if not any(_overlap(a, other) for other in taken)), areas[0])
    cv2.rectangle(bgr, area[:2], area[2:], _GROUND, -1)
    cv2.putText(bgr, text, (area[0] + pad, area[1] + pad // 2 + h), _FONT, scale, BOX, 1, cv2.LINE_AA)
    return area


def _overlap(a: _Area, b: _Area) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
