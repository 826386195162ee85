from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from console.catalog.catalog import Catalog
from console.errors import CatalogError, ModelError, SecretError, UsageError
from console.pipeline.priority import NICE, run_below
from console.settings.inference import InferenceSettings, StageSettings
from console.settings.schema import CameraSettings, Settings
from console.site.finding import ModelFinder
from console.site.running import RunningSite
from console.site.site import Site
from console.site.summary import failures, summary
from models.results import Result
from models.states import CameraState
from tests import tiny_onnx
from tests.console.fakes import wait_until

SCENE = "synthetic:street?fps=30&width=320&height=240"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.yolox(tmp_path / "tiny.onnx")


def no_secret(name: str) -> str:
    raise SecretError(f"There is no secret {name}.")


@pytest.fixture
def site():
    made = Site(lambda name: (Path(name), None), no_secret)
    yield made
    assert made.close() == []


def settings(tiny: Path, *cameras: CameraSettings, **inference: Any) -> Settings:
    return Settings(cameras=cameras, inference=InferenceSettings(model=str(tiny), **inference))


def camera(name: str, **more: Any) -> CameraSettings:
    return CameraSettings(id=name, **{"source": SCENE, **more})


def running(site: Site, name: str) -> bool:
    return site.pipeline.meter(name).inferred > 2


def test_settings_become_what_runs_and_untouched_cameras_go_on(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, camera("a"), camera("b")))
    wait_until(lambda: running(site, "a") and running(site, "b"))
    meter = site.pipeline.meter("a")
    site.apply(settings(tiny, camera("a"), camera("b", fps_cap=5.0), camera("c"), camera("off", enabled=False)))
    assert site.pipeline.cameras == ["a", "b", "c"]
    assert site.pipeline.meter("a") is meter
    wait_until(lambda: running(site, "c") and running(site, "b"))
    site.apply(settings(tiny, camera("c")))
    assert site.pipeline.cameras == ["c"]
    site.apply(settings(tiny))
    assert site.pipeline.cameras == []
    assert site.pipeline.models == []


def test_another_backend_is_ready_before_the_old_one_goes(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, camera("a")))
    wait_until(lambda: running(site, "a"))
    site.apply(settings(tiny, camera("a"), backend="onnxruntime"))
    wait_until(lambda: running(site, "a"))
    assert site.pipeline.ran("a")[0]["runtime"] == "onnxruntime"
    assert len(site.pipeline.models) == 1


@pytest.mark.parametrize(("change", "error"), [({"backend": "tpu"}, ModelError), ({"device": "GPU.7"}, ModelError)])
def test_a_change_that_cannot_be_made_leaves_everything_running(
    site: Site, tiny: Path, change: dict[str, str], error: type[Exception]
) -> None:
    site.apply(settings(tiny, camera("a")))
    wait_until(lambda: running(site, "a"))
    meter = site.pipeline.meter("a")
    with pytest.raises(error):
        site.apply(settings(tiny, camera("a"), **change))
    before = meter.inferred
    wait_until(lambda: meter.inferred > before + 3)
    assert site.pipeline.meter("a") is meter


def test_a_new_name_disturbs_nobody(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, camera("a")))
    meter = site.pipeline.meter("a")
    site.apply(settings(tiny, CameraSettings(id="a", source=SCENE, name="Gate")))
    assert site.pipeline.meter("a") is meter
    site.apply(settings(tiny, CameraSettings(id="a", source=SCENE, name="Gate", mirror=True)))
    assert site.pipeline.meter("a") is not meter


def test_a_changed_model_file_is_loaded_anew(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, camera("a")))
    meter, (key,) = site.pipeline.meter("a"), site.pipeline.models
    site.apply(settings(tiny, camera("a")))
    assert site.pipeline.meter("a") is meter
    os.utime(tiny, (1, 1))
    site.apply(settings(tiny, camera("a")))
    assert site.pipeline.models != [key]
    assert len(site.pipeline.models) == 1
    wait_until(lambda: running(site, "a"))


def test_a_camera_that_gave_up_is_tried_again_though_its_settings_are_the_same(
    site: Site, tiny: Path, tmp_path: Path
) -> None:
    wanted = settings(tiny, camera("a"), camera("late", source=str(tmp_path / "pictures"), paced=False))
    site.apply(wanted)
    wait_until(lambda: site.pipeline.status("late").state is CameraState.FAILED)
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "white.png"), np.full((64, 64, 3), 255, np.uint8))
    meter = site.pipeline.meter("a")
    site.apply(wanted)
    wait_until(lambda: site.pipeline.status("late").state is CameraState.ENDED)
    assert site.pipeline.meter("a") is meter


def test_stages_that_do_not_fit_leave_everything_running(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, camera("a")))
    wait_until(lambda: running(site, "a"))
    meter, models = site.pipeline.meter("a"), site.pipeline.models
    wrong = (StageSettings(model=str(tiny)), StageSettings(model=str(tiny), on="unicorn"))
    with pytest.raises(UsageError, match="unicorn"):
        site.apply(settings(tiny, camera("a", stages=wrong), backend="onnxruntime"))
    assert site.pipeline.meter("a") is meter
    assert site.pipeline.models == models
    before = meter.inferred
    wait_until(lambda: meter.inferred > before + 3)


def test_a_missing_password_is_the_cameras_own_failure(site: Site, tiny: Path) -> None:
    login = {"user": "viewer", "password": {"secret": "gate"}}
    site.apply(settings(tiny, camera("a"), camera("gate", source="rtsp://127.0.0.1:9/x", login=login)))
    wait_until(lambda: site.pipeline.status("gate").state is CameraState.RECONNECTING)
    assert "There is no secret gate." in site.pipeline.status("gate").detail
    assert failures(site.pipeline) == {}
    wait_until(lambda: running(site, "a"))


def test_the_summary_adds_up(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, camera("a", source=SCENE + "&seconds=1", paced=False), camera("b")))
    wait_until(lambda: site.pipeline.status("a").state is CameraState.ENDED and running(site, "b"))
    told = summary(site.pipeline, 2.0)
    assert told["cameras"]["a"]["frames"] == 30
    assert told["total"]["frames"] == sum(camera["frames"] for camera in told["cameras"].values())
    assert told["total"]["ran"]["runtime"] == "openvino"
    json.dumps(told)


def test_models_are_found_by_path_by_name_or_not_at_all(tmp_path: Path, tiny: Path) -> None:
    finder = ModelFinder(Catalog(tmp_path / "models", tmp_path / "clips", mirrors=[]))
    assert finder.find(str(tiny)) == (tiny, None)
    with pytest.raises(ModelError, match="no model file"):
        finder.find(str(tmp_path / "gone.onnx"))
    with pytest.raises(ModelError):
        finder.find("yolox_nanna")
    with pytest.raises(ModelError, match="~no-such-user is not the home folder"):
        finder.find("~no-such-user/x.onnx")
    with pytest.raises(ModelError, match="can't be read"):
        finder.find("x" * 300 + ".onnx")
    with pytest.raises((ModelError, CatalogError)):
        finder.find("vtest.avi")


@pytest.mark.shared
def test_a_catalogue_file_given_by_path_brings_its_labels(shared: Path, tmp_path: Path) -> None:
    finder = ModelFinder(Catalog(tmp_path / "models", tmp_path / "clips", mirrors=[]))
    path, manifest = finder.find(str(shared / "models" / "person-vehicle-bike-detection-2002.xml"))
    assert path.is_file()
    assert manifest is not None
    assert manifest.labels == ("vehicle", "person", "bike")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_what_runs_below_and_what_it_starts_is_lowered() -> None:
    def child() -> int:
        seen: list[int] = []
        thread = threading.Thread(
            target=lambda: seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        )
        thread.start()
        thread.join()
        return seen[0]

    usual = child()
    assert run_below(child) == max(usual, NICE)
    assert child() == usual
    with pytest.raises(ZeroDivisionError):
        run_below(lambda: 1 / 0)


def test_the_tiny_model_is_what_it_says(site: Site, tiny: Path, tmp_path: Path) -> None:
    """A white picture through the whole product: the tests above run a network that can find something."""
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "white.png"), np.full((64, 64, 3), 255, np.uint8))
    results: list[Result] = []
    site.subscribe(results.append)
    site.apply(settings(tiny, camera("folder", source=str(tmp_path / "pictures"), paced=False)))
    wait_until(lambda: site.pipeline.status("folder").state is CameraState.ENDED and results)
    assert len(results[0].detections) > 0


def test_pictures_come_before_the_model_and_go_on_when_it_is_there(tiny: Path) -> None:
    """A camera shows its pictures while the model loads; the same connection is given its model afterwards."""
    loading, go = threading.Event(), threading.Event()

    def find(name: str) -> tuple[Path, None]:
        loading.set()
        assert go.wait(10)
        return Path(name), None

    screen = RunningSite(Site(find, no_secret))
    try:
        applied = screen.apply(settings(tiny, camera("a")))
        assert loading.wait(10)
        wait_until(lambda: (meter := screen.meter("a")) is not None and meter.frames > 3)
        meter = screen.meter("a")
        assert meter is not None
        assert meter.dropped["no model"] > 0
        assert screen.ran("a") == []
        go.set()
        applied.result(30)
        wait_until(lambda: meter.inferred > 0)
        assert screen.meter("a") is meter
        assert screen.ran("a")
        assert screen.status("nobody") is None
    finally:
        go.set()
        assert screen.close() == []
    assert meter.frames == meter.inferred + meter.dropped.total()


def test_a_model_that_fails_leaves_the_pictures_running(tmp_path: Path) -> None:
    screen = RunningSite(Site(lambda name: (Path(name), None), no_secret))
    try:
        with pytest.raises(ModelError):
            screen.apply(settings(tmp_path / "none.onnx", camera("a"))).result(10)
        wait_until(lambda: (meter := screen.meter("a")) is not None and meter.frames > 3)
        screen.apply(settings(tiny_onnx.yolox(tmp_path / "good.onnx"), camera("a"))).result(30)
        wait_until(lambda: (meter := screen.meter("a")) is not None and meter.inferred > 0)
    finally:
        screen.close()
