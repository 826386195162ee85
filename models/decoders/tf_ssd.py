"""TensorFlow object detection SSD: frozen graphs with post-processing inside.

Format: TensorFlow Object Detection API exporter. uint8 RGB NHWC in; detection_boxes (1, N, 4) as y0 x0 y1 x1 in 0..1,
detection_scores and detection_classes (1, N), num_detections (1,); classes count from 1.
"""

from __future__ import annotations

import numpy as np

from models.decoders.family import Family, NotThisFamily, Outputs, Thresholds, named, over, picture_tensor, shapes, side
from models.detections import Detections
from models.manifest import ModelFacts, PictureInput

_NAMES = {"detection_boxes", "detection_scores", "detection_classes", "num_detections"}


def _picture_input(facts: ModelFacts, width: int | None, height: int | None) -> PictureInput:
    tensor = picture_tensor(facts)
    given = {t.name.split(":")[0] for t in facts.outputs}
    if not given >= _NAMES:
        raise NotThisFamily(f"expected outputs {sorted(_NAMES)}, got {shapes(facts.outputs)}")
    _, stated_height, stated_width, _ = tensor.shape
    return PictureInput(
        tensor.name, side(stated_width, width, 300), side(stated_height, height, 300), "NHWC", "RGB", "uint8"
    )


def _decode(outputs: Outputs, size: tuple[int, int], thresholds: Thresholds) -> Detections:
    count = int(np.clip(np.nan_to_num(named(outputs, "num_detections").flat[0]), 0, None))
    score = named(outputs, "detection_scores")[0, :count].astype(np.float32)
    numbers = np.nan_to_num(named(outputs, "detection_classes")[0, :count], nan=0, posinf=0, neginf=0)
    class_id = numbers.astype(np.int32) - 1
    keep = over(score, class_id, thresholds)
    yxyx = named(outputs, "detection_boxes")[0, :count][keep]
    xyxy = yxyx[:, [1, 0, 3, 2]] * np.array([*size, *size], np.float32)
    return Detections.of(xyxy, score[keep], class_id[keep])


FAMILY = Family(
    "tf-ssd", fit="stretch", pad=0, suppress=False, default_labels={0: ()}, picture_input=_picture_input, decode=_decode
)
