"""The built-in catalogue is sound, and a wrong one is refused."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from console.catalog import Catalog
from console.catalog.book import built_in
from console.catalog.entries import Book, Entry
from console.errors import CatalogError
from models.decoders import FAMILIES
from models.labels import COCO80
from tests.console.catalog_server import CONTENT, book, file_of

ENTRIES = built_in().entries


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_every_entry_says_what_it_is(entry: Entry):
    assert entry.licence
    assert entry.origin
    assert entry.good_for
    assert entry.title
    assert entry.files
    assert all(file.sources for file in entry.files)
    assert all(len(file.sha256) == 64 and file.size > 0 for file in entry.files)
    if entry.licence.startswith("CC-BY"):
        assert "CC BY 4.0" in entry.attribution


def test_what_the_demo_needs_is_there():
    names = {entry.name for entry in ENTRIES}
    assert {"yolox_nano", "person-ssdlite", "centerface", "vtest.avi", "bikes.mp4"} <= names
    assert built_in().demo.models[:2] == ("yolox_nano", "person-ssdlite")
    assert built_in().demo.clips[:2] == ("vtest.avi", "bikes.mp4")


def test_manifests_name_families_that_exist():
    manifests = {m.name: m.manifest for m in built_in().models if m.manifest}
    assert {manifest.family for manifest in manifests.values()} <= set(FAMILIES)
    assert manifests["yolox_nano"].labels == COCO80
    assert manifests["vehicle-license-plate-detection-barrier-0106"].label(2) == "plate"
    assert all(manifest.name == name for name, manifest in manifests.items())


@pytest.mark.shared
def test_sums_are_those_of_the_measuring_data(shared: Path):
    for file in (file for entry in ENTRIES for file in entry.files):
        for path in shared.glob(f"*/{file.name}"):
            assert path.stat().st_size == file.size
            assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"demo": {"models": ["nothing"], "clips": []}}, "the demo names"),
        ({"surprise": 1}, "surprise"),
        ({"models": [{**book({"url": "http://h/x"}).models[0].model_dump(), "licence": ""}]}, "licence"),
    ],
)
def test_a_wrong_catalogue_is_refused(change: dict, says: str):
    good = book({"url": "http://h/x"}).model_dump()
    with pytest.raises(ValidationError, match=says):
        Book.model_validate({**good, **change})


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "a\\b", "con\n"])
def test_a_file_name_stays_in_its_folder(name: str):
    with pytest.raises(ValidationError):
        book({"url": "http://h/x"}, more=(file_of(name, CONTENT, {"url": "http://h/x"}),))


def test_files_that_differ_only_in_case_are_refused():
    with pytest.raises(ValidationError, match="named twice"):
        book({"url": "http://h/x"}, more=(file_of("THING.bin", CONTENT, {"url": "http://h/x"}),))


def test_unknown_names_are_answered_with_near_ones(tmp_path: Path):
    catalog = Catalog(tmp_path, tmp_path, mirrors=())
    with pytest.raises(CatalogError) as caught:
        catalog.entry("yolox_nan")
    assert "yolox_nano" in caught.value.hint
    assert catalog.entry("centerface.onnx").name == "centerface"
    with pytest.raises(CatalogError, match="clip, not a model"):
        catalog.model("vtest.avi")


def test_looking_imports_no_network():
    code = (
        "import sys; from pathlib import Path; from console.catalog import Catalog;"
        "c = Catalog(Path('/none'), Path('/none'), mirrors=()); [c.find(e.name) for e in c.book.entries];"
        "print([m for m in ('httpx', 'rich', 'numpy', 'filelock', 'ssl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
