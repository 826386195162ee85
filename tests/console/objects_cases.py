"""Messages about review items as an outbox hands them out, and what must stand at an object store after them."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from uuid_utils import uuid7

from console.datasets.formats import known
from console.privacy.stored import Named, Stored, open_stored
from console.settings.sync import TargetSettings
from console.sync.targets.base import Busy, Parcel
from console.sync.targets.objects.target import ObjectsTarget

LABELS = ("person", "no", "Straßenbahn", "7")
SOURCE, STORED = (128, 96), (64, 48)
AT = "2026-03-04T12:00:00.000000+00:00"
Box = list[Any]


def picture(folder: Path, seed: int, size: tuple[int, int] = STORED) -> Stored:
    """A JPEG that may leave; of one seed always the same."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    content = cv2.imencode(".jpg", pixels)[1].tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{seed}.jpg").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return open_stored(folder, Named(f"{seed}.jpg", sha256, json.dumps({"kind": "cover"})))


def verdict(number: int, own: str, truth: list[Box] | None, *, exhaustive: bool = False) -> Parcel:
    body = {
        "camera": "Gate", "size": list(SOURCE), "verdict": {"key": str(uuid7()), "kind": "edit"},
        "state": "open" if truth is None else "done", "truth": truth, "exhaustive": exhaustive,
    }  # fmt: skip
    return Parcel(number, str(uuid7()), own, "verdict", "gate", AT, body)


def shown(number: int, own: str, file: Stored, of: str = "item") -> Parcel:
    body = {
        "of": of, "sha256": file.sha256, "bytes": len(file), "size": list(STORED), "source_size": list(SOURCE),
        "taken_at": AT, "policy": file.policy, "label": "person", "box": None,
    }  # fmt: skip
    return Parcel(number, str(uuid7()), own, "picture", "gate", AT, body, file)


def told(number: int, own: str, kind: Any) -> Parcel:
    return Parcel(number, str(uuid7()), own, kind, "gate", AT, {"camera": "Gate", "n": number})


def erasure(number: int, *ids: str) -> Parcel:
    return Parcel(number, str(uuid7()), str(uuid7()), "erased", "", AT, {"tracking_ids": list(ids)})


def some_boxes(chance: random.Random) -> list[Box]:
    def box() -> Box:
        x, y = chance.uniform(0, 100), chance.uniform(0, 70)
        return [x, y, x + chance.uniform(4, 28), y + chance.uniform(4, 26), chance.choice(LABELS)]

    return [box() for _ in range(chance.randrange(4))]


@dataclass
class Expected:
    """What must stand there, of all messages that were taken, in whatever order."""

    parcels: dict[str, Parcel] = field(default_factory=dict)

    def took(self, parcels: Sequence[Parcel]) -> None:
        self.parcels |= {parcel.message_id: parcel for parcel in parcels}

    @property
    def erased(self) -> set[str]:
        notices = (one for one in self.parcels.values() if one.kind == "erased")
        return {own for one in notices for own in one.body["tracking_ids"]}

    def last(self, kind: str) -> dict[str, Parcel]:
        found: dict[str, Parcel] = {}
        for one in sorted(self.parcels.values(), key=lambda one: one.number):
            if one.kind == kind and one.tracking_id not in self.erased:
                found[one.tracking_id] = one
        return found

    def spots(self) -> dict[str, dict[str, tuple[str, list[Box]]]]:
        """By spot and tracking ID: the picture's sha256 and the boxes in source pixels."""
        spots: dict[str, dict[str, tuple[str, list[Box]]]] = {
            "images": {}, "partial/images": {}, "pending": {}, "event_pictures": {}
        }  # fmt: skip
        verdicts = self.last("verdict")
        for own, one in self.last("picture").items():
            said = verdicts[own].body if own in verdicts else {"truth": None}
            spot = "pending" if said["truth"] is None else "images" if said["exhaustive"] else "partial/images"
            spot = "event_pictures" if one.body["of"] == "event" else spot
            assert one.file is not None
            boxes = said["truth"] if spot in {"images", "partial/images"} else []
            spots[spot][own] = one.file.sha256, boxes
        return spots

    def check(self, root: Path, layout: str) -> None:
        """The folder of a site that was settled is what all this means, read by this program's own importers."""
        spots = self.spots()
        files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
        for spot, wanted in spots.items():
            there = {path.stem: path for name, path in files.items() if name.startswith(f"{spot}/")}
            assert there.keys() == wanted.keys(), (spot, there.keys() ^ wanted.keys())
            for own, (sha256, _boxes) in wanted.items():
                assert hashlib.sha256(there[own].read_bytes()).hexdigest() == sha256
        for below, spot in (("", "images"), ("partial", "partial/images")):
            self._read(root / below, spots[spot], layout)
        left = [one for one in self.parcels.values() if one.tracking_id not in self.erased]
        records = [one.message_id for one in left if one.file is None]
        names = [name.rpartition("/")[2] for name in files if name.endswith(".json")]
        assert sorted(name.partition(".")[0] for name in names if not name.startswith("instances_")) == sorted(records)
        said = {one["message_id"]: one["body"] for one in _manifests(files)}
        assert said == {one.message_id: one.body for one in self.last("picture").values()}
        for own in self.erased:
            notes = [name for name in files if own in name or own.encode() in files[name].read_bytes()]
            assert all(name.startswith("erased/") for name in notes)

    def _read(self, folder: Path, wanted: dict[str, tuple[str, list[Box]]], layout: str) -> None:
        if not wanted:
            assert not list(folder.glob("labels/*")) + list(folder.glob("annotations/*"))
            return
        named = (folder / "annotations").is_dir() or (folder / "data.yaml").is_file()
        if not named and not any(boxes for _sha, boxes in wanted.values()):
            return  # no class has a name yet
        _kind, dataset = known.read(folder)
        samples = {sample.picture.rpartition("/")[2].removesuffix(".jpg"): sample for sample in dataset.samples}
        assert samples.keys() == wanted.keys()
        assert dataset.folder is not None
        for own, (sha256, boxes) in wanted.items():
            sample = samples[own]
            assert hashlib.sha256((dataset.folder / sample.picture).read_bytes()).hexdigest() == sha256
            assert sample.size == STORED
            got = [(one.label, one.xyxy) for one in sample.annotations]
            assert [label for label, _xyxy in got] == [box[4] for box in boxes]
            for (_label, xyxy), box in zip(got, boxes, strict=True):
                want = np.clip(np.array(box[:4]) / 2, 0, [*STORED, *STORED])  # stored at half the size
                assert np.abs(np.array(xyxy) - want).max() < 0.01
            if layout == "coco":
                assert sample.exhaustive == (folder.name != "partial")


def _manifests(files: dict[str, Path]) -> list[dict[str, Any]]:
    """Every object stands in exactly one manifest, with its sha256; the messages that brought files."""
    lines: list[dict[str, Any]] = []
    for name, path in files.items():
        if name.startswith("manifest/"):
            lines += [json.loads(line) for line in path.read_text().splitlines()]
    paths = [line["path"] for line in lines]
    assert len(paths) == len(set(paths))
    assert set(paths) ^ files.keys() == {"manifest/index.jsonl"}, set(paths) ^ files.keys()
    for line in lines:
        content = files[line["path"]].read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (line["sha256"], line["bytes"]), line["path"]
    return [line["message"] for line in lines if "message" in line]


class Failing:
    """Stands in a target's way to its store: after so many operations one fails, before or after it was done.

    Where it is a kill, nothing that comes after has any effect, and nothing is kept in the ledger.
    """

    def __init__(self, target: ObjectsTarget, after: int, *, done: bool, kill: bool) -> None:
        self._left, self._done, self._kill, self.dead = after, done, kill, False
        for name in ("put", "copy", "get", "has", "listed", "delete"):
            setattr(target._place, name, self._guard(getattr(target._place, name)))
        for name in ("keep", "fresh", "numbers"):
            setattr(target._ledger, name, self._kept(getattr(target._ledger, name)))

    def _guard(self, act: Any) -> Any:
        def guarded(*args: Any) -> Any:
            self._left -= 1
            if self.dead or (self._left == 0 and not self._done):
                self.dead = self.dead or self._kill
                raise Busy("broken")
            made = act(*args)
            if self._left == 0:
                self.dead = self._kill
                raise Busy("broken")
            return made

        return guarded

    def _kept(self, act: Any) -> Any:
        def guarded(*args: Any) -> Any:
            if self.dead:
                raise Busy("dead")
            return act(*args)

        return guarded


def folder_target(folder: Path, store: Any, name: str, layout: str, **more: Any) -> ObjectsTarget:
    settings = TargetSettings(name=name, kind="objects", url=folder.as_uri(), layout=layout, **more)  # type: ignore[arg-type]
    return ObjectsTarget(settings, lambda _name: "", store, "Werk Süd")
