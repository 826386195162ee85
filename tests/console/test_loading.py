"""Models on their way: seen, estimated, cancelled; a failed or cancelled change leaves what runs as it was."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.base import BackendError
from console.errors import ModelError, SecretError
from console.pipeline import memory
from console.pipeline.durations import FILE, Durations
from console.pipeline.loader import load_model
from console.pipeline.proof import prove
from console.settings.inference import InferenceSettings
from console.settings.schema import CameraSettings, Settings
from console.site.running import RunningSite
from console.site.site import Site
from tests import tiny_onnx
from tests.console.fakes import FakeBackend, model, wait_until
from tests.console.faulty import FaultyRuntime, install

SCENE = "synthetic:street?fps=60&width=320&height=240"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.yolox(tmp_path / "tiny.onnx")


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FaultyRuntime:
    return install(monkeypatch)


def no_secret(name: str) -> str:
    raise SecretError(name)


@pytest.fixture
def screen(tmp_path: Path):
    made = RunningSite(Site(lambda name: (Path(name), None), no_secret, cache=tmp_path / "cache"))
    yield made
    assert made.close() == []


def wanted(tiny: Path, device: str = "GPU", **more: Any) -> Settings:
    inference = InferenceSettings(model=str(tiny), backend="faulty", device=device, **more)
    return Settings(cameras=(CameraSettings(id="a", source=SCENE),), inference=inference)


def running(screen: RunningSite) -> None:
    meter = screen.meter("a")
    assert meter is not None
    before = meter.inferred
    wait_until(lambda: meter.inferred > before + 3, 10)


def loaders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("load ")]


def test_what_is_being_loaded_is_told_with_how_long_it_usually_takes(
    screen: RunningSite, tiny: Path, runtime: FaultyRuntime, tmp_path: Path
) -> None:
    assert screen.loading == ()
    runtime.go.clear()
    first = screen.apply(wanted(tiny))
    wait_until(lambda: screen.loading and screen.loading[0].phase == "compiling")
    (loading,) = screen.loading
    assert (loading.model, loading.backend, loading.device) == (str(tiny), "faulty", "GPU")
    assert loading.usual_s is None
    runtime.go.set()
    first.result(20)
    assert screen.loading == ()
    screen.apply(wanted(tiny, "NPU")).result(20)
    runtime.go.clear()
    again = screen.apply(wanted(tiny))
    wait_until(lambda: screen.loading)
    assert (screen.loading[0].usual_s or 0) > 0
    runtime.go.set()
    again.result(20)
    assert set(json.loads((tmp_path / "cache" / FILE).read_text())) == {
        f"{tiny}|faulty|GPU|default",
        f"{tiny}|faulty|NPU|default",
    }


def test_a_cancelled_change_fails_at_once_and_what_ran_goes_on(
    screen: RunningSite, tiny: Path, runtime: FaultyRuntime
) -> None:
    screen.apply(wanted(tiny)).result(20)
    running(screen)
    meter = screen.meter("a")
    runtime.go.clear()
    change = screen.apply(wanted(tiny, "NPU"))
    wait_until(lambda: screen.loading and screen.loading[0].phase == "compiling")
    screen.cancel_loading()
    with pytest.raises(ModelError, match="was cancelled"):
        change.result(5)
    assert screen.loading == ()
    assert loaders()  # the compile itself goes on
    running(screen)
    assert screen.meter("a") is meter
    assert screen.ran("a")[0]["device"] == "GPU"
    runtime.go.set()
    wait_until(lambda: not loaders())
    assert [backend.info.device for backend in runtime.live] == ["GPU"]  # what came too late was closed
    screen.apply(wanted(tiny, "NPU")).result(20)  # and it can be asked for again
    assert screen.ran("a")[0]["device"] == "NPU"


def test_cancelling_takes_all_models_of_the_change_and_nothing_later(
    screen: RunningSite, tiny: Path, runtime: FaultyRuntime, tmp_path: Path
) -> None:
    screen.cancel_loading()  # nothing to cancel: it must not hit what comes next
    screen.apply(wanted(tiny)).result(20)
    other = tiny_onnx.yolox(tmp_path / "other.onnx")
    two = Settings(
        cameras=(
            CameraSettings(id="a", source=SCENE),
            CameraSettings(id="b", source=SCENE, stages=({"model": str(other)},)),  # type: ignore[arg-type]
        ),
        inference=wanted(tiny, "NPU").inference,
    )
    runtime.go.clear()
    change = screen.apply(two)
    wait_until(lambda: len(runtime.loads) == 2)
    screen.cancel_loading()
    runtime.go.set()
    with pytest.raises(ModelError, match="was cancelled"):
        change.result(5)
    wait_until(lambda: not loaders())
    assert len(runtime.loads) == 2
    assert [backend.info.device for backend in runtime.live] == ["GPU"]


def test_a_second_model_that_fails_takes_the_first_back(
    screen: RunningSite, tiny: Path, runtime: FaultyRuntime, tmp_path: Path
) -> None:
    screen.apply(wanted(tiny)).result(20)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    camera = CameraSettings(id="a", source=SCENE, stages=({"model": str(tiny)}, {"model": str(broken)}))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"broken\.onnx can't be read"):
        screen.apply(Settings(cameras=(camera,), inference=wanted(tiny, "NPU").inference)).result(20)
    assert [backend.info.device for backend in runtime.live] == ["GPU"]
    running(screen)


def test_closing_does_not_wait_for_a_compile(tiny: Path, runtime: FaultyRuntime) -> None:
    screen = RunningSite(Site(lambda name: (Path(name), None), no_secret))
    runtime.go.clear()
    first, second = screen.apply(wanted(tiny)), screen.apply(wanted(tiny, "NPU"))
    wait_until(lambda: runtime.loads)
    assert screen.close() == [f"load {tiny}"]
    for change in (first, second):
        with pytest.raises(ModelError):
            change.result(1)
    runtime.go.set()
    wait_until(lambda: not loaders())
    assert runtime.live == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"[1]", b'{"a": "x", "b": -1, "c": true, "d": 1e999}', b"[" * 5000]
)
def test_a_damaged_memory_of_durations_is_forgotten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    durations = Durations(tmp_path)
    assert [durations.usual_s(key) for key in "abcd"] == [None] * 4
    durations.note("a", 2.0)
    assert Durations(tmp_path).usual_s("a") == 2.0
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_durations_are_remembered_within_bounds_and_where_nothing_can_be_written(tmp_path: Path) -> None:
    durations = Durations(tmp_path / "new" / "folder")
    for number in range(300):
        durations.note(str(number), number)
    assert len(json.loads((tmp_path / "new" / "folder" / FILE).read_text())) == 200
    assert (durations.usual_s("0"), durations.usual_s("299")) == (None, 299)
    (tmp_path / "file").write_text("")
    for folder in (None, tmp_path / "file"):
        durations = Durations(folder)
        durations.note("a", 1.0)
        assert durations.usual_s("a") == 1.0


def test_no_room_for_two_is_said_first(
    screen: RunningSite, tiny: Path, runtime: FaultyRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = memory.psutil.virtual_memory()
    tight = free._replace(available=10 * 2**20)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: tight)
    screen.apply(wanted(tiny)).result(20)  # nothing else runs: it is tried
    with pytest.raises(ModelError, match="no room for a second model"):
        screen.apply(wanted(tiny, "NPU")).result(20)
    running(screen)
    assert [device for _model, device in runtime.loads] == ["GPU"]
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: free)
    screen.apply(wanted(tiny, "NPU")).result(20)


def test_a_model_that_answers_nothing_believable_never_serves() -> None:
    for answer, said in (
        (lambda _: [[0, 0, 9, 9, np.nan, 0]], "NaN"),
        (lambda _: (_ for _ in ()).throw(BackendError("out of memory")), "out of memory"),
    ):
        backend = FakeBackend(answer)
        with pytest.raises(BackendError, match=f"The warm-up run failed.*{said}"):
            prove(model(backend).detector, backend, 1)
        wait_until(backend.closed.is_set)


def test_one_that_cannot_tell_its_pictures_apart_is_given_one_at_a_time(caplog: pytest.LogCaptureFixture) -> None:
    backend = FakeBackend(lambda _: [[0, 0, 9, 9, 0.9, 0]], batch=4)
    assert prove(model(backend).detector, backend, 8) == 4
    real = backend.submit
    backend.submit = lambda inputs, done: real(inputs, lambda out: done({"rows": out["rows"][:1]}))  # type: ignore[method-assign,index,call-overload]
    assert prove(model(backend).detector, backend, 3) == 1
    assert "one picture at a time" in caplog.text
    backend.close()


def test_nodes_astray_are_said_in_the_log(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = install(monkeypatch)
    load = made.load

    def astray(*arguments: Any) -> Any:
        backend = load(*arguments)
        backend.info = replace(backend.info, astray=tuple(f"node{n}" for n in range(7)))
        return backend

    monkeypatch.setattr(made, "load", astray)
    with caplog.at_level(logging.WARNING):
        loaded = load_model(
            str(tiny), lambda name: (Path(name), None), InferenceSettings(backend="faulty", device="GPU")
        )
    loaded.backend.close()
    (record,) = [record for record in caplog.records if "although" in record.message]
    assert "7 nodes run on the CPU although GPU was asked for: node0, node1" in record.message
    assert "node6" not in record.message
