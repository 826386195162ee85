"""What the keeper promises, over SQLite and PostgreSQL alike."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from console.cloud.database.sql.engines import read_url
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Identity
from console.sync.wire import Received, Said, canonical
from tests.cloud.keeping_cases import AT, DESK, OTHER, jpeg, keeping, message, notice, sealed, states, truth

pytestmark = pytest.mark.services


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cloud"


@pytest.fixture
def keeper(database_url: str, folder: Path) -> Iterator[Keeper]:
    with keeping(database_url, folder) as made:
        yield made


def test_what_is_kept_can_be_found_and_outlives_the_process(database_url: str, folder: Path) -> None:
    about = message(body={"label": "person"})
    shown = message(jpeg("a"), number=2, tracking_id=about.head["tracking_id"])
    name = shown.head["file"]["sha256"]
    with keeping(database_url, folder) as keeper:
        assert states(keeper.take(DESK, [shown, about])) == ["received", "received"]
    with keeping(database_url, folder) as keeper:
        found = keeper.trace(DESK.site, about.head["tracking_id"])
        assert found is not None
        assert found["state"] == "received"
        assert [one["message_id"] for one in found["messages"]] == [about.head["message_id"], shown.head["message_id"]]
        assert found["messages"][1]["file"] == {"sha256": name, "bytes": len(jpeg("a")), "content_type": "image/jpeg"}
        kept = keeper.message(DESK.site, about.head["message_id"])
        assert kept is not None
        assert {key: kept[key] for key in ("body", "desk", "written_at", "file")} == {  # type: ignore[literal-required]
            "body": {"label": "person"}, "desk": "gate", "written_at": AT, "file": None,
        }  # fmt: skip
        path = keeper.file(DESK.site, name)
        assert path is not None
        assert path.read_bytes() == shown.file
        assert path.stat().st_mode & 0o077 == 0
        assert keeper.trace(DESK.site, "nothing") is None
        assert keeper.message(DESK.site, "\0'") is None
        assert keeper.file(DESK.site, "../../cloud.lock") is None
        assert keeper.figures()["messages"] == {"event": 1, "picture": 1}
        assert keeper.figures()["oldest"] == kept["received_at"]
        keeper.check()


def test_a_message_is_taken_once_however_often_it_comes(keeper: Keeper, database_url: str, folder: Path) -> None:
    one, other = message(jpeg("a")), message()
    assert states(keeper.take(DESK, [one, other, one])) == ["received", "received", "known"]
    assert states(keeper.take(DESK, [other, one])) == ["known", "known"]
    assert keeper.take(DESK, []) == []
    assert len(truth(database_url, folder).messages) == 2


def test_another_content_under_a_known_id_is_refused(keeper: Keeper, database_url: str, folder: Path) -> None:
    one = message(jpeg("a"))
    keeper.take(DESK, [one])
    twisted = [
        Received({**one.head, "number": 9}, one.file),
        Received({**one.head, "body": {}}, one.file),
        message(jpeg("b"), message_id=one.head["message_id"], tracking_id=one.head["tracking_id"]),
        Received({**one.head, "file": None}, None),
    ]
    for said in [*keeper.take(DESK, twisted), *keeper.take(Identity("plant-1", "another", 9), twisted)]:
        assert said == Said(one.head["message_id"], "refused", "a message of this ID was kept, with another content")
    first, second = message(), message()
    both = [first, Received({**second.head, "message_id": first.head["message_id"]}, None)]
    assert states(keeper.take(DESK, both)) == ["received", "refused"]
    assert truth(database_url, folder).files == {one.head["file"]["sha256"]}


def test_a_site_sees_and_changes_its_own_alone(keeper: Keeper, database_url: str, folder: Path) -> None:
    mine = message(jpeg("same"))
    theirs = message(jpeg("same"), tracking_id=mine.head["tracking_id"])
    keeper.take(DESK, [mine])
    keeper.take(OTHER, [theirs])
    ids, name = mine.head["tracking_id"], mine.head["file"]["sha256"]
    assert keeper.message(OTHER.site, mine.head["message_id"]) is None
    trace = keeper.trace(OTHER.site, ids)
    assert trace is not None
    assert [one["message_id"] for one in trace["messages"]] == [theirs.head["message_id"]]
    assert keeper.file(DESK.site, name) != keeper.file(OTHER.site, name)
    assert keeper.file("plant-3", name) is None
    assert keeper.take(OTHER, [mine]) == [
        Said(mine.head["message_id"], "refused", "another site has a message of this ID")
    ]
    keeper.take(OTHER, [notice(ids)])
    assert keeper.file(OTHER.site, name) is None
    path = keeper.file(DESK.site, name)
    assert path is not None
    assert path.read_bytes() == mine.file
    assert states(keeper.take(DESK, [message(tracking_id=ids)])) == ["received"]
    truth(database_url, folder)


def test_what_is_erased_is_gone_and_does_not_come_back(keeper: Keeper, database_url: str, folder: Path) -> None:
    ids = "01a205ab-6cc6-7694-9c23-229b3a474cb3"
    about, shown = message(tracking_id=ids), message(jpeg("face"), tracking_id=ids)
    crop, stays, audit = message(sealed("plate"), tracking_id=ids), message(jpeg("b")), message(kind="audit")
    keeper.take(DESK, [about, shown, crop, stays, audit])
    said = notice(ids, audit.head["tracking_id"], "01a205ab-0000-7000-8000-000000000000")
    assert states(keeper.take(DESK, [said])) == ["received"]
    assert keeper.trace(DESK.site, ids) == {"tracking_id": ids, "state": "erased", "messages": [], "jobs": []}
    assert keeper.message(DESK.site, shown.head["message_id"]) is None
    late = [about, shown, message(jpeg("late"), tracking_id=ids), said]
    assert [(one.state, one.why) for one in keeper.take(DESK, late)] == [("known", "erased")] * 3 + [("known", "")]
    left = truth(database_url, folder)
    assert set(left.messages) == {one.head["message_id"] for one in (stays, audit, said)}
    assert left.files == {stays.head["file"]["sha256"]}
    assert left.erased == 3
    kept = keeper.message(DESK.site, said.head["message_id"])
    assert kept is not None
    assert kept["body"] == {}
    assert ids not in everything(database_url)


def everything(url: str) -> str:
    """All that the database holds, SQLite's files as they are on the disk."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        return "".join(one.read_bytes().decode("latin-1") for one in path.parent.iterdir())
    engine = create_engine(read_url(url))
    with engine.connect() as db:
        names = ("about", "files", "messages", "erased", "counts")
        found = [str(db.execute(text(f"SELECT * FROM {name}")).all()) for name in names]
    engine.dispose()
    return "".join(found)


def test_a_file_goes_with_the_last_message_that_has_it(keeper: Keeper, database_url: str, folder: Path) -> None:
    first, second = message(jpeg("shared")), message(jpeg("shared"))
    name = first.head["file"]["sha256"]
    keeper.take(DESK, [first, second])
    keeper.take(DESK, [notice(first.head["tracking_id"])])
    assert keeper.file(DESK.site, name) is not None
    third = message(jpeg("shared"))
    keeper.take(DESK, [third, notice(second.head["tracking_id"])])
    assert keeper.file(DESK.site, name) is not None
    keeper.take(DESK, [notice(third.head["tracking_id"])])
    assert keeper.file(DESK.site, name) is None
    assert states(keeper.take(DESK, [message(jpeg("shared"))])) == ["received"]
    assert len(truth(database_url, folder).files) == 1


def test_a_batch_is_judged_as_if_each_came_alone(keeper: Keeper, database_url: str, folder: Path) -> None:
    one, other = message(jpeg("a")), message(jpeg("b"))
    batch = [one, notice(one.head["tracking_id"]), one, other, message(tracking_id=one.head["tracking_id"])]
    said = [(one.state, one.why) for one in keeper.take(DESK, batch)]
    assert said == [("received", "")] * 2 + [("known", "erased"), ("received", ""), ("known", "erased")]
    both = [other, notice(other.head["tracking_id"]), other]
    assert [(one.state, one.why) for one in keeper.take(DESK, both)][2] == ("known", "erased")
    assert truth(database_url, folder).files == set()


BAD: list[tuple[str, dict[str, Any]]] = [
    ("number", {"body": {"x": float("nan")}}), ("letter", {"camera_id": "\ud800"}), ("letter", {"body": {"\udfff": 1}}),
    ("camera", {"camera_id": "a\0b"}), ("camera", {"camera_id": "x" * 256}), ("camera", {"number": 1 << 63}),
    ("kind", {"kind": "film"}), ("kind", {"kind": "event\0"}), ("ID", {"tracking_id": "a\0"}),
    ("ID", {"tracking_id": ""}),
    ("ID", {"tracking_id": "x" * 65}), ("ID", {"tracking_id": "a/b\n"}), ("written", {"written_at": "2026-01-01"}),
    ("written", {"written_at": "soon"}), ("erased", {"kind": "erased"}),
    ("erased", {"kind": "erased", "body": {"tracking_ids": ["a", 1]}}),
    ("erased", {"kind": "erased", "body": {"tracking_ids": ["a\0"]}}),
]  # fmt: skip


def test_what_no_database_keeps_is_refused_alone(keeper: Keeper, database_url: str, folder: Path) -> None:
    batch = [message(**values) for _why, values in BAD]
    good = message(number=(1 << 63) - 1, camera_id="'\"; DROP TABLE messages; -- 🚲\x01", body={"n": 10**4000})
    said = keeper.take(DESK, [*batch, message(message_id="no/id"), good, message(message_id="x" * 9999)])
    for one, (why, _values) in zip(said, BAD, strict=False):
        assert one.state == "refused"
        assert why in one.why
    assert states(said)[len(BAD) :] == ["refused", "received", "refused"]
    kept = truth(database_url, folder)
    assert kept.heads == {good.head["message_id"]: canonical(good.head).decode()}
    found = keeper.message(DESK.site, good.head["message_id"])
    assert found is not None
    assert (found["camera_id"], found["body"]) == (good.head["camera_id"], good.head["body"])


def test_more_than_one_statement_takes_is_one_batch_all_the_same(
    keeper: Keeper, database_url: str, folder: Path
) -> None:
    batch = [message(body={}) for _ in range(1300)]
    assert set(states(keeper.take(DESK, batch))) == {"received"}
    assert set(states(keeper.take(DESK, batch))) == {"known"}
    keeper.take(DESK, [notice(*(one.head["tracking_id"] for one in batch))])
    assert len(truth(database_url, folder).messages) == 1


def test_eight_threads_send_the_same_and_each_is_kept_once(keeper: Keeper, database_url: str, folder: Path) -> None:
    pool = [message(jpeg(str(n % 20)), number=n) for n in range(60)] + [message(number=n) for n in range(20)]
    erased = {one.head["tracking_id"] for one in pool[:15]}
    said: list[tuple[str, str]] = []
    wrong: list[BaseException] = []

    def send(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for round_ in range(6):
                batch = chance.sample(pool, 25)
                if round_ == 3:
                    batch.insert(chance.randrange(25), notice(*erased))
                who = OTHER if seed == 7 else DESK
                said.extend((one.message_id, one.state) for one in keeper.take(who, batch))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=send, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    kept = truth(database_url, folder)
    gone = {one.head["message_id"] for one in pool[:15]}  # the other site may send them again under the same ID
    received = [name for name, state in said if state == "received" and name not in gone]
    assert len(received) == len(set(received))
    assert set(received) == {name for name in kept.messages if name not in gone}
    trace = [keeper.trace(DESK.site, name) for name in erased]
    assert all(one is not None and one["state"] == "erased" for one in trace)
    for one in pool[15:]:
        if one.head["message_id"] in kept.messages:
            assert kept.messages[one.head["message_id"]] == one.file
