"""Planted passwords, tokens and PINs through every way of failing: found in nothing that is written or said.

Real servers refuse logins, names don't resolve, certificates are nobody's, threads die with a secret in their last
words; then everything in the home (database, write-ahead log, audit, logs, bundle) and everything on the terminal is
looked through, byte by byte, for every spelling.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests import tiny_onnx
from tests.conftest import ROOT
from tests.secret_hunt import digests, everything_in, found, spellings
from tests.servers.certificates import self_signed
from tests.servers.clips import h264_stream
from tests.servers.mjpeg_server import MjpegServer
from tests.servers.rtsp_server import RtspServer, free_port, need_gstreamer

USER = "viewer"
# One for each place, so that a leak says where it came from; with letters that every spelling treats differently.
PLANTED = {
    name: f"Plant/{name}: ärg@r%{n}&x+Qz7"
    for n, name in enumerate((
        "rtsp-401", "rtsp-in", "basic-401", "digest-401", "basic-in", "digest-in", "dns-rtsp", "dns-http", "tls-https",
        "tls-rtsps", "nobody", "passphrase", "url-in-yaml", "proxy", "model-url", "token-in-url", "thread", "main",
        "chained", "destructor", "warning", "late", "audit",
    ))
}  # fmt: skip
PINS = {"pin": "Zq4711-Pin", "pin-wrong": "Zq0815-Wrong", "pin-new": "Zq2207-New"}

CHILD = """
import gc, io, json, os, sys, threading, warnings
from pathlib import Path

work = json.loads(sys.stdin.read())
os.environ.update(work["environment"])
from console.settings import vault
vault.COST = 10
from console.cli import main
from console.settings.scrub import SCRUBBER

for argv, typed in work["commands"]:
    SCRUBBER.forget_all()  # as another process would begin
    sys.argv, sys.stdin = ["sightdesk", *argv], io.StringIO(typed)
    print("$", argv[:2], flush=True)
    try:
        main()
    except SystemExit as end:
        print("exit", end.code, flush=True)

SCRUBBER.forget_all()
from console.privacy.audit.record import Audit
from console.settings.home import Home
from console.settings.schema import LogSettings
from console.settings.secrets import Secrets
from console.site.process import watched

home = Path(os.environ["SIGHTDESK_HOME"])
with Home.open(home) as locked, watched(LogSettings(level="debug"), locked, words="debug"):
    read = {name: Secrets(locked).get(name).get_secret_value() for name in ("thread", "main", "chained", "destructor",
                                                                           "warning", "late", "audit")}

    def die(words):
        try:
            raise ValueError(f"inner {read['chained']}")
        except ValueError as error:
            raise RuntimeError(f"the camera said {words} to rtsp://viewer:{words}@host/x") from error

    thread = threading.Thread(target=die, args=(read["thread"],), name=f"capture {read['thread']}")
    thread.start()
    thread.join()

    class Dying:
        def __del__(self):
            die(read["destructor"])

    Dying()
    gc.collect()
    warnings.warn(f"deprecated: {read['warning']}", stacklevel=1)
    Audit(home).write("tried", words=f"with {read['audit']}", nested={"x": [read["audit"]]})
    try:
        die(read["main"])
    except RuntimeError:
        sys.excepthook(*sys.exc_info())
    import logging
    logging.getLogger("console.x").debug("login %s", read["late"], extra={"login": ("viewer", read["late"])})
    logging.getLogger("somebody.elses").error("GET /?pwd=%s", read["late"])
"""


def settle(home: Path, cameras: dict[str, str]) -> None:
    home.mkdir(parents=True)
    model = tiny_onnx.yolox(home / "tiny.onnx")
    lines = [f"inference: {{model: {model}}}", "log: {level: debug}", "cameras:"]
    for name, source in cameras.items():
        login = f"login: {{user: {USER}, password: {{secret: {name}}}}}"
        lines.append(f"  - {{id: {name}, source: '{source}', {login}, open_timeout_s: 1, read_timeout_s: 1}}")
    (home / "settings.yaml").write_text("\n".join(lines), encoding="utf-8")


def run(home: Path, commands: list[tuple[list[str], str]], **environment: str) -> tuple[str, str]:
    """Commands, one after the other, in a process of their own; what it said."""
    given = {
        "SIGHTDESK_HOME": str(home),
        "SIGHTDESK_PASSPHRASE": PLANTED["passphrase"],
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps({"commands": commands, "environment": given}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return done.stdout, done.stderr


def all_forms() -> dict[str, dict[str, bytes]]:
    realms = ("cam", "GStreamer RTSP Server")
    planted = {name: spellings(value) | digests(USER, value, realms) for name, value in PLANTED.items()}
    return planted | {name: spellings(value) for name, value in PINS.items()}


@pytest.mark.services
def test_no_planted_secret_is_found_anywhere(tmp_path: Path) -> None:
    need_gstreamer()
    clip = h264_stream(tmp_path / "camera.h264", fps=30)
    home = tmp_path / "home"
    other = {"user": USER, "password": "another one"}
    with ExitStack() as servers:
        enter = servers.enter_context
        right = RtspServer(clip, user=USER, password=PLANTED["rtsp-in"], auth="digest")
        mjpeg: dict[str, Any] = {
            "basic-401": enter(MjpegServer(login=(USER, "another"))),
            "digest-401": enter(MjpegServer(login=(USER, "another"), digest=True)),
            "basic-in": enter(MjpegServer("status", login=(USER, PLANTED["basic-in"]))),
            "digest-in": enter(MjpegServer("nonsense", login=(USER, PLANTED["digest-in"]), digest=True)),
            "tls-https": enter(MjpegServer(tls=self_signed(tmp_path))),
        }
        refusing = enter(RtspServer(clip, **other))
        cameras = {
            "rtsp-401": refusing.url(),
            "rtsp-in": enter(right).url(),
            **{name: server.url for name, server in mjpeg.items()},
            "dns-rtsp": "rtsp://nobody-is-called-so.invalid/x",
            "dns-http": "http://nobody-is-called-so.invalid/x",
            "tls-rtsps": refusing.url().replace("rtsp:", "rtsps:"),
            "nobody": f"rtsp://127.0.0.1:{free_port()}/x",
        }
        settle(home, cameras)
        broken = tmp_path / "broken.yaml"
        broken.write_text(
            f"cameras:\n  - id: a\n    source: 'rtsp://me:{PLANTED['url-in-yaml']}@h/x'\n"
            f"  - id: b\n    source: 'http://h/x?token={PLANTED['token-in-url']}'\n"
        )
        kept = [name for name in PLANTED if name not in {"passphrase", "url-in-yaml", "token-in-url", "proxy"}]
        commands: list[tuple[list[str], str]] = [
            *((["secrets", "set", name, "--stdin", "--file"], PLANTED[name]) for name in kept),
            (["secrets", "list", "--json"], ""),
            (["supervisor", "set-pin", "--stdin"], PINS["pin"]),
            (["supervisor", "set-pin", "--stdin"], f"{PINS['pin-wrong']}\n{PINS['pin-new']}"),
            (["supervisor", "set-pin", "--stdin"], f"{PINS['pin']}\n{PINS['pin-new']}"),
            (["run", "--seconds", "4", "--json"], ""),
            (["settings", "check", str(broken)], ""),
            (["settings", "edit", f"cameras.nobody.source=rtsp://me:{PLANTED['url-in-yaml']}@h/x"], ""),
            (["run", "--source", f"http://me:{PLANTED['url-in-yaml']}@127.0.0.1:9/x", "--seconds", "1"], ""),
            (["models", "get", "yolox_nano", "--json"], ""),
            (["run", "--model", f"grpcs://me:{PLANTED['model-url']}@127.0.0.1:9/m", "--seconds", "1", "--json"], ""),
            (["audit", "show", "--json"], ""),
            (["audit", "verify", "--json"], ""),
            (["doctor", "--bundle", str(home / "bundle.zip"), "--json"], ""),
        ]
        secret_proxy = f"http://me:{PLANTED['proxy'].replace('/', '').replace('@', '').replace('%', '')}@127.0.0.1:9"
        said, shouted = run(home, commands, HTTPS_PROXY=secret_proxy, HTTP_PROXY=secret_proxy, NO_PROXY="127.0.0.1")
    content = {**everything_in(home), "standard output": said.encode(), "standard error": shouted.encode()}
    forms = all_forms() | {"proxy": spellings(secret_proxy.split(":", 2)[2].rpartition("@")[0])}
    assert found(content, forms) == []
    _everything_was_gone_through(home, said, shouted, list(cameras))


def _everything_was_gone_through(home: Path, said: str, shouted: str, cameras: list[str]) -> None:
    """The hunt was for something: each way of failing was really taken."""
    log = (home / "logs" / "sightdesk.log").read_text(encoding="utf-8")
    for words in (
        "refused the login",
        "nobody-is-called-so.invalid",
        "the camera said ***",
        "inner ***",
        "deprecated: ***",
    ):
        assert words in log + shouted + said, words
    for camera in cameras:
        assert f'"{camera}"' in said, camera
    events = (home / "audit.jsonl").read_text(encoding="utf-8")
    for event in ("supervisor PIN set", "wrong supervisor PIN", "supervisor PIN changed", "with ***"):
        assert event in events
    assert "Sound:" in shouted
    assert (home / "secrets.bin").stat().st_size > 1000
    with zipfile.ZipFile(home / "bundle.zip") as bundle:
        assert "logs/sightdesk.log" in bundle.namelist()
    assert said.count("exit") >= 20


def _database(path: Path, secret: str) -> None:
    """In a page that is free again."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (?)", ("x" * 2000 + secret,))
        db.commit()
        db.execute("DROP TABLE t")
        db.commit()


def _zip(path: Path, secret: str) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("settings.json", json.dumps({"login": [USER, secret]}))
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("bundle.zip", inner.getvalue())


LEAKS = {
    "a log line": lambda path, secret: path.write_text(f"open rtsp://{USER}:{secret}@h/x failed"),
    "a percent-encoded URL": lambda path, secret: path.write_bytes(spellings(secret)["percent"]),
    "a Basic header": lambda path, secret: path.write_text(_basic(secret)),
    "JSON with escapes": lambda path, secret: path.write_text(json.dumps({"x": secret})),
    "a Windows crash dump": lambda path, secret: path.write_bytes(b"MZ" + secret.encode("utf-16-le")),
    "a digest": lambda path, secret: path.write_bytes(digests(USER, secret, ("cam",))["digest of cam"]),
    "a free page of the database": _database,
    "a ZIP in a ZIP": _zip,
    "a packed log": lambda path, secret: path.write_bytes(gzip.compress(b"x" * 999 + secret.encode())),
    "the name of a file": lambda path, secret: (path.parent / secret.replace("/", "")).touch(),
}


def _basic(secret: str) -> str:
    import base64

    return "Authorization: Basic " + base64.b64encode(f"{USER}:{secret}".encode()).decode()


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found(tmp_path: Path, leak: str) -> None:
    secret = "Planted: ärg@r%7&x+Qz7"
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("nothing here, or Plant and ärg@r\n" * 100, encoding="utf-8")
    forms = {"one": spellings(secret) | digests(USER, secret, ("cam",))}
    assert found(everything_in(tmp_path), forms) == []
    LEAKS[leak](tmp_path / "leak", secret)
    assert found(everything_in(tmp_path), forms), leak


def test_nothing_in_this_process_says_it_in_an_error() -> None:
    """Errors an operator meets carry words alone: their causes and arguments are looked at, too."""
    from console.errors import SightdeskError
    from console.sources.address import parse_address

    secret = PLANTED["dns-rtsp"]
    address = parse_address("rtsp://host:99999999/x" if os.name == "nt" else "rtsp://host/x", (USER, secret))
    assert secret not in repr(address) + str(address)
    for text in (f"rtsp://u:{secret}@h:port/x", f"http://u:{secret}@[::/x"):
        try:
            parse_address(text, None)
        except SightdeskError as error:
            chain: BaseException | None = error
            while chain is not None:
                assert secret not in repr(chain) + str(chain) + repr(chain.args)
                chain = chain.__cause__ or chain.__context__


@pytest.mark.parametrize("secret", ["plain-secret", "a b/c: d@e", PLANTED["model-url"]])
def test_a_models_address_with_a_password_is_refused_and_not_repeated(tmp_path: Path, secret: str) -> None:
    from backends.base import BackendError
    from backends.kserve_place import Endpoint
    from console.settings.file import check

    url = f"grpcs://me:{secret}@host:1/m"
    with pytest.raises(BackendError) as caught:
        Endpoint.of(url)
    assert secret not in str(caught.value) + caught.value.hint
    lines = (
        "inference: {model: %s}",
        "inference: {fallback: [{backend: openvino, device: CPU, model: %s}]}",
        "privacy: {face_model: %s}",
    )
    for key in lines:
        settings, problems = check((key % json.dumps(url)).encode())
        assert settings is None
        assert "password" in problems[0].what
        assert secret not in str(problems)
