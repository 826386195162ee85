"""What the installed program is made of."""

import ast
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest

from backends.openvino import READS
from installer import contents
from tests.conftest import ROOT


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for room in contents.ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield file, ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_nothing_that_is_left_out_is_imported() -> None:
    """Else the installed program lacks it, at the moment an operator needs it."""
    left_out = set(contents.LEFT_OUT) - {"faster_coco_eval"}  # console.datasets measures with it, at a developer's desk
    for file, tree in modules():
        for name in imported(tree):
            parts = name.split(".")
            heads = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
            assert not heads & left_out, f"{file.relative_to(ROOT)} imports {name}"


def test_no_file_is_looked_for_in_the_checkout() -> None:
    """The benches may: they are run from one."""
    for file, tree in modules():
        if "bench" not in file.relative_to(ROOT).parts:
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert "__file__" not in names, f"{file.relative_to(ROOT)}: take data through importlib.resources"


def test_all_of_resources_is_taken() -> None:
    taken = {Path(folder, Path(file).name).as_posix() for file, folder in contents.data()}
    taken = {name for name in taken if name.startswith("resources/")}
    there = {file.relative_to(ROOT).as_posix() for file in (ROOT / "resources").rglob("*") if file.is_file()}
    assert {"resources/catalog.yaml", "resources/migrations/0001_first.sql", "resources/theme.qss"} <= taken
    assert taken == {name for name in there if not name.endswith((".py", ".pyc", ".pot", ".po"))}


def test_every_format_openvino_reads_has_its_reader() -> None:
    names = " ".join(Path(file).name for file, _ in contents.openvino_libraries())
    readers = {"onnx": "onnx", "tf": "tensorflow", "tflite": "tensorflow_lite", "ir": "ir"}
    for kind in READS.values():
        assert f"openvino_{readers[kind]}_frontend" in names
    for plugin in ("intel_cpu", "intel_gpu", "auto", "hetero"):
        assert f"openvino_{plugin}_plugin" in names
    assert "pytorch" not in names


def test_it_knows_the_versions_of_what_it_is_made_of() -> None:
    found = contents.distributions()
    assert {"sightdesk", "numpy", "pyside6", "openvino", "onnxruntime", "pydantic_core", "keyring"} <= set(found)
    assert not {"pip", "pytest", "pyinstaller", "openvino-telemetry"} & set(found)
    assert len(found) > len(requires("sightdesk") or []) - 2


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/translations/qtbase_de.qm", "PySide6/Qt/lib/libQt6Quick.so.6", "PySide6/Qt/qml/QtQuick/qmldir",
        "PySide6\\plugins\\imageformats\\qpdf.dll", "PySide6/Qt/plugins/platforms/libqeglfs.so", "libgtk-3.so.0",
        "openvino/libs/libopenvino_pytorch_frontend.so.2641", "sightdesk-0.1.0.dist-info/direct_url.json",
        "sightdesk-0.1.0.dist-info/RECORD",
    ],
)  # fmt: skip
def test_what_is_not_needed_stays_out(place: str) -> None:
    assert not contents.wanted(place)


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/lib/libQt6Core.so.6", "PySide6/Qt/plugins/platforms/libqxcb.so", "libxcb-cursor.so.0",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so", "PySide6/plugins/platforms/qwindows.dll",
        "PySide6/Qt/plugins/iconengines/libqsvgicon.so", "PySide6/Qt/plugins/imageformats/libqjpeg.so",
        "openvino/libs/libopenvino.so.2641", "numpy-2.4.6.dist-info/METADATA", "av-18.1.0.dist-info/licenses/LICENSE",
        "resources/catalog.yaml", "cv2/cv2.abi3.so",
    ],
)  # fmt: skip
def test_what_is_needed_goes_in(place: str) -> None:
    assert contents.wanted(place)
