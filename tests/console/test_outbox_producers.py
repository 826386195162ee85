"""What is stored leaves in the same transaction: each thing once, as it is stored, and never a person's name."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from uuid_utils import uuid7

from console.datasets.truth import judgement_of
from console.events import queries as event_queries
from console.events.retention import mend
from console.events.rows import NewEvent, acknowledge, insert, link
from console.privacy.audit.anchor import to_database
from console.privacy.audit.chain import Head
from console.privacy.audit.record import Audit
from console.privacy.sealed_writer import SealedWriter
from console.privacy.sealing import PrivateKey
from console.review import rows as review_rows
from console.review.items import Box, NewItem
from console.review.leaving import item_body
from console.review.verdict_job import decide
from console.review.verdict_rules import Decision, Given
from console.settings.home import Home
from console.store import pictures
from console.store.removal import EVENT_PURPOSE
from console.store.store import Store, utc_text
from models.policy import Cover
from tests.console.judging import Desk
from tests.console.outbox_cases import contradictions, deliver, execute, messages, wanted
from tests.console.review_queue import new_item, with_pictures

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVENT = NewEvent("gate", "Gate", "person", 7, "people", "chime", 0.91239, (1.234, 2, 30, 40), (160, 120), NOON)
JUDGE, OTHER, GUARD = "Annegret Wunderlich", "Bartholomew Quill", "Cosima Zapf"


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


def put_event(store: Store, event: NewEvent = EVENT) -> int:
    return store.write(lambda db: insert(db, [(event, "")], store.boot_id)).result(10)[0]


def picture_of(store: Store, event: int, name: str = "a") -> str:
    """A picture that was made for an event, not linked yet."""
    path = PurePosixPath(f"pictures/{name}.jpg")
    policy = json.dumps({"kind": "cover", "purpose": "the gate"})
    row = pictures.PictureRow(
        path, "a" * 64, 80, 60, "gate", NOON, store.boot_id, "cover", policy,
        EVENT_PURPOSE.format(id=event, purpose="the gate"), 1234,
    )  # fmt: skip
    store.write(lambda db: pictures.insert(db, row)).result(10)
    return str(path)


def test_nobody_wants_it_so_nothing_is_written_and_each_event_has_an_id_of_its_own(store: Store) -> None:
    wanted(store, "cloud", ways=["event"], camera="yard")
    numbers = [put_event(store), put_event(store)]
    with store.read() as db:
        events = event_queries.page(db)
    assert [event.id for event in events] == numbers[::-1]
    assert len({event.tracking_id for event in events}) == 2
    assert all(len(event.tracking_id) == 36 for event in events)
    assert messages(store) == []


def test_an_event_and_its_picture_leave_as_they_are_stored(store: Store) -> None:
    wanted(store, "cloud", "bucket")
    number = put_event(store)
    path = picture_of(store, number)
    assert store.write(lambda db: link(db, number, path)).result(10)
    assert store.write(lambda db: link(db, number, path)).result(10)  # once more: nothing leaves twice
    with store.read() as db:
        (event,) = event_queries.page(db)
        assert contradictions(db) == []
        held = [tuple(row) for row in db.execute("SELECT picture_id, why FROM holds")]
    first, second = messages(store)
    assert (first["kind"], first["tracking_id"], first["camera_id"]) == ("event", event.tracking_id, "gate")
    assert first["body"] == {
        "camera": "Gate", "label": "person", "track": 7, "rule": "people", "score": 0.9124, "box": [1.23, 2, 30, 40],
        "size": [160, 120], "seen_at": utc_text(NOON),
    }  # fmt: skip
    assert (second["kind"], second["tracking_id"], second["picture_id"]) == ("picture", event.tracking_id, 1)
    assert second["body"] == {
        "of": "event", "sha256": "a" * 64, "bytes": 1234, "size": [80, 60], "source_size": [160, 120],
        "taken_at": utc_text(NOON), "policy": {"kind": "cover", "purpose": "the gate"}, "label": "person",
        "box": [1.23, 2, 30, 40],
    }  # fmt: skip
    assert first["to"] == second["to"] == {"cloud": "waiting", "bucket": "waiting"}
    assert second["bytes"] > 1234
    assert held == [(1, "sync")]


def test_a_picture_that_an_event_gets_after_a_crash_leaves_then(home: Home) -> None:
    with Store.open(home) as store:
        wanted(store, "cloud")
        picture_of(store, put_event(store))
    with Store.open(home) as store:
        assert [one["kind"] for one in messages(store)] == ["event"]
        assert mend(store) == 1
        assert [one["kind"] for one in messages(store)] == ["event", "picture"]
        assert mend(store) == 0
        assert len(messages(store)) == 2


def test_of_an_event_older_than_the_outbox_nothing_leaves(store: Store) -> None:
    wanted(store, "cloud")
    number = put_event(store)
    execute(store, "UPDATE events SET tracking_id = NULL")
    path = picture_of(store, number)
    store.write(lambda db: link(db, number, path)).result(10)
    assert [one["kind"] for one in messages(store)] == ["event"]
    with store.read() as db:
        assert event_queries.page(db)[0].tracking_id == ""


def test_a_sealed_crop_leaves_with_its_event(home: Home, store: Store) -> None:
    wanted(store, "cloud", ways=["sealed"])
    key = PrivateKey.new().public
    policy = Cover(seal_plates_for=key.text, purpose="the barrier")
    crop = np.random.default_rng(2).integers(0, 256, (20, 60, 3), np.uint8)
    writer = SealedWriter(home, store)
    number = put_event(store)
    written = writer.write(crop, camera_id="gate", taken_at=NOON, event_id=number, policy=policy)
    writer.write(crop, camera_id="gate", taken_at=NOON, event_id=None, policy=policy)  # belongs to nothing that leaves
    with store.read() as db:
        (event,) = event_queries.page(db)
        assert contradictions(db) == []
    (said,) = messages(store)
    assert (said["kind"], said["tracking_id"], said["sealed_id"]) == ("sealed", event.tracking_id, 1)
    assert said["body"] == {
        "of": "event", "sha256": written.sha256, "bytes": written.path.stat().st_size, "key_id": key.number,
        "taken_at": utc_text(NOON), "purpose": "the barrier",
    }  # fmt: skip


def test_an_item_leaves_with_its_picture_and_never_its_crop(store: Store) -> None:
    wanted(store, "cloud")
    item = new_item(track=3)
    _number, whole, _crop = with_pictures(store, item)
    first, second = messages(store)
    box = [10.0, 20.0, 110.0, 220.0, "person", 0.4, 3]
    assert (first["kind"], first["tracking_id"]) == ("item", item.tracking_id)
    assert first["body"] == {
        "camera": "Name of gate", "label": "person", "reason": "doubt", "why": {"low": 0.3}, "box": box, "boxes": [box],
        "size": [640, 480], "model": "yolox", "ran": [{"runtime": "openvino"}], "taken_at": utc_text(NOON),
    }  # fmt: skip
    assert (second["kind"], second["picture_id"], second["tracking_id"]) == ("picture", whole, item.tracking_id)
    assert (second["body"]["of"], second["body"]["box"], second["body"]["source_size"]) == ("item", box, [640, 480])


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("/home/annegret/models/gate.onnx", "gate.onnx"), ("C:\\Users\\Annegret\\gate.onnx", "gate.onnx"),
        ("grpc://10.0.0.7:8001/gate", "gate"), ("person-ssdlite", "person-ssdlite"), ("", ""),
    ],
)  # fmt: skip
def test_no_path_or_address_of_this_site_leaves(store: Store, model: str, name: str) -> None:
    wanted(store, "cloud")
    why = f"asked {model} on NPU: The file {model} can't be read."
    ran = ({"model": "gate", "fell_back": why}, {"model": "faces", "fell_back": ""}, {"runtime": "openvino"})
    desk = Desk(store)
    number, *_ = with_pictures(store, replace(new_item(), model=model, ran=ran))
    desk.say(number)
    desk.lane.close()
    told = [one["body"] for one in messages(store) if one["kind"] != "picture"]
    assert [one["model"] for one in told] == [name, name]
    assert told[0]["ran"] == [
        {"model": "gate", "fell_back": True}, {"model": "faces", "fell_back": False}, {"runtime": "openvino"},
    ]  # fmt: skip
    if model != name:
        assert json.dumps(model)[1:-1] not in json.dumps(messages(store))


def test_a_picture_linked_later_leaves_then_to_whoever_wants_it_by_now(store: Store) -> None:
    """To one who wants those of verdicts only once its item is done, even when the link comes after that."""
    wanted(store, "items", ways=["item", "item picture"])
    wanted(store, "verdicts", ways=["verdict", "verdict picture"])
    desk = Desk(store)
    item = new_item()
    number = store.write(lambda db: review_rows.insert(db, item, store.boot_id, picture=None, crop=None)).result(10)
    desk.say(number)
    path = picture_of(store, 99, "late")
    store.write(lambda db: review_rows.link(db, number, path)).result(10)
    desk.lane.close()
    assert [(one["kind"], list(one["to"])) for one in messages(store)] == [
        ("item", ["items"]), ("verdict", ["verdicts"]), ("picture", ["items"]), ("picture", ["verdicts"]),
    ]  # fmt: skip


def test_a_verdict_leaves_once_with_what_is_known_after_it(store: Store) -> None:
    wanted(store, "cloud", ways=["verdict", "verdict picture"])
    desk = Desk(store)
    number, whole, _crop = with_pictures(store, new_item())
    given = desk.say(number, "relabel", label="dog", who=JUDGE)
    desk.say(number, "relabel", label="dog", who=JUDGE, key=given.key)  # the same key is the same verdict
    assert desk.lane.take_back([given.key], JUDGE).result(10) == 1
    assert desk.lane.take_back([given.key], JUDGE).result(10) == 0
    boxes = (Box((1, 2, 3, 4), "dog"), Box((5, 6, 7, 8), "cat", None, 4))
    last = desk.say(number, "edit", boxes=boxes, who=OTHER)
    desk.say(number, "reject", who=OTHER)
    desk.lane.close()
    said = messages(store)
    assert [one["kind"] for one in said] == ["verdict", "picture", "verdict", "verdict", "verdict"]
    assert said[1]["picture_id"] == whole
    bodies = [one["body"] for one in said if one["kind"] == "verdict"]
    assert bodies[0] == messages_body(number, store) | {
        "verdict": {
            "key": given.key, "kind": "relabel", "label": "dog", "boxes": None, "role": "first",
            "decided_at": bodies[0]["verdict"]["decided_at"], "replaces": None, "taken_back": False,
        },
        "state": "done", "truth": [[10.0, 20.0, 110.0, 220.0, "dog"]], "exhaustive": False,
    }  # fmt: skip
    assert (bodies[1]["verdict"]["key"], bodies[1]["verdict"]["taken_back"]) == (given.key, True)
    assert (bodies[1]["state"], bodies[1]["truth"]) == ("open", None)
    assert bodies[2]["verdict"]["boxes"] == [[1, 2, 3, 4, "dog", None, None], [5, 6, 7, 8, "cat", None, 4]]
    assert (bodies[2]["truth"], bodies[2]["exhaustive"]) == ([[1, 2, 3, 4, "dog"], [5, 6, 7, 8, "cat"]], True)
    assert (bodies[3]["verdict"]["replaces"], bodies[3]["truth"], bodies[3]["exhaustive"]) == (last.key, [], False)


def messages_body(number: int, store: Store) -> dict[str, Any]:
    with store.read() as db:
        return item_body(dict(db.execute("SELECT * FROM review_items WHERE id = ?", (number,)).fetchone()))


def test_what_is_taken_back_to_another_verdict_says_what_that_one_does(store: Store) -> None:
    wanted(store, "cloud", ways=["verdict"])
    desk = Desk(store)
    number, *_ = with_pictures(store, new_item())
    desk.say(number)
    second = desk.say(number, "reject")
    desk.lane.take_back([second.key], "Ann").result(10)
    desk.lane.close()
    body = messages(store)[-1]["body"]
    assert (body["verdict"]["kind"], body["verdict"]["taken_back"], body["state"]) == ("reject", True, "done")
    assert body["truth"] == [[10.0, 20.0, 110.0, 220.0, "person"]]


def test_a_skip_never_leaves_nor_is_it_named(store: Store) -> None:
    wanted(store, "cloud", ways=["verdict"])
    desk = Desk(store)
    number, *_ = with_pictures(store, new_item())
    skip = desk.say(number, "skip")
    desk.lane.take_back([skip.key], "Ann").result(10)
    desk.say(number, "skip")
    assert messages(store) == []
    desk.say(number, "accept")
    desk.say(number, "skip")
    desk.lane.close()
    (said,) = messages(store)
    assert (said["body"]["verdict"]["kind"], said["body"]["verdict"]["replaces"]) == ("accept", None)


def test_nothing_is_known_until_the_second_person_agrees_or_a_supervisor_decides(store: Store) -> None:
    wanted(store, "cloud", ways=["verdict", "verdict picture"])
    desk = Desk(store, share=1.0)
    one, *_ = with_pictures(store, new_item())
    two, *_ = with_pictures(store, new_item())
    desk.say(one, who=JUDGE)
    desk.say(one, who=OTHER)
    desk.say(two, who=JUDGE)
    desk.say(two, "reject", who=OTHER)
    desk.supervisor = True
    desk.say(two, "relabel", label="dog", who=GUARD)
    desk.lane.close()
    said = [(one["body"]["state"], one["body"]["truth"]) for one in messages(store, "verdict")]
    box = [10.0, 20.0, 110.0, 220.0]
    assert said == [
        ("second", None), ("done", [[*box, "person"]]), ("second", None), ("disputed", None), ("done", [[*box, "dog"]]),
    ]  # fmt: skip
    assert [one["kind"] for one in messages(store)] == [
        "verdict", "verdict", "picture", "verdict", "verdict", "verdict", "picture",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "whole"), [("accept", False), ("reject", False), ("relabel", False), ("edit", False), ("edit", True)]
)
def test_the_truth_that_leaves_is_what_datasets_make_of_the_verdict(store: Store, kind: Any, *, whole: bool) -> None:
    wanted(store, "cloud", ways=["verdict"])
    desk = Desk(store)
    number, *_ = with_pictures(store, new_item(score=None if whole else 0.4, reason="wrong"))
    boxes = (Box((1, 2, 3, 4), "dog"),) if kind == "edit" else None
    desk.say(number, kind, label="dog" if kind == "relabel" else "", boxes=boxes)
    judged = judgement_of(desk.item(number))
    desk.lane.close()
    body = messages(store)[0]["body"]
    assert body["truth"] == [[*box.xyxy, box.label] for box in judged.truth]
    assert body["exhaustive"] == judged.exhaustive


def test_no_persons_name_ever_leaves(store: Store) -> None:
    wanted(store, "cloud")
    desk = Desk(store, share=0.5)
    desk.supervisor = True
    event = put_event(store)
    acknowledge(store, [event], GUARD).result(10)
    path = picture_of(store, event)
    store.write(lambda db: link(db, event, path)).result(10)
    numbers = [with_pictures(store, new_item(track=n))[0] for n in range(6)]
    said = desk.lane.decide_many(numbers, bulk := Decision("accept"), who=JUDGE)
    assert said.result(10) == 6
    for number in numbers[:4]:
        desk.say(number, "reject", who=OTHER)
    desk.lane.take_back([bulk.key], JUDGE).result(10)
    imported(store)
    Audit(store.path.parent).write("looked", who=GUARD)
    desk.lane.close()
    with store.read() as db:
        text = "\n".join(str(tuple(row)) for row in db.execute("SELECT * FROM outbox"))
        text += "\n".join(str(tuple(row)) for row in db.execute("SELECT * FROM outbox_deliveries"))
        names = {row[0] for row in db.execute("SELECT who FROM verdicts")}
    assert {JUDGE, OTHER} <= names
    for name in (JUDGE, OTHER, GUARD, "holiday"):
        assert not [part for part in name.split() if part in text], name
    assert len(messages(store, "verdict")) > 10


def imported(store: Store) -> str:
    """An item of another tool's, done, whose file was called after somebody."""
    tracking_id, name = str(uuid7()), f"holiday of {JUDGE}.jpg"
    item = NewItem(
        tracking_id, "import-street", "street", "", None, "import", (Box((1, 2, 3, 4), "dog"),), (640, 480), "", (),
        NOON, {"set": "street", "picture": name, "id": name, "split": "val"},
    )  # fmt: skip

    def job(db: Any) -> None:
        number = review_rows.insert(db, item, store.boot_id, picture=None, crop=None)
        given = Given(OTHER, supervisor=False, at=NOON, seconds=0, boot_id=store.boot_id, share=0, imported=True)
        decide(db, number, Decision("edit", boxes=item.boxes), given)

    store.write(job).result(10)
    return tracking_id


def test_an_imported_item_leaves_without_what_its_file_was_called(store: Store) -> None:
    wanted(store, "cloud")
    imported(store)
    item, verdict = messages(store)
    assert item["body"]["why"] == verdict["body"]["why"] == {"set": "street", "split": "val"}
    assert (verdict["body"]["verdict"]["role"], verdict["body"]["exhaustive"]) == ("import", True)


def test_each_verdict_of_a_bulk_leaves_once_and_again_when_it_is_taken_back(store: Store) -> None:
    wanted(store, "cloud", ways=["verdict", "verdict picture"])
    desk = Desk(store)
    numbers = [with_pictures(store, new_item(track=n))[0] for n in range(30)]
    bulk = Decision("accept")
    assert desk.lane.decide_many(numbers, bulk, who=JUDGE).result(20) == 30
    said = messages(store, "verdict")
    assert len({one["tracking_id"] for one in said}) == len(said) == 30
    assert len(messages(store, "picture")) == 30
    assert desk.lane.take_back([bulk.key], JUDGE).result(20) == 30
    desk.lane.close()
    assert sum(one["body"]["verdict"]["taken_back"] for one in messages(store, "verdict")) == 30
    with store.read() as db:
        assert contradictions(db) == []


def test_a_verdict_that_is_refused_leaves_nothing(store: Store) -> None:
    wanted(store, "cloud", ways=["verdict"])
    desk = Desk(store)
    number, *_ = with_pictures(store, new_item(score=None, reason="wrong"))
    with pytest.raises(Exception, match="whole picture"):
        desk.say(number, "accept")
    desk.lane.close()
    assert messages(store) == []


def test_of_the_record_only_the_newest_head_leaves(home: Home, store: Store) -> None:
    wanted(store, "cloud", "bucket", ways=["audit"])
    audit = Audit(home.path)
    for n in range(4):
        head = audit.write("looked", step=n)
    (said,) = messages(store)
    assert said["body"] == {"record": head.record, "n": head.n, "hash": head.hash}
    deliver(store, "cloud")
    head = audit.write("looked", step=5)
    assert [one["to"] for one in messages(store)] == [
        {"cloud": "sent"}, {"bucket": "waiting", "cloud": "waiting"},
    ]  # fmt: skip
    execute(store, "UPDATE outbox_deliveries SET attempts = 1")
    audit.write("looked", step=6)
    assert len(messages(store)) == 3
    assert messages(store)[1]["body"]["n"] == head.n


def test_without_anybody_who_wants_it_or_without_an_outbox_the_head_is_kept_all_the_same(
    home: Home, store: Store
) -> None:
    Audit(home.path).write("looked")
    assert messages(store) == []
    store.close()
    old = home.path / "old.db"
    db = sqlite3.connect(old)
    db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    db.commit()
    db.close()
    to_database(old, home.run, Head(3, "0" * 64, "record"))
    db = sqlite3.connect(old)
    assert json.loads(db.execute("SELECT value FROM meta").fetchone()[0])["n"] == 3
    db.close()


def test_times_leave_in_utc(store: Store) -> None:
    wanted(store, "cloud")
    put_event(store, replace(EVENT, seen_at=datetime(2026, 3, 4, 15, tzinfo=timezone(timedelta(hours=2)))))
    assert messages(store)[0]["body"]["seen_at"] == "2026-03-04T13:00:00.000000+00:00"
