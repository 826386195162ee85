"""The commands as a user types them, in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.boxes import iou
from tests import tiny_onnx
from tests.console.fakes import wait_until
from tests.servers.clips import encode, h264_stream
from tests.servers.rtsp_server import RtspServer, need_gstreamer

STAGES = {"decode", "wait", "letterbox", "infer", "handover", "postprocess", "join", "track", "end to end"}


def sightdesk(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *map(str, words)], capture_output=True, text=True, timeout=110, check=False,
        env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def answer(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("clip") / "street.mp4", codec="libx264", frames=40)


@pytest.fixture
def mirror(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    return shared


@pytest.mark.shared
@pytest.mark.parametrize(
    ("backend", "letterbox", "share"),
    [
        ("openvino", "fast", 0.95),
        *(
            pytest.param(*case, marks=pytest.mark.soak)
            for case in (("openvino", "exact", 0.99), ("onnxruntime", "exact", 0.99), ("onnxruntime", "fast", 0.95))
        ),
    ],
)
def test_a_street_is_seen_as_the_independent_reference_sees_it(
    shared: Path, tmp_path: Path, backend: str, letterbox: str, share: float
) -> None:
    """Every frame of vtest.avi, box by box against yolox_nano run by somebody else's code at f32."""
    out = tmp_path / "results.jsonl"
    summary = answer(
        sightdesk(
            "run", shared / "media/vtest.avi", "--model", shared / "models/yolox_nano.onnx", "--backend", backend,
            "--precision", "f32", "--letterbox", letterbox, "--conf", "0.3", "--out", out, "--json",
        )
    )  # fmt: skip
    assert summary["total"]["frames"] == summary["total"]["inferred"] == 795
    assert summary["total"]["ran"]["precision"] == "f32"
    assert summary["total"]["ran"]["runtime"] == backend
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(795))
    truth = [json.loads(line) for line in (shared / "reference/vtest_yolox_nano_f32.jsonl").read_text().splitlines()]
    matched, missed = 0, []
    for line, expected in zip(lines, truth, strict=True):
        wanted = np.array(expected["boxes"], float).reshape(-1, 6)
        found = np.array(line["boxes"], float).reshape(-1, 7)
        same = (iou(wanted[:, :4], found[:, :4]) > 0.9) & (wanted[:, 5:6] == found[None, :, 5])
        matched += int(same.any(1).sum())
        missed += wanted[~same.any(1), 4].tolist()
    assert matched + len(missed) == 7875
    assert matched >= share * 7875
    if letterbox == "exact":
        assert all(score <= 0.31 for score in missed)


@pytest.mark.shared
def test_the_demo_runs_without_a_display_and_without_qt(mirror: Path, own_home: Path) -> None:
    no_qt = "import sys; sys.modules.update(PySide6=None, pyqtgraph=None, widgets=None); sys.argv[0] = 'sightdesk'; "
    done = subprocess.run(
        [sys.executable, "-c", no_qt + "from console.cli import main; main()", "demo", "--seconds", "4", "--json"],
        capture_output=True, text=True, timeout=110, check=False,
        env={key: value for key, value in os.environ.items() if key not in {"DISPLAY", "WAYLAND_DISPLAY"}},
    )  # fmt: skip
    summary = answer(done)
    assert len(summary["cameras"]) == 4
    assert summary["total"]["detections"] > 50
    assert "yolox_nano" in summary["model"]
    assert "vtest.avi" in summary["clip"]
    picture = cv2.imread(summary["picture"])
    assert picture.shape == (576, 768, 3)
    assert Path(summary["picture"]).is_relative_to(own_home)


@pytest.mark.shared
def test_the_json_of_a_run_says_everything_it_promises(mirror: Path, clip: Path) -> None:
    summary = answer(sightdesk("run", clip, clip, "--json"))
    assert list(summary["cameras"]) == ["street", "street-2"]
    for figures in (*summary["cameras"].values(), summary["total"]):
        assert figures["frames"] == figures["inferred"] + sum(figures["dropped"].values())
        assert figures["errors"] == {}
        assert set(figures["fps"]) == {"in", "inferred"}
        assert {"detections", "tracks"} <= set(figures)
        assert set(figures["latency"]) == STAGES
        assert all(set(values) == {"p50", "p95", "p99"} for values in figures["latency"].values())
        assert {"runtime", "version", "device", "precision"} <= set(figures["ran"])
    assert all(camera["state"] == "ended" for camera in summary["cameras"].values())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run"], 2, "no camera to run"),
        (["run", "nowhere.mp4", "--model", "MODEL"], 1, "nowhere.mp4"),
        (["run", "gopher://x", "--model", "MODEL"], 1, "gopher"),
        (["run", "CLIP", "--model", "missing.onnx"], 1, "There is no model file missing.onnx"),
        (["run", "CLIP", "--model", "yolox_nana"], 1, "yolox_nano"),
        (["run", "CLIP", "--backend", "tpu"], 1, "no backend named tpu"),
        (["run", "CLIP", "--out", "/proc/nothing/here"], 2, "can't be written"),
        (["run", "CLIP", "--conf", "7"], 2, "conf"),
        (["run", "CLIP", "--precision", "int3"], 2, "precision"),
        (["frobnicate"], 2, "frobnicate"),
        (["run", "CLIP", "--model", "~no-such-user/x.onnx"], 1, "~no-such-user"),
        (["run", "~no-such-user/x.mp4", "--model", "MODEL"], 1, "~no-such-user"),
        (["run", "--no-track"], 2, "no camera to run"),
        (["run", "http://127.0.0.1:9/v?pwd=Hidden-7"], 2, "USER:PASSWORD@HOST"),
        (["models", "pull", "nothing-like-it"], 1, "nothing-like-it"),
    ],
)
def test_wrong_use_is_told_in_words(mirror: Path, clip: Path, words: list[str], code: int, said: str) -> None:
    places = {"CLIP": str(clip), "MODEL": str(mirror / "models/yolox_nano.onnx")}
    done = sightdesk(*(places.get(word, word) for word in words))
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_results_never_replace_what_the_run_reads(clip: Path, tmp_path: Path) -> None:
    """On files of its own: where this fails, it destroys what it names."""
    own, model = tmp_path / "street.mp4", tiny_onnx.yolox(tmp_path / "tiny.onnx")
    shutil.copy(clip, own)
    before = own.read_bytes(), model.read_bytes()
    for out in (own, model):
        done = sightdesk("run", own, "--model", model, "--out", out)
        assert done.returncode == 2, done.stderr
        assert "destroy" in done.stderr
    assert (own.read_bytes(), model.read_bytes()) == before


def test_a_failed_start_leaves_an_earlier_results_file(mirror: Path, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text("earlier")
    model = mirror / "models/yolox_nano.onnx"
    for words in ([clip, "--model", "missing.onnx"], [tmp_path / "nowhere.mp4", "--model", model]):
        assert sightdesk("run", *words, "--out", out).returncode == 1
        assert out.read_text() == "earlier"


def test_a_file_of_another_script_runs_and_any_terminal_can_show_it(mirror: Path, clip: Path, tmp_path: Path) -> None:
    street = tmp_path / "街道.mp4"
    shutil.copy(clip, street)
    model = mirror / "models/yolox_nano.onnx"
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    summary = answer(sightdesk("run", street, "--model", model, "--json", **ascii_only))
    assert summary["cameras"]["camera"]["inferred"] == 40
    gone = sightdesk("run", tmp_path / "沒有.mp4", "--model", model, "--json", **ascii_only)
    assert answer(gone, 1)["cameras"]["camera"]["state"] == "failed"
    assert "\\u6c92" in gone.stderr


def test_a_reader_that_leaves_is_no_failure_to_talk_about(mirror: Path) -> None:
    for words in ("models list", "run nowhere.mp4 --model gone.onnx --json", "--help"):
        done = subprocess.run(
            ["bash", "-c", f"{{ sleep 0.5; {sys.executable} -m console {words}; }} | true"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert "BrokenPipe" not in done.stderr


def test_ctrl_c_before_the_start_ends_it_soon_in_words(tmp_path: Path) -> None:
    """What takes its time there, such as compiling a model, can't be cancelled: here it is a sleep."""
    code = (
        "import sys, time; from console.site.site import Site; "
        "Site.apply = lambda *_: (print('loading', file=sys.stderr, flush=True), time.sleep(60)); "
        "from console.cli import main; sys.argv = ['sightdesk', 'run', 'a.mp4', '--json']; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    assert process.stderr is not None
    assert "loading" in process.stderr.readline()
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert time.monotonic() - begin < 5
    assert process.returncode == 130
    assert "Stopped before the cameras started." in errors
    assert "Traceback" not in errors
    assert "Stopped" in json.loads(output)["error"]["what"]


def test_a_failure_is_in_the_json_too(tmp_path: Path) -> None:
    done = sightdesk("run", tmp_path / "nowhere.mp4", "--model", tmp_path / "none.onnx", "--json")
    assert "none.onnx" in answer(done, 1)["error"]["what"]


def test_a_failing_camera_does_not_stop_its_neighbour(mirror: Path, clip: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    done = sightdesk("run", clip, text, "--json")
    summary = answer(done, 1)
    assert summary["cameras"]["street"]["inferred"] == 40
    assert summary["cameras"]["notes"]["state"] == "failed"
    assert "notes.mp4" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)])
def test_a_frozen_camera_does_not_hold_up_the_end(mirror: Path, tmp_path: Path, number: signal.Signals) -> None:
    need_gstreamer()
    with RtspServer(h264_stream(tmp_path / "camera.h264")) as server:
        out = tmp_path / "results.jsonl"
        words = ["run", server.url(), "--json", "--out", str(out)]
        process = subprocess.Popen(
            [sys.executable, "-m", "console", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: out.exists() and out.read_bytes().count(b"\n") > 20, 60)
        server.pause()
        time.sleep(0.5)
        begin = time.monotonic()
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
        assert time.monotonic() - begin < 3.0
    assert process.returncode == 0, errors
    camera = next(iter(json.loads(output)["cameras"].values()))
    assert camera["inferred"] > 20
    assert camera["frames"] == camera["inferred"] + sum(camera["dropped"].values())


def test_a_password_typed_into_an_address_is_shown_nowhere(mirror: Path, tmp_path: Path) -> None:
    done = sightdesk("run", "rtsp://admin:Hidden-7-Pass@127.0.0.1:9/live", "--seconds", "1", "--json")
    assert "Hidden-7-Pass" not in done.stdout + done.stderr
    assert "reconnecting" in done.stdout
    for path in Path(os.environ["SIGHTDESK_HOME"]).rglob("*"):
        assert not path.is_file() or b"Hidden-7-Pass" not in path.read_bytes()
