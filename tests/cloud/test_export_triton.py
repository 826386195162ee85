"""A real Triton reads what was exported; a desk knows each model by it and gets the boxes it has of the file itself."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from backends import kserve, onnxruntime, openvino
from backends.base import Backend, LoadOptions
from console.cloud.exporting.config import Serving
from console.cloud.exporting.triton import export
from models.decoders import FAMILIES, recognise
from tests.cloud.test_export import given
from tests.conftest import SHARED, missing
from tests.servers import pytriton_server
from tests.servers.triton_repository import TritonRepository

pytestmark = [pytest.mark.services, pytest.mark.shared]
NAMES = ("yolox_nano", "yunet", "person-vehicle-bike-detection-2002")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (SHARED / "README.md").is_file():
        missing("shared", f"the measuring data is not at {SHARED}")
    if why := pytriton_server.why_not():
        missing("services", why)
    folder = tmp_path_factory.mktemp("repository")
    export([given(SHARED, name) for name in NAMES], folder, Serving(batch=4))
    return folder


@pytest.fixture(scope="module")
def triton(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonRepository]:
    with TritonRepository(tmp_path_factory.mktemp("triton"), repository) as server:
        assert server.wait(), server.said()[-3000:]
        yield server


def ask(backend: Backend, name: str, pixels: np.ndarray) -> Any:
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    backend.submit({name: pixels}, answers.put)
    return answers.get(timeout=60)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_a_desk_knows_the_model_and_gets_the_same_boxes(
    triton: TritonRepository, shared: Path, name: str, scheme: str
) -> None:
    url = f"{scheme}://127.0.0.1:{triton.grpc if scheme == 'grpc' else triton.http}/{name}"
    facts = kserve.runtime().inspect(url)
    manifest = recognise(facts, "whatever it is called")
    model = given(shared, name)
    assert manifest == model.manifest
    family = FAMILIES[manifest.family]
    picture = family.picture_input(facts, None, None)
    with av.open(str(shared / "media" / "vtest.avi")) as video:
        frame = next(video.decode(video=0)).reformat(picture.width, picture.height).to_ndarray(format="bgr24")[None]
    near_runtime: Any = onnxruntime if model.path.suffix == ".onnx" else openvino
    near = near_runtime.runtime().load(model.path, picture, "CPU", LoadOptions(precision="f32"))
    far = kserve.runtime().load(url, picture, "REMOTE", LoadOptions(batch=8))
    try:
        assert far.info.max_batch == (4 if name == "yunet" else 1), "as the configuration has it"
        thresholds = np.full(len(manifest.labels) + 1, 0.3, np.float32)
        size = picture.width, picture.height
        want, got = (family.decode(ask(one, picture.name, frame), size, thresholds) for one in (near, far))
    finally:
        near.close()
        far.close()
    assert len(want.score) or name == "yunet", "whoever is in that picture is too far off for a face"
    np.testing.assert_array_equal(got.class_id, want.class_id)
    np.testing.assert_allclose(got.xyxy, want.xyxy, atol=0.1)
    np.testing.assert_allclose(got.score, want.score, atol=0.002)


def test_where_the_backend_is_missing_that_alone_is_missing(repository: Path, tmp_path: Path) -> None:
    with TritonRepository(tmp_path, repository, backends=()) as server:
        assert not server.wait()
    said = server.said()
    for name, backend in zip(NAMES, ("onnxruntime", "onnxruntime", "openvino"), strict=True):
        line = next(one for one in said.splitlines() if one.startswith(f"| {name} "))
        assert f"unable to find backend library for backend '{backend}'" in line
