"""YuNet: faces, one row per grid cell of strides 8, 16 and 32.

Format: ShiqiYu libfacedetection.train (tasks/task1, the ONNX export without NMS) as OpenCV's FaceDetectorYN reads it:
BGR 0..255, sides a multiple of 32. Of each stride: cls and obj (1, cells, 1), past the sigmoid; bbox (1, cells, 4), the
centre relative to its cell and the size as a logarithm, both in units of the stride; kps (1, cells, 10), five
landmarks, not used here. The score is the square root of cls x obj.
"""

from __future__ import annotations

import numpy as np

from models.decoders.family import Family, NotThisFamily, Outputs, Thresholds, named, over, picture_tensor, shapes
from models.detections import Detections
from models.manifest import ModelFacts, PictureInput

STRIDES = (8, 16, 32)
_NAMES = {f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in STRIDES}


def _picture_input(facts: ModelFacts, width: int | None, height: int | None) -> PictureInput:
    tensor = picture_tensor(facts)
    given = {t.name.split(":")[0] for t in facts.outputs}
    if not given >= _NAMES or tensor.shape[1] != 3:
        raise NotThisFamily(f"expected outputs {sorted(_NAMES)}, got {shapes(facts.outputs)}")
    _, _, stated_height, stated_width = tensor.shape
    wanted = (max(round(s / STRIDES[-1]), 1) * STRIDES[-1] for s in (width or 640, height or 384))
    w, h = (stated or own for stated, own in zip((stated_width, stated_height), wanted, strict=True))
    if w % STRIDES[-1] or h % STRIDES[-1]:
        raise NotThisFamily(f"expected an input whose sides are multiples of {STRIDES[-1]}, got {w}x{h}")
    return PictureInput(tensor.name, w, h, "NCHW", "BGR")


def _decode(outputs: Outputs, size: tuple[int, int], thresholds: Thresholds) -> Detections:
    parts = [_of_stride(outputs, stride, size[0] // stride, thresholds) for stride in STRIDES]
    return Detections.concat(parts)


def _of_stride(outputs: Outputs, stride: int, columns: int, thresholds: Thresholds) -> Detections:
    """The faces that cells of one stride claim; cells are numbered along rows of `columns`."""
    cls, obj = (np.clip(named(outputs, f"{part}_{stride}")[0, :, 0], 0, 1) for part in ("cls", "obj"))
    score = np.sqrt(cls * obj)
    class_id = np.zeros(len(score), np.int32)
    cells = np.flatnonzero(over(score, class_id, thresholds))
    rows = named(outputs, f"bbox_{stride}")[0, cells]
    center = (rows[:, :2] + np.stack([cells % columns, cells // columns], 1)) * stride
    # a corrupt answer may hold a huge logarithm: bounded to e^12 strides, which is past any picture and still finite
    half = np.exp(np.minimum(rows[:, 2:], 12)) * stride / 2
    return Detections.of(np.concatenate([center - half, center + half], 1), score[cells], class_id[cells])


FAMILY = Family(
    "yunet",
    fit="corner",
    pad=0,
    suppress=True,
    default_labels={1: ("face",)},
    picture_input=_picture_input,
    decode=_decode,
    count_classes=lambda _facts: 1,
)
