"""What a model server that is none, not there, or not trusted is answered with: words, and soon."""

from __future__ import annotations

import importlib.util
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from backends import kserve, kserve_wire
from backends.base import BackendError, Tls
from backends.kserve_place import Endpoint
from tests.servers.kserve_garbage import Garbage
from tests.servers.pytriton_certificates import Authority, Pair
from tests.servers.pytriton_server import free_ports

JUNK = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nthis is no answer"
BOTH = pytest.mark.parametrize("scheme", ["grpc", "http"])
TLS = pytest.mark.parametrize("scheme", ["grpcs", "https"])


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kserve_wire, "ASK_S", 3.0)


def refusal(url: str, tls: Tls | None = None) -> BackendError:
    with pytest.raises(BackendError) as caught:
        kserve.runtime().inspect(url, tls)
    assert caught.value.hint
    assert "Traceback" not in caught.value.what
    assert "ipv4:" not in caught.value.what
    return caught.value


def context_of(pair: Pair, ask: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if ask is not None:
        context.load_verify_locations(ask)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("grpc://host:8001/m", ("grpc", "host", 8001, "m", "")),
        ("grpcs://host/m/3", ("grpcs", "host", 8001, "m", "3")),
        ("http://127.0.0.1:9/m%20n", ("http", "127.0.0.1", 9, "m n", "")),
        ("https://[::1]:9/m", ("https", "::1", 9, "m", "")),
    ],
)
def test_a_url_is_taken_apart(url: str, told: tuple[str, str, int, str, str]) -> None:
    at = Endpoint.of(url)
    assert (at.scheme, at.host, at.port, at.model, at.version) == told


@pytest.mark.parametrize(
    "url",
    ["grpc://host:8001", "grpc://host:99999/m", "grpc:///m", "ftp://host/m", "grpc://host/a/b/c", "grpc://[/m", "yolox",
     "http://host/m?x=1", "grpc://user:secret@host/m", Path("model.onnx")],
)  # fmt: skip
def test_what_is_no_models_url_is_refused(url: str) -> None:
    with pytest.raises(BackendError) as caught:
        Endpoint.of(url)
    assert "grpc://HOST:PORT/MODEL" in caught.value.hint
    assert "secret" not in f"{caught.value.what}{caught.value.hint}"


@pytest.mark.parametrize(("host", "loop"), [("127.0.0.1", True), ("localhost", True), ("[::1]", True), ("x", False)])
def test_loopback_is_known(host: str, loop: bool) -> None:
    assert Endpoint.of(f"grpc://{host}:1/m").loopback == loop


@BOTH
def test_nobody_there(scheme: str) -> None:
    port = free_ports(1)[0]
    assert refusal(f"{scheme}://127.0.0.1:{port}/m").what == (
        f"Nothing answers at 127.0.0.1:{port}: the connection was refused."
    )


@BOTH
def test_no_such_host(scheme: str) -> None:
    assert "There is no host named nowhere.invalid" in refusal(f"{scheme}://nowhere.invalid:8001/m").what


@BOTH
@pytest.mark.parametrize("junk", [JUNK, b"\x00\xff" * 500, b"", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_what_is_no_model_server(scheme: str, junk: bytes) -> None:
    with Garbage(junk) as server:
        said = refusal(f"{scheme}://127.0.0.1:{server.port}/m").what
    assert any(words in said for words in ("another protocol", "broke the connection off", "not the KServe v2")), said


def test_a_page_of_html_and_json_of_another_kind_are_no_answer() -> None:
    for body in (b"<html>hello</html>", b'["a", 1]', b'{"name": 3}', b"{"):
        with Garbage(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        ) as server:
            assert "not the KServe v2 protocol" in refusal(f"http://127.0.0.1:{server.port}/m").what


@BOTH
def test_a_server_that_never_answers(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kserve_wire, "ASK_S", 0.3)
    with Garbage(None) as server:
        assert "no answer" in refusal(f"{scheme}://127.0.0.1:{server.port}/m").what


@TLS
def test_tls_to_a_port_without_it(scheme: str) -> None:
    with Garbage(JUNK) as server:
        said = refusal(f"{scheme}://127.0.0.1:{server.port}/m").what
    assert said == f"127.0.0.1:{server.port} does not speak TLS, or breaks it off."


@BOTH
def test_none_to_a_port_with_tls(scheme: str, tmp_path: Path) -> None:
    pair = Authority(tmp_path, "ca").vouch("server")
    with Garbage(JUNK, context_of(pair)) as server:
        said = refusal(f"{scheme}://127.0.0.1:{server.port}/m")
    assert "another protocol" in said.what or "broke the connection off" in said.what
    assert "grpc" in said.hint


@TLS
@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({}, "vouched for by nobody"),
        ({"days": -1}, "has expired"),
        ({"host": "elsewhere.example"}, "made out to another name"),
    ],
    ids=["stranger", "expired", "another name"],
)
def test_a_certificate_that_does_not_do(scheme: str, made: dict, words: str, tmp_path: Path) -> None:
    known, stranger = Authority(tmp_path / "a", "known"), Authority(tmp_path / "b", "stranger")
    pair = (known if made else stranger).vouch("server", **made)
    with Garbage(JUNK, context_of(pair)) as server:
        assert words in refusal(f"{scheme}://127.0.0.1:{server.port}/m", Tls(known.ca)).what


@TLS
def test_a_server_that_asks_for_a_certificate(scheme: str, tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ca")
    with Garbage(JUNK, context_of(ours.vouch("server"), ask=ours.ca)) as server:
        said = refusal(f"{scheme}://127.0.0.1:{server.port}/m", Tls(ours.ca)).what
    assert "asks for a certificate" in said or "broke the connection off" in said


@TLS
def test_a_certificate_file_that_is_not_there(scheme: str, tmp_path: Path) -> None:
    said = refusal(f"{scheme}://127.0.0.1:9/m", Tls(tmp_path / "none.pem"))
    assert "none.pem" in said.what


def test_without_its_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [device.available for device in kserve.runtime().devices()] == [True]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    (device,) = kserve.runtime().devices()
    assert (device.name, device.available) == ("REMOTE", False)
    assert "uv sync --extra remote" in device.why


def test_what_grpc_wants_to_print_goes_nowhere() -> None:
    with Garbage(JUNK) as server:
        code = f"""
from backends import kserve
from backends.base import BackendError
for scheme in ("grpcs", "grpc"):
    try:
        kserve.runtime().inspect(f"{{scheme}}://127.0.0.1:{server.port}/m")
    except BackendError:
        print("refused")
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("refused\nrefused\n", "")
