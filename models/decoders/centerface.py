"""CenterFace: faces as peaks of a heat map.

Format: Star-Clouds CenterFace ONNX (arXiv:1911.03599). RGB 0..255, sides a multiple of 32; at a quarter of the size:
heat map (1 channel), log size (height, width), offset (y, x), five landmarks (10 channels, not used here).
"""

from __future__ import annotations

import numpy as np

from models.decoders.family import Family, NotThisFamily, Outputs, Thresholds, over, picture_tensor, shapes
from models.detections import Detections
from models.manifest import ModelFacts, PictureInput

STRIDE = 4
_MULTIPLE = 32


def _picture_input(facts: ModelFacts, width: int | None, height: int | None) -> PictureInput:
    tensor = picture_tensor(facts)
    channels = sorted(t.shape[1] or 0 for t in facts.outputs if len(t.shape) == 4)
    if channels != [1, 2, 2, 10] or tensor.shape[1] != 3:
        raise NotThisFamily(f"expected maps of 1, 2, 2 and 10 channels, got {shapes(facts.outputs)}")
    # the published file states a 32 x 32 input, which only its exporter needed: any multiple of 32 runs
    w, h = (max(round(s / _MULTIPLE), 1) * _MULTIPLE for s in (width or 640, height or 384))
    return PictureInput(tensor.name, w, h, "NCHW", "RGB")


def _decode(outputs: Outputs, size: tuple[int, int], thresholds: Thresholds) -> Detections:
    del size
    maps = list(outputs.values())  # heat, size, offset, landmarks: told apart by channels, then by their order
    heat = next(m for m in maps if m.shape[1] == 1)[0, 0]
    log_size, offset = (m[0] for m in maps if m.shape[1] == 2)
    rows, columns = np.nonzero(heat >= thresholds.min())
    score = heat[rows, columns]
    class_id = np.zeros(len(score), np.int32)
    keep = over(score, class_id, thresholds)
    rows, columns, score = rows[keep], columns[keep], score[keep]
    height, width = np.exp(np.minimum(log_size[:, rows, columns], 12)) * STRIDE
    y = (rows + offset[0, rows, columns] + 0.5) * STRIDE
    x = (columns + offset[1, rows, columns] + 0.5) * STRIDE
    xyxy = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 1)
    return Detections.of(xyxy, score, class_id[keep])


FAMILY = Family(
    "centerface",
    fit="corner",
    pad=0,
    suppress=True,
    default_labels={1: ("face",)},
    picture_input=_picture_input,
    decode=_decode,
    count_classes=lambda _facts: 1,
)
