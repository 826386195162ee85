"""Intel Open Model Zoo SSD: one output [1, 1, N, 7].

Format: OpenVINO DetectionOutput; a row is (image id, label, confidence, x0, y0, x1, y1) with corners in 0..1; an image
id below zero ends the list. Labels are numbered as the model was trained, sometimes with the background as 0.
"""

from __future__ import annotations

import numpy as np

from models.decoders.family import Family, NotThisFamily, Outputs, Thresholds, over, picture_tensor, shapes, side
from models.detections import Detections
from models.manifest import ModelFacts, PictureInput


def _picture_input(facts: ModelFacts, width: int | None, height: int | None) -> PictureInput:
    tensor = picture_tensor(facts)
    if len(facts.outputs) != 1 or len(facts.outputs[0].shape) != 4 or facts.outputs[0].shape[-1] != 7:
        raise NotThisFamily(f"expected one output [1, 1, N, 7], got {shapes(facts.outputs)}")
    if tensor.shape[1] == 3:
        return PictureInput(tensor.name, side(tensor.shape[3], width, 512), side(tensor.shape[2], height, 512), "NCHW")
    if tensor.shape[3] == 3:
        return PictureInput(tensor.name, side(tensor.shape[2], width, 300), side(tensor.shape[1], height, 300), "NHWC")
    raise NotThisFamily(f"expected three channels, got {list(tensor.shape)}")


def _decode(outputs: Outputs, size: tuple[int, int], thresholds: Thresholds) -> Detections:
    rows = next(iter(outputs.values())).reshape(-1, 7)
    ended = np.flatnonzero(~(rows[:, 0] >= 0))
    rows = rows[: ended[0]] if len(ended) else rows
    rows = rows[rows[:, 2] >= thresholds.min()]
    class_id = np.nan_to_num(rows[:, 1], nan=-1, posinf=-1, neginf=-1).astype(np.int32)
    keep = over(rows[:, 2], class_id, thresholds)
    xyxy = rows[keep, 3:] * np.array([*size, *size], np.float32)
    return Detections.of(xyxy, rows[keep, 2], class_id[keep])


FAMILY = Family(
    "intel-ssd",
    fit="stretch",
    pad=0,
    suppress=False,
    default_labels={0: ()},
    picture_input=_picture_input,
    decode=_decode,
)
