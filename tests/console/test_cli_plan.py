"""Options of run: each applies or is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.cli.plan import Plan, Typed, plan
from console.errors import UsageError

HOME = """
cameras:
  - {id: gate, source: "rtsp://10.0.0.7/live"}
  - {id: yard, source: "rtsp://10.0.0.8/live", stages: [{model: own.onnx}]}
inference: {model: house.onnx, backend: onnxruntime, precision: f32}
"""


@pytest.fixture
def home(own_home: Path) -> Path:
    own_home.mkdir()
    (own_home / "settings.yaml").write_text(HOME)
    return own_home


def planned(*sources: str, **options: Any) -> Plan:
    inference = {key: value for key, value in options.items() if key in {"model", "backend", "device"}}
    cameras = {key: value for key, value in options.items() if key not in inference}
    return plan(sources, home=None, typed=Typed(inference, cameras))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"conf": 0.5}, "--conf"),
        ({"paced": True}, "--paced"),
        ({"loop": True, "watch": True}, "--loop, --watch"),
        ({"track": False}, "--no-track"),
        ({"model": "x.onnx"}, "--model can't apply.*yard"),
    ],
)
def test_what_cannot_apply_to_the_homes_own_cameras_is_refused(home: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        planned(**options)


def test_inference_options_apply_to_the_homes_cameras(home: Path) -> None:
    made = planned(device="GPU", conf=None, track=None)
    assert made.whole_site
    assert [camera.id for camera in made.settings.cameras] == ["gate", "yard"]
    assert (made.settings.inference.backend, made.settings.inference.device) == ("onnxruntime", "GPU")


def test_the_homes_inference_is_the_base_of_what_is_typed(home: Path) -> None:
    made = planned("a.mp4", device="GPU")
    assert not made.whole_site
    inference = made.settings.inference
    assert (inference.model, inference.backend, inference.device, inference.precision) == (
        "house.onnx", "onnxruntime", "GPU", "f32",
    )  # fmt: skip
    (camera,) = made.settings.cameras
    (stage,) = camera.stages
    assert (stage.model, stage.confidence, camera.paced, camera.track) == ("house.onnx", 0.3, False, True)
    (other,) = planned("a.mp4", model="mine.onnx", conf=0.6, track=False).settings.cameras
    assert (other.stages[0].model, other.stages[0].confidence, other.track) == ("mine.onnx", 0.6, False)


def test_a_broken_home_is_said_and_does_not_stop_what_is_typed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "settings.yaml").write_text("cameras: [")
    assert planned("a.mp4").settings.inference.model == "best"
    assert "settings.yaml" in capsys.readouterr().err


def test_a_source_needs_no_home_and_makes_none(own_home: Path) -> None:
    assert planned("a.mp4").settings.inference.backend == "openvino"
    assert not own_home.exists()
