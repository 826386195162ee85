"""Average precision on real annotated photos: guards the decoders, the letterbox and what fast scaling costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest

from console.catalog.catalog import Catalog
from console.datasets.accuracy import average_precision
from console.pipeline.loader import load_model
from console.settings.inference import InferenceSettings
from console.site.finding import ModelFinder
from console.sources.av_picture import AvPicture
from console.sources.orientation import Orientation
from console.sources.scaler import ScalerPool
from models.frames import Picture

pytestmark = pytest.mark.shared
SCALERS = ScalerPool()


def decoded(path: Path) -> Picture:
    """A photo as a video's frame: YUV, seen through the same scalers as a camera's."""
    with av.open(str(path)) as container:
        return AvPicture(next(container.decode(video=0)), Orientation(), SCALERS)


@pytest.fixture(scope="module")
def persons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 20 photos with person boxes as one set."""
    from tests.conftest import SHARED, missing

    folder = SHARED / "datasets/coco_cc"
    if not folder.is_dir():
        missing("shared", f"the measuring data is not at {SHARED}")
    parts = [json.loads((folder / f"{name}.json").read_text()) for name in NAMES]
    for part, name in zip(parts, NAMES, strict=True):
        for image in part["images"]:
            image["file_name"] = str(folder / name / image["file_name"])
    merged = {key: [item for part in parts for item in part[key]] for key in ("images", "annotations")}
    for number, annotation in enumerate(merged["annotations"], 1):
        annotation["id"] = number
    path = tmp_path_factory.mktemp("coco") / "persons.json"
    path.write_text(json.dumps({**merged, "categories": parts[0]["categories"]}))
    return path


NAMES = ("pose_minicoco_val2017", "pose_minicoco_train2017")


def ap(model: Path, annotations: Path, **inference: Any) -> dict[str, Any]:
    finder = ModelFinder(Catalog(annotations.parent, annotations.parent, mirrors=[]))
    loaded = load_model(str(model), finder.find, InferenceSettings(precision="f32", **inference))
    try:
        return average_precision(loaded.detector, loaded.backend, annotations, Path("/"), decoded)
    finally:
        loaded.backend.close()


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_fast_scaling_costs_no_accuracy(shared: Path, persons: Path, backend: str) -> None:
    model = shared / "models/yolox_nano.onnx"
    exact = ap(model, persons, scaling="exact", backend=backend)
    fast = ap(model, persons, scaling="fast", backend=backend)
    print(f"{backend}: exact {exact}, fast {fast}")
    assert exact["pictures"] == fast["pictures"] == 20
    assert exact["ap"] > 0.33
    assert exact["ap50"] > 0.6
    assert abs(exact["ap"] - fast["ap"]) < 0.01


def test_another_family_finds_the_same_people(shared: Path, persons: Path) -> None:
    """The Intel detector is measured at .163 / .325 with a stretched input; a decoding mistake would leave nothing."""
    found = ap(shared / "models/person-vehicle-bike-detection-2002.xml", persons, scaling="exact")
    print(found)
    assert found["ap50"] > 0.25
