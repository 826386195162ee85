"""Answers are fetched to the last one, stored once, and nothing that a cloud says can do harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from uuid_utils import uuid7

from console.settings.home import Home
from console.store import answers
from console.store.answers import Cursor, NewAnswer
from console.store.removal import remove
from console.store.store import Store, utc_text
from console.store.tombstones import about, take_away
from console.sync import requests
from console.sync.answers.fetching import Fetching
from console.sync.answers.rhythm import LATELY_S, NEVER_S, OFTEN_S, SELDOM_S, Rhythm
from console.sync.overview.alarms import alarms
from console.sync.overview.queries import Quota, status
from console.sync.routes import apply
from tests.console.answer_cases import cloud_settings, cursor, fetching, rows, send_files
from tests.console.outbox_cases import execute
from tests.console.sync_fakes import FakeClock, wait_until
from tests.servers.authority import Authority, Pair
from tests.servers.receiver import Receiver
from tests.servers.receiver_answers import Book, body

DAY = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def own(authority: Authority) -> Pair:
    return authority.client("desk-1")


@pytest.fixture
def receiver(authority: Authority, tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "receiver", authority.server_context()) as receiver:
        receiver.answers = Book()
        yield receiver


@pytest.fixture
def book(receiver: Receiver) -> Book:
    assert receiver.answers is not None
    return receiver.answers


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


class Desk:
    """Fetchers with a clock that stands still."""

    def __init__(self, store: Store, receiver: Receiver, authority: Authority, own: Pair) -> None:
        self.store, self.clock = store, FakeClock()
        self._with = receiver.url, authority, own
        self.fetching: Fetching | None = None

    def start(self, **more: Any) -> Fetching:
        settings = cloud_settings(*self._with, **more)
        apply(self.store, settings)
        self.fetching = fetching(self.store, settings, self.clock)
        return self.fetching

    def until(self, true: Callable[[], object], step_s: float = 0.0) -> None:
        """Wait for something, and let time pass meanwhile."""

        def look() -> bool:
            if step_s and not true():
                self.clock.move(step_s)
                time.sleep(0.02)
            return bool(true())

        wait_until(look)

    def stop(self) -> list[str]:
        if self.fetching is None:
            return []
        self.fetching.close()
        return self.fetching.join(time.monotonic() + 3)


@pytest.fixture
def desk(store: Store, receiver: Receiver, authority: Authority, own: Pair) -> Iterator[Desk]:
    made = Desk(store, receiver, authority, own)
    yield made
    assert made.stop() == []
    assert not [one for one in threading.enumerate() if one.name.startswith("answers ")]


def test_all_pages_come_over_mutual_tls_each_once_and_what_is_not_ours_does_not(
    desk: Desk, store: Store, book: Book, receiver: Receiver
) -> None:
    sent = send_files(store, 620)
    for message_id, tracking_id in sent:
        book.add(message_id, tracking_id)
    book.add(str(uuid7()), sent[0][1])  # a message that never was
    book.add(sent[1][0], str(uuid7()))  # of another thing than it is about
    book.add(sent[2][0], sent[2][1], "vehicles", camera_id="elsewhere")
    desk.start()
    desk.until(lambda: len(rows(store)) == 620)
    got = rows(store)
    assert {(row["message_id"], row["tracking_id"]) for row in got} == set(sent) - {sent[1]}  # it was replaced
    assert {row["camera_id"] for row in got} == {"yard"}
    assert {row["boot_id"] for row in got} == {store.boot_id}
    assert cursor(store) | {"came_at": 0, "fetched_at": 0} == {
        "target": "cloud", "store": book.store, "number": book.last, "epoch": 0, "takes": '["picture", "sealed"]',
        "came": 620, "came_at": 0,
        "fetched_at": 0, "problem": "", "hint": "", "problem_kind": "", "failing_since": None,
    }  # fmt: skip
    assert receiver.peers() == ["desk-1"]
    assert book.asked == [(0, 500), (501, 500)]  # one of the first 500 was given another number
    first = rows(store)[0]
    book.add(first["message_id"], first["tracking_id"], body=body(("van", 0.5, (1, 1, 2, 2))))
    desk.until(lambda: any("van" in row["body"] for row in rows(store)), OFTEN_S)
    assert len(rows(store)) == 620


def test_nobody_is_told_to_wait_for_what_a_cloud_does_not_look_at(desk: Desk, store: Store, book: Book) -> None:
    ((_message, tracking_id),) = send_files(store, 1)
    book.takes = ("sealed",)
    desk.start()
    desk.until(lambda: cursor(store).get("takes") == '["sealed"]')

    def waits() -> bool:
        with store.read() as db:
            return answers.unanswered_since(db, tracking_id, ["cloud"], "", "9999") is not None

    assert not waits()
    book.takes = ("picture",)
    desk.until(lambda: cursor(store)["takes"] == '["picture"]', OFTEN_S)
    assert waits()


def test_what_was_erased_meanwhile_is_not_stored(desk: Desk, store: Store, book: Book) -> None:
    gone, stays = send_files(store, 2)
    for one in (gone, stays):
        book.add(*one)
    store.write(lambda db: take_away(db, about(db, [gone[1]]))).result(5)
    desk.start()
    desk.until(lambda: cursor(store).get("number") == 2)
    assert [row["message_id"] for row in rows(store)] == [stays[0]]


def test_what_went_for_its_age_is_not_brought_back(desk: Desk, store: Store, book: Book) -> None:
    gone, stays = send_files(store, 2)
    for one in (gone, stays):
        book.add(*one)

    def let_go(db: Any) -> None:
        remove(db, events=db.execute("SELECT id FROM events WHERE tracking_id = ?", (gone[1],)).fetchone())

    store.write(let_go).result(5)
    desk.start()
    desk.until(lambda: cursor(store).get("number") == 2)
    assert [row["message_id"] for row in rows(store)] == [stays[0]]


def test_another_store_and_one_from_a_backup_begin_again_and_what_comes_replaces(
    desk: Desk, store: Store, book: Book
) -> None:
    one, other = send_files(store, 2)
    for n in range(5):
        book.add(*one, body=body((f"old {n}", 0.5, (1, 1, 2, 2))))
    book.add(*other)
    desk.start()
    desk.until(lambda: cursor(store).get("number") == 6)
    book.rows, book.last = {}, 0  # the same store, as it was before
    book.add(*one, body=body(("again", 0.5, (1, 1, 2, 2))))
    desk.until(lambda: any("again" in row["body"] for row in rows(store)), OFTEN_S)
    assert (cursor(store)["number"], cursor(store)["epoch"], len(rows(store))) == (1, 1, 2)
    book.store, book.rows, book.last = "made anew", {}, 0
    book.add(*one, body=body(("anew", 0.5, (1, 1, 2, 2))))
    desk.until(lambda: any("anew" in row["body"] for row in rows(store)), SELDOM_S)
    assert (cursor(store)["store"], cursor(store)["epoch"]) == ("made anew", 2)


def test_stores_that_take_turns_are_not_asked_without_end(desk: Desk, book: Book) -> None:
    turns = iter(range(1000))
    book.instead = lambda _after, _most: (200, {}, {"store": f"store {next(turns)}", "last": 0, "answers": []})
    desk.start()
    desk.until(lambda: len(book.asked) == 3, OFTEN_S)  # the first is believed; the second is another, and then?
    time.sleep(0.2)
    assert len(book.asked) == 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, {}, b"<html>"), "WrongAnswer"), ((200, {}, {"answers": []}), "WrongAnswer"),
        ((503, {"Retry-After": "700"}, b""), "Busy"), ((403, {}, b'{"why": "revoked"}'), "Denied"),
        ((302, {"Location": "https://elsewhere/"}, b""), "Denied"), ((200, {}, b"x" * (2 << 20)), "WrongAnswer"),
    ],
)  # fmt: skip
def test_what_is_no_answer_leaves_everything_and_is_said(
    desk: Desk, store: Store, book: Book, answer: tuple[int, dict[str, str], Any], kind: str
) -> None:
    (sent,) = send_files(store)
    book.add(*sent)
    book.instead = lambda _after, _most: answer
    fetcher = desk.start()
    desk.until(lambda: cursor(store).get("problem_kind") == kind)
    said = fetcher.figures("cloud")
    assert said is not None
    assert said.problem is not None
    assert (rows(store), cursor(store)["number"], said.fetched_at) == ([], 0, None)
    asked = len(book.asked)
    time.sleep(0.1)
    assert len(book.asked) == asked  # left alone
    if kind == "Busy":
        desk.clock.move(690)
        time.sleep(0.2)
        assert len(book.asked) == asked
    book.instead = lambda _after, _most: None
    desk.until(lambda: rows(store), 60.0)
    assert cursor(store)["problem"] == ""
    assert cursor(store)["failing_since"] is None


def test_a_cloud_of_before_answers_is_asked_once_an_hour_and_that_is_no_alarm(
    desk: Desk, store: Store, receiver: Receiver, book: Book
) -> None:
    receiver.answers = None
    fetcher = desk.start()
    desk.until(lambda: (said := fetcher.figures("cloud")) is not None and said.none)
    receiver.answers = book
    (sent,) = send_files(store)
    book.add(*sent)
    for _minute in range(46):
        desk.clock.move(60)
    time.sleep(0.1)
    assert book.asked == []
    assert cursor(store).get("problem", "") == ""
    desk.until(lambda: rows(store), 60.0)


def test_pauses_and_hours_are_kept_and_a_push_does_not_wait(desk: Desk, store: Store, book: Book) -> None:
    (sent,) = send_files(store)
    book.add(*sent)
    requests.ask_pause(store, "cloud", True)
    fetcher = desk.start()
    desk.clock.move(60)
    time.sleep(0.2)
    assert book.asked == []
    requests.ask_pause(store, "cloud", False)
    desk.until(lambda: rows(store), OFTEN_S)
    desk.clock.move(2 * LATELY_S)
    book.asked.clear()
    desk.until(lambda: book.asked)
    asked = len(book.asked)
    fetcher.hurry("")
    desk.until(lambda: len(book.asked) > asked)
    desk.stop()
    book.asked.clear()
    local = desk.clock.at.astimezone().hour
    desk.start(hours=f"{(local + 2) % 24:02}:00-{(local + 3) % 24:02}:00")
    desk.clock.move(3600)
    time.sleep(0.1)
    assert book.asked == []


def test_who_is_sent_no_files_is_not_asked(desk: Desk, book: Book) -> None:
    fetcher = desk.start(sends=["events", "verdicts"])
    assert fetcher.figures("cloud") is None
    time.sleep(0.1)
    assert book.asked == []
    assert desk.stop() == []
    assert desk.start(sends=["events"], by_camera={"yard": ["events", "pictures"]}).figures("cloud") is not None


def test_closing_does_not_wait_for_an_answer(desk: Desk, receiver: Receiver, book: Book) -> None:
    slow = threading.Event()

    def wait(_after: int, _most: int) -> None:
        slow.wait(5)

    book.instead = wait
    desk.start()
    desk.until(lambda: book.asked)
    begun = time.monotonic()
    assert desk.stop() == []
    assert time.monotonic() - begun < 1
    slow.set()


def test_large_answers_come_in_small_pages(desk: Desk, store: Store, book: Book) -> None:
    large = body(*[(f"thing {n}", 0.5, (1.25, 1.25, 200.75, 200.75)) for n in range(1000)])
    for sent in send_files(store, 30):
        book.add(*sent, body=large)
    desk.start()
    desk.until(lambda: len(rows(store)) == 30)
    assert min(most for _after, most in book.asked) < 20
    assert all(len(row["body"]) < answers.MOST_BYTES for row in rows(store))


def test_a_server_that_makes_things_up_fills_no_disk(store: Store) -> None:
    ((message_id, tracking_id),) = send_files(store)
    now, wide = utc_text(DAY), '{"a":"' + "x" * 100_000 + '"}'

    def page(texts: list[str]) -> list[NewAnswer]:
        return [
            NewAnswer(n, message_id, tracking_id, f"task {n}", "done", "", text, now) for n, text in enumerate(texts, 1)
        ]

    keep = answers.keep
    store.write(lambda db: keep(db, "cloud", page([wide] * 9), Cursor("s"), now=now, boot_id="b")).result(5)
    assert len(rows(store)) == 2
    store.write(lambda db: keep(db, "cloud", page(["{}"] * 400), Cursor("s", 0, 1), now=now, boot_id="b")).result(5)
    assert len(rows(store)) == answers.MOST_TASKS
    assert store.write(lambda db: keep(db, "lake", page(["{}"]), Cursor("s"), now=now, boot_id="b")).result(5) == 0


def test_one_alarm_is_enough_and_time_alone_makes_none(
    store: Store, receiver: Receiver, authority: Authority, own: Pair
) -> None:
    settings = cloud_settings(receiver.url, authority, own)
    apply(store, settings)

    def told(**of_answers: Any) -> list[tuple[str, str]]:
        said = {"problem": "", "hint": "", "problem_kind": "", "failing_since": utc_text(DAY)} | of_answers
        execute(store, "INSERT INTO answer_cursors (target) VALUES ('cloud') ON CONFLICT DO NOTHING")
        for name, value in said.items():
            execute(store, f"UPDATE answer_cursors SET {name} = ?", value)
        with store.read() as db:
            found = status(db, settings)
        return [
            (one.level, one.words)
            for one in alarms(found, Quota(0, 10, 0, 0.0, None), [], settings, DAY + timedelta(minutes=30))
        ]

    assert told() == []
    assert told(problem="Nothing answers.", problem_kind="Unreachable") == []
    assert told(problem="No.", problem_kind="Denied") == [("needs you", "cloud: its answers can't be fetched. No.")]
    old = utc_text(DAY - timedelta(hours=2))
    assert len(told(problem="Nothing answers.", problem_kind="Unreachable", failing_since=old)) == 1
    execute(store, "UPDATE outbox_targets SET problem = 'No.', problem_kind = 'Denied' WHERE name = 'cloud'")
    assert [words for _level, words in told(problem="No.", problem_kind="Denied")] == ["cloud: No."]


def test_the_rhythm_is_quick_while_something_may_come() -> None:
    rhythm = Rhythm(Random(1), 0.0)
    assert rhythm.wait_s(0) == 0
    rhythm.sent(7, 0)
    rhythm.came(0, 0, more=False)
    assert 0.8 * OFTEN_S <= rhythm.wait_s(0) <= OFTEN_S
    now = LATELY_S + 1
    rhythm.came(0, now, more=False)
    assert 0.8 * SELDOM_S <= rhythm.wait_s(now) <= SELDOM_S
    rhythm.sent(6, now)  # some were let go for their age
    assert rhythm.wait_s(now) > OFTEN_S
    rhythm.sent(7, now)
    assert rhythm.wait_s(now) <= OFTEN_S
    rhythm.came(500, now, more=True)
    assert rhythm.wait_s(now) == 0
    rhythm.has_none(now)
    assert rhythm.wait_s(now) >= 0.8 * NEVER_S
    rhythm.at_once()
    assert rhythm.wait_s(now) == 0
