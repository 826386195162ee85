"""Every format as its owner's own reader sees it."""

import json
from dataclasses import replace

import pytest

from console.datasets.formats import known
from console.datasets.formats.notes import Notes
from tests.console.format_sets import pictures, some_set
from tests.servers import format_readers

pytestmark = [pytest.mark.services, pytest.mark.soak, pytest.mark.timeout(500)]
OWNERS = [
    ("coco", "pycocotools", {}),
    ("coco", "supervision", {"kind": "coco"}),
    ("coco", "datumaro", {"kind": "coco_instances"}),
    ("yolo", "supervision", {"kind": "yolo"}),
    ("yolo", "datumaro", {"kind": "yolo"}),
    ("voc", "supervision", {"kind": "voc"}),
    ("voc", "datumaro", {"kind": "voc_detection"}),
    ("datumaro", "datumaro", {"kind": "datumaro"}),
    ("cvat", "datumaro", {"kind": "cvat"}),
    ("labelstudio", "labelstudio", {}),
]
OWN_ORDER = {("voc", "supervision")}
"""Readers that number classes as they meet them."""


@pytest.fixture(autouse=True)
def readers():
    if why := format_readers.why_not():
        pytest.skip(why)


@pytest.mark.parametrize(("name", "reader", "how"), OWNERS, ids=lambda value: value if isinstance(value, str) else "")
def test_an_owners_reader_sees_what_was_written(name, reader, how, tmp_path):
    dataset = some_set()
    kind = known.FORMATS[name]
    folder = tmp_path / "set"
    pictures(folder / kind.pictures, dataset.samples)
    known.write(dataset, name, folder)
    found = format_readers.seen(reader, folder, **how)
    if (name, reader) in OWN_ORDER:
        assert set(found["labels"]) == set(dataset.labels)
    else:
        assert tuple(label for label in found["labels"] if label != "background") == dataset.labels
    expected = {sample.picture: sample.annotations for sample in dataset.samples}
    empty = {picture for picture, boxes in expected.items() if not boxes}
    assert set(found["pictures"]) | (empty if reader == "labelstudio" else set()) == set(expected)
    for picture, rows in found["pictures"].items():  # in the reader's own order
        boxes = sorted(expected[picture], key=lambda box: dataset.labels.index(box.label))
        rows.sort(key=lambda row: dataset.labels.index(row[4]))
        assert [row[4] for row in rows] == [box.label for box in boxes]
        for row, box in zip(rows, boxes, strict=True):
            assert max(abs(a - b) for a, b in zip(row[:4], box.xyxy, strict=True)) <= 0.5


@pytest.mark.parametrize(("name", "how"), [("coco", "coco_instances"), ("datumaro", "datumaro"), ("cvat", "cvat"),
                                           ("voc", "voc_detection"), ("yolo", "yolo")])  # fmt: skip
def test_splits_are_seen_by_datumaro(name, how, tmp_path):
    dataset = some_set(splits=True)
    kind = known.FORMATS[name]
    if kind.split_folders:
        dataset = replace(dataset, samples=[replace(s, picture=f"{s.split}/{s.picture}") for s in dataset.samples])
    pictures(tmp_path / kind.pictures, dataset.samples)
    known.write(dataset, name, tmp_path)
    found = format_readers.seen("datumaro", tmp_path, kind=how)
    assert found["subsets"] == ["test", "train", "val"]
    assert sum(map(len, found["pictures"].values())) == sum(len(s.annotations) for s in dataset.samples)


def test_labelstudio_keeps_the_tasks_without_boxes(tmp_path):
    dataset = some_set()
    known.write(dataset, "labelstudio", tmp_path)
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert [len(task["annotations"][0]["result"]) for task in tasks] == [len(s.annotations) for s in dataset.samples]


@pytest.mark.parametrize(("tool", "name"), [
    ("datumaro coco_instances", "coco"), ("datumaro yolo_ultralytics", "yolo"), ("datumaro voc_detection", "voc"),
    ("datumaro datumaro", "datumaro"), ("datumaro cvat", "cvat"), ("supervision yolo", "yolo"),
    ("supervision voc", "voc"), ("supervision coco", "coco"), ("labelstudio annotations", "labelstudio"),
    ("labelstudio predictions", "labelstudio"),
])  # fmt: skip
def test_what_an_owners_tool_writes_is_read(tool, name, tmp_path):
    dataset = some_set(splits=tool == "datumaro yolo_ultralytics")  # which takes no set without
    pictures(tmp_path / "coco" / "images", dataset.samples)
    known.write(dataset, "coco", tmp_path / "coco")
    format_readers.seen("write", tmp_path / "coco", kind=tool, out=str(tmp_path / "out"))
    notes = Notes()
    beside = tmp_path / "coco" / "images" if name == "labelstudio" else None
    kind, found = known.read(tmp_path / "out", pictures=beside, notes=notes)
    assert kind.name == name
    assert {box.label for sample in found.samples for box in sample.annotations} <= set(found.labels)
    expected = {sample.picture: sample for sample in dataset.samples}
    assert {sample.picture.rpartition("/")[2] for sample in found.samples} == set(expected)
    slack = 1.5 if tool == "datumaro voc_detection" else 0.51  # it writes VOC without the first pixel's 1
    for sample in found.samples:
        assert (found.folder / sample.picture).is_file(), (notes.as_json(), sample.picture)
        whole = expected[sample.picture.rpartition("/")[2]]
        assert sample.size == whole.size
        assert sample.exhaustive == (tool != "labelstudio predictions")
        rows = sorted((box.label, *box.xyxy) for box in sample.annotations)
        for row, box in zip(rows, sorted((box.label, *box.xyxy) for box in whole.annotations), strict=True):
            assert row[0] == box[0]
            assert max(abs(a - b) for a, b in zip(row[1:], box[1:], strict=True)) <= slack
