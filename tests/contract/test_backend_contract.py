"""What every runtime must do. A new one is a case in `tests.contract.runtimes` and must pass unchanged.

Some of it is about files (damaged, missing, strange ones) and is for the runtimes that read files alone.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from backends.base import API_VERSION, Backend, BackendError, LoadOptions, ModelPlace, Runtime
from models.manifest import PictureInput
from tests import tiny_onnx
from tests.contract.runtimes import EVERY, FILES, Case, need

Load = Callable[..., Backend]
F32 = LoadOptions(precision="f32")
PLAIN = PictureInput("picture", 32, 32, "NCHW")


@pytest.fixture(params=EVERY)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    with need(request.param).ready():
        yield request.param


@pytest.fixture
def runtime(case: Case) -> Runtime:
    return case.made()


for_files = pytest.mark.parametrize("case", FILES, indirect=True)


@pytest.fixture
def serve(case: Case) -> Iterator[Callable[[Path], ModelPlace]]:
    """Brings a model's file to where the runtime can load it from, for the time of the test."""
    with ExitStack() as served:
        yield lambda path: served.enter_context(case.serving(path))


@pytest.fixture
def load(case: Case, runtime: Runtime, serve: Callable[[Path], ModelPlace]) -> Iterator[Load]:
    """Loads a model's file and closes it after the test."""
    with ExitStack() as loaded:

        def one(path: Path, picture: PictureInput = PLAIN, options: LoadOptions = F32) -> Backend:
            made = runtime.load(serve(path), picture, case.device, options)
            loaded.callback(made.close)
            return made

        yield one


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.mean_color(tmp_path / "tiny.onnx")


@pytest.fixture
def backend(load: Load, tiny: Path) -> Backend:
    return load(tiny)


def picture(blue: int, green: int, red: int, size: int = 32) -> np.ndarray:
    return np.full((1, size, size, 3), (blue, green, red), np.uint8)


def answered(backend: Backend, pixels: np.ndarray) -> dict[str, np.ndarray]:
    answers: queue.SimpleQueue = queue.SimpleQueue()
    backend.submit({"picture": pixels}, answers.put)
    answer = answers.get(timeout=10)
    assert not isinstance(answer, BackendError), answer
    return answer


def ask(backend: Backend, pixels: np.ndarray) -> list[float]:
    return answered(backend, pixels)["mean"].ravel().tolist()


def test_it_states_its_version_and_its_devices(case: Case, runtime: Runtime) -> None:
    assert runtime.api_version == API_VERSION
    devices = runtime.devices()
    assert any(device.name == case.device and device.available for device in devices), devices
    assert all(device.available or device.why for device in devices)


def test_it_reads_what_a_model_says_of_itself(
    runtime: Runtime, tiny: Path, serve: Callable[[Path], ModelPlace]
) -> None:
    facts = runtime.inspect(serve(tiny))
    assert [(t.name, t.shape, t.dtype) for t in facts.inputs] == [("picture", (1, 3, 32, 32), "f32")]
    assert [(t.name, t.shape) for t in facts.outputs] == [("mean", (1, 3, 1, 1))]


def test_it_says_what_really_runs(case: Case, backend: Backend) -> None:
    info = backend.info
    assert info.runtime == case.runtime
    assert info.version[0].isdigit()
    assert info.asked == case.device
    assert info.device == case.runs_on if case.runs_on else info.device
    assert info.precision == case.precision if case.precision else info.precision
    assert info.max_in_flight >= 1
    assert info.max_batch >= 1


def test_each_node_has_one_place_and_those_astray_are_the_cpus(backend: Backend) -> None:
    info = backend.info
    named = [name for names in info.placement.values() for name in names]
    assert len(named) == len(set(named))
    assert all(info.placement.values())  # no place without a node
    assert set(info.astray) <= set(named)
    if info.asked.startswith("CPU"):
        assert info.astray == ()


def test_what_it_says_goes_into_json(backend: Backend) -> None:
    told = json.loads(json.dumps(backend.info.told()))
    assert (told["runtime"], told["asked"]) == (backend.info.runtime, backend.info.asked)
    assert sum(told["nodes"].values()) == sum(len(names) for names in backend.info.placement.values())
    assert told["astray"] == len(backend.info.astray)


def test_every_picture_of_a_submission_gets_its_own_answer(load: Load, tmp_path: Path) -> None:
    free = load(tiny_onnx.mean_color(tmp_path / "free.onnx", batch="N"), options=LoadOptions("f32", batch=4))
    assert 1 <= free.info.max_batch <= 4
    for count in [*range(1, free.info.max_batch + 1), 1]:  # and down again: no answer of an earlier one is left
        pixels = np.concatenate([picture(10 * n + count, n, 200 - n) for n in range(count)])
        answer = answered(free, pixels)["mean"]
        assert answer.shape == (count, 3, 1, 1)
        assert answer.reshape(count, 3).tolist() == [[10 * n + count, n, 200 - n] for n in range(count)]


def test_more_pictures_than_it_takes_are_refused_in_words(load: Load, tmp_path: Path) -> None:
    free = load(tiny_onnx.mean_color(tmp_path / "free.onnx", batch="N"), options=LoadOptions("f32", batch=2))
    called: list[object] = []
    for count in (0, free.info.max_batch + 1):
        with pytest.raises(BackendError, match="picture"):
            free.submit({"picture": np.zeros((count, 32, 32, 3), np.uint8)}, called.append)
    assert called == []
    assert ask(free, picture(4, 5, 6)) == [4, 5, 6]


def test_a_model_of_one_picture_takes_no_more_whatever_is_wished(load: Load, tmp_path: Path) -> None:
    fixed = load(tiny_onnx.one_at_a_time(tmp_path / "one.onnx"), options=LoadOptions("f32", batch=8))
    assert fixed.info.max_batch == 1
    assert ask(fixed, picture(4, 5, 6)) == [4, 5, 6]


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("color", ["BGR", "RGB"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_pictures_reach_the_network_as_it_wants_them(
    load: Load, tmp_path: Path, layout: str, color: str, dtype: str
) -> None:
    kind = tiny_onnx.UINT8 if dtype == "uint8" else tiny_onnx.FLOAT
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx", layout=layout, dtype=kind)
    wanted = PictureInput("picture", 32, 32, layout, color, dtype)  # type: ignore[arg-type]
    assert ask(load(path, wanted), picture(10, 20, 30)) == ([10, 20, 30] if color == "BGR" else [30, 20, 10])


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_mean_and_std_are_in_the_networks_channel_order(load: Load, tmp_path: Path, layout: str) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx", layout=layout)
    wanted = PictureInput("picture", 32, 32, layout, "RGB", "float32", (30, 10, 0), (1, 2, 10))  # type: ignore[arg-type]
    np.testing.assert_allclose(ask(load(path, wanted), picture(10, 20, 30)), [0, 5, 1], atol=1e-5)


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
    assert most <= backend.info.max_in_flight + 1  # one is counted while `submit` still waits


@pytest.mark.parametrize(
    "inputs",
    [
        {"picture": np.zeros((1, 16, 16, 3), np.uint8)},
        {"picture": np.zeros((1, 32, 32, 3), np.float32)},
        {"wrong": np.zeros((1, 32, 32, 3), np.uint8)},
        {"picture": np.zeros((1, 32, 32, 3), np.uint8), "wrong": np.zeros((1, 32, 32, 3), np.uint8)},
        {},
    ],
    ids=["shape", "dtype", "name", "one too many", "nothing"],
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

    def slow(answer: object) -> None:
        time.sleep(0.2)
        answers.put(answer)

    for _ in range(backend.info.max_in_flight):
        backend.submit({"picture": picture(1, 2, 3)}, slow)
    closers = [threading.Thread(target=backend.close) for _ in range(2)]
    for closer in closers:
        closer.start()
    backend.close()
    assert answers.qsize() == backend.info.max_in_flight
    for closer in closers:
        closer.join(5)
        assert not closer.is_alive()
    backend.close()
    with pytest.raises(BackendError, match="closed"):
        backend.submit({"picture": picture(1, 2, 3)}, answers.put)


def test_a_submission_that_waits_for_a_place_is_refused_when_it_closes(backend: Backend) -> None:
    go_on, refused = threading.Event(), threading.Event()
    for _ in range(backend.info.max_in_flight):
        backend.submit({"picture": picture(1, 2, 3)}, lambda _: go_on.wait(10))

    def one_more() -> None:
        with pytest.raises(BackendError, match="closed"):
            backend.submit({"picture": picture(1, 2, 3)}, lambda _: None)
        refused.set()

    threads = [threading.Thread(target=work) for work in (one_more, backend.close)]
    for thread in threads:
        thread.start()
    assert refused.wait(2)
    assert threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_it_may_be_closed_by_the_receiver_of_an_answer(backend: Backend) -> None:
    closed = threading.Event()
    backend.submit({"picture": picture(1, 2, 3)}, lambda _: (backend.close(), closed.set()))
    assert closed.wait(5)


def test_a_receiver_that_raises_takes_no_place_away(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(backend.info.max_in_flight):
        backend.submit({"picture": picture(1, 2, 3)}, lambda _: 1 / 0)
    for number in range(backend.info.max_in_flight + 1):
        assert ask(backend, picture(number, 5, 6)) == [number, 5, 6]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("then", ["others follow", "nothing follows"])
def test_an_inference_that_fails_is_said_soon_and_harms_no_other(load: Load, tmp_path: Path, then: str) -> None:
    loaded = load(tiny_onnx.fails_on_blue(tmp_path / "tiny.onnx", limit=200))
    answers: queue.SimpleQueue = queue.SimpleQueue()
    failing, count = 20, 21 if then == "nothing follows" else 200
    submitted = 0.0
    for number in range(count):
        submitted = time.monotonic() if number == failing else submitted
        blue = 250 if number == failing else number % 200
        loaded.submit({"picture": picture(blue, 0, 7)}, lambda out, n=number: answers.put((n, out, time.monotonic())))
        time.sleep(0.002)
    got = {number: (answer, at) for number, answer, at in (answers.get(timeout=5) for _ in range(count))}
    error, at = got.pop(failing)
    assert isinstance(error, BackendError)
    assert error.what.startswith("The inference failed: ")
    assert "Exception from" not in error.what
    assert at - submitted < 2
    assert all(out["mean"].ravel().tolist() == [n % 200, 0, 7] for n, (out, _) in got.items())
    begin = time.monotonic()
    loaded.close()
    assert time.monotonic() - begin < 1
    assert len(got) == count - 1
    assert answers.empty()


def test_failing_all_the_time_wears_nothing_out(load: Load, tmp_path: Path) -> None:
    loaded = load(tiny_onnx.fails_on_blue(tmp_path / "tiny.onnx"))
    answers: queue.SimpleQueue = queue.SimpleQueue()
    for number in range(100):
        loaded.submit({"picture": picture(255 * (number % 2), 0, 0)}, answers.put)
    loaded.close()
    assert sum(isinstance(answers.get_nowait(), BackendError) for _ in range(100)) == 50
    assert answers.empty()


def test_a_failing_warm_up_is_said_and_leaves_nothing_behind(
    case: Case, runtime: Runtime, serve: Callable[[Path], ModelPlace], tmp_path: Path
) -> None:
    place = serve(tiny_onnx.fails_on_blue(tmp_path / "tiny.onnx", limit=100))  # the warm-up's grey is 114
    before = set(threading.enumerate())
    with pytest.raises(BackendError, match=r"The warm-up run failed\. The inference failed"):
        runtime.load(place, PLAIN, case.device, F32)
    assert set(threading.enumerate()) <= before


def test_a_program_that_forgets_to_close_ends_well(case: Case, tiny: Path, serve: Callable[[Path], ModelPlace]) -> None:
    place = serve(tiny)
    code = f"""
from pathlib import Path
import numpy as np
from backends import registry
from backends.base import LoadOptions
from models.manifest import PictureInput
place = {f"Path({str(place)!r})" if isinstance(place, Path) else repr(place)}
picture = PictureInput("picture", 32, 32, "NCHW")
backend = registry.runtime({case.runtime!r}).load(place, picture, {case.device!r}, LoadOptions())
for _ in range(300):
    backend.submit({{"picture": np.zeros((1, 32, 32, 3), np.uint8)}}, lambda _: None)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_devices_name_may_be_in_any_case(
    case: Case, runtime: Runtime, tiny: Path, serve: Callable[[Path], ModelPlace]
) -> None:
    loaded = runtime.load(serve(tiny), PLAIN, case.device.lower(), F32)
    loaded.close()
    assert loaded.info.asked == case.device


@for_files
@pytest.mark.parametrize("content", [b"", b"this is no model", bytes(range(256)) * 40], ids=["empty", "text", "bytes"])
def test_what_is_no_model_is_refused_in_words(case: Case, runtime: Runtime, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(BackendError, match=r"broken\.onnx can't be read"):
        runtime.inspect(path)
    with pytest.raises(BackendError):
        runtime.load(path, PLAIN, case.device, F32)


@for_files
def test_what_is_not_there_is_refused_in_words(runtime: Runtime, tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="no file"):
        runtime.inspect(tmp_path / "nowhere.onnx")
    with pytest.raises(BackendError, match="not a kind of file"):
        runtime.inspect(Path(__file__))
    with pytest.raises(BackendError, match="no device NPU9"):
        runtime.load(tiny, PLAIN, "NPU9", F32)


@for_files
def test_the_url_of_a_served_model_is_refused_in_words(case: Case, runtime: Runtime) -> None:
    url = "grpc://127.0.0.1:8001/tiny"
    with pytest.raises(BackendError, match="reads files") as caught:
        runtime.inspect(url)
    assert "kserve" in caught.value.hint
    with pytest.raises(BackendError, match="reads files"):
        runtime.load(url, PLAIN, case.device, F32)
