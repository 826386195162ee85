from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from console.datasets.accuracy import detect
from models.decoders import FAMILIES, NotThisFamily, recognise, thresholds_for
from models.detector import Detector
from models.frames import ArrayPicture
from models.labels import COCO80
from models.letterbox import Letterbox
from models.manifest import ModelFacts, ModelManifest, TensorFacts

FACTS = {
    "yolox": ModelFacts((TensorFacts("images", (1, 3, 64, 64), "f32"),), (TensorFacts("output", (1, 84, 85), "f32"),)),
    "tf-ssd": ModelFacts(
        (TensorFacts("image_tensor:0", (None, None, None, 3), "u8"),),
        (
            TensorFacts("num_detections:0", (None,), "f32"),
            TensorFacts("detection_boxes:0", (None, 100, 4), "f32"),
            TensorFacts("detection_scores:0", (None, 100), "f32"),
            TensorFacts("detection_classes:0", (None, 100), "f32"),
        ),
    ),
    "intel-ssd": ModelFacts((TensorFacts("data", (1, 3, 64, 64), "f32"),), (TensorFacts("out", (1, 1, 20, 7), "f32"),)),
    "centerface": ModelFacts(
        (TensorFacts("input.1", (10, 3, 32, 32), "f32"),),
        tuple(TensorFacts(str(i), (10, c, 8, 8), "f32") for i, c in enumerate((1, 2, 2, 10))),
    ),
    "yunet": ModelFacts(
        (TensorFacts("input", (None, 3, None, None), "f32"),),
        tuple(
            TensorFacts(f"{part}_{stride}", (None, None, width), "f32")
            for part, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
            for stride in (8, 16, 32)
        ),
    ),
}  # fmt: skip


def detector(family: str, width: int = 64, height: int = 64) -> Detector:
    manifest = ModelManifest(name=family, family=family, labels=COCO80)
    facts = FACTS[family]
    return Detector.of(manifest, FAMILIES[family].picture_input(facts, width, height))


def read(family: str, outputs: dict[str, np.ndarray], size: tuple[int, int], conf: float = 0.3):
    d = detector(family)
    box = Letterbox.fit(size, (64, 64), d.family.fit)
    return d.read(outputs, box, size, thresholds_for(d.manifest, conf, {"car": 0.9}))


@pytest.mark.parametrize("family", FACTS)
def test_every_family_recognises_its_own_and_only_its_own(family: str) -> None:
    assert recognise(FACTS[family], "x").family == family


def test_what_no_family_knows_is_said_for_each() -> None:
    facts = ModelFacts((TensorFacts("x", (1, 10), "f32"),), (TensorFacts("y", (1, 2), "f32"),))
    with pytest.raises(NotThisFamily, match=r"yolox:.*tf-ssd:.*intel-ssd:.*centerface:.*yunet:"):
        recognise(facts, "x")


def test_yolox_puts_the_box_where_the_cell_says() -> None:
    rows = np.zeros((1, 84, 85), np.float32)
    # cell (x 3, y 2) of stride 8 is row 2 * 8 + 3; centre half a cell in, 16 x 32 pixels
    rows[0, 19, :5] = 0.5, 0.5, np.log(2), np.log(4), 0.9
    rows[0, 19, 5] = 0.9
    rows[0, 40, :5] = 0.5, 0.5, 0, 0, 0.95
    rows[0, 40, 5 + 2] = 0.9  # a car at .855, under its own threshold of .9
    found = read("yolox", {"output": rows}, (128, 128))
    assert found.class_id.tolist() == [0]
    np.testing.assert_allclose(found.score, [0.81], rtol=1e-6)
    np.testing.assert_allclose(found.xyxy, [[40, 8, 72, 72]], atol=1e-4)


def test_tf_ssd_reads_yxyx_and_counts_classes_from_one() -> None:
    outputs = {
        "num_detections:0": np.array([2.0], np.float32),
        "detection_boxes:0": np.array([[[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1], [0, 0, 1, 1]]], np.float32),
        "detection_scores:0": np.array([[0.8, 0.1, 0.99]], np.float32),
        "detection_classes:0": np.array([[1.0, 1.0, 1.0]], np.float32),
    }
    found = read("tf-ssd", outputs, (200, 100))
    np.testing.assert_allclose(found.xyxy, [[40, 10, 120, 50]], atol=1e-4)
    assert found.class_id.tolist() == [0]


def test_intel_ssd_ends_at_the_first_negative_image() -> None:
    rows = np.array(
        [[0, 1, 0.8, 0.1, 0.2, 0.3, 0.4], [0, 0, 0.2, 0, 0, 1, 1], [-1, 0, 0, 0, 0, 0, 0], [0, 0, 0.9, 0, 0, 1, 1]]
    )
    found = read("intel-ssd", {"out": rows.astype(np.float32)[None, None]}, (100, 100))
    np.testing.assert_allclose(found.xyxy, [[10, 20, 30, 40]], atol=1e-4)
    assert found.class_id.tolist() == [1]


def test_boxes_come_best_first_also_where_nothing_is_suppressed() -> None:
    rows = np.array([[0, 1, score, 0.1, 0.1, 0.2 + n / 10, 0.4] for n, score in enumerate((0.4, 0.9, 0.6, 0.9))])
    found = read("intel-ssd", {"out": rows.astype(np.float32)[None, None]}, (100, 100))
    np.testing.assert_allclose(found.score, [0.9, 0.9, 0.6, 0.4])
    np.testing.assert_allclose(found.xyxy[:, 2], [30, 50, 40, 20], atol=1e-4)  # ties as they came


def test_centerface_puts_the_face_on_its_peak() -> None:
    heat = np.zeros((1, 1, 16, 16), np.float32)
    heat[0, 0, 5, 7] = 0.9
    size = np.zeros((1, 2, 16, 16), np.float32)
    size[0, :, 5, 7] = np.log(4), np.log(2)  # 16 high, 8 wide
    zeros = np.zeros((1, 2, 16, 16), np.float32)
    found = read("centerface", {"a": heat, "b": size, "c": zeros, "d": np.zeros((1, 10, 16, 16), np.float32)}, (64, 64))
    np.testing.assert_allclose(found.xyxy, [[26, 14, 34, 30]], atol=1e-3)


def yunet_of(size: tuple[int, int], fill: float = 0.0) -> dict[str, np.ndarray]:
    cells = {stride: (size[0] // stride) * (size[1] // stride) for stride in (8, 16, 32)}
    return {
        f"{part}_{stride}": np.full((1, count, width), fill, np.float32)
        for part, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for stride, count in cells.items()
    }


def test_yunet_puts_the_face_where_the_cell_says() -> None:
    outputs = yunet_of((64, 64))
    # cell (x 1, y 2) of stride 16 is row 2 * 4 + 1; centre a quarter of a cell in, 16 x 32 pixels
    outputs["cls_16"][0, 9], outputs["obj_16"][0, 9] = 0.9, 0.4
    outputs["bbox_16"][0, 9] = 0.25, 0.25, 0, np.log(2)
    outputs["cls_32"][0, 0], outputs["obj_32"][0, 0] = 0.9, 0.05  # .21, under the threshold
    found = read("yunet", outputs, (128, 128))
    np.testing.assert_allclose(found.score, [0.6], rtol=1e-6)
    np.testing.assert_allclose(found.xyxy, [[24, 40, 56, 104]], atol=1e-4)


def test_a_yunet_face_of_absurd_size_is_kept_as_large_as_the_picture() -> None:
    outputs = yunet_of((64, 64))
    outputs["cls_8"][0, 0], outputs["obj_8"][0, 0], outputs["bbox_8"][0, 0] = 1, 1, [0, 0, 300, 300]
    assert read("yunet", outputs, (128, 96)).xyxy.tolist() == [[0, 0, 128, 96]]


@pytest.mark.parametrize(
    ("wanted", "given"), [((None, None), (640, 384)), ((1920, 1080), (1920, 1088)), ((1, 1), (32, 32))]
)
def test_yunet_runs_at_any_multiple_of_32(wanted: tuple[int | None, int | None], given: tuple[int, int]) -> None:
    picture = FAMILIES["yunet"].picture_input(FACTS["yunet"], *wanted)
    assert (picture.width, picture.height) == given


def test_a_yunet_fixed_to_another_size_is_refused() -> None:
    facts = ModelFacts((TensorFacts("input", (1, 3, 100, 64), "f32"),), FACTS["yunet"].outputs)
    with pytest.raises(NotThisFamily, match="multiples of 32, got 64x100"):
        FAMILIES["yunet"].picture_input(facts, None, None)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["val2017/000000162415", "val2017/000000009483", "train2017/000000444294", "train2017/000000034246"]
)
def test_yunet_finds_what_opencv_finds_with_it(shared: Path, name: str) -> None:
    """The same weights through OpenVINO and this decoder against cv2's own reading of them."""
    import cv2

    from backends.base import LoadOptions
    from backends.registry import runtime

    file = shared / "models" / "yunet_n_dynamic.onnx"
    pixels = cv2.imread(str(shared / "datasets" / "coco_cc" / f"pose_minicoco_{name}.jpg"))
    height, width = (side // 32 * 32 for side in pixels.shape[:2])
    pixels = np.ascontiguousarray(pixels[:height, :width])
    peer = cv2.FaceDetectorYN.create(str(file), "", (width, height), 0.5, 0.3, 5000)
    _count, rows = peer.detect(pixels)
    theirs = rows[np.argsort(-rows[:, 14])]
    openvino = runtime("openvino")
    facts = openvino.inspect(file)
    manifest = recognise(facts, "yunet").model_copy(update={"nms_iou": 0.3})
    own = Detector.of(manifest, FAMILIES["yunet"].picture_input(facts, width, height), "exact")
    backend = openvino.load(file, own.picture, "CPU", LoadOptions(precision="f32"))
    try:
        found = detect(own, backend, ArrayPicture(pixels), 0.5)
    finally:
        backend.close()
    assert len(theirs) > 0
    np.testing.assert_allclose(found.score, theirs[:, 14], atol=2e-3)
    expected = np.concatenate([theirs[:, :2], theirs[:, :2] + theirs[:, 2:4]], 1).clip(0, [width, height] * 2)
    np.testing.assert_allclose(found.xyxy, expected, atol=0.5)


numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)


@settings(max_examples=60)
@given(hnp.arrays(np.float32, (1, 84, 85), elements=numbers, fill=numbers))
def test_yolox_survives_any_numbers(rows: np.ndarray) -> None:
    found = read("yolox", {"output": rows}, (640, 480))
    sane(found, (640, 480))


@settings(max_examples=60)
@given(hnp.arrays(np.float32, (1, 1, 20, 7), elements=numbers, fill=numbers))
def test_intel_ssd_survives_any_numbers(rows: np.ndarray) -> None:
    sane(read("intel-ssd", {"out": rows}, (640, 480)), (640, 480))


@settings(max_examples=60)
@given(
    hnp.arrays(np.float32, (1,), elements=numbers), hnp.arrays(np.float32, (1, 9, 6), elements=numbers, fill=numbers)
)
def test_tf_ssd_survives_any_numbers(count: np.ndarray, table: np.ndarray) -> None:
    outputs = {
        "num_detections": count,
        "detection_boxes": table[..., :4],
        "detection_scores": table[..., 4],
        "detection_classes": table[..., 5],
    }
    sane(read("tf-ssd", outputs, (640, 480)), (640, 480))


@settings(max_examples=40)
@given(hnp.arrays(np.float32, (1, 15, 16, 16), elements=numbers, fill=numbers))
def test_centerface_survives_any_numbers(maps: np.ndarray) -> None:
    outputs = {"h": maps[:, :1], "s": maps[:, 1:3], "o": maps[:, 3:5], "l": maps[:, 5:]}
    sane(read("centerface", outputs, (640, 480)), (640, 480))


@settings(max_examples=40)
@given(hnp.arrays(np.float32, (84, 6), elements=numbers, fill=numbers))
def test_yunet_survives_any_numbers(rows: np.ndarray) -> None:
    outputs, first = yunet_of((64, 64)), 0
    for stride in (8, 16, 32):
        of_stride = rows[first : first + len(outputs[f"cls_{stride}"][0])]
        first += len(of_stride)
        outputs[f"cls_{stride}"][0, :, 0], outputs[f"obj_{stride}"][0, :, 0] = of_stride[:, 4], of_stride[:, 5]
        outputs[f"bbox_{stride}"][0] = of_stride[:, :4]
    sane(read("yunet", outputs, (640, 480)), (640, 480))


def sane(found, size: tuple[int, int]) -> None:
    assert np.isfinite(found.xyxy).all()
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= [*size, *size]).all()
    assert (found.score >= np.float32(0.3)).all()


def test_labels_of_coco() -> None:
    assert len(set(COCO80)) == 80
    assert (COCO80.index("person"), COCO80.index("car"), COCO80.index("toothbrush")) == (0, 2, 79)


def test_a_threshold_for_an_unknown_label_is_refused() -> None:
    with pytest.raises(ValueError, match="no label 'unicorn'"):
        thresholds_for(ModelManifest(name="m", family="yolox", labels=("person",)), 0.3, {"unicorn": 0.5})
