"""KServe v2 against real servers: Triton (a real detector, batches, TLS, kill -9) and MLServer (versions)."""

from __future__ import annotations

import queue
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from backends import kserve, kserve_wire
from backends.base import Backend, BackendError, LoadOptions, Outputs, Tls
from models.decoders import FAMILIES, recognise
from models.manifest import PictureInput
from tests import tiny_onnx
from tests.conftest import missing
from tests.servers import mlserver_server, pytriton_server
from tests.servers.kserve_relay import Relay
from tests.servers.mlserver_server import MlServer
from tests.servers.pytriton_certificates import Authority
from tests.servers.pytriton_server import Triton

pytestmark = pytest.mark.services
TINY = PictureInput("picture", 32, 32, "NCHW")
BOTH = pytest.mark.parametrize("scheme", ["grpc", "http"])
Answers = queue.SimpleQueue[Outputs | BackendError]


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    if why := pytriton_server.why_not():
        missing("services", why)
    work = tmp_path_factory.mktemp("triton")
    with Triton(work) as server:
        server.bind("tiny", tiny_onnx.mean_color(work / "tiny.onnx"), batch=8, delay_us=20_000)
        yield server


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlServer]:
    if why := mlserver_server.why_not():
        missing("services", why)
    work = tmp_path_factory.mktemp("mlserver")
    tiny = tiny_onnx.mean_color(work / "tiny.onnx", batch="N")
    with MlServer(work / "models", {"tiny/1": tiny, "tiny/2": tiny}) as server:
        yield server


@pytest.fixture
def load() -> Iterator[Callable[..., Backend]]:
    loaded: list[Backend] = []

    def one(url: str, picture: PictureInput = TINY, **options: object) -> Backend:
        loaded.append(kserve.runtime().load(url, picture, "REMOTE", LoadOptions(**options)))  # type: ignore[arg-type]
        return loaded[-1]

    yield one
    for backend in loaded:
        backend.close()


def colour(blue: int, count: int = 1) -> np.ndarray:
    return np.full((count, 32, 32, 3), (blue, 20, 30), np.uint8)


def ask(backend: Backend, pixels: np.ndarray, name: str = "picture") -> Outputs | BackendError:
    answers: Answers = queue.SimpleQueue()
    backend.submit({name: pixels}, answers.put)
    return answers.get(timeout=60)


def until_answered(backend: Backend, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while isinstance(said := ask(backend, colour(7)), BackendError):
        assert time.monotonic() < end, said.what
        time.sleep(0.05)
    assert said["mean"].ravel().tolist() == [7, 20, 30]


@BOTH
@pytest.mark.shared
def test_a_real_detector_answers_as_it_does_here(
    triton: Triton, load: Callable[..., Backend], shared: Path, scheme: str
) -> None:
    path = shared / "models" / "yolox_nano.onnx"
    triton.bind(f"yolox_{scheme}", path, batch=8)
    url = triton.url(f"yolox_{scheme}", scheme)
    facts = kserve.runtime().inspect(url)
    assert facts.metadata["kserve.server"].endswith("(triton)")
    assert facts.inputs[0].shape == (None, 3, 416, 416)
    manifest = recognise(facts, "yolox_nano")
    picture = FAMILIES[manifest.family].picture_input(facts, None, None)
    far = load(url, picture, batch=4)
    assert far.info.max_batch == 4
    assert far.info.device == f"{url}/1"
    assert far.info.precision == "unknown"
    from backends import onnxruntime

    near = onnxruntime.runtime().load(path, picture, "CPU", LoadOptions(precision="f32"))
    pixels = np.random.default_rng(4).integers(0, 255, (2, 416, 416, 3), np.uint8)
    try:
        expected = [ask(near, pixels[i : i + 1], picture.name) for i in range(2)]
        got = ask(far, pixels, picture.name)
    finally:
        near.close()
    assert not isinstance(got, BackendError), got.what
    np.testing.assert_allclose(got["output"], np.concatenate([e["output"] for e in expected]), rtol=1e-3, atol=1e-3)


@BOTH
def test_the_server_forms_batches_of_what_is_in_flight(
    triton: Triton, load: Callable[..., Backend], scheme: str
) -> None:
    backend = load(triton.url("tiny", scheme))
    before = len(triton.seen("tiny"))
    answers: queue.SimpleQueue = queue.SimpleQueue()
    for number in range(64):
        backend.submit({"picture": colour(number)}, lambda out, n=number: answers.put((n, out)))
    for number, out in (answers.get(timeout=30) for _ in range(64)):
        assert out["mean"].ravel()[0] == number
    sizes = triton.seen("tiny")[before:]
    assert sum(sizes) == 64
    assert max(sizes) > 1


@BOTH
def test_killed_and_restarted_mid_run_its_answers_return_by_themselves(
    tmp_path: Path, load: Callable[..., Backend], scheme: str
) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    with Triton(tmp_path) as server:
        server.bind("tiny", tiny_onnx.mean_color(tmp_path / "tiny.onnx"))
        backend = load(server.url("tiny", scheme))
        answers: Answers = queue.SimpleQueue()
        for _ in range(100):
            backend.submit({"picture": colour(7)}, answers.put)
        server.kill()
        for _ in range(20):
            backend.submit({"picture": colour(7)}, answers.put)
        got = [answers.get(timeout=30) for _ in range(120)]
        failed = [answer for answer in got if isinstance(answer, BackendError)]
        assert len(failed) >= 20
        assert all("127.0.0.1" in error.what and error.hint for error in failed), failed[-1].what
        assert "refused" in failed[-1].what
        server.start()
        until_answered(backend)
    assert isinstance(ask(backend, colour(7)), BackendError)


@BOTH
def test_a_server_that_hangs_is_given_up_and_taken_up_again(
    tmp_path: Path, load: Callable[..., Backend], scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    with Triton(tmp_path) as server:
        server.bind("tiny", tiny_onnx.mean_color(tmp_path / "tiny.onnx"))
        backend = load(server.url("tiny", scheme))
        monkeypatch.setattr(kserve_wire, "INFER_S", 0.5)
        server.pause()
        said = ask(backend, colour(7))
        assert isinstance(said, BackendError)
        assert "gave no answer within 0.5 s" in said.what
        server.go_on()
        until_answered(backend)


def test_tls_with_the_right_authority_and_no_other(tmp_path: Path, load: Callable[..., Backend]) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    ours, other = Authority(tmp_path / "a", "ours"), Authority(tmp_path / "b", "other")
    pair = ours.vouch("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with Triton(tmp_path, pair.certificate, pair.key) as server, Relay(context, server.http) as relay:
        server.bind("tiny", tiny_onnx.mean_color(tmp_path / "tiny.onnx"))
        for url in (server.url("tiny", "grpcs"), f"https://127.0.0.1:{relay.port}/tiny"):
            backend = load(url, tls=Tls(ours.ca))
            assert backend.info.device == f"{url}/1"
            until_answered(backend)
            backend.close()
            with pytest.raises(BackendError, match="vouched for by nobody"):
                kserve.runtime().inspect(url, Tls(other.ca))
        with pytest.raises(BackendError, match=r"broke the connection off|another protocol"):
            kserve.runtime().inspect(server.url("tiny", "grpc"))


def test_a_server_that_asks_who_is_there_is_shown_our_certificate(tmp_path: Path, load: Callable[..., Backend]) -> None:
    """Mutual TLS over gRPC (Triton itself) and over HTTP (a relay that ends TLS before it)."""
    if why := pytriton_server.why_not():
        missing("services", why)
    servers, clients = Authority(tmp_path / "servers", "servers"), Authority(tmp_path / "clients", "clients")
    pair, ours, strangers = servers.vouch("server"), clients.vouch("desk"), servers.vouch("stranger")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.load_verify_locations(clients.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    with Triton(tmp_path, pair.certificate, pair.key, clients.ca) as server, Relay(context, server.http) as relay:
        server.bind("tiny", path)
        for url in (server.url("tiny", "grpcs"), f"https://127.0.0.1:{relay.port}/tiny"):
            backend = load(url, tls=Tls(servers.ca, ours.certificate, ours.key))
            assert backend.info.max_batch >= 1
            backend.close()
            for stranger in (Tls(servers.ca), Tls(servers.ca, strangers.certificate, strangers.key)):
                with pytest.raises(BackendError) as refused:
                    kserve.runtime().inspect(url, stranger)
                assert "certificate" in refused.value.hint


@BOTH
@pytest.mark.parametrize("model", ["nowhere", "tiny/7"])
def test_a_model_or_version_that_is_not_there(triton: Triton, scheme: str, model: str) -> None:
    with pytest.raises(BackendError, match=f"has no model {model} that is ready"):
        kserve.runtime().inspect(triton.url(model, scheme))


@BOTH
@pytest.mark.parametrize(
    "picture",
    [
        PictureInput("picture", 64, 64, "NCHW"),
        PictureInput("picture", 32, 32, "NHWC"),
        PictureInput("image", 32, 32, "NCHW"),
        PictureInput("picture", 32, 32, "NCHW", dtype="uint8"),
    ],
    ids=["size", "layout", "name", "dtype"],
)
def test_a_model_that_takes_something_else(triton: Triton, scheme: str, picture: PictureInput) -> None:
    with pytest.raises(BackendError, match=r"takes picture \['\?', 3, 32, 32\] f32, not"):
        kserve.runtime().load(triton.url("tiny", scheme), picture, "REMOTE", LoadOptions())


@pytest.mark.parametrize(("wished", "most"), [(1, 1), (4, 4), (64, 8)])
def test_no_more_pictures_at_once_than_the_servers_own_configuration_says(
    triton: Triton, load: Callable[..., Backend], wished: int, most: int
) -> None:
    assert load(triton.url("tiny"), batch=wished).info.max_batch == most


def test_what_is_sent_is_counted(triton: Triton, load: Callable[..., Backend]) -> None:
    backend = load(triton.url("tiny"))
    counted: list[int] = []
    backend.sent = counted.append  # type: ignore[attr-defined]
    for _ in range(3):
        ask(backend, colour(1))
    assert counted == [3 * 32 * 32 * 4] * 3


@BOTH
def test_mlservers_two_versions(mlserver: MlServer, load: Callable[..., Backend], scheme: str) -> None:
    for version in ("1", "2"):
        backend = load(mlserver.url(f"tiny/{version}", scheme), batch=3)
        assert backend.info.device == mlserver.url(f"tiny/{version}", scheme)
        assert backend.info.version.endswith("(mlserver)")
        said = ask(backend, np.concatenate([colour(1), colour(2), colour(3)]))
        assert not isinstance(said, BackendError), said.what
        assert said["mean"][:, 0].ravel().tolist() == [1, 2, 3]
    with pytest.raises(BackendError, match="has no model tiny/3") as caught:
        kserve.runtime().inspect(mlserver.url("tiny/3", scheme))
    if scheme == "http":
        assert "tiny/1, tiny/2" in caught.value.hint
