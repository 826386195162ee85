"""The object-store target: whatever order messages come in, however often, and whatever breaks between."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils import uuid7

from console.settings.home import Home
from console.store.store import Store
from console.sync.targets.base import Parcel, Receipt, Refused, TargetError, Unreachable
from console.sync.targets.objects.target import ObjectsTarget
from tests.console.objects_cases import (
    Expected,
    Failing,
    erasure,
    folder_target,
    picture,
    shown,
    some_boxes,
    told,
    verdict,
)  # fmt: skip

_names = itertools.count(1)


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


def messages(chance: random.Random, files: Path) -> list[Parcel]:
    """About four items: verdicts that correct each other and are taken back, pictures, an erasure."""
    ids = [str(uuid7()) for _ in range(4)]
    made: list[Parcel] = []
    for own in ids:
        number = itertools.count(len(made) + 1)
        made.append(told(next(number), own, "item"))
        if chance.random() < 0.9:
            of = "event" if chance.random() < 0.15 else "item"
            made += [
                shown(next(number), own, picture(files, chance.randrange(6)), of)
                for _ in range(1 + chance.randrange(2))
            ]
        for _ in range(chance.randrange(4)):
            truth = None if chance.random() < 0.25 else some_boxes(chance)
            made.append(verdict(next(number), own, truth, exhaustive=chance.random() < 0.7))
    if chance.random() < 0.4:
        made.append(erasure(len(made) + 1, *chance.sample(ids, 1 + chance.randrange(2))))
    return made


def try_out(layout: str, store: Store, tmp_path: Path, seed: int) -> None:
    """Messages in some order, with repeats, and with failures and kills between; then look what stands there."""
    chance = random.Random(seed)
    name = f"t{next(_names)}"
    folder = tmp_path / name
    folder.mkdir()
    parcels = messages(chance, tmp_path / "files")
    expected = Expected()
    queue = [*parcels, *chance.sample(parcels, chance.randrange(len(parcels)))]
    chance.shuffle(queue)
    while queue:
        target = folder_target(folder, store, name, layout, concurrency=1 + chance.randrange(3))
        if chance.random() < 0.6:
            Failing(target, 1 + chance.randrange(25), done=chance.random() < 0.5, kill=chance.random() < 0.5)
        try:
            while queue:
                batch = queue[: 1 + chance.randrange(6)]
                answers = target.send(batch)
                assert [a.message_id for a in answers if isinstance(a, Receipt)] == [p.message_id for p in batch]
                expected.took(batch)
                del queue[: len(batch)]
                if chance.random() < 0.3:
                    target.settle()
        except TargetError:
            chance.shuffle(queue)
        finally:
            target.close()
    target = folder_target(folder, store, name, layout)
    target.settle()
    expected.check(folder / "werk-sud", layout)
    target.send(parcels)
    target.settle()
    target.close()
    expected.check(folder / "werk-sud", layout)


@pytest.mark.parametrize("layout", ["yolo", "coco"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whatever_comes_in_whatever_order_the_folder_is_what_it_means(
    layout: str, store: Store, tmp_path: Path, seed: int
) -> None:
    try_out(layout, store, tmp_path, seed)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("layout", ["yolo", "coco"])
def test_the_same_many_times(layout: str, store: Store, tmp_path: Path) -> None:
    for seed in range(400):
        try_out(layout, store, tmp_path, seed)


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


def test_what_is_erased_leaves_the_lists_at_the_same_send_and_late_ones_never_bring_it_back(
    target: ObjectsTarget, store: Store, tmp_path: Path
) -> None:
    own, other = str(uuid7()), str(uuid7())
    late = shown(9, own, picture(tmp_path / "files", 1))
    sent(target, told(1, own, "event"), verdict(2, own, [[1, 1, 9, 9, "person"]], exhaustive=True), late)
    sent(target, shown(4, other, picture(tmp_path / "files", 2)))
    target.settle()
    root = tmp_path / "out" / "werk-sud"
    for stray in (f"labels/{own}.txt", f"pending/{own}.jpg", f"pending/{own}.jpg#1"):  # what the ledger does not know
        (root / stray).parent.mkdir(exist_ok=True)
        (root / stray).write_bytes(b"left over from a crash")
    sent(target, erasure(10, own))
    sent(target, late, told(11, own, "event"))
    left = [path for path in root.rglob("*") if path.is_file() and "erased" not in path.parts]
    assert not [path for path in left if own in path.as_posix() or own.encode() in path.read_bytes()]
    assert names(tmp_path, "pending") == [f"{other}.jpg"]
    with store.read() as db:
        for table in ("outbox_objects", "outbox_stale_shards", "outbox_labels"):
            assert not [row for row in db.execute(f"SELECT * FROM {table}") if own in str(tuple(row))]


def test_what_is_there_is_not_put_again(target: ObjectsTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = str(uuid7())
    parcels = [shown(1, own, picture(tmp_path / "files", 1)), verdict(2, own, [[0, 0, 9, 9, "a"]], exhaustive=True)]
    sent(target, *parcels)
    target.settle()

    def never(*_args: object) -> None:
        pytest.fail("asked the store though nothing is new")

    for act in ("put", "copy", "delete", "get"):
        monkeypatch.setattr(target._place, act, never)
    sent(target, *parcels)
    target.settle()


def test_a_kill_between_a_list_and_what_sums_it_up_is_made_good(
    target: ObjectsTarget, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = str(uuid7())
    sent(target, shown(1, own, picture(tmp_path / "files", 1)))
    target.settle()
    sent(target, verdict(2, own, [[0, 0, 9, 9, "a"]], exhaustive=True))
    with monkeypatch.context() as patch:
        patch.setattr(target._lists, "_index", lambda _layout: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            target.settle()
    again = ObjectsTarget(target._settings, lambda _name: "", store, "Werk Süd")
    again.settle()
    again.close()
    folder = tmp_path / "out" / "werk-sud"
    summed = {line["path"]: line["sha256"] for line in jsonl(folder / "manifest" / "index.jsonl")}
    assert {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in summed} == summed
    assert any(path.startswith("manifest/") for path in summed)


def jsonl(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "body",
    [{"truth": [[1, 2, 3]]}, {"truth": [[1, 2, 3, float("nan"), "a"]]}, {"truth": [[1, 2, 3, 4, 5]]}, {"truth": 7}],
)  # fmt: skip
def test_a_message_that_means_nothing_is_refused_alone(
    target: ObjectsTarget, tmp_path: Path, body: dict[str, object]
) -> None:
    own = str(uuid7())
    wrong = Parcel(2, str(uuid7()), own, "verdict", "gate", "2026-03-04T12:00:00.000000+00:00", body)
    first, refused, last = target.send([told(1, own, "item"), wrong, told(3, own, "event")])
    assert isinstance(first, Receipt)
    assert isinstance(refused, Refused)
    assert isinstance(last, Receipt)


def test_a_picture_that_somebody_took_away_takes_its_boxes_along(target: ObjectsTarget, tmp_path: Path) -> None:
    own = str(uuid7())
    sent(target, shown(1, own, picture(tmp_path / "files", 1)), verdict(2, own, [[0, 0, 9, 9, "a"]], exhaustive=True))
    (tmp_path / "out" / "werk-sud" / "images" / f"{own}.jpg").unlink()
    sent(target, verdict(3, own, [], exhaustive=True))
    target.settle()
    assert names(tmp_path, "labels") == names(tmp_path, "images") == []


def test_a_site_that_gets_another_name_is_erased_under_both(
    target: ObjectsTarget, store: Store, tmp_path: Path
) -> None:
    own = str(uuid7())
    sent(target, shown(1, own, picture(tmp_path / "files", 1)))
    target.settle()
    renamed = ObjectsTarget(target._settings, lambda _name: "", store, "Lager")
    sent(renamed, verdict(2, own, [[0, 0, 9, 9, "a"]], exhaustive=True))
    renamed.settle()
    assert names(tmp_path, "pending") == []
    assert [path.name for path in (tmp_path / "out").rglob(f"{own}.jpg")] == [f"{own}.jpg"]
    sent(renamed, erasure(3, own))
    renamed.close()
    for path in (tmp_path / "out").rglob("*"):
        assert "erased" in path.parts or (
            own not in path.name and (path.is_dir() or own.encode() not in path.read_bytes())
        )


def test_several_at_once_about_the_same_come_to_the_same(target: ObjectsTarget, tmp_path: Path) -> None:
    own, file = str(uuid7()), picture(tmp_path / "files", 1)
    parcels = [shown(1, own, file)]
    parcels += [verdict(n, own, some_boxes(random.Random(n)), exhaustive=n % 3 > 0) for n in range(2, 14)]
    expected = Expected()
    expected.took(parcels)
    with ThreadPoolExecutor(6) as threads:
        for answers in threads.map(lambda one: target.send([one]), parcels * 2):
            assert isinstance(answers[0], Receipt)
    target.settle()
    expected.check(tmp_path / "out" / "werk-sud", "yolo")


def test_who_sends_is_let_go_when_it_is_closed(target: ObjectsTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang(*_args: object) -> None:
        begun.set()
        go_on.wait(30)

    monkeypatch.setattr(target._place, "put", hang)
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(target.send, [told(1, str(uuid7()), "event")])
        assert begun.wait(10)
        target.close()
        with pytest.raises(Unreachable, match="closing"):
            sending.result(5)
        with pytest.raises(Unreachable, match="closing"):
            target.send([told(1, str(uuid7()), "event")])
        go_on.set()
