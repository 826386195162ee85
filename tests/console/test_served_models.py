"""A model named by a URL: allowed and recorded first, then like any other; its server may go and come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from console.errors import ModelError, SecretError
from console.settings.inference import Fallback, InferenceSettings, RemoteSettings
from console.settings.schema import CameraSettings, Settings
from console.site import recovery
from console.site.site import Site
from models.states import CameraState
from tests import tiny_onnx
from tests.conftest import missing
from tests.console.fakes import wait_until
from tests.servers import pytriton_server
from tests.servers.pytriton_server import Triton

SCENE = "synthetic:street?fps=60&width=320&height=240"


def no_secret(name: str) -> str:
    raise SecretError(name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def site(home: Path):
    made = Site(lambda name: (Path(name), None), no_secret, home=home)
    yield made
    assert made.close() == []


def wanted(url: str, *allowed: str, **inference: Any) -> Settings:
    remote = RemoteSettings.model_validate({"allowed": [{"address": a, "purpose": "a test"} for a in allowed]})
    return Settings(
        cameras=(CameraSettings(id="a", source=SCENE),),
        inference=InferenceSettings(model=url, **inference),
        remote=remote,
    )


def running(site: Site, more: int = 5) -> None:
    before = site.pipeline.meter("a").inferred
    wait_until(lambda: site.pipeline.meter("a").inferred >= before + more, 20)


def test_a_server_nobody_allowed_is_never_asked(site: Site, home: Path) -> None:
    with pytest.raises(ModelError, match=r"may not be sent to 127\.0\.0\.1:9"):
        site.apply(wanted("grpc://127.0.0.1:9/m"))
    assert list(home.iterdir()) == []


def test_where_nothing_can_be_recorded_nothing_is_sent() -> None:
    site = Site(lambda name: (Path(name), None), no_secret)
    with pytest.raises(ModelError, match="can be recorded"):
        site.apply(wanted("grpc://127.0.0.1:9/m", "127.0.0.1:9"))
    assert site.close() == []


def test_a_server_that_is_not_there_is_said_and_a_file_may_stand_in(site: Site, tmp_path: Path) -> None:
    tiny = tiny_onnx.yolox(tmp_path / "tiny.onnx")
    with pytest.raises(ModelError):
        site.apply(wanted("grpc://127.0.0.1:9/m", "127.0.0.1:9"))
    site.apply(wanted("grpc://127.0.0.1:9/m", "127.0.0.1:9", fallback=(Fallback(backend="openvino", model=str(tiny)),)))
    running(site)
    assert "asked grpc://127.0.0.1:9/m" in str(site.pipeline.ran("a")[0]["fell_back"])


@pytest.mark.services
def test_boxes_return_by_themselves_when_the_server_does(
    site: Site, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    monkeypatch.setattr(recovery, "PAUSES_S", (0.5, 1.0))
    with Triton(tmp_path) as server:
        server.bind("tiny", tiny_onnx.yolox(tmp_path / "tiny.onnx"))
        site.apply(wanted(server.url("tiny"), f"127.0.0.1:{server.grpc}"))
        running(site)
        meter = site.pipeline.meter("a")
        ran = site.pipeline.ran("a")[0]
        assert (ran["model"], ran["runtime"]) == ("tiny", "kserve")
        server.kill()
        wait_until(lambda: site.pipeline.trouble("a"), 20)
        assert site.pipeline.status("a").state is CameraState.LIVE
        frames = meter.frames
        wait_until(lambda: meter.frames > frames + 30)
        server.start()
        running(site)
        wait_until(lambda: site.pipeline.trouble("a") == "")
        assert site.pipeline.meter("a") is meter
    events = [json.loads(line)["event"] for line in (home / "audit.jsonl").read_text().splitlines()]
    assert events[:2] == ["remote model wanted", "remote model loaded"]
