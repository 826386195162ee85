"""Where several pictures a submission pay and where not: OpenVINO, ONNX Runtime and a real Triton, batches of 1, 4, 8.

    uv run pytest -m soak tests/bench/test_batches.py -s

yolox_nano with its first dimension freed, so that every runtime may be given batches. `fps`: pictures a second with as
many submissions in flight as the runtime asks for; `ms`: a submission alone; `added_ms`: what its first picture waits
longer than it would alone. Prints one JSON object a row.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from console.bench import trial
from console.pipeline.loader import LoadedModel, Surroundings, load_model
from console.privacy.remote import Audit
from console.settings.inference import InferenceSettings, RemoteEndpoint, RemoteSettings
from console.settings.schema import CameraSettings
from console.sources.factory import open_source
from models.frames import ArrayPicture, Picture
from tests.conftest import missing
from tests.servers import environments, pytriton_server
from tests.servers.pytriton_server import Triton

pytestmark = [pytest.mark.soak, pytest.mark.services, pytest.mark.shared, pytest.mark.timeout(900)]
BATCHES, SECONDS, ROUNDS = (1, 4, 8), 3.0, 3
FREE = Path(__file__).parents[1] / "servers" / "free_batch.py"


@pytest.fixture
def free(shared: Path, tmp_path: Path) -> Path:
    """yolox_nano for any number of pictures."""
    if why := environments.why_not("onnx"):
        missing("services", why)
    made = tmp_path / "yolox_nano.onnx"
    command = [str(environments.python_of("onnx")), str(FREE), str(shared / "models" / "yolox_nano.onnx"), str(made)]
    subprocess.run(command, check=True, timeout=120)
    return made


@pytest.fixture
def pictures(shared: Path) -> list[Picture]:
    """Decoded pictures of a street."""
    camera = CameraSettings(id="c", source=str(shared / "media" / "vtest.avi"), paced=False)
    source = open_source(camera, None)
    found: list[Picture] = []
    for frame in source.frames():
        found.append(ArrayPicture(np.array(frame.picture.view(*frame.size))))
        if len(found) == 32:
            break
    source.close()
    return found


def settings(backend: str, batch: int) -> InferenceSettings:
    return InferenceSettings.model_validate({"backend": backend, "precision": "f32", "batch": batch})


def told(runtime: str, rows: Sequence[dict[str, float]]) -> None:
    for row in rows:
        print(json.dumps({"runtime": runtime, **row, "added_ms": round(row["ms"] - rows[0]["ms"], 2)}))


def best(load: object, pictures: Sequence[Picture]) -> list[dict[str, float]]:
    """The middle of several rounds, the sizes in turn."""
    rounds: dict[int, list[dict[str, float]]] = {batch: [] for batch in BATCHES}
    for _round in range(ROUNDS):
        for batch in BATCHES:
            loaded: LoadedModel = load(batch)  # type: ignore[operator]
            try:
                assert loaded.batch == batch
                rounds[batch].append(trial.batched(loaded, pictures, batch, SECONDS, threading.Event()))
            finally:
                loaded.backend.close()
    return [sorted(found, key=lambda row: row["fps"])[len(found) // 2] for found in rounds.values()]


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_on_this_machine(runtime: str, free: Path, pictures: list[Picture]) -> None:
    one, several = (load_model(str(free), lambda _name: (free, None), settings(runtime, batch)) for batch in (1, 4))
    seen = [trial.boxes(loaded, pictures, threading.Event()) for loaded in (one, several)]
    for loaded in (one, several):
        loaded.backend.close()
    assert trial.agreement(*seen) == 1.0
    told(
        runtime,
        best(lambda batch: load_model(str(free), lambda _name: (free, None), settings(runtime, batch)), pictures),
    )


def test_on_a_server(free: Path, pictures: list[Picture], tmp_path: Path) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    with Triton(tmp_path) as server:
        server.bind("yolox_nano", free, batch=8, delay_us=0)
        url = server.url("yolox_nano")
        allowed = RemoteSettings(allowed=(RemoteEndpoint(address=f"127.0.0.1:{server.grpc}", purpose="a bench"),))
        around = Surroundings(lambda name: (Path(name), None), remote=allowed, audit=Audit(tmp_path))
        told(
            "kserve",
            best(lambda batch: load_model(url, around.find, settings("openvino", batch), around=around), pictures),
        )
