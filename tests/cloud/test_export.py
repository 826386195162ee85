"""Models for a model server: the repository's layout, its configuration by Triton's own schema, whole or not at all."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from backends import onnxruntime
from backends.base import LoadOptions
from backends.registry import inspect
from console.catalog.book import built_in
from console.cloud.errors import CloudError, DiskFull
from console.cloud.exporting import triton
from console.cloud.exporting.config import Serving, config_text, preferred
from console.cloud.exporting.models import Given
from console.cloud.exporting.triton import export
from models.decoders import FAMILIES, NotThisFamily, recognise
from models.manifest import MANIFEST_KEY, ModelFacts, ModelManifest, TensorFacts
from tests import tiny_onnx
from tests.tiny_onnx import mean_color

SERVING = Serving()
KINDS = {"f32": "TYPE_FP32", "u8": "TYPE_UINT8"}


def config_of(folder: Path) -> Any:
    """By the real schema: one that it does not know is an error."""
    return text_format.Parse((folder / "config.pbtxt").read_text(), model_config_pb2.ModelConfig())


def given(shared: Path, name: str) -> Given:
    entry = next(one for one in built_in().models if one.name == name)
    return Given(shared / "models" / entry.files[0].name, entry.manifest, entry)


def said(tensors: Any, *, batches: bool) -> list[tuple[str, list[int], str]]:
    """What a configuration should say of tensors of a file."""
    sides = [[-1 if side is None else side for side in one.shape] for one in tensors]
    return [(one.name, side[1 if batches else 0 :], KINDS[one.dtype]) for one, side in zip(tensors, sides, strict=True)]


def told(config: Any, of: str) -> list[tuple[str, list[int], str]]:
    kind = model_config_pb2.DataType.Name
    return [(one.name, list(one.dims), kind(one.data_type)) for one in getattr(config, of)]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "backend", "batch"),
    [
        ("yolox_nano", "onnxruntime", 0),
        ("yunet", "onnxruntime", 8),
        ("person-vehicle-bike-detection-2002", "openvino", 0),
        ("vehicle-license-plate-detection-barrier-0106", "openvino", 0),
    ],
)
def test_a_model_is_described_as_its_file_is(shared: Path, tmp_path: Path, name: str, backend: str, batch: int) -> None:
    model = given(shared, name)
    (done,) = export([model], tmp_path / "repository", SERVING)
    folder = tmp_path / "repository" / name
    assert (done.name, done.path, done.backend, done.batch) == (name, folder, backend, batch)
    assert bool(done.notes) == (not batch), "it is said that no batches are made"
    config = config_of(folder)
    assert (config.name, config.backend, config.max_batch_size) == (name, backend, batch)
    written = folder / "1" / ("model.onnx" if backend == "onnxruntime" else "model.xml")
    facts = inspect(written)
    assert facts == inspect(model.path)
    assert told(config, "input") == said(facts.inputs, batches=bool(batch))
    assert told(config, "output") == said(facts.outputs, batches=bool(batch))
    if batch:
        assert list(config.dynamic_batching.preferred_batch_size) == [4, 8]
        assert config.dynamic_batching.max_queue_delay_microseconds == 2000
    else:
        assert not config.HasField("dynamic_batching")
    (group,) = config.instance_group
    assert group.count == 1
    assert group.Kind.Name(group.kind) == ("KIND_AUTO" if backend == "onnxruntime" else "KIND_CPU")
    assert model.entry is not None
    assert model.manifest is not None
    carried = ModelManifest.model_validate_json(config.parameters[MANIFEST_KEY].string_value)
    assert carried == model.manifest
    assert config.parameters["sightdesk.sha256"].string_value == model.entry.files[0].sha256
    assert (folder / "labels.txt").read_text().splitlines() == list(model.manifest.labels)
    notice = (folder / "NOTICE").read_text()
    assert all(part in notice for part in (model.entry.licence, model.entry.attribution, model.entry.origin))
    weights = model.path.with_suffix(".bin")
    if weights.exists():
        assert (folder / "1" / "model.bin").read_bytes() == weights.read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["repository"], "nothing is left beside it"


@pytest.mark.shared
def test_the_file_in_the_repository_gives_the_same_boxes(shared: Path, tmp_path: Path) -> None:
    model = given(shared, "yolox_nano")
    (done,) = export([model], tmp_path, SERVING)
    assert model.manifest is not None
    family = FAMILIES["yolox"]
    picture = family.picture_input(done.facts, None, None)
    import av

    with av.open(str(shared / "media" / "vtest.avi")) as video:
        frame = next(video.decode(video=0)).reformat(416, 416).to_ndarray(format="bgr24")[None]
    boxes = []
    for path in (model.path, done.path / "1" / "model.onnx"):
        backend = onnxruntime.runtime().load(path, picture, "CPU", LoadOptions(precision="f32"))
        answers: list[Any] = []
        backend.submit({picture.name: frame}, answers.append)
        backend.close()
        boxes.append(family.decode(answers[0], (416, 416), np.full(81, 0.3, np.float32)))
    assert len(boxes[0].score) > 3
    np.testing.assert_array_equal(boxes[0].xyxy, boxes[1].xyxy)
    np.testing.assert_array_equal(boxes[0].score, boxes[1].score)
    np.testing.assert_array_equal(boxes[0].class_id, boxes[1].class_id)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tiny_onnx.yolox(tmp_path / "my model ü.onnx")
    (done,) = export([Given(path)], tmp_path / "out", SERVING)
    assert done.name == "my_model"
    config = config_of(done.path)
    carried = recognise(ModelFacts((), (), {MANIFEST_KEY: config.parameters[MANIFEST_KEY].string_value}), "x")
    assert (carried.name, carried.family) == ("my_model", "yolox")
    assert "not known" in (done.path / "NOTICE").read_text()
    strange = mean_color(tmp_path / "strange.onnx")
    (done,) = export([Given(strange)], tmp_path / "out", SERVING)
    assert MANIFEST_KEY not in config_of(done.path).parameters
    assert "no desk can use it" in done.notes[-1]


def test_one_picture_at_a_time_where_none_are_to_be_put_together(shared: Path, tmp_path: Path) -> None:
    (done,) = export([given(shared, "yunet")], tmp_path, Serving(batch=1, instances=3, kind="gpu"))
    config = config_of(done.path)
    assert (config.max_batch_size, done.notes, done.batch) == (0, (), 0)
    assert list(config.input[0].dims) == [1, 3, -1, -1]
    assert config.instance_group[0].count == 3
    assert config.instance_group[0].kind == model_config_pb2.ModelInstanceGroup.KIND_GPU


def test_what_a_server_can_not_take_as_it_is_is_written_anew(shared: Path, tmp_path: Path) -> None:
    import openvino

    model = openvino.Core().read_model(str(shared / "models" / "yunet_n_dynamic.onnx"))
    model.reshape({"input": [10, 3, 64, 96]})
    openvino.save_model(model, str(tmp_path / "ten.xml"), compress_to_fp16=False)
    (done,) = export([Given(tmp_path / "ten.xml")], tmp_path / "out", SERVING)
    config = config_of(done.path)
    assert (config.backend, config.max_batch_size, list(config.input[0].dims)) == ("openvino", 8, [3, 64, 96])
    facts = inspect(done.path / "1" / "model.xml")
    assert facts.inputs[0].shape == (None, 3, 64, 96)
    assert told(config, "output") == said(facts.outputs, batches=True)
    assert "written anew" in done.notes[0]
    assert "Changed" in (done.path / "NOTICE").read_text()
    openvino.save_model(model, str(tmp_path / "ten.xml"), compress_to_fp16=False)
    blind = openvino.Core().read_model(str(tiny_onnx.mean_color(tmp_path / "any.onnx", batch=4)))
    openvino.save_model(blind, str(tmp_path / "four.xml"), compress_to_fp16=False)
    with pytest.raises(CloudError, match="of no family Sightdesk knows"):
        export([Given(tmp_path / "four.xml")], tmp_path / "out", SERVING)


REFUSED = [
    ("weights.pt", b"x", "none of"), ("no.onnx", b"no model at all", "can't be read"), ("a.xml", b"<net/>", "weights"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "words"), REFUSED)
def test_what_can_not_be_exported_is_said(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CloudError, match=words):
        export([Given(tiny_onnx.yolox(tmp_path / "good.onnx")), Given(path)], tmp_path / "out", SERVING)
    assert not (tmp_path / "out").exists()


def test_nothing_is_replaced_unasked_and_all_or_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Given(tiny_onnx.yolox(tmp_path / f"{name}.onnx")) for name in ("a", "b"))
    out = tmp_path / "out"
    export([second], out, SERVING)
    (out / "b" / "mine.txt").write_text("stays")
    with pytest.raises(CloudError, match=r"b is there already.*--replace"):
        export([first, second], out, SERVING)
    assert sorted(one.name for one in out.iterdir()) == ["b"]
    real = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if target == out / "b" and "new" in self.parts:
            raise OSError(5, "the disk is broken")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(CloudError, match="the disk is broken"):
        export([first, second], out, SERVING, replace=True)
    assert {one.name for one in out.iterdir()} == {"b"}
    assert (out / "b" / "mine.txt").read_text() == "stays"
    monkeypatch.undo()
    export([first, second], out, Serving(instances=2), replace=True)
    assert sorted(one.name for one in out.iterdir()) == ["a", "b"]
    assert not (out / "b" / "mine.txt").exists()
    assert config_of(out / "b").instance_group[0].count == 2
    same = tmp_path / "deeper" / "A.onnx"
    same.parent.mkdir()
    shutil.copy(first.path, same)
    with pytest.raises(CloudError, match="Two of the models would be called"):
        export([first, Given(same)], tmp_path / "two", SERVING)


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triton.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 5, 5))
    with pytest.raises(DiskFull, match="no room"):
        export([Given(tiny_onnx.yolox(tmp_path / "a.onnx"))], tmp_path / "out", SERVING)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_archive_has_the_model_at_its_root_and_is_the_same_each_time(tmp_path: Path) -> None:
    model = Given(tiny_onnx.yolox(tmp_path / "a.onnx"))
    made = [export([model], tmp_path / name, SERVING, archives=True)[0].path for name in ("x", "y")]
    assert [path.name for path in made] == ["a.tar.gz"] * 2
    assert made[0].read_bytes() == made[1].read_bytes()
    with tarfile.open(made[0]) as tar:
        members = tar.getmembers()
    assert {one.name for one in members} >= {"a", "a/config.pbtxt", "a/1", "a/1/model.onnx", "a/NOTICE"}
    assert {(one.uid, one.mtime, one.mode) for one in members} == {(0, 0, 0o644), (0, 0, 0o755)}
    assert list((tmp_path / "x").iterdir()) == [made[0]]


def test_names_and_numbers_are_written_so_that_triton_reads_them() -> None:
    odd = 'a"b\\c\nü:0'
    facts = ModelFacts(
        (TensorFacts(odd, (None, 3, None), "u8"), TensorFacts("second", (None, 2), "boolean")),
        (TensorFacts("count", (None,), "f32"), TensorFacts("words", (None, 1), "string")),
    )
    text = config_text("m", "openvino", facts, Serving(batch=6, delay_us=7), {"k": odd}, batches=True)
    config = text_format.Parse(text, model_config_pb2.ModelConfig())
    assert (config.input[0].name, config.parameters["k"].string_value) == (odd, odd)
    assert list(config.input[0].dims) == [3, -1]
    assert config.input[1].data_type == model_config_pb2.TYPE_BOOL
    assert (list(config.output[0].dims), list(config.output[0].reshape.shape)) == ([1], [])
    assert config.output[0].HasField("reshape")
    assert config.output[1].data_type == model_config_pb2.TYPE_STRING
    assert list(config.dynamic_batching.preferred_batch_size) == [3, 6] == preferred(6)
    assert preferred(1) == [1]
    bad = ModelFacts((TensorFacts("x", (1,), "u4"),), ())
    with pytest.raises(CloudError, match="u4"):
        config_text("m", "openvino", bad, SERVING, {}, batches=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "JSON"),
        ("[]", "own manifest"),
        ('{"name": "x"}', "family"),
        ('{"name": "x", "family": "of 2030"}', "2030"),
    ],
)
def test_a_manifest_that_came_with_a_model_is_not_trusted_blindly(text: str, words: str) -> None:
    with pytest.raises(NotThisFamily, match=words):
        recognise(ModelFacts((), (), {MANIFEST_KEY: text}), "x")


@pytest.mark.shared
def test_the_command(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from console.cli.cloud import app

    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    monkeypatch.setenv("SIGHTDESK_HOME", str(tmp_path / "home"))
    run = CliRunner().invoke(
        app, ["export", "yolox_nano", "person-vehicle-bike-detection-2002", "--to", str(tmp_path / "out"), "--json"]
    )
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert [(one["name"], one["backend"], one["max_batch_size"]) for one in told["models"]] == [
        ("yolox_nano", "onnxruntime", 0), ("person-vehicle-bike-detection-2002", "openvino", 0)
    ]  # fmt: skip
    assert told["models"][0]["inputs"] == [{"name": "images", "shape": [1, 3, 416, 416], "dtype": "f32"}]
    run = CliRunner().invoke(app, ["export", "yolox_nano", "--to", str(tmp_path / "out"), "--for", "sagemaker"])
    assert run.exit_code == 0, run.output
    assert (tmp_path / "out" / "yolox_nano.tar.gz").is_file()
