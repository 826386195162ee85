"""The owners' readers of dataset formats, in an environment of their own, and what they see in a set."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ != "__main__":  # run in that environment, it is alone
    from tests.servers import environments

NAME = "formats"
NEEDS = ("datumaro==1.13.12", "pycocotools==2.0.11", "supervision==0.31.2", "label-studio-sdk==2.1.2")
_LIMIT_S = 100.0

Seen = dict[str, Any]
"""`labels` in their order, and `pictures`: by file name its boxes, each [x0, y0, x1, y1, label], in their order."""


def why_not() -> str:
    """Why the readers are not there and will not be installed; empty where they are or will be."""
    environments.NEEDS[NAME] = NEEDS
    return environments.why_not(NAME)


def seen(reader: str, folder: Path, **how: str) -> Seen:
    """What an owner's reader sees in a set.

    Raises:
        RuntimeError: it does not read it; says what it said.
    """
    environments.NEEDS[NAME] = NEEDS
    python = environments.python_of(NAME)
    command = [str(python), "-W", "ignore", __file__, reader, str(folder), json.dumps(how)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{reader} on {folder}: {done.stderr[-3000:]}")
    found: Seen = json.loads(done.stdout.splitlines()[-1])
    return found


def _datumaro(folder: Path, kind: str) -> Seen:
    import datumaro
    from datumaro.components.annotation import AnnotationType

    more = {"coordinate_mode": "voc-one-based"} if kind.startswith("voc") else {}
    dataset = datumaro.Dataset.import_from(str(folder), kind, **more)
    labels = [label.name for label in dataset.categories()[AnnotationType.label].items]
    pictures: dict[str, Any] = {}
    for item in dataset:
        boxes = [one for one in item.annotations if one.type == AnnotationType.bbox]
        rows = [[*one.points, labels[one.label]] for one in boxes]
        pictures[Path(item.media.path).name if item.media else item.id] = rows
    return {"labels": labels, "pictures": pictures, "subsets": sorted(dataset.subsets())}


def _pycocotools(folder: Path) -> Seen:
    from pycocotools.coco import COCO

    pictures: dict[str, Any] = {}
    labels: list[str] = []
    for file in sorted((folder / "annotations").glob("*.json")):
        coco = COCO(str(file))
        names = {one["id"]: one["name"] for one in coco.loadCats(coco.getCatIds())}
        labels = [names[own] for own in sorted(names)]
        for image in coco.loadImgs(coco.getImgIds()):
            rows = []
            for one in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
                x, y, w, h = one["bbox"]
                rows.append([x, y, x + w, y + h, names[one["category_id"]]])
            pictures[Path(image["file_name"]).name] = rows
    return {"labels": labels, "pictures": pictures}


def _supervision(folder: Path, kind: str) -> Seen:
    import supervision

    reader = supervision.DetectionDataset
    if kind == "coco":
        file = next((folder / "annotations").glob("*.json"))
        dataset = reader.from_coco(str(folder / "images"), str(file))
    elif kind == "yolo":
        dataset = reader.from_yolo(str(folder / "images"), str(folder / "labels"), str(folder / "data.yaml"))
    else:
        dataset = reader.from_pascal_voc(str(folder / "JPEGImages"), str(folder / "Annotations"))
    pictures = {}
    for path, _image, found in dataset:
        classes = [] if found.class_id is None else found.class_id.tolist()
        rows = [[*box, dataset.classes[own]] for box, own in zip(found.xyxy.tolist(), classes, strict=True)]
        pictures[Path(path).name] = rows
    return {"labels": list(dataset.classes), "pictures": pictures}


def _labelstudio(folder: Path) -> Seen:
    """Through the SDK's own parser of labelling configs, its check of tasks, and its converter to COCO."""
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.label_interface import LabelInterface

    config = (folder / "config.xml").read_text(encoding="utf-8")
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    interface = LabelInterface(config)
    for task in tasks:
        interface.validate_task({"data": task["data"]})
        for annotation in task["annotations"]:
            for region in annotation["result"]:
                if not interface.validate_region(region):
                    raise ValueError(f"not a region: {region}")
    out = folder.with_name(folder.name + "-as-coco")
    converter = Converter(config, str(folder), download_resources=False)
    converter.convert_to_coco(str(folder / "tasks.json"), str(out), is_dir=False, output_image_dir=str(out / "images"))
    coco = json.loads((out / "result.json").read_text(encoding="utf-8"))
    names = {one["id"]: one["name"] for one in coco["categories"]}
    from urllib.parse import unquote

    pictures: dict[str, Any] = {image["id"]: [] for image in coco["images"]}
    for one in coco["annotations"]:
        x, y, w, h = one["bbox"]
        pictures[one["image_id"]].append([x, y, x + w, y + h, names[one["category_id"]]])
    by_name = {Path(unquote(image["file_name"])).name: pictures[image["id"]] for image in coco["images"]}
    labels = list(interface.get_control("label").labels)
    return {"labels": labels, "pictures": by_name}


def _written(folder: Path, kind: str, out: str) -> Seen:
    """Have an owner's tool write a COCO set in its own format; what it wrote is to be read by ours."""
    tool, _space, name = kind.partition(" ")
    coco, images = folder / "annotations" / "instances_default.json", str(folder / "images")
    if tool == "datumaro":
        import datumaro

        datumaro.Dataset.import_from(str(folder), "coco_instances").export(out, name, save_media=True)
    elif tool == "supervision":
        import supervision

        dataset = supervision.DetectionDataset.from_coco(images, str(coco))
        where = Path(out)
        if name == "yolo":
            dataset.as_yolo(f"{where}/images", f"{where}/labels", f"{where}/data.yaml")
        elif name == "voc":
            dataset.as_pascal_voc(f"{where}/JPEGImages", f"{where}/Annotations")
        else:
            dataset.as_coco(f"{where}/images", f"{where}/annotations/instances_default.json")
    else:
        from label_studio_sdk.converter.imports.coco import convert_coco_to_ls

        Path(out).mkdir(parents=True)
        convert_coco_to_ls(str(coco), f"{out}/tasks.json", image_root_url="/data/local-files/?d=images", out_type=name)
    return {}


READERS: dict[str, Callable[..., Seen]] = {
    "datumaro": _datumaro, "pycocotools": _pycocotools, "supervision": _supervision, "labelstudio": _labelstudio,
    "write": _written,
}  # fmt: skip


if __name__ == "__main__":
    told = READERS[sys.argv[1]](Path(sys.argv[2]), **json.loads(sys.argv[3]))
    sys.stdout.write("\n" + json.dumps(told, default=float) + "\n")
