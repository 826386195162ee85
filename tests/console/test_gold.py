"""Gold sets: what goes in, that it never changes, and that it is seen when something did."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from console.cli.gold_words import made_lines
from console.datasets import gold
from console.datasets.gold_making import Made, NothingNew, Wanted, create, shares_of
from console.datasets.gold_verify import Interrupted, Verified, verify
from console.datasets.truth import merged, sample_of
from console.errors import SightdeskError, StoreError, UsageError
from console.review.items import Box
from console.review.queries import ReviewFilter, page
from console.store import holds
from tests.console.gold_cases import Judged, Said, judged_home, plain

ALL_TEST = shares_of("0/0/100")
LEFT = (1.0, 2.0, 21.0, 22.0)


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Judged]:
    with judged_home(tmp_path / "home") as found:
        yield found


def make(judged: Judged, name: str = "street", **more: Any) -> Made:
    return create(judged.store, Wanted(name, **({"shares": ALL_TEST, "who": "Ada"} | more)))


def looked_at(judged: Judged, name: str = "street") -> Verified:
    with judged.store.read() as db:
        return verify(db, judged.home, gold.find(db, name))


def members(judged: Judged, name: str = "street", version: int | None = None) -> list[Any]:
    with judged.store.read() as db:
        return gold.members(db, gold.find(db, name, version))


def run(judged: Judged, sql: str) -> None:
    judged.store.write(lambda db: db.execute(sql).rowcount).result()


def test_what_each_verdict_says_of_a_picture(judged: Judged) -> None:
    drawn = (Box((0, 0, 10, 10), "car", 0.9, 4), Box((20, 20, 30, 30), "dog"))
    said = [
        Said("accept", "car", LEFT, track=3),
        Said("reject", "car", LEFT),
        Said("relabel", "car", LEFT, to="truck"),
        Said("edit", "car", LEFT, boxes=drawn),
        Said("accept", box=None),
    ]
    ids = [judged.add(one, minutes=number, source=(128, 128)) for number, one in enumerate(said)]
    with judged.store.read() as db:
        samples = {item.tracking_id: sample_of(item) for item in page(db, ReviewFilter(states=("done",)))}
    half = (0.5, 1.0, 10.5, 11.0)  # the stored picture is half as large
    kept = [samples[one] for one in ids]
    assert [[(a.xyxy, a.label, a.score, a.track) for a in one.annotations] for one in kept] == [
        [(half, "car", None, 3)],
        [],
        [(half, "truck", None, None)],
        [((0, 0, 5, 5), "car", None, 4), ((10, 10, 15, 15), "dog", None, None)],
        [],
    ]
    assert [one.attributes.get("rejected") for one in kept] == [None, [[*half, "car"]], [[*half, "car"]], None, None]
    assert [one.exhaustive for one in kept] == [False, False, False, True, False]
    assert kept[0].size == (64, 64)
    assert kept[0].attributes["source_size"] == [128, 128]
    assert (kept[0].attributes["camera"], kept[0].attributes["model"]) == ("Gate", "tiny")
    assert kept[0].id == kept[0].attributes["tracking_id"] == ids[0]

    made = make(judged)
    assert made.members == 4  # of the last nothing is known
    with judged.store.read() as db:
        dataset = gold.dataset_of(db, judged.home, "street")
    again = {one.id: one for one in dataset.samples}
    for one in kept[:4]:
        assert again[one.id].annotations == one.annotations
        assert again[one.id].exhaustive == one.exhaustive
        assert again[one.id].attributes.get("rejected") == one.attributes.get("rejected")
        assert dataset.folder is not None
        assert (dataset.folder / again[one.id].picture).is_file()
    assert dataset.labels == ("car", "dog", "truck")


def test_what_is_not_decided_is_no_sample(judged: Judged) -> None:
    judged.add(Said(), state="open")
    with judged.store.read() as db:
        item = page(db, ReviewFilter())[0]
    with pytest.raises(ValueError, match="not decided"):
        sample_of(item)
    with pytest.raises(SightdeskError, match="nothing to make"):
        make(judged)


def test_one_picture_is_one_sample_and_what_is_known_of_all_of_it_wins() -> None:
    from console.datasets.formats.values import Annotation, Sample

    def one(name: str, *, exhaustive: bool, label: str, **attributes: Any) -> Sample:
        box = Annotation((0, 0, 1, 1), label)
        return Sample(name, "p.jpg", (9, 9), (box,), exhaustive=exhaustive, attributes=attributes)

    judged = [one("a", exhaustive=False, label="car", rejected=[[1, 1, 2, 2, "dog"]])]
    judged.append(one("b", exhaustive=False, label="bus", rejected=[[3, 3, 4, 4, "cat"]]))
    (both,) = merged(judged)
    assert [a.label for a in both.annotations] == ["car", "bus"]
    assert both.attributes["tracking_ids"] == ["a", "b"]
    assert len(both.attributes["rejected"]) == 2
    (whole,) = merged([*judged, one("c", exhaustive=True, label="old"), one("d", exhaustive=True, label="new")])
    assert [a.label for a in whole.annotations] == ["new"]
    assert whole.exhaustive


def test_a_version_is_of_what_was_asked_for(judged: Judged) -> None:
    ids = [
        judged.add(Said(label="car")),
        judged.add(Said(label="dog"), camera="yard", minutes=60),
        judged.add(Said("edit", "car", boxes=(Box(LEFT, "dog"),)), minutes=120),
        judged.add(Said("relabel", "car", to="dog"), minutes=180),
        judged.add(Said(), picture=False),
        judged.add(Said(), state="disputed"),
    ]
    from datetime import timedelta

    from tests.console.gold_cases import START

    def got(**asked: Any) -> set[int]:
        make(judged, str(len(asked)) + next(iter(asked), "all"), **asked)
        return {ids.index(one.tracking_id) for one in members(judged, str(len(asked)) + next(iter(asked), "all"))}

    assert got() == {0, 1, 2, 3}
    assert got(camera="yard") == {1}
    assert got(label="dog") == {1, 2, 3}
    assert got(exhaustive_only=True) == {2}
    assert got(since=START + timedelta(hours=1), until=START + timedelta(hours=2)) == {1, 2}
    with pytest.raises(SightdeskError, match="nothing to make"):
        got(label="cat")


def test_classes_keep_their_places_and_members_their_splits(judged: Judged) -> None:
    for hour in range(12):
        judged.add(Said(label="dog"), minutes=60 * hour)
    first = make(judged, shares=shares_of("50/25/25"))
    assert first.labels == ("dog",)
    assert first.splits == {"train": 6, "val": 3, "test": 3}
    before = {one.tracking_id: one.split for one in members(judged)}
    for hour in range(12, 24):
        judged.add(Said(label="ant"), minutes=60 * hour)
    second = make(judged, shares=shares_of("0/0/100"))
    assert second.title == "street@2"
    assert second.labels == ("dog", "ant")
    after = {one.tracking_id: one.split for one in members(judged)}
    assert before.items() <= after.items()
    assert {split for one, split in after.items() if one not in before} == {"test"}
    third = make(judged, label="ant")
    assert third.labels == ("dog", "ant")  # also where no dog is left


def test_a_split_that_stays_empty_is_said_with_the_reason(judged: Judged) -> None:
    for hour in range(5):
        judged.add(Said(track=7), minutes=60 * hour)  # a parked car, all morning
    made = make(judged, shares=shares_of("70/15/15"))
    assert (made.empty, made.groups) == (("val", "test"), (5,))
    assert "5 of 5 members hang together" in made_lines(made)[-1]
    assert len(made_lines(make(judged, "other"))) == 2


def test_the_same_again_makes_no_version(judged: Judged) -> None:
    judged.add(Said())
    first = make(judged)
    with pytest.raises(NothingNew, match=r"street@1 holds the same"):
        make(judged, shares=shares_of("100/0/0"))
    judged.add(Said())
    assert make(judged).sha256 != first.sha256
    assert make(judged, "other").sha256 == looked_at_sha(judged, "street")


def looked_at_sha(judged: Judged, name: str) -> str:
    with judged.store.read() as db:
        return gold.find(db, name).sha256


def test_a_version_never_changes(judged: Judged) -> None:
    one = judged.add(Said(track=1))
    make(judged)
    for statement in (
        "UPDATE gold_sets SET name = 'x'",
        "UPDATE gold_members SET split = 'train'",
        "DELETE FROM gold_members",
        "DELETE FROM pictures",
    ):
        with pytest.raises((sqlite3.Error, StoreError)):
            run(judged, statement)
    run(judged, "UPDATE review_items SET label = 'other', x0 = 9, boxes = '[]'")
    assert looked_at(judged).sound  # what is judged otherwise later changes no version
    with judged.store.read() as db:
        held = db.execute("SELECT why FROM holds ORDER BY why").fetchall()
    assert [row[0] for row in held] == [holds.GOLD, holds.REVIEW]
    assert members(judged)[0].tracking_id == one


def test_lineage_both_ways(judged: Judged) -> None:
    one = judged.add(Said())
    make(judged)
    make(judged, "other")
    other = judged.add(Said())
    make(judged)
    with judged.store.read() as db:
        assert gold.sets_of(db, one) == [("other", 1, "test"), ("street", 1, "test"), ("street", 2, "test")]
        assert gold.sets_of(db, other) == [("street", 2, "test")]
        assert gold.sets_of(db, "nobody") == []
        assert {sample.id for sample in gold.dataset_of(db, judged.home, "street", 2).samples} == {one, other}
        assert [known.title for known in gold.sets(db)] == ["other@1", "street@2", "street@1"]


def test_names_and_versions_that_are_none(judged: Judged) -> None:
    judged.add(Said())
    for name in ("", "a b", "-x", "a@1", "ä" * 65):
        with pytest.raises(UsageError, match="no name"):
            make(judged, name)
    make(judged, "häuser.v-2")
    assert gold.parse("street") == ("street", None)
    assert gold.parse("street@12") == ("street", 12)
    for text in ("street@", "street@0", "street@x", "street@-1"):
        with pytest.raises(UsageError, match="no version"):
            gold.parse(text)
    for text in ("", "1/2", "1/2/x", "-1/1/1", "0/0/0", "nan/1/1", "inf/1/1"):
        with pytest.raises(UsageError, match="no shares"):
            shares_of(text)
    with judged.store.read() as db:
        with pytest.raises(SightdeskError, match="no gold set other") as missed:
            gold.find(db, "other")
        assert "häuser.v-2@1" in missed.value.hint
        with pytest.raises(SightdeskError, match=r"no gold set häuser\.v-2@7"):
            gold.find(db, "häuser.v-2", 7)
        with pytest.raises(UsageError, match="no split"):
            gold.dataset_of(db, judged.home, "häuser.v-2", splits=["exam"])


def test_missing_changed_and_altered_members_are_named(judged: Judged) -> None:
    gone, changed, altered, good = [judged.add(Said()) for _ in range(4)]
    make(judged)
    assert looked_at(judged) == Verified("street@1", 4, 0, 0, (), (), (), hash_holds=True)
    judged.file(gone).unlink()
    judged.file(changed).write_bytes(b"another")
    run(judged, "DROP TRIGGER gold_members_stay")
    run(judged, f"UPDATE gold_members SET truth = '[]' WHERE tracking_id = '{altered}'")
    found = looked_at(judged)
    assert (found.missing, found.changed, found.altered, found.sound) == ((gone,), (changed,), (altered,), False)
    assert not found.hash_holds
    assert good not in json.dumps(found.as_json())
    with judged.store.read() as db, pytest.raises(Interrupted):
        verify(db, judged.home, gold.find(db, "street"), stopped=lambda: True)


def test_what_was_erased_is_counted_and_the_rest_still_proven(judged: Judged) -> None:
    ids = [judged.add(Said(), minutes=number) for number in range(3)]
    make(judged)
    judged.store.write(erase(ids[0], stage="rows")).result()
    found = looked_at(judged)
    assert (found.sound, found.members, found.erased, found.lost) == (True, 3, 1, 0)
    run(judged, "DROP TRIGGER gold_members_erased")
    judged.store.write(erase(ids[1], stage="rows")).result()
    found = looked_at(judged)
    assert (found.sound, found.erased, found.lost) == (False, 1, 1)  # nobody counted that one


def erase(tracking_id: str, stage: str) -> Any:
    def job(db: Any) -> None:
        db.execute(
            "INSERT INTO erasures (name, asked_at, stage, scope, figures) VALUES (?, '', ?, '{}', '{}')",
            (tracking_id, stage),
        )
        db.execute("DELETE FROM gold_members WHERE tracking_id = ?", (tracking_id,))
        db.execute("DELETE FROM erasures")

    return job


def test_a_full_disk_leaves_nothing(judged: Judged) -> None:
    for _ in range(40):
        judged.add(Said("edit", boxes=tuple(Box((n, 0, n + 1, 5), "car") for n in range(60))))
    limit = judged.store.write(lambda db: db.execute("PRAGMA page_count").fetchone()[0] + 4).result()
    judged.store._writer._connection.execute(f"PRAGMA max_page_count = {limit}")  # what a full disk says
    with pytest.raises(StoreError, match="full"):
        make(judged)
    with judged.store.read() as db:
        assert gold.sets(db) == []
        assert db.execute("SELECT count(*) FROM gold_members").fetchone()[0] == 0
    judged.store._writer._connection.execute("PRAGMA max_page_count = 1000000")
    assert make(judged).members == 40


def test_items_that_change_meanwhile_are_seen(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.datasets import gold_making

    real, calls = gold_making._plan, []

    def plan(db: Any, wanted: Wanted) -> Any:
        planned = real(db, wanted)
        calls.append(len(planned.members))
        if len(calls) < 5:
            judged.add(Said(), pixels=plain(len(calls)))
        elif len(calls) == 5:
            judged.add(Said())
        return planned

    judged.add(Said())
    monkeypatch.setattr(gold_making, "_plan", plan)
    made = make(judged)
    assert calls == [1, 2, 3, 4, 5, 6]  # the last is worked out inside the transaction
    assert made.members == 6
    assert looked_at(judged).sound


@pytest.mark.soak
def test_killed_in_the_middle_it_is_all_there_or_not_at_all(judged: Judged) -> None:
    import random
    import subprocess
    import sys
    import time

    for number in range(600):
        judged.add(Said(), minutes=number)
    program = (
        "import sys\nfrom pathlib import Path\nfrom console.settings.home import Home\nfrom console.store.store import "
        "Store\nfrom console.datasets.gold_making import Wanted, create\n"
        "store = Store.open(Home.look(Path(sys.argv[1])))\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "create(store, Wanted(sys.argv[2]))\nprint('made', flush=True)\nstore.close()\n"
    )
    chance, made, cut, longest = random.Random(6), 0, 0, 0.0
    for attempt in range(30):
        argv = [sys.executable, "-c", program, str(judged.home.path), f"set-{attempt}"]
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.stdin.write("\n")
        child.stdin.flush()
        begin = time.monotonic()
        if attempt == 0:
            assert child.stdout.readline() == "made\n"
            longest = 1.1 * (time.monotonic() - begin)
        time.sleep(chance.uniform(0, 1.6 * longest) if attempt else 0)
        child.kill()
        said, _ = child.communicate()
        with judged.store.read() as db:
            there = {one.name: one for one in gold.sets(db)}
            counts = dict(db.execute("SELECT set_id, count(*) FROM gold_members GROUP BY set_id").fetchall())
        name = f"set-{attempt}"
        assert name in there or "made" not in said
        made += name in there
        cut += name not in there
        assert all(counts[one.id] == one.members == 600 for one in there.values())
        assert set(counts) == {one.id for one in there.values()}
        with suppress(IndexError):
            assert looked_at(judged, [*there][-1]).sound
    print(f"made {made}, cut off {cut}")
    assert made
    assert cut
