"""What the demo takes: the best that can be had, and the words for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.catalog import Catalog, PullCancelled
from console.catalog.entries import Book
from console.errors import CatalogError
from tests.console.catalog_server import CONTENT, Server, file_of, serving, status, whole


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def two(url: str) -> Book:
    """A good model and a middling one, each with its own file at the server; no clips."""
    entries = [
        {
            "name": name, "title": "T", "good_for": good_for, "licence": "MIT", "origin": "here",
            "files": [file_of(f"{name}.bin", CONTENT, {"url": f"{url}/{name}"})],
        }
        for name, good_for in (("good", "everything"), ("middling", "people only"))
    ]  # fmt: skip
    demo = {"models": ["good", "middling"], "clips": []}
    return Book.model_validate({"demo": demo, "models": entries, "clips": []})


@pytest.fixture
def catalog(server: Server, tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "m", tmp_path / "c", mirrors=(), book=two(server.url))


def test_the_best_when_it_can_be_had(catalog: Catalog):
    choice = catalog.best_model()
    assert choice.entry.name == "good"
    assert choice.path == catalog.find("good")
    assert choice.why == "Took good (everything) from upstream at 127.0.0.1."


def test_the_next_when_it_can_not_and_why(catalog: Catalog, server: Server):
    server.steps = [status(404), whole()]
    choice = catalog.best_model()
    assert choice.entry.name == "middling"
    assert choice.why == (
        "good (everything) could not be had: upstream at 127.0.0.1: it answered 404 Not Found. "
        "Took middling (people only) from upstream at 127.0.0.1."
    )


def test_what_is_here_needs_nobody(catalog: Catalog, server: Server):
    catalog.pull("good")
    server.steps = [status(500)]
    assert catalog.best_model().why == "Took good (everything) from upstream at 127.0.0.1."
    assert len(server.asked) == 1


def test_nothing_can_be_had(catalog: Catalog, server: Server):
    server.steps = [status(404)]
    with pytest.raises(CatalogError) as caught:
        catalog.best_model()
    assert "None of good, middling is here." in caught.value.what
    assert caught.value.what.count("404") == 2
    assert "SIGHTDESK_MODEL_PATH" in caught.value.hint


def test_cancelling_does_not_mean_the_next_best(catalog: Catalog, server: Server):
    server.steps = [whole(pause_s=0.05)]
    cancel = threading.Event()
    with pytest.raises(PullCancelled):
        catalog.best_model(lambda *_: cancel.set(), cancel)
    assert {path for path, _ in server.asked} == {"/weights.bin/good"}


@pytest.mark.shared
def test_the_built_in_choice_from_a_mirror(shared: Path, tmp_path: Path):
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=[shared])
    model, clip = catalog.best_model(), catalog.best_clip()
    assert (model.entry.name, clip.entry.name) == ("yolox_nano", "vtest.avi")
    assert model.path == shared / "models" / "yolox_nano.onnx"
    assert f"from the mirror {shared / 'media'}" in clip.why
    both = catalog.held("person-vehicle-bike-detection-2002")
    assert both is not None
    assert both.path.with_suffix(".bin").is_file()
