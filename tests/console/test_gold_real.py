"""Real photos with people's boxes, made a gold set; real models measured on it, beside COCO's own way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from console.catalog.catalog import Catalog
from console.cli import gold as command
from console.datasets.accuracy import average_precision
from console.pipeline.loader import load_model
from console.review.items import Box
from console.settings.inference import InferenceSettings
from console.site.finding import ModelFinder
from tests.console.gold_cases import Judged, Said, judged_home

pytestmark = pytest.mark.soak
PART = "pose_minicoco_val2017"
EXACT = InferenceSettings(precision="f32", scaling="exact")


@pytest.fixture
def judged(own_home: Path, shared: Path) -> Iterator[Judged]:
    """Each photo an item that was edited: its boxes are all the persons there are; an hour lies between two."""
    folder = shared / "datasets" / "coco_cc"
    content = json.loads((folder / f"{PART}.json").read_text())
    with judged_home(own_home) as found:
        found.home.settings_file.write_text("inference: {precision: f32, scaling: exact}\n")
        for number, image in enumerate(content["images"]):
            boxes = tuple(
                Box((x, y, x + w, y + h), "person")
                for x, y, w, h in (a["bbox"] for a in content["annotations"] if a["image_id"] == image["id"])
            )
            pixels = cv2.imread(str(folder / PART / image["file_name"]))
            assert pixels is not None
            found.add(Said("edit", boxes=boxes), minutes=60 * number, pixels=np.asarray(pixels, np.uint8))
        yield found


def call(*words: str) -> Any:
    result = CliRunner().invoke(command.app, [*words, "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def directly(model: Path, shared: Path) -> dict[str, Any]:
    """AP of faster-coco-eval on the files themselves."""
    folder = shared / "datasets" / "coco_cc"
    finder = ModelFinder(Catalog(model.parent, model.parent))
    loaded = load_model(str(model), finder.find, EXACT)
    try:
        return average_precision(loaded.detector, loaded.backend, folder / f"{PART}.json", folder / PART)
    finally:
        loaded.backend.close()


def test_real_models_on_real_photos(judged: Judged, shared: Path) -> None:
    models = shared / "models"
    nano, other = models / "yolox_nano.onnx", models / "person-vehicle-bike-detection-2002.xml"
    made = call("create", "people", "--splits", "0/0/100", "--exhaustive-only")
    assert (made["members"], made["labels"]) == (12, ["person"])
    for model in (nano, other):
        mine, theirs = call("evaluate", "people", "--model", str(model)), directly(model, shared)
        print(model.stem, mine["ap"], mine["ap_interval"], mine["ap50"], theirs)
        # boxes are kept in hundredths of a pixel
        assert (mine["ap"], mine["ap50"]) == pytest.approx((theirs["ap"], theirs["ap50"]), abs=2e-3)
        assert mine["exhaustive"] == theirs["pictures"]
    report = call("compare", "people", str(other), str(nano))
    print(json.dumps(report["differences"]), report["verdict"], report["why"])
    assert report["differences"]["ap"]["difference"] > 0.05
    assert report["verdict"] == "better"
    assert call("verify", "people")["sound"]
