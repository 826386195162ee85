"""Imports: redacted before anything is kept, once, whole, and gone on with where they were stopped."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.datasets.formats.notes import Notes
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.datasets.importing import BATCH, Terms, bring_in
from console.datasets.reviewed import reviewed
from console.errors import SightdeskError, UsageError
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.settings.home import Home
from console.store.store import Store
from models.detections import Detections
from models.policy import Cover, PublishedFootage
from tests.console.format_sets import pictures, some_set

PUBLISHED = PublishedFootage(published_as="CC0, example.org", purpose="a test")
COVER = Cover(faces=False, heads="always", plates="no", classes=("person",), purpose="a test")


@pytest.fixture
def home(own_home: Path):
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home):
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    made = some_set()
    pictures(tmp_path / "set", made.samples)
    return replace(made, folder=tmp_path / "set")


def run(dataset: Dataset, home: Home, store: Store, terms: Terms, **how):
    notes = Notes()
    done = bring_in(dataset, store, PictureWriter(home, store), Redactor(), terms, notes=notes, **how)
    return done, notes.as_json()


def items(store: Store) -> list[sqlite3.Row]:
    with store.read() as db:
        return db.execute(
            "SELECT i.*, v.kind, v.role, v.who, v.boxes AS truth, p.path, p.policy, p.purpose AS kept_for "
            "FROM review_items i LEFT JOIN verdicts v ON v.id = i.verdict_id "
            "LEFT JOIN pictures p ON p.id = i.picture_id ORDER BY i.id"
        ).fetchall()


def test_a_published_set_comes_in_as_done_items_and_goes_out_the_same(dataset, home, store) -> None:
    done, problems = run(dataset, home, store, Terms("street", PUBLISHED, who="Ann"))
    assert (done.added, done.there, done.left_out, done.boxes, done.open) == (4, 0, 0, 12, 0)
    assert not problems
    rows = items(store)
    for row, sample in zip(rows, dataset.samples, strict=True):
        assert (row["state"], row["kind"], row["role"], row["who"]) == ("done", "edit", "import", "Ann")
        assert (row["camera_id"], row["camera_name"], row["reason"]) == ("import-street", "Tor 7, Nord", "import")
        assert (row["policy"], len(row["tracking_id"])) == ("published footage", 36)
        assert row["kept_for"] == f"review {row['tracking_id']}: a test"
        assert [box[4] for box in json.loads(row["truth"])] == [box.label for box in sample.annotations]
        assert json.loads(row["why"])["id"] == sample.id
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM holds").fetchone()[0] == 0
        out = reviewed(db, home)
    assert [len(sample.annotations) for sample in out.samples] == [2, 0, 1, 9]
    assert all(sample.exhaustive and (home.path / sample.picture).is_file() for sample in out.samples)
    assert out.samples[0].annotations[0].xyxy == pytest.approx(dataset.samples[0].annotations[0].xyxy, abs=0.01)


def test_the_same_set_again_adds_nothing_and_another_name_does(dataset, home, store) -> None:
    run(dataset, home, store, Terms("street", PUBLISHED))
    before = sorted(path.name for path in home.pictures.rglob("*.jpg"))
    done, _problems = run(dataset, home, store, Terms("street", PUBLISHED))
    assert (done.added, done.there) == (0, 4)
    assert sorted(path.name for path in home.pictures.rglob("*.jpg")) == before
    done, _problems = run(dataset, home, store, Terms("yard", PUBLISHED))
    assert (done.added, done.there) == (4, 0)


def test_what_is_covered_is_covered_in_the_file(dataset, home, store) -> None:
    done, problems = run(dataset, home, store, Terms("street", COVER))
    assert done.added == 4, problems
    row = items(store)[0]
    kept = cv2.imread(str(home.path / row["path"]))
    assert kept[30:210, 20:100].std() < 3  # JPEG rings a little
    plain = cv2.imread(str(dataset.folder / dataset.samples[0].picture))
    assert plain[30:210, 20:100].std() > 20


def test_persons_that_are_found_besides_are_covered_too(dataset, home, store) -> None:
    def look(_picture):
        return Detections.of([[120, 60, 220, 230]], [0.9], [1]), ("car", "person")

    run(replace(dataset, samples=dataset.samples[:1]), home, store, Terms("street", COVER, look=look))
    kept = cv2.imread(str(home.path / items(store)[0]["path"]))
    assert kept[70:220, 130:210].std() < 3


def test_a_picture_that_can_not_be_covered_for_certain_is_left_out(dataset, home, store) -> None:
    policy = COVER.model_copy(update={"classes": ("tram",)})
    done, problems = run(dataset, home, store, Terms("street", policy))
    assert (done.added, done.left_out) == (0, 4)
    assert "not certain" in problems[0]["what"]
    assert not list(home.pictures.rglob("*.jpg"))


def test_what_nobody_judged_whole_is_a_question_and_is_refused_without_a_model(dataset, home, store) -> None:
    guessed = replace(dataset, samples=[replace(sample, exhaustive=False) for sample in dataset.samples])
    done, _problems = run(guessed, home, store, Terms("street", PUBLISHED))
    assert (done.added, done.open) == (4, 4)
    assert {(row["state"], row["kind"]) for row in items(store)} == {("open", None)}
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM holds WHERE why = 'review'").fetchone()[0] == 4
    done, _problems = run(guessed, home, store, Terms("yard", COVER))
    assert (done.added, done.left_out) == (0, 4)


def test_a_stopped_import_goes_on(dataset, home, store) -> None:
    told: list[object] = []
    done, _problems = run(
        dataset,
        home,
        store,
        Terms("street", PUBLISHED),
        told=lambda *words: told.append(words),
        stopped=lambda: len(told) > 1,
    )
    assert (done.added, done.stopped) == (2, True)
    done, _problems = run(dataset, home, store, Terms("street", PUBLISHED))
    assert (done.added, done.there, done.stopped) == (2, 2, False)


def test_a_cut_between_picture_and_item_is_mended_by_the_next_import(dataset, home, store, monkeypatch) -> None:
    write = store.write

    def refuse(job, wait_s: float = 0.0):
        if job.__qualname__.startswith("_Work.flush"):
            raise SightdeskError("cut off")
        return write(job, wait_s=wait_s)

    assert len(dataset.samples) < BATCH
    monkeypatch.setattr(store, "write", refuse)
    with pytest.raises(SightdeskError, match="cut off"):
        run(dataset, home, store, Terms("street", PUBLISHED))
    assert not items(store)
    before = sorted(home.pictures.rglob("*.jpg"))
    assert len(before) == 4
    monkeypatch.undo()
    done, _problems = run(dataset, home, store, Terms("street", PUBLISHED))
    assert done.added == 4
    assert sorted(home.pictures.rglob("*.jpg")) == before


def test_what_is_no_picture_or_another_one_is_left_out_and_said(dataset, home, store) -> None:
    folder = dataset.folder
    (folder / "first gate.jpg").write_bytes(b"\xff\xd8 not a picture")
    (folder / "leer.jpg").unlink()
    (folder / "写真.jpg").write_bytes(cv2.imencode(".jpg", np.zeros((48, 65, 3), np.uint8))[1].tobytes())
    twin = Sample("twin", "twin.jpg", (640, 480), ())
    (folder / "twin.jpg").write_bytes((folder / "árvíz.jpg").read_bytes())
    out = Sample("out", "out.jpg", (640, 480), ())
    (folder.parent / "out.jpg").write_bytes((folder / "árvíz.jpg").read_bytes())
    (folder / "out.jpg").symlink_to(folder.parent / "out.jpg")
    done, problems = run(
        replace(dataset, samples=[*dataset.samples, twin, out]), home, store, Terms("street", PUBLISHED)
    )
    assert (done.added, done.left_out) == (1, 5)
    words = " ".join(one["what"] for one in problems)
    for part in ("no picture, or damaged", "is missing", "another size", "same content", "leads out of"):
        assert part in words


def test_pictures_are_kept_no_wider_than_the_settings_say(dataset, home, store) -> None:
    run(dataset, home, store, Terms("street", PUBLISHED, width=320))
    row = items(store)[3]
    assert (row["width"], row["height"]) == (640, 480)
    assert cv2.imread(str(home.path / row["path"])).shape == (240, 320, 3)
    with store.read() as db:
        out = reviewed(db, home)
    assert out.samples[3].size == (320, 240)
    assert out.samples[3].annotations[1].xyxy == pytest.approx((5, 2.5, 20, 22.5))


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "ä", "a" * 41])
def test_a_name_that_can_not_be_a_cameras_is_refused(name) -> None:
    with pytest.raises(UsageError):
        Terms(name, PUBLISHED)


def test_boxes_of_a_class_that_is_not_listed_do_not_hinder(home, store, tmp_path) -> None:
    sample = Sample("a", "a.jpg", (64, 48), (Annotation((1, 1, 9, 9), "person"),))
    pictures(tmp_path / "set", [sample])
    done, _problems = run(Dataset("s", ("person",), [sample], tmp_path / "set"), home, store, Terms("s", COVER))
    assert done.added == 1
