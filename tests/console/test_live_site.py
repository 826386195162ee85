"""Redacted cameras of a running site: from the first picture on, through changes, and whatever order they come in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.errors import ModelError
from console.pipeline.covered_display import CoveredDisplay
from console.pipeline.display import Display
from console.pipeline.pipeline import Pipeline
from console.settings.inference import InferenceSettings
from console.settings.privacy import CameraPrivacy
from console.settings.schema import CameraSettings, Settings
from console.site.running import RunningSite
from console.site.site import Site
from tests import tiny_onnx
from tests.console.fakes import wait_until

SCENE = "synthetic:street?fps=30&width=320&height=240"


def no_secret(name: str) -> str:
    raise AssertionError(name)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.yolox(tmp_path / "tiny.onnx")


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site(lambda name: (Path(name), None), no_secret, Pipeline(keep_s=5.0))
    yield made
    assert made.close() == []


def settings(tiny: Path, *, live: bool, site_live: bool = False, **more: Any) -> Settings:
    own = CameraPrivacy(live=live or None, faces=False, heads="never", plates="no")
    camera = CameraSettings(id="a", source=SCENE, privacy=own, **more)
    return Settings.model_validate(
        {"cameras": [camera], "inference": InferenceSettings(model=str(tiny)), "privacy": {"live": site_live}}
    )


def watch(site: Site) -> list[type]:
    """The displays the camera was ever started with."""
    made: list[type] = []
    add = site.pipeline.add_camera

    def noted(*args: Any) -> None:
        add(*args)
        made.append(type(site.pipeline.lane("a").display))

    site.pipeline.add_camera = noted  # type: ignore[method-assign]
    return made


def test_it_is_covered_from_its_first_picture_on_with_and_without_a_model(site: Site, tiny: Path) -> None:
    began = watch(site)
    site.apply(settings(tiny, live=True), pictures_first=True)
    assert began == [CoveredDisplay]
    lane = site.pipeline.lane("a")
    display = lane.display
    assert isinstance(display, CoveredDisplay)
    assert lane.recent is None
    display.size = (160, 120)
    wait_until(lambda: display.made > 2)
    site.apply(settings(tiny, live=True, fps_cap=20.0))  # started anew
    assert began == [CoveredDisplay] * 2
    assert isinstance(site.pipeline.lane("a").display, CoveredDisplay)


def test_privacy_changes_without_a_new_connection(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, live=False))
    wait_until(lambda: site.pipeline.meter("a").frames > 2)
    lane = site.pipeline.lane("a")
    assert type(lane.display) is Display
    site.apply(settings(tiny, live=True))
    assert site.pipeline.lane("a") is lane
    assert isinstance(lane.display, CoveredDisplay)
    assert lane.recent is None
    site.apply(settings(tiny, live=False))
    assert site.pipeline.lane("a") is lane
    assert type(lane.display) is Display
    wait_until(lambda: lane.recent is not None and len(lane.recent.held() or ()) > 1)
    site.apply(settings(tiny, live=False, site_live=True))
    assert isinstance(lane.display, CoveredDisplay)


def test_a_change_that_fails_otherwise_covers_all_the_same(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, live=False))
    lost = settings(tiny, live=True).model_copy(
        update={"inference": InferenceSettings(model=str(tiny), device="GPU.7")}
    )
    with pytest.raises(ModelError):
        site.apply(lost)
    assert isinstance(site.pipeline.lane("a").display, CoveredDisplay)


def test_a_camera_that_goes_takes_its_thread_along(site: Site, tiny: Path) -> None:
    site.apply(settings(tiny, live=True))
    assert site.live.cameras == ["a"]
    site.apply(Settings())
    assert site.live.cameras == []
    wait_until(lambda: "redact a" not in {thread.name for thread in threading.enumerate()})


def test_an_older_wish_that_is_carried_out_late_uncovers_nothing(tiny: Path) -> None:
    go_on, entered = threading.Event(), threading.Event()

    def find(name: str) -> tuple[Path, None]:
        if name == "slow":
            entered.set()
            go_on.wait(10)
        return (tiny, None)

    site = Site(find, no_secret)
    running = RunningSite(site)
    running.apply(settings(tiny, live=False)).result(20)
    slow = settings(tiny, live=False).model_copy(update={"inference": InferenceSettings(model="slow")})
    first = running.apply(slow)
    assert entered.wait(10)
    second = running.apply(settings(tiny, live=False, fps_cap=25.0))  # waits behind it, and is older than the next
    third = running.apply(settings(tiny, live=True, fps_cap=25.0))
    lane = running.lane("a")
    assert lane is not None
    assert isinstance(lane.display, CoveredDisplay)  # at once, though the site is busy
    began = watch(site)
    go_on.set()
    for wish in (first, second, third):
        wish.result(20)
    assert began == [CoveredDisplay]  # the second one starts it anew
    last = running.lane("a")
    assert last is not None
    assert isinstance(last.display, CoveredDisplay)
    assert running.close() == []
