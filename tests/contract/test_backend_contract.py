"""What every runtime must do. A new one is added to RUNTIMES and must pass unchanged."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np
import pytest

from backends import registry
from backends.base import API_VERSION, Backend, BackendError, LoadOptions, Runtime
from models.manifest import PictureInput
from tests import tiny_onnx

RUNTIMES = ["openvino", "onnxruntime"]
F32 = LoadOptions(precision="f32")
PLAIN = PictureInput("picture", 32, 32, "NCHW")


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return registry.runtime(request.param)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.mean_color(tmp_path / "tiny.onnx")


@pytest.fixture
def backend(runtime: Runtime, tiny: Path):
    loaded = runtime.load(tiny, PLAIN, "CPU", F32)
    yield loaded
    loaded.close()


def picture(blue: int, green: int, red: int, size: int = 32) -> np.ndarray:
    return np.full((1, size, size, 3), (blue, green, red), np.uint8)


def ask(backend: Backend, pixels: np.ndarray) -> list[float]:
    answers: queue.SimpleQueue = queue.SimpleQueue()
    backend.submit({"picture": pixels}, answers.put)
    answer = answers.get(timeout=10)
    assert not isinstance(answer, BackendError), answer
    return answer["mean"].ravel().tolist()


def test_it_states_its_version_and_its_devices(runtime: Runtime) -> None:
    assert runtime.api_version == API_VERSION
    devices = runtime.devices()
    assert any(device.name == "CPU" and device.available for device in devices)
    assert all(device.available or device.why for device in devices)


def test_it_reads_what_a_file_says_of_itself(runtime: Runtime, tiny: Path) -> None:
    facts = runtime.inspect(tiny)
    assert [(t.name, t.shape, t.dtype) for t in facts.inputs] == [("picture", (1, 3, 32, 32), "f32")]
    assert [(t.name, t.shape) for t in facts.outputs] == [("mean", (1, 3, 1, 1))]


def test_it_says_what_really_runs(backend: Backend, runtime: Runtime) -> None:
    info = backend.info
    assert info.runtime == runtime.name
    assert info.version[0].isdigit()
    assert info.device == "CPU"
    assert info.precision == "f32"
    assert info.max_in_flight >= 1


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("color", ["BGR", "RGB"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_pictures_reach_the_network_as_it_wants_them(
    runtime: Runtime, tmp_path: Path, layout: str, color: str, dtype: str
) -> None:
    kind = tiny_onnx.UINT8 if dtype == "uint8" else tiny_onnx.FLOAT
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx", layout=layout, dtype=kind)
    wanted = PictureInput("picture", 32, 32, layout, color, dtype)  # type: ignore[arg-type]
    loaded = runtime.load(path, wanted, "CPU", F32)
    try:
        assert ask(loaded, picture(10, 20, 30)) == ([10, 20, 30] if color == "BGR" else [30, 20, 10])
    finally:
        loaded.close()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_mean_and_std_are_in_the_networks_channel_order(runtime: Runtime, tmp_path: Path, layout: str) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx", layout=layout)
    wanted = PictureInput("picture", 32, 32, layout, "RGB", "float32", (30, 10, 0), (1, 2, 10))  # type: ignore[arg-type]
    loaded = runtime.load(path, wanted, "CPU", F32)
    try:
        np.testing.assert_allclose(ask(loaded, picture(10, 20, 30)), [0, 5, 1], atol=1e-5)
    finally:
        loaded.close()


def test_answers_go_to_who_asked_and_stay_as_they_were(backend: Backend) -> None:
    answers: queue.SimpleQueue = queue.SimpleQueue()
    count = 200
    for number in range(count):
        backend.submit({"picture": picture(number, 0, 0)}, lambda out, n=number: answers.put((n, out)))
    got = [answers.get(timeout=10) for _ in range(count)]
    assert sorted(n for n, _ in got) == list(range(count))
    assert all(out["mean"].ravel()[0] == n for n, out in got)


def test_more_are_not_taken_than_are_stated(backend: Backend) -> None:
    running, most, lock = 0, 0, threading.Lock()
    finished = threading.Semaphore(0)

    def done(_answer: object) -> None:
        nonlocal running
        with lock:
            running -= 1
        finished.release()

    for _ in range(50):
        with lock:
            running += 1
            most = max(most, running)
        backend.submit({"picture": picture(1, 2, 3)}, done)
    for _ in range(50):
        assert finished.acquire(timeout=10)
    # one may be counted between its answer and `done`, one while `submit` still waits
    assert most <= 2 * backend.info.max_in_flight + 1


@pytest.mark.parametrize(
    "inputs",
    [
        {"picture": np.zeros((1, 16, 16, 3), np.uint8)},
        {"picture": np.zeros((1, 32, 32, 3), np.float32)},
        {"wrong": np.zeros((1, 32, 32, 3), np.uint8)},
        {},
    ],
    ids=["shape", "dtype", "name", "nothing"],
)
def test_a_wrong_input_is_refused_and_harms_nothing(backend: Backend, inputs: dict[str, np.ndarray]) -> None:
    called: list[object] = []
    for _ in range(backend.info.max_in_flight + 1):
        with pytest.raises(BackendError):
            backend.submit(inputs, called.append)
    assert called == []
    assert ask(backend, picture(4, 5, 6)) == [4, 5, 6]


def test_closing_waits_for_what_runs_and_refuses_more(backend: Backend) -> None:
    answers: queue.SimpleQueue = queue.SimpleQueue()
    for _ in range(backend.info.max_in_flight):
        backend.submit({"picture": picture(1, 2, 3)}, answers.put)
    backend.close()
    assert answers.qsize() == backend.info.max_in_flight
    backend.close()
    with pytest.raises(BackendError, match="closed"):
        backend.submit({"picture": picture(1, 2, 3)}, answers.put)


@pytest.mark.parametrize("content", [b"", b"this is no model", bytes(range(256)) * 40], ids=["empty", "text", "bytes"])
def test_what_is_no_model_is_refused_in_words(runtime: Runtime, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(BackendError, match=r"broken\.onnx can't be read"):
        runtime.inspect(path)
    with pytest.raises(BackendError):
        runtime.load(path, PLAIN, "CPU", F32)


def test_what_is_not_there_is_refused_in_words(runtime: Runtime, tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="no file"):
        runtime.inspect(tmp_path / "nowhere.onnx")
    with pytest.raises(BackendError, match="not a kind of file"):
        runtime.inspect(Path(__file__))
    with pytest.raises(BackendError, match="no device NPU9"):
        runtime.load(tiny, PLAIN, "NPU9", F32)
