"""Object stores without a server: folders that are gone, full or closed, what refusals mean, and options."""

from __future__ import annotations

import http.server
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from uuid_utils import uuid7

from console.errors import SecretError
from console.settings.home import Home
from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Busy, Denied, Full, Refused, TargetError, Unreachable, WrongAnswer
from console.sync.targets.objects.errors import meant
from console.sync.targets.objects.options import made
from console.sync.targets.objects.stores import Place
from console.sync.targets.objects.target import ObjectsTarget
from tests.console.objects_cases import folder_target, picture, shown, told


def settings(url: str = "s3://bucket/some/prefix", **more: object) -> TargetSettings:
    return TargetSettings(name="store", kind="objects", url=url, **more)  # type: ignore[arg-type]


def place(endpoint: str = "", **more: object) -> Place:
    whole = settings(endpoint=endpoint, user="me", secret={"secret": "key"}, **more)
    return Place(whole, lambda _name: "not to be told")


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made_folder = tmp_path / "mount" / "drive"
    made_folder.mkdir(parents=True)
    return made_folder


@pytest.fixture
def target(folder: Path, store: Store) -> Iterator[ObjectsTarget]:
    made_target = folder_target(folder, store, "store", "yolo")
    yield made_target
    made_target.close()


def event() -> list:
    return [told(1, str(uuid7()), "event")]


def test_a_drive_that_is_not_mounted_is_not_written_to(target: ObjectsTarget, folder: Path) -> None:
    target.send(event())
    away = folder.rename(folder.parent / "away")
    for act in (lambda: target.send(event()), target.settle, target.check):
        with pytest.raises(Unreachable, match="is not there"):
            act()
    folder.mkdir()  # where it is mounted to
    for act in (lambda: target.send(event()), target.settle):
        with pytest.raises(Unreachable, match="not mounted"):
            act()
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    folder.rmdir()
    away.rename(folder)
    target.send(event())
    assert len(list(folder.glob("werk-sud/records/*/*/*.json"))) == 2


def test_a_check_leaves_nothing_behind(target: ObjectsTarget, folder: Path) -> None:
    assert "written, read, listed and deleted" in target.check()
    assert list(folder.glob("*/*")) == []


@pytest.mark.hardware
def test_a_full_and_a_read_only_disk_are_told_from_each_other(folder: Path, store: Store, tmp_path: Path) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(folder)], check=False)
    if done.returncode:
        pytest.skip("may not mount here")
    target = folder_target(folder, store, "store", "yolo")
    try:
        parcels = [shown(n, str(uuid7()), picture(tmp_path / "f", n, (256, 192))) for n in range(1, 8)]
        with pytest.raises(Full, match="is full"):
            target.send(parcels)
        subprocess.run(["mount", "-o", "remount,size=4m", str(folder)], check=True)
        target.send(parcels)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        with pytest.raises(Denied, match="can't be written"):
            target.send(event())
        assert len(list(folder.glob("werk-sud/pending/*.jpg"))) == 7
    finally:
        target.close()
        subprocess.run(["umount", str(folder)], check=True)


def test_a_closed_folder_is_denied(store: Store, folder: Path) -> None:
    folder.chmod(0o500)
    closed = folder if os.geteuid() else Path("/sys")  # where not even root may write
    target = folder_target(closed, store, "closed", "yolo")
    with pytest.raises(Denied, match="can't be written"):
        target.send(event())
    target.close()
    folder.chmod(0o700)


class _Answers(http.server.BaseHTTPRequestHandler):
    status, headers_too, body = 200, {}, b"<html>Welcome</html>"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.status:
            self.connection.close()
            return
        self.send_response(self.status)
        for name, value in {**self.headers_too, "content-length": str(len(self.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_GET = do_POST = do_HEAD = do_DELETE = do_PUT  # noqa: N815  # as the library asks for them

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@contextmanager
def answering(status: int, body: bytes = b"", tls: ssl.SSLContext | None = None, **headers: str) -> Iterator[str]:
    """A server that says the same to everything."""
    kind = type("Answers", (_Answers,), {"status": status, "headers_too": headers, "body": body})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def code(name: str, message: str = "") -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>{message}</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (0, b"", Unreachable, "can't be reached"),
        (200, b"<html>Welcome</html>", WrongAnswer, "not in the way"),
        (302, b"", Denied, "region and endpoint"),
        (400, code("AuthorizationHeaderMalformed"), Denied, "region and endpoint"),
        (400, code("EntityTooLarge", "Upload exceeds quota."), Full, "no room left"),
        (400, code("EntityTooLarge"), Refused, "so large"),
        (401, b"", Denied, "user"),
        (403, code("SignatureDoesNotMatch"), Denied, "SignatureDoesNotMatch"),
        (403, code("RequestTimeTooSkewed"), Denied, "clock"),
        (403, code("QuotaExceeded"), Full, "no room left"),
        (404, code("NoSuchBucket"), Denied, "no bucket or container bucket"),
        (404, b"", Denied, "no bucket or container bucket"),
        (413, b"", Refused, "so large"),
        (429, b"", Busy, "429"),
        (500, code("InternalError"), Busy, "InternalError"),
        (503, code("SlowDown"), Busy, "SlowDown"),
        (507, b"", Full, "no room left"),
    ],
)
def test_refusals_are_told_in_words(status: int, body: bytes, kind: type[TargetError], words: str) -> None:
    with answering(status, body) as endpoint, pytest.raises(kind, match=words) as told_error:
        place(endpoint).put("a/b.txt", b"x", "text/plain")
    assert "not to be told" not in str(told_error.value)


def test_a_copy_is_not_believed_before_it_is_seen() -> None:
    with answering(200, b"<html>Welcome</html>", ETag='"x"') as endpoint:
        with pytest.raises(WrongAnswer, match="did not"):
            place(endpoint).copy("a", "b", 7)
        with pytest.raises(WrongAnswer, match="not in the way"):
            place(endpoint).delete(["a"])


def test_a_store_of_an_own_ca_is_trusted_by_its_file_alone(tmp_path: Path) -> None:
    ca, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(tls)
    (tmp_path / "ca.pem").write_bytes(ca.cert_pem.bytes())
    with answering(200, b"", tls, ETag='"x"') as endpoint:
        with pytest.raises(Denied, match="certificate is not trusted"):
            place(endpoint).put("a", b"x", "text/plain")
        place(endpoint, ca=str(tmp_path / "ca.pem")).put("a", b"x", "text/plain")
        with pytest.raises(Denied, match="of the CA can't be read"):
            place(endpoint, ca=str(tmp_path / "none.pem")).put("a", b"x", "text/plain")


def test_nothing_goes_to_another_machine_in_the_clear() -> None:
    with pytest.raises(ValueError, match="in the clear"):  # the settings refuse it, and so does who opens the store
        place("http://store.example")
    unchecked = settings(user="me", secret={"secret": "key"}).model_copy(update={"endpoint": "http://store.example"})
    with pytest.raises(Denied, match="in the clear"):
        Place(unchecked, lambda _name: "not to be told").put("a", b"x", "text/plain")


def test_a_secret_that_is_missing_is_told() -> None:
    def missing(name: str) -> str:
        raise SecretError(f"There is no secret {name}.", "Store it.")

    whole = settings(user="me", secret={"secret": "key"})
    with pytest.raises(Denied, match="no secret key"):
        Place(whole, missing).put("a", b"x", "text/plain")


def test_options_of_s3() -> None:
    store = made(settings(user="me", secret={"secret": "key"}, endpoint="https://s3.example", region="eu-1"), str, 30)
    config = store.config  # type: ignore[union-attr]
    assert (store.prefix, config["bucket"], config["endpoint"]) == ("some/prefix", "bucket", "https://s3.example")  # type: ignore[union-attr]
    assert config["region"] == "eu-1"
    assert str(made(settings(), str, 30).config["skip_signature"]).lower() == "true"  # type: ignore[union-attr]


def test_the_environment_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(200, b"", ETag='"x"') as elsewhere, answering(503) as right:
        for name in (
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT",
            "AZURE_STORAGE_ENDPOINT",
            "AZURE_ENDPOINT",
        ):
            monkeypatch.setenv(name, elsewhere)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        with pytest.raises(Busy):
            place(right).put("a", b"x", "text/plain")
        azure = settings("az://box", user="acc", secret={"secret": "key"}, endpoint=f"{right}/acc")
        with pytest.raises(Busy):
            Place(azure, lambda _name: "a2V5").put("a", b"x", "text/plain")
        amazon = made(settings(region="cn-north-1"), str, 1).config  # type: ignore[union-attr]
        assert amazon["endpoint"] == "https://s3.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_of_the_environment_is_given_nothing(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with answering(200, b"", ETag='"x"') as proxy, answering(503) as right:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "AWS_PROXY_URL"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(Busy):
            place(right.replace("127.0.0.1", host)).put("a", b"x", "text/plain")
        azure = settings("az://box", user="acc", secret={"secret": "key"}, endpoint=f"{right}/acc")
        with pytest.raises(Busy):
            Place(azure, lambda _name: "a2V5").put("a", b"x", "text/plain")


def test_options_of_gcs(tmp_path: Path) -> None:
    """No server of GCS can be had here: only that its options are taken."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account", "private_key": pem, "private_key_id": "1", "client_email": "a@b.example",
        "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    (tmp_path / "account.json").write_text(json.dumps(account))
    store = made(settings("gs://bucket/some/prefix", key=str(tmp_path / "account.json")), str, 30)
    assert (store.prefix, store.config["bucket"]) == ("some/prefix", "bucket")  # type: ignore[union-attr]
    with pytest.raises(Denied, match="service account"):
        Place(settings("gs://bucket", key=str(tmp_path / "none.json")), str).put("a", b"x", "text/plain")


def test_options_of_azure() -> None:
    store = made(settings("az://box/p", user="acc", secret={"secret": "a2V5"}), str, 30)
    assert (store.prefix, store.config["account_name"], store.config["container_name"]) == ("p", "acc", "box")  # type: ignore[union-attr]
    with pytest.raises(Denied, match="login is wrong"):
        Place(settings("az://box/p", user="acc", secret={"secret": "key"}), lambda _name: "!!").put("a", b"x", "text")


def test_what_nobody_knows_is_told_by_its_first_line() -> None:
    told_error = meant(ValueError("strange thing\nsecret below"), settings())
    assert isinstance(told_error, Denied)
    assert "strange thing" in str(told_error)
    assert "below" not in str(told_error)
