"""Exports: whole or not there, resumed, cancelled, and only what is known whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from console.datasets import exporting
from console.datasets.convert import convert
from console.datasets.folders import Cancelled
from console.datasets.formats import known
from console.datasets.formats.notes import FormatError, Notes
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.errors import SightdeskError, UsageError
from console.settings.home import Home
from tests.console.format_sets import FORMATS, pictures, same, some_set


@pytest.fixture
def where(tmp_path: Path):
    made = pictures(tmp_path / "home", some_set().samples)
    return lambda sample: made[sample.picture]


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_is_read_as_the_set_it_was(name: str, where, tmp_path: Path) -> None:
    dataset = some_set(splits=True)
    done = exporting.write(dataset, name, tmp_path / "out", where)
    assert (done.pictures, done.negatives, done.boxes, done.left_out, done.missing) == (4, 1, 12, 0, 0)
    _kind, again = known.read(tmp_path / "out")
    named = {sample.id: sample for sample in again.samples}
    assert [sample.picture.endswith(f"{sample.id}.jpg") for sample in again.samples] == [True] * 4
    back = [replace(named[sample.id], picture=sample.picture) for sample in dataset.samples]
    same(dataset, replace(again, samples=back))
    for sample in dataset.samples:
        assert (again.folder / named[sample.id].picture).read_bytes() == where(sample).read_bytes()
    assert not (tmp_path / "out.partial").exists()


def test_only_what_is_known_whole_is_exported_unless_asked_for(where, tmp_path: Path) -> None:
    dataset = some_set(partial=True)
    done = exporting.write(dataset, "coco", tmp_path / "whole", where)
    assert (done.pictures, done.left_out, done.partial) == (3, 1, 0)
    done = exporting.write(dataset, "coco", tmp_path / "all", where, partial=True)
    assert (done.pictures, done.left_out, done.partial) == (4, 0, 1)
    head = json.loads((tmp_path / "all" / "sightdesk.json").read_text(encoding="utf-8"))
    assert "background" in head["note"]
    _kind, again = known.read(tmp_path / "all")
    assert [sample.exhaustive for sample in again.samples] == [True, True, True, False]
    with pytest.raises(FormatError, match="known whole"):
        exporting.write(replace(dataset, samples=dataset.samples[3:]), "coco", tmp_path / "none", where)
    assert not (tmp_path / "none").exists()


def test_a_stopped_export_goes_on_and_takes_over_what_is_there(where, tmp_path: Path) -> None:
    dataset, told = some_set(), []
    with pytest.raises(Cancelled, match="2 of 4 pictures are ready"):
        exporting.write(
            dataset, "yolo", tmp_path / "out", where, lambda *words: told.append(words), lambda: len(told) > 1
        )
    assert not (tmp_path / "out").exists()
    damaged = tmp_path / "out.partial" / "images" / f"{dataset.samples[0].id}.jpg"
    damaged.write_bytes(b"half")
    (tmp_path / "out.partial" / "images" / "stranger.jpg").write_bytes(b"of another export")
    done = exporting.write(dataset, "yolo", tmp_path / "out", where)
    assert (done.taken_over, done.complete_before) == (1, False)
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == sorted(
        f"{sample.id}.jpg" for sample in dataset.samples
    )
    assert exporting.write(dataset, "yolo", tmp_path / "out", where).complete_before


def test_what_is_there_is_not_replaced(where, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something already"):
        exporting.write(some_set(), "coco", tmp_path / "out", where)
    exporting.write(some_set(), "coco", tmp_path / "other", where)
    with pytest.raises(UsageError, match="holds something already"):
        exporting.write(some_set(), "voc", tmp_path / "other", where)
    (tmp_path / "third.partial").mkdir()
    (tmp_path / "third.partial" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"third\.partial"):
        exporting.write(some_set(), "coco", tmp_path / "third", where)
    assert (tmp_path / "out" / "mine.txt").read_text() == (tmp_path / "third.partial" / "mine.txt").read_text()


def test_boxes_are_scaled_to_a_picture_that_was_kept_smaller(where, tmp_path: Path) -> None:
    sample = some_set().samples[0]
    large = replace(sample, size=(640, 480), annotations=(Annotation((20, 40, 640, 480), "person"),))
    exporting.write(Dataset("s", ("person",), [large]), "coco", tmp_path / "out", where)
    _kind, again = known.read(tmp_path / "out")
    assert again.samples[0].size == (320, 240)
    assert again.samples[0].annotations[0].xyxy == (10, 20, 320, 240)


def test_a_picture_that_is_gone_is_counted(where, tmp_path: Path) -> None:
    dataset, notes = some_set(), Notes()
    where(dataset.samples[1]).unlink()
    done = exporting.write(dataset, "coco", tmp_path / "out", where, notes=notes)
    assert (done.pictures, done.missing) == (3, 1)
    assert "leer.jpg" in notes.as_json()[0]["first"][0]


def test_names_that_differ_in_case_alone_or_hold_anything_get_names_of_their_own(tmp_path: Path) -> None:
    samples = [Sample(own, f"{n}.jpg", (9, 9), ()) for n, own in enumerate(("a", "A", "../b", "CON?", "é", "a b"))]
    made = pictures(tmp_path / "home", samples)
    for name in ("yolo", "voc"):
        done = exporting.write(Dataset("s", ("x",), samples), name, tmp_path / name, lambda s: made[s.picture])
        assert done.pictures == len(samples)
        _kind, again = known.read(tmp_path / name)
        assert {sample.id for sample in again.samples} == {sample.id for sample in samples}


def test_a_picture_that_is_not_the_homes_is_refused(tmp_path: Path) -> None:
    home = Home.look(tmp_path)
    for name in ("../x.jpg", "sightdesk.db", "", "/etc/passwd"):
        with pytest.raises(FormatError, match="no picture of this home"):
            exporting.home_pictures(home)(Sample("a", name, (9, 9), ()))


@pytest.mark.parametrize("name", FORMATS)
def test_a_conversion_leaves_the_pictures_where_they_are(name: str, tmp_path: Path) -> None:
    dataset = some_set(splits=True)
    pictures(tmp_path / "in" / "images", dataset.samples)
    known.write(dataset, "coco", tmp_path / "in")
    done = convert(tmp_path / "in", tmp_path / "out", name)
    assert (done.came, done.went, done.boxes) == ("coco", name, 12)
    assert done.pictures == tmp_path / "in" / "images"
    assert not list((tmp_path / "out").rglob("*.jpg"))
    _kind, again = known.read(tmp_path / "out", pictures=done.pictures)
    same(dataset, again)
    with pytest.raises(UsageError):
        convert(tmp_path / "in", tmp_path / "out", name)


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.json").write_text('{"images": [{]}')
    with pytest.raises(FormatError, match="damaged"):
        convert(tmp_path / "in", tmp_path / "out", "yolo")
    twins = [Sample("a", "a.jpg", (9, 9), ()), Sample("b", "a.png", (9, 9), ())]
    (tmp_path / "twins").mkdir()
    known.write(Dataset("s", ("x",), twins), "coco", tmp_path / "twins")
    with pytest.raises(FormatError, match="would share"):
        convert(tmp_path / "twins", tmp_path / "out", "yolo")
    with pytest.raises(Cancelled):
        convert(tmp_path / "twins", tmp_path / "out", "coco", stopped=lambda: True)
    assert not list(tmp_path.glob("out*"))


def test_a_disk_that_refuses_is_said(where, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SightdeskError, match="No space left"):
        exporting.write(some_set(), "coco", tmp_path / "out", where)
    assert not (tmp_path / "out").exists()


def test_the_pictures_for_these_tests_are_pictures(where) -> None:
    assert cv2.imread(str(where(some_set().samples[0]))).shape == (240, 320, 3)
