"""`sightdesk dataset`: one JSON object, exit status, words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import app as command_line
from console.cli import dataset as command
from console.datasets.formats import known
from tests.conftest import SHARED
from tests.console.format_sets import FORMATS, pictures, same, some_set


@pytest.fixture(autouse=True)
def registered():
    if not any(one.name == "dataset" for one in command_line.app.registered_groups):
        command_line.app.add_typer(command.app, name="dataset")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def ran(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sightdesk", "dataset", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return ran


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    dataset = some_set()
    pictures(tmp_path / "coco" / "images", dataset.samples)
    known.write(dataset, "coco", tmp_path / "coco")
    return tmp_path / "coco"


def test_inspect_says_what_is_in_a_set(run, coco: Path) -> None:
    (coco / "images" / "leer.jpg").unlink()
    code, out, _err = run("inspect", coco, "--json")
    told = json.loads(out)
    assert code == 0
    assert {key: told[key] for key in ("format", "name", "pictures", "boxes", "negatives", "partial", "missing")} == {
        "format": "coco", "name": "Tor 7, Nord", "pictures": 4, "boxes": 12, "negatives": 1, "partial": 0, "missing": 1
    }  # fmt: skip
    assert [one["label"] for one in told["classes"]] == list(some_set().labels)
    assert "leer.jpg" in told["problems"][0]["first"][0]
    code, out, err = run("inspect", coco)
    assert (code, "4 pictures, 12 boxes, 1 negatives" in out, "a picture is missing" in err) == (0, True, True)


def test_wrong_use_is_2_and_a_damaged_set_1(run, coco: Path, tmp_path: Path) -> None:
    assert run("inspect", coco, "--format", "tiff")[0] == 2
    code, out, err = run("inspect", tmp_path / "nowhere", "--json")
    assert (code, "no dataset" in json.loads(out)["error"]["what"]) == (1, True)
    (tmp_path / "x.json").write_text('{"images": [')
    code, _out, err = run("inspect", tmp_path / "x.json")
    assert (code, "is damaged at character" in err, "Traceback" in err) == (1, True, False)
    for words in (["--format", "coco"], ["--format", "coco", "--reviewed", "--gold", "a"],
                  ["--format", "coco", "--reviewed", "--split", "test"]):  # fmt: skip
        assert run("export", tmp_path / "out", *words)[0] == 2
    assert run("import", coco, "--name", "Not so")[0] == 2
    assert run("convert", coco, coco, "--to", "yolo")[0] == 2


def test_a_set_comes_in_and_goes_out_again(run, coco: Path, tmp_path: Path, own_home: Path) -> None:
    words = ("import", coco, "--name", "street", "--published-as", "CC0, example.org", "--home", own_home, "--json")
    code, out, _err = run(*words)
    assert (code, json.loads(out)["added"]) == (0, 4)
    code, out, _err = run(*words)
    assert (code, json.loads(out)["added"], json.loads(out)["there"]) == (0, 0, 4)
    assert "import uncovered" in (own_home / "audit.jsonl").read_text(encoding="utf-8")
    code, out, _err = run("export", tmp_path / "out", "--reviewed", "--format", "cvat", "--home", own_home, "--json")
    told = json.loads(out)
    assert (code, told["pictures"], told["boxes"], told["negatives"]) == (0, 4, 12, 1)
    _kind, again = known.read(tmp_path / "out")
    assert len(again.samples) == 4
    code, _out, err = run("export", tmp_path / "gold", "--gold", "none", "--format", "coco", "--home", own_home)
    assert (code, "none" in err, (tmp_path / "gold").exists()) == (1, True, False)


def test_convert_says_where_the_pictures_stay(run, coco: Path, tmp_path: Path) -> None:
    code, out, _err = run("convert", coco, tmp_path / "out", "--to", "YOLO", "--json")
    told = json.loads(out)
    assert (code, told["from"], told["to"], told["boxes"]) == (0, "coco", "yolo", 12)
    assert told["pictures_in"] == str(coco / "images")


@pytest.mark.shared
@pytest.mark.parametrize("name", FORMATS)
def test_real_pictures_have_as_many_boxes_in_every_format(run, name: str, tmp_path: Path) -> None:
    source = SHARED / "datasets" / "coco_cc"
    code, out, _err = run("convert", source, tmp_path / "out", "--to", name, "--json")
    told = json.loads(out)
    assert (code, told["pictures"], told["boxes"], told["classes"], told["problems"]) == (0, 33, 140, 80, [])
    _kind, before = known.read(source)
    _kind, after = known.read(tmp_path / "out", pictures=Path(told["pictures_in"]))
    same(before, after)


@pytest.mark.shared
def test_a_real_voc_set_is_read(run) -> None:
    code, out, _err = run("inspect", SHARED / "datasets" / "plates_mit", "--json")
    told = json.loads(out)
    assert (code, told["format"], told["pictures"], told["boxes"], told["missing"]) == (0, "voc", 12, 17, 0)


def test_the_command_is_listed_without_loading_what_it_needs() -> None:
    code = (
        "import sys; from console.cli import dataset; "
        "print([m for m in ('cv2', 'numpy', 'openvino', 'sqlite_utils', 'ruamel.yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
