"""Settings and model files, and their damage; the same protocol as `media_cases`, which lends the kinds of damage."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from console.errors import ModelError
from console.pipeline.loader import load_model
from console.settings.describe import commented
from console.settings.file import SettingsFile
from console.settings.inference import InferenceSettings
from tests import tiny_onnx
from tests.conftest import SHARED
from tests.fuzz.media_cases import DAMAGE

LIMIT_S = 30.0
NAMES = ("settings.yaml", "tiny.onnx", "cameras.yaml", "tiny.onnx", "ir.xml", "tiny.onnx")
REAL = ("yolox_nano.onnx",)
CAMERAS = """\
site: Nord
cameras:
  - id: gate
    source: rtsp://10.0.0.7/live   # the old one
    login: {user: viewer, password: {secret: gate}}
    rotation: 90
    stages:
      - {model: yolox_nano, confidence: 0.4, thresholds: {person: 0.5}}
  - {id: yard, source: "usb:0", fps_cap: 7.5}
inference: {backend: openvino, precision: f32}
log: {level: debug}
"""
IR = """<?xml version="1.0"?>
<net name="tiny" version="11"><layers>
<layer id="0" name="picture" type="Parameter" version="opset1"><data shape="1,3,32,32" element_type="f32"/>
<output><port id="0" precision="FP32" names="picture"><dim>1</dim><dim>3</dim><dim>32</dim><dim>32</dim></port></output>
</layer><layer id="1" name="out" type="Result" version="opset1">
<input><port id="0"><dim>1</dim><dim>3</dim><dim>32</dim><dim>32</dim></port></input></layer></layers>
<edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges></net>
"""


def make_originals(folder: Path) -> None:
    """Write the sound files; real models too, where the measuring data is."""
    (folder / "settings.yaml").write_text(commented(), encoding="utf-8")
    (folder / "cameras.yaml").write_text(CAMERAS, encoding="utf-8")
    (folder / "ir.xml").write_text(IR, encoding="utf-8")
    tiny_onnx.mean_color(folder / "tiny.onnx")
    for name in REAL:
        if (SHARED / "models" / name).is_file():
            (folder / name).write_bytes((SHARED / "models" / name).read_bytes())


def damaged(folder: Path, case: int) -> tuple[str, bytes]:
    """The name and bytes of a case; every twentieth is a real model where there is one."""
    rng = random.Random(case)
    real = REAL[case // 20 % len(REAL)]
    name = real if case % 20 == 0 and (folder / real).is_file() else NAMES[case % len(NAMES)]
    data = bytearray((folder / name).read_bytes())
    other = (folder / rng.choice(NAMES)).read_bytes()
    for _ in range(rng.choice((1, 1, 2, 3))):
        if data:
            rng.choice(DAMAGE)(data, rng, other)
    return name, bytes(data)


def read_case(folder: Path, case: int) -> str:
    """Use one case the way the program does; what came of it."""
    name, data = damaged(folder, case)
    path = folder / f"case{case}" / name
    path.parent.mkdir()
    path.write_bytes(data)
    if path.suffix == ".yaml":
        return _settings(path)
    settings = InferenceSettings(backend="onnxruntime" if case % 2 and path.suffix == ".onnx" else "openvino")
    try:
        load_model(str(path), lambda _: (path, None), settings).backend.close()
    except ModelError as refused:
        words = str(refused)
    else:
        return "loaded"
    assert words
    assert "Traceback" not in words
    return f"0 frames, then: {words.splitlines()[0]}"


def _settings(path: Path) -> str:
    loaded = SettingsFile(path).load()
    assert loaded.settings is not None
    if not loaded.problems:
        return "valid"
    assert loaded.origin == "defaults"
    assert str(path) in str(loaded.problem)
    return f"0 frames, then: {str(loaded.problem).splitlines()[0]}"


def main(folder: Path, first: int, last: int) -> None:
    """See `media_cases.main`."""
    for case in range(first, last):
        sys.stdout.write(f"begin {case}\n")
        sys.stdout.flush()
        begin = time.monotonic()
        outcome = read_case(folder, case).replace("\n", " ")
        sys.stdout.write(f"end {case} {time.monotonic() - begin:.2f} {outcome}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
