"""How commands end: exit statuses, what is said, and never a traceback."""

from __future__ import annotations

import io
import json
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.cli import app, demo
from console.cli.headless import Run
from console.cli.options import Reported, print_json, survive_any_text
from console.cli.plan import Plan
from console.errors import CatalogError
from console.settings.inference import InferenceSettings
from console.settings.schema import CameraSettings, Settings
from tests import tiny_onnx

SCENE = "synthetic:street?fps=30&width=320&height=240&seconds=1"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.yolox(tmp_path / "tiny.onnx")


def a_run(tiny: Path, source: str = SCENE, **options: Any) -> Run:
    cameras = (CameraSettings(id="gate", source=source, paced=False),)
    return Run(Plan(Settings(cameras=cameras, inference=InferenceSettings(model=str(tiny)))), **{
        "home": None, "seconds": None, **options,
    })  # fmt: skip


def test_what_is_still_in_a_read_is_said(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(tiny).until_done()
    run.left = ["capture gate", "capture yard", "finisher"]
    run.raise_failures()
    said = capsys.readouterr().err
    assert "2 cameras were still in a read: gate, yard" in said
    assert "1 thread was still running: finisher" in said
    run.left = []
    run.raise_failures()
    assert capsys.readouterr().err == ""


def test_a_run_without_results_replaces_those_of_an_earlier_one(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text("earlier")
    a_run(tiny, "rtsp://127.0.0.1:9/x", seconds=0.3, out=out).until_done()
    assert out.read_text() == ""


def test_a_camera_that_failed_leaves_the_results_of_an_earlier_run(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text("earlier")
    run = a_run(tiny, str(tmp_path / "gone.mp4"), out=out).until_done()
    with pytest.raises(Reported, match=r"gone\.mp4"):
        run.raise_failures()
    assert out.read_text() == "earlier"


@pytest.fixture
def half_a_demo(monkeypatch: pytest.MonkeyPatch, tiny: Path, tmp_path: Path) -> None:
    """A demo whose clip can't be read."""
    entry = SimpleNamespace(name=str(tiny), title="t", origin="o", licence="l")
    choice = SimpleNamespace(entry=entry, why="because", path=tmp_path / "gone.mp4")
    monkeypatch.setattr("console.catalog.catalog.Catalog.best_model", lambda *_: choice)
    monkeypatch.setattr("console.catalog.catalog.Catalog.best_clip", lambda *_: choice)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.usefixtures("half_a_demo")
def test_a_demo_whose_cameras_failed_fails(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Reported, match=r"street-1: .*gone\.mp4"):
        demo.demo(seconds=1, home=None, as_json=as_json)
    if as_json:
        assert json.loads(capsys.readouterr().out)["cameras"]["street-1"]["state"] == "failed"


def test_ctrl_c_while_the_demo_fetches_ends_it_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cancelled(_catalog: object, _progress: object, cancel: threading.Event) -> None:
        signal.raise_signal(signal.SIGINT)
        assert cancel.wait(5)
        raise CatalogError("Fetching yolox_nano.onnx was cancelled.")

    monkeypatch.setattr("console.catalog.catalog.Catalog.best_model", cancelled)
    monkeypatch.setattr(sys, "argv", ["sightdesk", "demo"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 130
    assert "Stopped" in capsys.readouterr().err


def test_ctrl_c_anywhere_else_is_said_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("console.settings.home.Home.look", interrupted)
    monkeypatch.setattr(sys, "argv", ["sightdesk", "models", "list"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 130
    assert "Stopped." in capsys.readouterr().err


def test_a_model_in_the_home_of_nobody_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sightdesk", "models", "inspect", "~no-such-user/x.onnx"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 2
    assert "~no-such-user" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_text_can_be_printed_anywhere_and_json_stays_json(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    survive_any_text()
    value = {"é街\U0001f600": "\udc80"}
    print_json(value)
    sys.stdout.write("é街\n")
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding).rpartition("}")[0] + "}") == value
