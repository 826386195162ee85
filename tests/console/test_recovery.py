"""A model that gives out: the picture goes on, the camera says it has no boxes, and they come back by the book."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from console.errors import ModelError, SecretError
from console.settings.inference import Fallback, InferenceSettings
from console.settings.schema import CameraSettings, Settings
from console.site import recovery
from console.site.running import RunningSite
from console.site.site import Site
from console.site.summary import summary
from models.states import CameraState
from tests import tiny_onnx
from tests.console.fakes import wait_until
from tests.console.faulty import FaultyRuntime, install

SCENE = "synthetic:street?fps=60&width=320&height=240"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.yolox(tmp_path / "tiny.onnx")


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FaultyRuntime:
    monkeypatch.setattr(recovery, "PAUSES_S", (0.1, 0.1, 0.2))
    monkeypatch.setattr(recovery, "RETURN_S", 0.3)
    return install(monkeypatch)


def no_secret(name: str) -> str:
    raise SecretError(name)


@pytest.fixture
def site():
    made = Site(lambda name: (Path(name), None), no_secret)
    yield made
    assert made.close() == []


def wanted(tiny: Path, *fallback: Fallback, cameras: str = "a", device: str = "GPU", **more: Any) -> Settings:
    inference = InferenceSettings(model=str(tiny), backend="faulty", device=device, fallback=fallback, **more)
    return Settings(cameras=tuple(CameraSettings(id=c, source=SCENE) for c in cameras), inference=inference)


def running(site: Site, name: str = "a", more: int = 5) -> None:
    before = site.pipeline.meter(name).inferred
    wait_until(lambda: site.pipeline.meter(name).inferred >= before + more, 10)


def ran(site: Site, name: str = "a") -> dict[str, Any]:
    return site.pipeline.ran(name)[0]


def test_a_lost_device_is_said_and_tried_again_while_the_picture_goes_on(
    site: Site, tiny: Path, runtime: FaultyRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    site.apply(wanted(tiny))
    running(site)
    meter = site.pipeline.meter("a")
    runtime.missing.add("GPU")
    runtime.lost.add("GPU")
    wait_until(lambda: "GPU was lost" in site.pipeline.trouble("a"))
    told = summary(site.pipeline, 1.0)["cameras"]["a"]
    assert "GPU was lost" in told["trouble"]
    assert told["state"] == "live"
    wait_until(lambda: len(runtime.loads) >= 4)
    frames, inferred = meter.frames, meter.inferred
    wait_until(lambda: meter.frames > frames + 20)
    assert meter.inferred == inferred
    assert site.pipeline.status("a").state is CameraState.LIVE
    runtime.missing.clear()
    runtime.lost.clear()
    running(site)
    assert site.pipeline.trouble("a") == ""
    assert ran(site)["fell_back"] == ""
    assert site.pipeline.meter("a") is meter
    wait_until(lambda: len(runtime.live) == 1)  # what gave out is closed
    assert "gives no boxes" in caplog.text


def test_the_operators_order_is_kept_and_the_first_choice_comes_back(
    site: Site, tiny: Path, runtime: FaultyRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    order = Fallback(backend="faulty", device="NPU"), Fallback(backend="onnxruntime", device="CPU")
    runtime.missing.add("NPU")
    site.apply(wanted(tiny, *order, cameras="ab"))
    running(site)
    meters = [site.pipeline.meter(name) for name in "ab"]
    runtime.missing.add("GPU")
    runtime.lost.add("GPU")
    wait_until(lambda: ran(site)["runtime"] == "onnxruntime", 10)
    running(site)
    running(site, "b")
    devices = [device for _model, device in runtime.loads]
    assert devices[:4] == ["GPU", "GPU", "GPU", "NPU"]  # loaded; tried twice more; then the order
    for name in "ab":
        assert "asked faulty on GPU: The device GPU was lost." in ran(site, name)["fell_back"]
        assert site.pipeline.trouble(name) == ""
    assert "onnxruntime on CPU runs instead" in caplog.text
    runtime.missing.clear()
    runtime.lost.clear()
    wait_until(lambda: ran(site)["device"] == "GPU", 10)
    running(site)
    assert ran(site)["fell_back"] == ""
    assert [site.pipeline.meter(name) for name in "ab"] == meters


def test_nothing_else_is_ever_taken_than_the_operator_named(site: Site, tiny: Path, runtime: FaultyRuntime) -> None:
    site.apply(wanted(tiny))
    running(site)
    runtime.missing.add("GPU")
    runtime.lost.add("GPU")
    wait_until(lambda: len(runtime.loads) >= 5, 10)
    assert {device for _model, device in runtime.loads} == {"GPU"}
    assert ran(site)["device"] == "GPU"
    assert site.pipeline.trouble("a")


def test_one_that_recovers_by_itself_is_left_alone(
    site: Site, tiny: Path, runtime: FaultyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a served model does when its server is back."""
    monkeypatch.setattr(recovery, "PAUSES_S", (30.0,))
    site.apply(wanted(tiny))
    running(site)
    loop = site.pipeline.model(site.pipeline.models[0])
    runtime.lost.add("GPU")
    wait_until(lambda: site.pipeline.trouble("a"))
    runtime.lost.clear()
    running(site)
    assert site.pipeline.trouble("a") == ""
    assert site.pipeline.model(site.pipeline.models[0]) is loop
    assert len(runtime.loads) == 1


def test_what_was_being_loaded_for_one_that_recovered_is_closed(site: Site, tiny: Path, runtime: FaultyRuntime) -> None:
    site.apply(wanted(tiny))
    running(site)
    loop = site.pipeline.model(site.pipeline.models[0])
    runtime.go.clear()
    runtime.lost.add("GPU")
    wait_until(lambda: len(runtime.loads) == 2)
    assert [loading.device for loading in site.loading] == ["GPU"]
    runtime.lost.clear()
    running(site)
    runtime.go.set()
    wait_until(lambda: site.loading == ())
    running(site)
    wait_until(lambda: len(runtime.live) == 1)
    assert site.pipeline.model(site.pipeline.models[0]) is loop


def test_a_device_that_loads_well_and_answers_nan_is_left_for_the_next(
    site: Site, tiny: Path, runtime: FaultyRuntime
) -> None:
    runtime.nan.add("GPU")
    site.apply(wanted(tiny, Fallback(backend="faulty", device="NPU")))
    wait_until(lambda: "NaN" in site.pipeline.trouble("a"))
    wait_until(lambda: ran(site)["device"] == "NPU", 10)
    running(site)
    assert "NaN" in ran(site)["fell_back"]


def test_an_operators_change_is_not_kept_waiting_by_a_device_that_hangs(
    site: Site, tiny: Path, runtime: FaultyRuntime
) -> None:
    site.apply(wanted(tiny))
    running(site)
    runtime.lost.add("GPU")
    runtime.go.clear()
    wait_until(lambda: len(runtime.loads) == 2)
    site.apply(
        Settings(cameras=wanted(tiny).cameras, inference=InferenceSettings(model=str(tiny), backend="onnxruntime"))
    )
    running(site)
    wait_until(lambda: site.loading == ())  # nobody wants that any more
    runtime.go.set()
    wait_until(lambda: not any(thread.name.startswith("load ") for thread in threading.enumerate()))
    assert runtime.live == []
    assert ran(site)["runtime"] == "onnxruntime"


def test_at_a_start_the_order_is_gone_through_at_once(site: Site, tiny: Path, runtime: FaultyRuntime) -> None:
    runtime.missing.add("GPU")
    site.apply(wanted(tiny, Fallback(backend="faulty", device="NPU")))
    running(site)
    assert "asked faulty on GPU: There is no device GPU." in ran(site)["fell_back"]
    runtime.missing.clear()
    wait_until(lambda: ran(site)["device"] == "GPU", 10)


def test_a_change_never_takes_what_runs_to_a_fallback(site: Site, tiny: Path, runtime: FaultyRuntime) -> None:
    site.apply(wanted(tiny, device="NPU"))
    running(site)
    runtime.missing.add("GPU")
    with pytest.raises(ModelError, match="no device GPU"):
        site.apply(wanted(tiny, Fallback(backend="onnxruntime", device="CPU")))
    assert ran(site)["device"] == "NPU"
    running(site)


def test_another_model_may_be_the_fallback(site: Site, tiny: Path, runtime: FaultyRuntime, tmp_path: Path) -> None:
    other = tiny_onnx.yolox(tmp_path / "other.onnx")
    site.apply(wanted(tiny, Fallback(backend="openvino", model=str(other))))
    running(site)
    runtime.missing.add("GPU")
    runtime.lost.add("GPU")
    wait_until(lambda: ran(site)["model"] == "other", 10)
    running(site)


def test_cameras_without_a_model_are_given_another_try_by_themselves(
    tiny: Path, runtime: FaultyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.site.running.AGAIN_S", (0.1,))
    runtime.missing.add("GPU")
    screen = RunningSite(Site(lambda name: (Path(name), None), no_secret))
    try:
        with pytest.raises(ModelError):
            screen.apply(wanted(tiny)).result(10)
        assert "no device GPU" in screen.trouble("a")
        assert screen.trouble("nobody") == ""
        wait_until(lambda: len(runtime.loads) >= 3)
        runtime.missing.clear()
        wait_until(lambda: (meter := screen.meter("a")) is not None and meter.inferred > 3, 10)
        assert screen.trouble("a") == ""
    finally:
        assert screen.close() == []
