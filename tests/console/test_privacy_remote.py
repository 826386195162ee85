"""Pictures go to a model server only where the settings allow it, and the home's record says so."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import queue
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from backends.base import Backend, BackendInfo, Done, LoadOptions, Tls
from backends.kserve import KServe
from console.errors import ModelError
from console.privacy import remote
from console.privacy.audit.record import FILE, Audit
from console.settings.inference import RemoteEndpoint, RemoteSettings
from models.manifest import PictureInput
from tests import tiny_onnx
from tests.conftest import missing
from tests.servers import pytriton_server
from tests.servers.pytriton_server import Triton

NOTHING = RemoteSettings()
TINY = PictureInput("picture", 32, 32, "NCHW")


def allowing(*addresses: str, **more: str) -> RemoteSettings:
    entries = [RemoteEndpoint(address=address, purpose="counting cars", **more) for address in addresses]
    return RemoteSettings(allowed=tuple(entries))


def standing(policy: RemoteSettings) -> remote.Rules:
    return remote.Rules(lambda: policy)


def audit_of(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / FILE).read_text().splitlines()]


@pytest.mark.parametrize("url", ["grpc://127.0.0.1:8001/m", "grpcs://host:8001/m", "https://host/m"])
def test_nothing_is_allowed_until_the_settings_say_so(url: str) -> None:
    with pytest.raises(ModelError, match="the settings don't allow it") as caught:
        remote.check(url, NOTHING)
    assert "remote: {allowed: [{address:" in caught.value.hint


def test_the_lines_that_are_named_are_right(tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    with pytest.raises(ModelError) as caught:
        remote.check("grpcs://[::1]:8001/m", NOTHING)
    said = YAML(typ="safe").load(caught.value.hint.partition("purpose in words: ")[2])
    said["remote"]["allowed"][0]["purpose"] = "counting cars"
    remote.check("grpcs://[::1]:8001/m", RemoteSettings.model_validate(said["remote"]))


@pytest.mark.parametrize(
    "url", ["grpcs://models.example:8001/m", "https://Models.Example:8001/m/2", "grpcs://MODELS.example/m"]
)
def test_an_allowed_server_may_be_used_with_tls(url: str) -> None:
    remote.check(url, allowing("models.example:8001"))


@pytest.mark.parametrize("url", ["grpcs://models.example:8002/m", "grpcs://other.example:8001/m"])
def test_another_port_or_host_is_another_server(url: str) -> None:
    with pytest.raises(ModelError, match="don't allow"):
        remote.check(url, allowing("models.example:8001"))


def test_in_the_clear_only_on_this_machine() -> None:
    remote.check("grpc://127.0.0.1:8001/m", allowing("127.0.0.1:8001"))
    for url, safe in (("grpc://10.0.0.5:8001/m", "grpcs://10.0.0.5:8001/m"), ("http://a:80/m", "https://a:80/m")):
        with pytest.raises(ModelError, match="in the clear") as caught:
            remote.check(url, allowing("10.0.0.5:8001", "a:80"))
        assert safe in caught.value.hint


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(ModelError, match="does not name a model"):
        remote.check("grpc://host", allowing("host:8001"))


@pytest.mark.parametrize("address", ["host", "host:", "grpc://host:1", "us er:1", "a@b:1", "host:123456"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ValidationError):
        RemoteEndpoint(address=address, purpose="x")


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ValidationError, match="only of use together"):
        RemoteEndpoint(address="host:1", purpose="x", certificate="/a.pem")


def test_the_certificates_come_from_the_settings() -> None:
    policy = allowing("host:8001", ca="/c.pem", certificate="/a.pem", key="/a.key")
    assert remote.permit("grpcs://host/m", policy).tls == Tls(Path("/c.pem"), Path("/a.pem"), Path("/a.key"))


def test_only_leaving_makes_a_remote_tensor() -> None:
    with pytest.raises(TypeError):
        remote.RemoteTensor()
    made = remote.leaving({}, remote.permit("grpc://127.0.0.1:1/m", allowing("127.0.0.1:1")))
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            way(made)


class Quiet:
    """A loaded model on a server that answers nothing and sends as many bytes as it is given pictures."""

    def __init__(self) -> None:
        self.info = BackendInfo("kserve", "2.0 (quiet)", "grpc://127.0.0.1:1/m/1", "unknown", 1)
        self.sent: Callable[[int], None] = lambda _size: None
        self.closed = False

    def submit(self, inputs: Mapping[str, np.ndarray], done: Done) -> None:
        self.sent(len(inputs["picture"]))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Quiet:
    made = Quiet()
    monkeypatch.setattr(KServe, "load", lambda *_: made)
    return made


def load(home: Path) -> Backend:
    return remote.load("grpc://127.0.0.1:1/m", TINY, LoadOptions(), standing(allowing("127.0.0.1:1")), Audit(home))


def pictures(count: int) -> dict[str, np.ndarray]:
    return {"picture": np.zeros((count, 32, 32, 3), np.uint8)}


def test_a_load_and_what_was_sent_stand_in_the_audit(
    quiet: Quiet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    backend = load(tmp_path)
    for count in (1, 2, 3):
        backend.submit(pictures(count), lambda _: None)
    backend.close()
    wanted, loaded, sent = audit_of(tmp_path)
    assert wanted["event"] == "remote model wanted"
    assert (loaded["event"], loaded["device"]) == ("remote model loaded", "grpc://127.0.0.1:1/m/1")
    assert (loaded["purpose"], loaded["encrypted"]) == ("counting cars", False)
    assert (sent["event"], sent["to"], sent["tensors"], sent["bytes"]) == ("tensors sent", "grpc://127.0.0.1:1/m", 3, 6)
    assert sent["since"] <= sent["at"]
    assert caplog.text.count("Audit: ") == 3
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_lines_are_only_added_and_nothing_sent_is_no_line(quiet: Quiet, tmp_path: Path) -> None:
    load(tmp_path).close()
    before = (tmp_path / FILE).read_bytes()
    load(tmp_path).close()
    assert (tmp_path / FILE).read_bytes().startswith(before)
    assert [line["event"] for line in audit_of(tmp_path)] == ["remote model wanted", "remote model loaded"] * 2


def test_a_long_run_is_summed_up_as_it_goes(quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = load(tmp_path)
    monkeypatch.setattr(remote, "SUMMARY_S", 0.0)
    backend._sent._due = 0.0  # type: ignore[attr-defined]
    for _ in range(3):
        backend.submit(pictures(1), lambda _: None)
    assert [line["tensors"] for line in audit_of(tmp_path)[2:]] == [1, 1, 1]
    backend.close()


def test_without_a_record_nothing_is_loaded(quiet: Quiet, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be recorded"):
        load(tmp_path / "nowhere")


def test_a_sum_that_can_not_be_written_stays_counted(
    quiet: Quiet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backend = load(tmp_path)
    backend.submit(pictures(2), lambda _: None)
    path = tmp_path / FILE
    kept = path.rename(tmp_path / "kept")
    path.mkdir()
    backend.close()
    assert "the audit does not hold yet" in caplog.text
    path.rmdir()
    kept.rename(path)
    backend.close()
    assert audit_of(tmp_path)[-1]["bytes"] == 2


def test_a_server_that_is_not_allowed_is_not_even_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(KServe, "inspect", lambda *_: pytest.fail("it was asked"))
    monkeypatch.setattr(KServe, "load", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(ModelError):
        remote.inspect("grpc://127.0.0.1:1/m", NOTHING)
    with pytest.raises(ModelError):
        remote.load("grpc://127.0.0.1:1/m", TINY, LoadOptions(), standing(NOTHING), Audit(tmp_path))
    assert not (tmp_path / FILE).exists()


@pytest.mark.services
def test_on_a_real_server_every_tensor_is_counted(tmp_path: Path) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    with Triton(tmp_path) as server:
        server.bind("tiny", tiny_onnx.mean_color(tmp_path / "tiny.onnx"))
        url, policy = server.url("tiny"), allowing(f"127.0.0.1:{server.grpc}")
        assert remote.inspect(url, policy).inputs[0].name == "picture"
        backend = remote.load(url, TINY, LoadOptions(), standing(policy), Audit(tmp_path))
        answers: queue.SimpleQueue = queue.SimpleQueue()
        for _ in range(5):
            backend.submit(pictures(1), answers.put)
        assert all(isinstance(answers.get(timeout=30), dict) for _ in range(5))
        backend.close()
    sent = audit_of(tmp_path)[-1]
    assert (sent["tensors"], sent["bytes"]) == (5, 5 * 3 * 32 * 32 * 4)
