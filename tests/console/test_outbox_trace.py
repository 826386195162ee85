"""The whole path of what a tracking ID names, in its order, from any beginning of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils import uuid7

from console.errors import UsageError
from console.settings.home import Home
from console.store.outbox import Message, put
from console.store.store import Store, utc_text
from console.sync.overview import queries
from tests.console.outbox_cases import execute
from tests.console.outbox_writing import NOW, to, write
from tests.console.review_queue import new_item, with_pictures


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


@pytest.fixture
def judged(store: Store) -> str:
    """An item with pictures and two verdicts, queued and partly sent; its tracking ID."""
    item = new_item()
    number, whole, _crop = with_pictures(store, item)
    boot = store.boot_id
    for n, (who, role, kind) in enumerate((("Ann", "first", "accept"), ("Bob", "second", "reject"))):
        execute(
            store,
            "INSERT INTO verdicts (key, item_id, kind, who, role, decided_at, seconds, boot_id, before) "
            "VALUES (?, ?, ?, ?, ?, ?, 1, ?, 'open')",
            str(uuid7()), number, kind, who, role, utc_text(datetime.now(UTC) + timedelta(minutes=n)), boot,
        )  # fmt: skip
    later = datetime.now(UTC) + timedelta(minutes=5)
    sent = write(store, "verdict", "cloud", "lake", tracking_id=item.tracking_id, at=later)
    to(store, sent, "cloud", "sent", later + timedelta(seconds=3))
    execute(
        store,
        "UPDATE outbox_deliveries SET state = 'refused', error = 'Too old.', tried_at = ? WHERE target = 'lake'",
        utc_text(later + timedelta(seconds=5)),
    )

    def picture(db: Any) -> None:
        put(
            db, Message("picture", item.tracking_id, "gate", {}, picture_id=whole), boot, targets=["cloud"],
            now=later + timedelta(seconds=9),
        )  # fmt: skip

    store.write(picture).result(10)
    return item.tracking_id


def test_an_items_whole_path_is_told_in_its_order(store: Store, judged: str) -> None:
    with store.read() as db:
        found = queries.trace(db, judged)
    assert found is not None
    assert (found.tracking_id, found.camera_id) == (judged, "gate")
    assert "Review item" in found.about
    assert [step.kind for step in found.steps] == [
        "seen", "kept", "kept", "kept", "judged", "judged", "queued", "sent", "failed", "queued", "waiting",
    ]  # fmt: skip
    assert "Ann" in found.steps[4].detail
    assert "Bob" in found.steps[5].detail
    assert "openvino" in found.steps[0].detail
    assert (found.steps[7].target, found.steps[8].target) == ("cloud", "lake")
    assert "Too old." in found.steps[8].detail
    assert (found.steps[10].at, found.steps[10].target) == (None, "cloud")
    assert len(found.pictures) == 2


def test_the_order_stays_though_the_clock_was_set_back(store: Store, judged: str) -> None:
    execute(store, "UPDATE verdicts SET decided_at = '2020-01-01T00:00:00.000000+00:00' WHERE id = 2")
    execute(store, "UPDATE outbox SET written_at = '2021-01-01T00:00:00.000000+00:00'")
    with store.read() as db:
        found = queries.trace(db, judged)
    assert found is not None
    assert [step.kind for step in found.steps][:2] == ["seen", "kept"]
    who = [step.detail.split(",")[0] for step in found.steps if step.kind == "judged"]
    assert who == ["Ann", "Bob"]
    kinds = [step.kind for step in found.steps]
    assert kinds.index("queued") < kinds.index("sent")
    assert kinds[-1] == "waiting"


def test_any_unique_beginning_and_a_messages_id_lead_there(store: Store, judged: str) -> None:
    with store.read() as db:
        message = str(db.execute("SELECT message_id FROM outbox ORDER BY id LIMIT 1").fetchone()[0])
        for said in (judged.upper(), f" {judged[:-1]} ", message):
            found = queries.trace(db, said)
            assert found is not None
            assert found.tracking_id == judged
        assert queries.trace(db, str(uuid7())) is None
        assert queries.trace(db, judged[:8]) == queries.trace(db, judged)  # all that begins so is about the same
        with pytest.raises(UsageError, match="too short"):
            queries.trace(db, judged[:7])
        for said in ("track 12", "12; DROP TABLE outbox", "%%%%%%%%", "", "g" * 36, judged + "0"):
            with pytest.raises(UsageError):
                queries.trace(db, said)


def test_two_that_begin_alike_are_named(store: Store) -> None:
    one, other = f"01890a5d-{str(uuid7())[9:]}", f"01890a5d-{str(uuid7())[9:]}"
    for known in (one, other):
        write(store, "event", "cloud", tracking_id=known)
    with store.read() as db:
        with pytest.raises(UsageError, match=f"Several begin with.*{min(one, other)}"):
            queries.trace(db, "01890a5d")
        assert queries.trace(db, one) != queries.trace(db, other)


def test_an_event_is_traced_too(store: Store) -> None:
    known = str(uuid7())
    execute(
        store,
        "INSERT INTO events (camera_id, camera_name, label, track, rule, sound, score, x0, y0, x1, y1, width, height, "
        "seen_at, recorded_at, boot_id, picture_why, tracking_id) "
        "VALUES ('gate', 'Gate', 'car', 12, 'cars', '', 0.9, 1, 2, 3, 4, 640, 480, ?, ?, ?, 'disk full', ?)",
        utc_text(NOW), utc_text(NOW), store.boot_id, known,
    )  # fmt: skip
    write(store, "event", "cloud", tracking_id=known, at=NOW)
    with store.read() as db:
        found = queries.trace(db, known)
    assert found is not None
    assert "Event: car, camera Gate" in found.about
    assert [step.kind for step in found.steps] == ["seen", "kept", "kept", "queued", "waiting"]
    assert "track 12" in found.steps[0].detail
    assert known not in " ".join(step.what for step in found.steps)


def test_what_is_gone_here_is_traced_by_what_was_sent_of_it(store: Store) -> None:
    gone, erased, known = str(uuid7()), str(uuid7()), str(uuid7())
    write(store, "event", "cloud", tracking_id=gone)
    write(store, "erased", "cloud", tracking_id=known, tracking_ids=[erased])
    with store.read() as db:
        found = [queries.trace(db, one) for one in (gone, erased, known)]
    assert all(one is not None for one in found)
    assert [one.about.split(";")[0] for one in found if one] == [
        "Not kept here any more", "Erased here", "Word to the targets that 1 thing was erased here",
    ]  # fmt: skip
    assert [one.tracking_id for one in found if one] == [gone, erased, known]
    assert all([step.kind for step in one.steps] == ["queued", "waiting"] for one in found if one)
