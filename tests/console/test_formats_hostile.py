"""Damaged and hostile sets: refused in words that name the file and the place, never followed out of their folder."""

import contextlib
import json

import pytest

from console.datasets.formats import known
from console.datasets.formats.notes import FormatError, Notes
from console.datasets.formats.place import opened
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.errors import SightdeskError
from tests.console.format_sets import FORMATS, pictures, some_set

COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 50}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 10, 20, 20]}],
    "categories": [{"id": 3, "name": "person"}],
}
VOC = """<annotation><filename>{name}</filename><size><width>100</width><height>50</height></size>
<object><name>person</name>
<bndbox><xmin>{x}</xmin><ymin>11</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object>
</annotation>"""
CVAT = """<annotations><version>1.1</version><meta><task><labels><label>
<name>person</name></label></labels></task></meta>
<image id="0" name="{name}" width="100" height="50">
<box label="person" occluded="0" xtl="{x}" ytl="10" xbr="30" ybr="30"></box></image></annotations>"""
LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>'


def coco(folder, **changes):
    path = folder / "instances.json"
    path.write_text(json.dumps({**COCO, **changes}), encoding="utf-8")
    return path


def image(**changes):
    return [{**COCO["images"][0], **changes}]


def annotation(**changes):
    return [{**COCO["annotations"][0], **changes}]


def labelstudio(folder, value, **task):
    region = {"type": "rectanglelabels", "value": value, "original_width": 100, "original_height": 50}
    whole = {"id": 7, "data": {"image": "/data/upload/1/a.jpg"}, "annotations": [{"result": [region]}], **task}
    (folder / "tasks.json").write_text(json.dumps([whole]), encoding="utf-8")
    return folder / "tasks.json"


def yolo(folder, line="0 .5 .5 .2 .2", names="[person]", **more):
    (folder / "labels").mkdir()
    pictures(folder / "images", [Sample("a", "a.jpg", (100, 50), ())])
    (folder / "labels" / "a.txt").write_text(line, encoding="utf-8")
    told = {"train": "images", "names": names, **more}
    (folder / "data.yaml").write_text("".join(f"{key}: {value}\n" for key, value in told.items()), encoding="utf-8")
    return folder


def datumaro(folder, **changes):
    item = {"id": "a", "annotations": [{"id": 0, "type": "bbox", "label_id": 0, "bbox": [1, 1, 5, 5]}],
            "image": {"path": "a.jpg", "size": [50, 100]}}  # fmt: skip
    labels = {"label": {"labels": [{"name": "person", "parent": ""}]}}
    path = folder / "default.json"
    path.write_text(json.dumps({"categories": labels, "items": [{**item, **changes}]}), encoding="utf-8")
    return path


def text(folder, name, content):
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


REFUSED = {
    "coco, cut off": (lambda f: text(f, "x.json", json.dumps(COCO)[:-30]), "x.json is damaged at character"),
    "coco, NaN": (lambda f: text(f, "x.json", json.dumps(COCO).replace("50}", "NaN}")), "NaN is no number"),
    "coco, infinite": (lambda f: coco(f, annotations=annotation(bbox=[1, 1, 1e308, 1])), "annotations[0]"),
    "coco, text for a number": (lambda f: coco(f, annotations=annotation(bbox=["1", 1, 2, 2])), "'1' stands where"),
    "coco, a box of three": (lambda f: coco(f, annotations=annotation(bbox=[1, 1, 2])), "four numbers"),
    "coco, no such category": (lambda f: coco(f, annotations=annotation(category_id=9)), "no category 9"),
    "coco, a list for an image": (lambda f: coco(f, images=[[]]), "images[0]: [] is no JSON object"),
    "coco, no size": (lambda f: coco(f, images=image(width=0)), "can't be 0 x 50"),
    "coco, two of a number": (lambda f: coco(f, images=image() + image(file_name="b.jpg")), "two images are 1"),
    "coco, two of a name": (lambda f: coco(f, images=image() + image(id=2)), "a.jpg comes twice"),
    "coco, upwards": (lambda f: coco(f, images=image(file_name="../a.jpg")), "outside of the set's folder"),
    "coco, absolute": (lambda f: coco(f, images=image(file_name="/etc/a.jpg")), "outside of the set's folder"),
    "coco, a drive": (lambda f: coco(f, images=image(file_name="C:\\a.jpg")), "outside of the set's folder"),
    "coco, upwards in another way": (lambda f: coco(f, images=image(file_name="b\\..\\..\\a.jpg")), "outside of"),
    "coco, a name with a line's end": (lambda f: coco(f, images=image(file_name="a\n.jpg")), "no name of a picture"),
    "coco, an endless nest": (lambda f: text(f, "x.json", '{"images": ' + "[" * 200_000), "x.json"),
    "coco, bytes": (lambda f: (f / "x.json").write_bytes(b'{"images": ["\xff\xfe"]}') and f / "x.json", "UTF-8"),
    "voc, many laughs": (lambda f: text(f, "a.xml", LAUGHS + VOC.format(name="&c;", x=11)), "document type"),
    "voc, another file": (lambda f: text(f, "a.xml", OUTSIDE + VOC.format(name="&c;", x=11)), "document type"),
    "voc, cut off": (lambda f: text(f, "a.xml", VOC.format(name="a.jpg", x=11)[:-20]), "damaged at line 3"),
    "voc, no number": (lambda f: text(f, "a.xml", VOC.format(name="a.jpg", x="nan")), "object 1: nan stands"),
    "voc, upwards": (lambda f: text(f, "a.xml", VOC.format(name="../../a.jpg", x=11)), "outside of"),
    "voc, deep": (lambda f: text(f, "a.xml", "<annotation>" + "<a>" * 9999), "nested too deeply"),
    "cvat, many laughs": (lambda f: text(f, "a.xml", LAUGHS + CVAT.format(name="&c;", x=1)), "document type"),
    "cvat, no number": (lambda f: text(f, "a.xml", CVAT.format(name="a.jpg", x="inf")), "a.jpg, 1: inf stands"),
    "cvat, upwards": (lambda f: text(f, "a.xml", CVAT.format(name="../a.jpg", x=1)), "outside of"),
    "cvat, a video": (lambda f: text(f, "a.xml", '<annotations><track id="0"/></annotations>'), "tracks of a video"),
    "datumaro, no such class": (lambda f: datumaro(f, annotations=[
        {"type": "bbox", "label_id": 1, "bbox": [1, 1, 2, 2]}]), "items[0]: there is no such class"),
    "datumaro, upwards": (lambda f: datumaro(f, image={"path": "../a.jpg", "size": [1, 1]}), "outside of"),
    "datumaro, a score of 7": (lambda f: datumaro(f, annotations=[
        {"type": "bbox", "label_id": 0, "bbox": [1, 1, 2, 2], "attributes": {"score": 7}}]), "between 0 and 1"),
    "labelstudio, no number": (lambda f: labelstudio(f, {"x": None, "rectanglelabels": ["person"]}), "task 7"),
    "labelstudio, no picture": (lambda f: labelstudio(f, {}, data={"text": "a"}), "shows no picture"),
    "labelstudio, upwards": (lambda f: labelstudio(
        f, {}, data={"image": "/data/local-files/?d=../../a.jpg"}), "outside"),
    "yolo, no such class": (lambda f: yolo(f, "1 .5 .5 .1 .1"), "a.txt:1: there is no class 1"),
    "yolo, no number": (lambda f: yolo(f, "0 .5 nan .1 .1"), "a.txt:1: nan stands"),
    "yolo, too few": (lambda f: yolo(f, "0 .5 .1 .1"), "a.txt:1"),
    "yolo, holes in names": (lambda f: yolo(f, names="{0: a, 2: b}"), "their numbers from 0"),
    "yolo, no YAML": (lambda f: yolo(f, names="[a"), "is no YAML"),
    "yolo, upwards": (lambda f: yolo(f, val="../../images"), "outside of"),
    "yolo, absolute": (lambda f: yolo(f, val="/etc"), "outside of"),
    "yolo, a list that leads out": (
        lambda f: text(f, "t.txt", "/etc/passwd.jpg\n") and yolo(f, val="t.txt"), "t.txt:1"),
    "nothing": (lambda f: f, "in none of the formats"),
    "a zip": (lambda f: text(f, "a.zip", "PK"), "Unpack an archive"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_set_is_refused_in_words(case, tmp_path):
    make, words = REFUSED[case]
    with pytest.raises(SightdeskError) as caught:
        known.read(make(tmp_path))
    assert words in str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_refused_or_read_in_words(name, share, tmp_path):
    dataset = some_set()
    pictures(tmp_path / known.FORMATS[name].pictures, dataset.samples)
    known.write(dataset, name, tmp_path)
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file() and path.suffix != ".jpg":
            whole = path.read_bytes()
            path.write_bytes(whole[: int(len(whole) * share)])
            with contextlib.suppress(SightdeskError):  # and nothing else
                known.read(tmp_path, name)
            path.write_bytes(whole)


@pytest.mark.parametrize(("bbox", "found", "words"), [
    ([-10, -10, 30, 30], [(0, 0, 20, 20)], "reaches over its picture"),
    ([90, 40, 30, 30], [(90, 40, 100, 50)], "reaches over its picture"),
    ([-0.2, 0, 100.3, 50], [(0, 0, 100, 50)], ""),
    ([200, 10, 5, 5], [], "lies outside"),
    ([10, 10, -5, 5], [], "empty or inverted"),
    ([10, 10, 0, 5], [], "empty or inverted"),
])  # fmt: skip
def test_a_box_that_is_not_in_its_picture_is_cut_or_left_out_and_counted(bbox, found, words, tmp_path):
    notes = Notes()
    _kind, dataset = known.read(coco(tmp_path, annotations=annotation(bbox=bbox)), notes=notes)
    assert [box.xyxy for box in dataset.samples[0].annotations] == found
    assert [words in one["what"] for one in notes.as_json()] == ([True] if words else [])


def test_a_link_that_leads_out_of_the_folder_is_not_opened(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (tmp_path / "set" / "a.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(FormatError, match="leads out"):
        opened(tmp_path / "set", "a.jpg")
    with pytest.raises(FormatError, match="missing"):
        opened(tmp_path / "set", "b.jpg")


@pytest.mark.parametrize("sample", [
    Sample("a", "../a.jpg", (9, 9), ()),
    Sample("a", "a.jpg", (9, 9), (), split="../x"),
    Sample("a", "a.jpg", (9, 9), (Annotation((0, 0, 9, float("nan")), "x"),)),
    Sample("a", "a.jpg", (9, 9), (Annotation((0, 0, 10, 9), "x"),)),
    Sample("a", "a.jpg", (9, 9), (Annotation((0, 0, 9, 9), "y"),)),
    Sample("a\0", "a.jpg", (9, 9), ()),
])  # fmt: skip
@pytest.mark.parametrize("name", FORMATS)
def test_what_no_format_can_hold_is_not_written(name, sample, tmp_path):
    with pytest.raises(FormatError):
        known.write(Dataset("set", ("x",), [sample]), name, tmp_path)
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.parametrize("name", ["yolo", "voc"])
def test_two_pictures_that_would_share_a_file_are_refused(name, tmp_path):
    twins = [Sample("a", "a.jpg", (9, 9), ()), Sample("b", "A.png", (9, 9), ())]
    with pytest.raises(FormatError, match="would share"):
        known.write(Dataset("set", ("x",), twins), name, tmp_path)
