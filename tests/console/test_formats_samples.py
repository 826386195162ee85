"""Sets as the formats' owners and much used tools write them, by their documentation."""

import json

import pytest

from console.datasets.formats import known
from console.datasets.formats.notes import Notes
from console.datasets.formats.values import Sample
from tests.console.format_sets import pictures

VOC = """<annotation>
  <folder>VOC2012</folder><filename>2011_003353.jpg</filename>
  <source><database>The VOC2008 Database</database></source>
  <size><width>500</width><height>375</height><depth>3</depth></size>
  <segmented>0</segmented>
  <object>
    <name> person </name><pose>Unspecified</pose><truncated>1</truncated><difficult>0</difficult>
    <bndbox><xmin>45.70000076293945</xmin><ymin>1</ymin><xmax>500</xmax><ymax>375</ymax></bndbox>
    <part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part>
  </object>
</annotation>"""
CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><id>4</id><name>segmentation</name><size>27</size>
<labels><label><name>car</name><attributes><attribute><name>model</name><mutable>False</mutable>
<input_type>select</input_type><default_value>a</default_value><values>a
b</values></attribute></attributes></label>
<label><name>background</name><attributes></attributes></label></labels></task></meta>
<image id="0" name="filename000.jpg" width="1600" height="1200">
<box label="car" source="manual" occluded="1" xtl="100.0" ytl="325.5" xbr="200.25" ybr="395.0" z_order="0">
<attribute name="model">a</attribute></box>
<box label="car" occluded="0" xtl="400" ytl="400" xbr="500" ybr="500" rotation="45.0" z_order="0"></box>
<polygon label="background" occluded="0" points="1000.0,800.0;1500.0,800.0;1500.0,1000.0" z_order="0"></polygon>
</image>
<image id="1" name="filename001.jpg" width="1600" height="1200"></image>
</annotations>"""
REGION = {
    "id": "t5sp3TyXPo", "from_name": "tag", "to_name": "img", "type": "rectanglelabels", "original_width": 600,
    "original_height": 403, "image_rotation": 0,
    "value": {"x": 50, "y": 25, "width": 10, "height": 20, "rotation": 0, "rectanglelabels": ["Moonwalker"]},
}  # fmt: skip
IMAGE = "/data/upload/3/5f9f4b9e-moon%20walk.jpg"
CONFIG = """<View><Image name="img" value="$image"/><RectangleLabels name="tag" toName="img">
<Label value="Planet"/><Label value="Moonwalker" background="blue"/></RectangleLabels></View>"""


def read(path, **how):
    notes = Notes()
    kind, dataset = known.read(path, notes=notes, **how)
    return kind.name, dataset, [one["what"] for one in notes.as_json()]


def test_voc_counts_pixels_from_one(tmp_path):
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations" / "2011_003353.xml").write_text(VOC)
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Main" / "val.txt").write_text("2011_003353\n")
    (tmp_path / "ImageSets" / "Main" / "person_val.txt").write_text("2011_003353  1\n")
    kind, dataset, _problems = read(tmp_path)
    (sample,) = dataset.samples
    (box,) = sample.annotations
    assert (kind, dataset.labels, sample.split, sample.size) == ("voc", ("person",), "val", (500, 375))
    assert box.xyxy == pytest.approx((44.7, 0, 500, 375), abs=1e-4)
    assert box.attributes == {"truncated": True}


def test_cvat_boxes_and_what_is_none(tmp_path):
    (tmp_path / "annotations.xml").write_text(CVAT)
    kind, dataset, problems = read(tmp_path)
    first, second = dataset.samples
    assert (kind, dataset.name, dataset.labels) == ("cvat", "segmentation", ("car", "background"))
    assert first.annotations[0].xyxy == (100, 325.5, 200.25, 395)
    assert first.annotations[0].attributes == {"model": "a", "occluded": True}
    assert first.annotations[1].xyxy == pytest.approx((379.29, 379.29, 520.71, 520.71), abs=0.01)
    assert second.annotations == ()
    assert any("polygon" in what for what in problems)
    assert any("turned" in what for what in problems)


@pytest.mark.parametrize(("task", "boxes", "whole"), [
    ({"annotations": [{"id": 1, "result": [REGION], "was_cancelled": False}]}, 1, True),
    ({"annotations": [{"id": 1, "result": [], "was_cancelled": False}]}, 0, True),
    ({"annotations": [{"id": 1, "result": [REGION], "was_cancelled": True}]}, 0, False),
    ({"annotations": [{"result": []}, {"result": [REGION], "ground_truth": True}, {"result": []}]}, 1, True),
    ({"annotations": [], "predictions": [{"model_version": "m", "score": 0.5, "result": [REGION]}]}, 1, False),
    ({"annotations": []}, 0, False),
])  # fmt: skip
def test_label_studio_tasks(task, boxes, whole, tmp_path):
    (tmp_path / "project-3.json").write_text(json.dumps([{"id": 1, "data": {"image": IMAGE}, **task}]))
    (tmp_path / "config.xml").write_text(CONFIG)
    pictures(tmp_path / "images", [Sample("", "5f9f4b9e-moon walk.jpg", (600, 403), ())])
    kind, dataset, _problems = read(tmp_path)
    (sample,) = dataset.samples
    assert (kind, dataset.labels) == ("labelstudio", ("Planet", "Moonwalker"))
    assert (len(sample.annotations), sample.exhaustive, sample.size) == (boxes, whole, (600, 403))
    assert (dataset.folder / sample.picture).is_file()
    if boxes:
        assert sample.annotations[0].xyxy == pytest.approx((300, 100.75, 360, 181.35))
        assert (sample.annotations[0].score == 0.5) is not whole


def test_label_studio_json_min(tmp_path):
    value = {**REGION["value"], "original_width": 600, "original_height": 403}
    (tmp_path / "min.json").write_text(json.dumps([{"image": IMAGE, "id": 1, "tag": [value], "annotator": 1}]))
    _kind, dataset, problems = read(tmp_path / "min.json")
    assert [box.label for box in dataset.samples[0].annotations] == ["Moonwalker"]
    assert any("alphabet" in what for what in problems)


def yolo(folder, names, told, lists=()):
    made = [Sample("", f"{name}.jpg", (100, 50), ()) for name in ("a", "b", "c")]
    for split, sample in zip(("train", "train", "valid"), made, strict=True):
        pictures(folder / split / "images", [sample])
    (folder / "train" / "labels").mkdir()
    (folder / "train" / "labels" / "a.txt").write_text("1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.1 0.1 0.75\n")
    (folder / "train" / "labels" / "b.txt").write_text("")
    for name, lines in lists:
        (folder / name).write_text("\n".join(lines))
    (folder / "data.yaml").write_text(f"{told}\nnc: 2\nnames: {names}\n")
    return folder


@pytest.mark.parametrize("names", ["['person', 'car']", "{1: car, 0: person}", "[person, car]"])
@pytest.mark.parametrize(("told", "lists"), [
    ("train: train/images\nval: valid/images", ()),
    ("train: ../train/images\nval: ../valid/images", ()),
    ("path: .\ntrain: [train/images]\nval: valid/images", ()),
    ("train: t.txt\nval: v.txt",
     (("t.txt", ["./train/images/a.jpg", "train/images/b.jpg"]), ("v.txt", ["./valid/images/c.jpg"]))),
])  # fmt: skip
def test_yolo_as_ultralytics_and_roboflow_write_it(names, told, lists, tmp_path):
    kind, dataset, problems = read(yolo(tmp_path, names, told, lists))
    assert (kind, dataset.labels) == ("yolo", ("person", "car"))
    a, b, c = dataset.samples
    assert [sample.split for sample in (a, b, c)] == ["train", "train", "val"]
    assert [box.label for box in a.annotations] == ["car", "person"]
    assert a.annotations[0].xyxy == pytest.approx((40, 15, 60, 35))
    assert (a.annotations[1].score, b.annotations, c.annotations) == (0.75, (), ())
    assert problems == ["a picture has no file of boxes: it counts as empty"]


def test_yolo_lists_may_name_whole_paths_inside_the_set(tmp_path):
    lines = [str(tmp_path.resolve() / "train" / "images" / "a.jpg")]
    _kind, dataset, _problems = read(yolo(tmp_path, "[person, car]", "train: t.txt", (("t.txt", lines),)))
    assert [sample.picture for sample in dataset.samples] == ["train/images/a.jpg"]


def test_coco_as_roboflow_lays_it_out(tmp_path):
    for n, split in enumerate(("train", "valid")):
        sample = Sample("", f"{split}.jpg", (64, 48), ())
        pictures(tmp_path / split, [sample])
        content = {
            "images": [{"id": 0, "file_name": sample.picture, "width": 64, "height": 48}],
            "annotations": [{"id": 0, "image_id": 0, "category_id": 1, "bbox": [1, 2, 3 + n, 4], "iscrowd": n}],
            "categories": [{"id": 1, "name": "b", "supercategory": "x"}, {"id": 0, "name": "x"}],
        }
        (tmp_path / split / "_annotations.coco.json").write_text(json.dumps(content))
    kind, dataset, _problems = read(tmp_path)
    assert (kind, dataset.labels) == ("coco", ("x", "b"))
    assert [(s.split, s.picture) for s in dataset.samples] == [("train", "train/train.jpg"), ("val", "valid/valid.jpg")]
    assert dataset.samples[1].annotations[0].attributes == {"iscrowd": True}


def test_coco_results_and_tracks(tmp_path):
    box = {"id": 1, "image_id": 5, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 0.25,
           "attributes": {"track_id": 9, "occluded": False}}  # fmt: skip
    content = {"annotations": [box], "categories": [{"id": 2, "name": "b"}],
               "images": [{"id": 5, "file_name": "a.jpg", "width": 64, "height": 48}]}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(content))
    _kind, dataset, _problems = read(tmp_path / "a.json")
    (found,) = dataset.samples[0].annotations
    assert (found.score, found.track, found.id, found.attributes) == (0.25, 9, "1", {"occluded": False})
