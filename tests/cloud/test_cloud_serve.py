"""`sightdesk cloud serve` as its own process: the desk's own uploader sends to it, and it is restarted and killed."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from console.cli import app as commands
from console.review.verdicts import VerdictLane
from console.settings.home import Home
from console.settings.review import ReviewSettings
from console.settings.schema import Settings
from console.settings.sync import SyncSettings
from console.store.store import Store
from console.sync.targets.https.cloud import CloudTarget
from console.sync.uploader import Uploader
from tests.chaos.comparing import MESSAGES
from tests.chaos.ledger import Ledger
from tests.chaos.producing import Producer
from tests.servers.cloud_server import CloudServer

_PATIENCE_S = 60.0
_ENDS_S = 8.0


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("things", "ends"),
    [(40, ("kill",)), pytest.param(250, ("kill", "stop", "kill", "kill", "stop"), marks=pytest.mark.soak)],
)
def test_everything_arrives_once_over_restarts_and_kills(
    own_home: Path, tmp_path: Path, things: int, ends: tuple[str, ...]
) -> None:
    server = CloudServer(tmp_path / "cloud")
    target = server.target(server.desk(), sends=["events", "verdicts", "items", "pictures"], concurrency=4)
    settings = Settings(sync=SyncSettings(targets=(target,)))

    def arrived() -> int:
        return int(server.rows("SELECT count(*) FROM messages")[0][0])

    def few(parcels_at_once: Any, *_more: Any) -> CloudTarget:
        made = CloudTarget(parcels_at_once, lambda name: name)
        made.at_once = 5  # so that the ends fall between many small requests
        return made

    with Home.open(own_home) as home, Store.open(home) as store:
        lane = VerdictLane(store, supervisor=lambda: True, settings=ReviewSettings())
        uploader = Uploader(home.path, store, settings, secret=lambda name: name, make=few)
        try:
            uploader.apply(settings)
            Producer(home, store, lane, random.Random(8), Ledger(tmp_path / "told"), lambda _line: None).run(things)
            already = 0
            for end in ends:
                server.start()
                uploader.push()
                until(lambda already=already: arrived() > already)
                assert not uploader.empty  # it ends in the middle
                getattr(server, end)()
                already = arrived()
            server.start()
            uploader.push()
            until(lambda: uploader.empty)
            begun = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begun < _ENDS_S
        finally:
            server.stop()
            assert not uploader.close()
            assert not lane.close()
        with store.read() as db:
            sent = {row["message_id"]: dict(row) for row in db.execute(MESSAGES, ("cloud",))}
    assert "Whatever was confirmed is kept." in "".join(server.words)
    there = {
        row[0]: row for row in server.rows("SELECT message_id, tracking_id, site, desk, file_sha256 FROM messages")
    }
    assert len(sent) > things
    assert there.keys() == sent.keys()
    for name, (_id, tracking_id, site, desk, sha256) in there.items():
        assert (tracking_id, site, desk) == (sent[name]["tracking_id"], "plant-1", "desk-1")
        assert sha256 == (sent[name]["sha256"] if sent[name]["path"] else None)
    files = [path for path in (server.kept / "files").rglob("*") if path.is_file()]
    named = {row[0] for row in server.rows("SELECT sha256 FROM files")}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.stat().st_size} >= named
    assert named == {row["sha256"] for row in sent.values() if row["path"]}


def test_without_tls_it_serves_this_machine_alone_and_says_so(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "console", "cloud", "serve", "--folder", str(tmp_path / "kept"), "--listen",
        "127.0.0.1:0", "--json",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["tls"] is False
        assert said["database"] == "sqlite"
        with urllib.request.urlopen(f"{said['url']}/v1/hello", timeout=10) as answer:
            assert json.load(answer)["service"] == "sightdesk cloud"
        process.send_signal(signal.SIGINT)
        _out, words = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "Without TLS" in words
    assert (tmp_path / "kept" / "cloud.db").is_file()


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    """The command in this process: exit status, standard output, standard error."""
    monkeypatch.setattr(sys, "argv", ["sightdesk", "cloud", "serve", *arguments])
    with pytest.raises(SystemExit) as end:
        commands.main()
    said = capsys.readouterr()
    return int(str(end.value.code)), said.out, said.err


def test_wrong_use_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SIGHTDESK_CLOUD_FOLDER", raising=False)
    folder = ("--folder", str(tmp_path / "kept"))
    cases = (
        ((), "--folder"), ((*folder, "--listen", "0.0.0.0:8443"), "TLS"), ((*folder, "--ca", "ca.pem"), "all three"),
        ((*folder, "--crl", "crl.pem"), "--crl"), ((*folder, "--listen", "nowhere"), "nowhere"),
    )  # fmt: skip
    for arguments, word in cases:
        code, out, words = run(capsys, monkeypatch, *arguments)
        assert code == 2, words
        assert word in words
        assert "Traceback" not in words
        assert not out


def test_what_can_not_be_used_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = ("--folder", str(tmp_path / "kept"))
    (tmp_path / "file").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        cases = (
            (*folder, "--listen", address), ("--folder", str(tmp_path / "file")), (*folder, "--database", "nonsense"),
            (*folder, "--certificate", "no.pem", "--key", "no.key", "--ca", "no.pem"),
        )  # fmt: skip
        for arguments in cases:
            code, out, words = run(capsys, monkeypatch, *arguments, "--json")
            assert code in {1, 2}, words
            assert len(json.loads(out)["error"]["what"].split()) > 3
            assert "Traceback" not in words


def test_a_missing_extra_is_said_with_the_command_that_mends_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def found(name: str) -> object:
        return None if name in {"fastapi", "uvicorn"} else find_spec(name)

    monkeypatch.setattr("console.cli.cloud_options.find_spec", found)
    code, _out, words = run(capsys, monkeypatch, "--folder", str(tmp_path / "kept"))
    assert code == 1
    assert "fastapi, uvicorn" in words
    assert "uv sync --extra cloud" in words
    assert not (tmp_path / "kept").exists()
