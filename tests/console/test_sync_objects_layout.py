"""What the object-store target lays out: for training only what is known whole, read by real readers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from uuid_utils import uuid7

from console.settings.home import Home
from console.store.store import Store
from console.sync.targets.base import Parcel, Receipt
from console.sync.targets.objects.layout import UNDATED, Layout, day_of, slug
from console.sync.targets.objects.target import ObjectsTarget
from tests.console.objects_cases import erasure, folder_target, picture, shown, some_boxes, told, verdict  # fmt: skip

_names = itertools.count(1)


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


def sent(target: ObjectsTarget, *parcels: Parcel) -> None:
    assert all(isinstance(answer, Receipt) for answer in target.send(parcels))


@pytest.fixture
def target(tmp_path: Path, store: Store) -> Iterator[ObjectsTarget]:
    (tmp_path / "out").mkdir()
    made = folder_target(tmp_path / "out", store, "store", "yolo")
    yield made
    made.close()


def names(tmp_path: Path, below: str) -> list[str]:
    return sorted(path.name for path in (tmp_path / "out" / "werk-sud" / below).glob("*"))


def test_only_what_is_known_whole_is_for_training(target: ObjectsTarget, tmp_path: Path) -> None:
    whole, part, none, empty = (str(uuid7()) for _ in range(4))
    file = picture(tmp_path / "files", 1)
    sent(target, *(shown(n, own, file) for n, own in enumerate((whole, part, none, empty), 1)))
    assert names(tmp_path, "images") == []
    sent(
        target, verdict(11, whole, [[0, 0, 64, 48, "person"]], exhaustive=True), verdict(12, part, [[0, 0, 9, 9, "7"]]),
        verdict(13, none, None), verdict(14, empty, [], exhaustive=True),
    )  # fmt: skip
    assert names(tmp_path, "images") == sorted([f"{whole}.jpg", f"{empty}.jpg"])
    assert names(tmp_path, "labels") == sorted([f"{whole}.txt", f"{empty}.txt"])
    assert names(tmp_path, "partial/images") == [f"{part}.jpg"]
    assert names(tmp_path, "pending") == [f"{none}.jpg"]
    root = tmp_path / "out" / "werk-sud"
    number = next(n for n in (0, 1) if f'{n}: "person"' in (root / "data.yaml").read_text())
    assert (root / "labels" / f"{whole}.txt").read_text() == f"{number} 0.250000 0.250000 0.500000 0.500000\n"
    assert (root / "labels" / f"{empty}.txt").read_text() == ""
    assert f'{1 - number}: "7"' in (root / "data.yaml").read_text()  # before the lists are settled
    assert "path" not in (root / "data.yaml").read_text()


def test_class_numbers_never_change(target: ObjectsTarget, store: Store, tmp_path: Path) -> None:
    own = str(uuid7())
    sent(target, shown(1, own, picture(tmp_path / "files", 1)))
    for number, label in enumerate(("zebra", "ant", "mule", "zebra"), 2):
        sent(target, verdict(number, own, [[0, 0, 9, 9, label]], exhaustive=True))
    again = folder_target(tmp_path / "out", store, "store", "yolo")
    sent(again, verdict(9, own, [[0, 0, 9, 9, "bee"]], exhaustive=True))
    again.close()
    told_names = (tmp_path / "out" / "werk-sud" / "data.yaml").read_text()
    assert told_names.endswith('  0: "zebra"\n  1: "ant"\n  2: "mule"\n  3: "bee"\n')


def test_only_days_that_changed_are_listed_anew(target: ObjectsTarget, tmp_path: Path) -> None:
    old = "01890a5d-ac96-774b-bcce-b302099a8057"  # UUIDv7 of 2023
    sent(target, told(1, old, "event"), told(2, str(uuid7()), "event"))
    target.settle()
    folder = tmp_path / "out" / "werk-sud" / "manifest"
    before = (folder / f"{day_of(old)}.jsonl").stat().st_ino
    sent(target, told(3, str(uuid7()), "event"))
    target.settle()
    assert (folder / f"{day_of(old)}.jsonl").stat().st_ino == before
    assert len(list(folder.glob("*.jsonl"))) == 3


def test_an_image_is_never_without_its_boxes(
    target: ObjectsTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = str(uuid7())
    root = tmp_path / "out" / "werk-sud"

    def look(act):
        def looked(*args):
            made = act(*args)
            for below in ("", "partial/"):
                pictures = {path.stem for path in (root / f"{below}images").glob("*.jpg")}
                assert pictures <= {path.stem for path in (root / f"{below}labels").glob("*.txt")}
            return made

        return looked

    for act in ("put", "copy", "delete"):
        monkeypatch.setattr(target._place, act, look(getattr(target._place, act)))
    deleted = []
    real = target._place.delete
    monkeypatch.setattr(target._place, "delete", lambda paths: [(deleted.append(p), real([p])) for p in paths])
    box = [0, 0, 9, 9, "a"]
    sent(target, shown(1, own, picture(tmp_path / "files", 1)))
    for number, whole in enumerate((True, False, True), 2):
        sent(target, verdict(number, own, [box], exhaustive=whole))
    sent(target, verdict(9, own, None), shown(10, own, picture(tmp_path / "files", 2)))
    sent(target, verdict(11, own, [box], exhaustive=True), erasure(12, own))
    assert deleted


@pytest.mark.parametrize(
    ("site", "folder"),
    [("", "desk"), ("Werk Süd #2", "werk-sud-2"), ("工厂", "site-"), ("../x", "x"), ("A" * 200, "a" * 64)],
)
def test_a_sites_name_becomes_a_folders(site: str, folder: str) -> None:
    assert slug(site).startswith(folder)
    assert Layout(slug(site)).root == Layout(site).root
    assert "/" not in slug(site)


def test_an_id_without_a_time_is_undated() -> None:
    assert day_of("01890a5d-ac96-774b-bcce-b302099a8057").startswith("2023-")
    assert day_of("6ba7b810-9dad-41d1-80b4-00c04fd430c8") == day_of("no uuid") == UNDATED


def test_the_days_of_coco_can_be_put_together_and_pycocotools_kin_reads_them(store: Store, tmp_path: Path) -> None:
    from faster_coco_eval import COCO

    (tmp_path / "out").mkdir()
    target = folder_target(tmp_path / "out", store, "store", "coco")
    chance = random.Random(3)
    days = ["01890a5d-ac96-774b-bcce-b302099a80", "01990a5d-ac96-774b-bcce-b302099a80"]
    ids = [f"{day}{n:02d}" for day in days for n in range(10, 14)]
    for number, own in enumerate(ids, 1):
        truth = [[0, 0, 9 + number, 9, "a"], [1, 1, 5, 5, "b"], *some_boxes(chance)]
        sent(
            target,
            shown(number, own, picture(tmp_path / "f", number)),
            verdict(number + 50, own, truth, exhaustive=True),
        )
    target.settle()
    target.close()
    read = [COCO(str(path)) for path in sorted((tmp_path / "out/werk-sud/annotations").glob("instances_*.json"))]
    assert len(read) == 2
    assert {category["name"] for category in read[0].cats.values()} >= {"a", "b"}
    for keys in ("imgs", "anns"):
        one, other = (set(getattr(coco, keys)) for coco in read)
        assert one
        assert not one & other
    image = read[0].loadImgs(read[0].getImgIds())[0]
    assert (image["width"], image["height"], image["file_name"]) == (64, 48, f"{ids[0]}.jpg")
    boxes = [mark["bbox"] for mark in read[0].loadAnns(read[0].getAnnIds(image["id"]))]
    assert boxes[:2] == [[0, 0, 5, 4.5], [0.5, 0.5, 2, 2]]


def test_the_command_reads_it_too(target: ObjectsTarget, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = str(uuid7())
    truth = [[0, 0, 9, 9, "no"]]
    sent(target, shown(1, own, picture(tmp_path / "f", 1)), verdict(2, own, truth, exhaustive=True))
    target.settle()
    from typer.testing import CliRunner

    from console.cli.app import app

    done = CliRunner().invoke(app, ["dataset", "inspect", str(tmp_path / "out" / "werk-sud"), "--json"])
    assert done.exit_code == 0, done.output
    assert '"no"' in done.output
