"""`sightdesk bench backends`: every variant on every device, on real models and on broken ones."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from console.bench import backends as bench
from console.bench import bare, trial
from console.bench.pictures import PictureSource, of_clip, of_dataset
from console.cli.bench_backends import backends
from console.errors import SightdeskError
from models.detections import Detections
from models.frames import ArrayPicture
from tests import tiny_onnx
from tests.conftest import ROOT

app = typer.Typer()
app.command()(backends)
SCENE = "synthetic:street?fps=30&width=320&height=240"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_onnx.yolox(tmp_path / "tiny.onnx")


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_variant_is_measured(tiny: Path) -> None:
    result = CliRunner().invoke(app, [str(tiny), "--seconds", "0.2", "--source", SCENE, "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    variants = {(row["runtime"], row["device"], row["precision"]) for row in said["rows"]}
    assert {("openvino", "CPU", "f32"), ("openvino", "CPU", "default"), ("onnxruntime", "CPU", "f32")} <= variants
    for row in said["rows"]:
        if row["runtime"] not in {"openvino", "onnxruntime"} or row["device"] != "CPU":
            continue
        assert row["fps"] > 0
        assert 0 < row["latency_ms"]["p50"] <= row["latency_ms"]["p95"] <= row["latency_ms"]["p99"]
        assert row["memory_mb"]["peak"] >= 0
        assert row["ran"]["device"] == "CPU"
        assert min(row["bare"].values()) > 0
        assert set(row["bare"]) == {"fps", "ratio", "unread_fps", "unread_ratio"}
        assert [entry["batch"] for entry in row["batches"]] == [1, 4, 8]
        assert all("why" in entry or entry["fps"] > 0 for entry in row["batches"])
    assert said["cancelled"] is False


def test_the_table_is_for_people(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "variants", lambda _model: [("openvino", "CPU", "f32"), ("openvino", "GPU.7", "f32")])
    result = CliRunner().invoke(app, [str(tiny), "--seconds", "0.2", "--source", SCENE])
    assert result.exit_code == 0, result.output
    assert "1 of 2: openvino CPU f32" in result.stderr
    assert "pictures/s" in result.stdout
    assert "openvino GPU.7 f32" in result.stdout
    assert "no device GPU.7" in result.stdout
    assert "batch 8" in result.stdout


def test_broken_variants_are_rows_with_their_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"garbage")
    result = CliRunner().invoke(app, [str(broken), "--seconds", "0.2", "--source", SCENE, "--lines"])
    assert result.exit_code == 1
    said = lines(result.stdout)
    rows = [line["row"] for line in said if "row" in line]
    assert rows
    assert all(row["error"]["what"] for row in rows)
    assert said[-1]["done"] == said[-1]["of"] == len(rows)


def test_a_plug_in_that_raises_anything_is_a_row(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(bench, "load_model", fail)
    pictures = of_clip(SCENE, 2)
    wanted = bench.Wanted(str(tiny), lambda _name: (tiny, None), pictures, 0.2)
    (row, *_rest) = bench.measure(wanted, lambda *_args: None)
    assert "ZeroDivisionError" in row["error"]["what"]


def test_stopped_it_keeps_the_results_so_far(tiny: Path, own_home: Path) -> None:
    command = [sys.executable, "-m", "console", "bench", "backends", str(tiny), "--seconds", "0.3", "--source", SCENE]
    child = subprocess.Popen([*command, "--json"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    timer = threading.Timer(90, child.kill)
    timer.start()
    try:
        for line in child.stderr:
            if line.startswith("2 of "):
                time.sleep(0.2)
                child.send_signal(signal.SIGINT)
                break
        out, _err = child.communicate(timeout=60)
    finally:
        timer.cancel()
        timer.join()
        child.kill()
        child.wait()
    assert child.returncode == 130
    said = json.loads(out)
    assert said["cancelled"] is True
    assert len(said["rows"]) == 1


def test_nothing_here_can_run_a_model(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.registry, "names", list)
    wanted = bench.Wanted("x", lambda _name: (tiny, None), of_clip(SCENE, 1), 0.2)
    with pytest.raises(SightdeskError, match="Nothing here can run"):
        list(bench.measure(wanted, lambda *_args: None))


def test_agreement_pairs_boxes_of_one_class_once() -> None:
    one = Detections.of([[0, 0, 10, 10], [20, 20, 30, 30]], [0.9, 0.8], [0, 1])
    assert trial.agreement([one], [one]) == 1.0
    assert trial.agreement([one], [Detections.of(one.xyxy, one.score, [1, 1])]) == 0.5
    assert trial.agreement([one], [Detections.of([[0, 0, 10, 10]] * 2, [0.9, 0.9], [0, 0])]) == 0.5
    assert trial.agreement([one], [Detections.of([[5, 5, 15, 15]], [0.9], [0])]) == 0.0
    assert trial.agreement([Detections.empty()], [Detections.empty()]) is None


def test_the_bare_loops_are_short() -> None:
    source = Path(bare.__file__).read_text(encoding="utf-8").split("\ndef ")
    for name in bare.LOOPS:
        (body,) = [part for part in source if part.startswith(f"{name}(")]
        code = [line for line in body.split("\n\n\n")[0].splitlines() if line.strip()]
        assert len(code) <= 30, (name, len(code))


def test_pictures_in_memory_go_round_and_round() -> None:
    pictures = [ArrayPicture(np.full((4, 4, 3), level, np.uint8)) for level in (1, 2)]
    source = PictureSource(pictures)
    taken = []
    for frame in source.frames(7):
        taken.append((frame.seq, int(frame.picture.view(4, 4)[0, 0, 0])))
        if len(taken) == 3:
            source.close()
    assert taken == [(7, 1), (8, 2), (9, 1)]


@pytest.mark.parametrize("text", ["", "[]", '{"images": []}', '{"images": [{"file_name": "gone.jpg"}]}', "{"])
def test_a_dataset_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "coco.json"
    path.write_text(text)
    with pytest.raises(SightdeskError):
        of_dataset(path, None)


def test_no_clip_and_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(SightdeskError):
        of_clip(tmp_path / "gone.mp4")


@pytest.mark.shared
@pytest.mark.soak  # tests/e2e/test_accuracy.py has the same figures in the plain run
def test_ap_of_a_real_model(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "variants", lambda _model: [("openvino", "CPU", "f32"), ("onnxruntime", "CPU", "f32")])
    data = shared / "datasets" / "coco_cc"
    arguments = [str(shared / "models" / "yolox_nano.onnx"), "--data", str(data / "tinycoco_val2017.json")]
    arguments += ["--pictures", str(data / "tinycoco_val2017"), "--seconds", "1", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["rows"]
    assert [row.get("error") for row in rows] == [None, None]
    first, second = rows
    assert first["agreement"] == 1.0
    assert second["agreement"] > 0.97
    assert first["ap"] == pytest.approx(second["ap"], abs=0.01)
    assert first["ap50"] > first["ap"] > 0.1
