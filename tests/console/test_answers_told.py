"""What clouds answered, wherever it is told: in words, on the way of a thing, in the status, on the Sync page."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.cli import app as command_line
from console.settings.home import Home
from console.settings.schema import Settings
from console.store import answers
from console.store.answers import AnswerRow, Cursor, Fetched, NewAnswer
from console.store.store import Store, utc_text
from console.sync import routes
from console.sync.answers.words import found_words, ran_words
from console.sync.figures import AnswerFigures
from console.sync.overview import queries
from console.sync.targets.base import Unreachable
from console.ui.sync_page.targets_view import comes
from console.ui.sync_page.trace_pane import TracePane, find
from tests.console.answer_cases import send_files
from tests.console.outbox_cases import execute
from tests.console.review_queue import new_item, with_pictures
from tests.console.sync_cases import NOW, figures, status
from tests.servers.receiver_answers import PLATE, body

SETTINGS = Settings.model_validate(
    {"sync": {"targets": [{"name": "cloud", "kind": "cloud", "url": "http://localhost:1"}]}}
)


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        home.settings_file.write_text("sync: {targets: [{name: cloud, kind: cloud, url: 'http://localhost:1'}]}\n")
        routes.apply(opened, SETTINGS)
        yield opened


def answered(store: Store, of: tuple[str, str], number: int = 1, after_s: float = 30, **more: Any) -> None:
    """As the fetcher stores it."""
    at = utc_text(datetime.now(UTC) + timedelta(seconds=after_s))
    values = {"task": "plates", "state": "done", "why": "", "body": json.dumps(PLATE), "answered_at": at} | more
    one = NewAnswer(number, *of, **values)
    keep = answers.keep
    store.write(lambda db: keep(db, "cloud", [one], Cursor("store"), now=at, boot_id=store.boot_id)).result(5)


def row(values: Any, **more: Any) -> AnswerRow:
    given: dict[str, Any] = {"state": "done", "why": ""} | more
    return AnswerRow("cloud", "m", "plates", 1, "t", given["state"], given["why"], values, NOW, NOW)


def test_in_words() -> None:
    assert found_words(row(PLATE)) == "plate .91, vehicle .84"
    assert found_words(row(body())) == "found nothing"
    assert found_words(row({}, state="failed", why="Too dark.")) == "could not: Too dark."
    assert found_words(row({}, state="failed")) == "could not: it does not say why"
    many = body(*[("plate", n / 10, (0.0, 0.0, 1.0, 1.0)) for n in range(10)])
    assert found_words(row(many)).startswith("plate .90, plate .80")
    assert found_words(row(many)).endswith("plate .40, 4 more")
    assert ran_words(row(PLATE)) == "plates-0106 on OpenVINO CPU"
    assert ran_words(row(PLATE), whole=True) == "plates-0106 on OpenVINO 2026.4 CPU, f32"
    two = PLATE | {
        "ran": [
            PLATE["ran"][0] | {"model": "person-vehicle-bike-detection-crossroad-1016"}, PLATE["ran"][0],
            PLATE["ran"][0] | {"runtime": "kserve", "device": "GPU 0", "served": "triton:8001", "version": ""},
        ]
    }  # fmt: skip
    assert ran_words(row(two)) == "person-vehicle-bike-…, plates-0106 on OpenVINO CPU, plates-0106 on KServe GPU 0"
    assert ran_words(row(two), whole=True).endswith("plates-0106 on KServe GPU 0, f32, served by triton:8001")
    assert not ran_words(row({}, state="failed"))


def test_the_way_of_an_item_goes_on_to_what_was_answered(store: Store, qtbot: QtBot, own_home: Path) -> None:
    item = new_item()
    with_pictures(store, item)
    one, other = send_files(store, 2, tracking_id=item.tracking_id)
    answered(store, one)
    answered(store, other, 2, after_s=60, state="failed", why="It is no picture.", body="{}")
    with store.read() as db:
        trace = queries.trace(db, item.tracking_id)
    assert trace is not None
    assert [step.kind for step in trace.steps][-2:] == ["answered", "unanswered"]
    assert trace.steps[-2].what == "cloud answered: plates: plate .91, vehicle .84"
    assert trace.steps[-2].detail == "plates-0106 on OpenVINO 2026.4 CPU, f32"
    assert trace.steps[-2].at is not None
    assert trace.steps[-1].what == "cloud answered: plates: could not: It is no picture."
    assert {step.target for step in trace.steps[-2:]} == {"cloud"}
    pane = TracePane()
    qtbot.addWidget(pane)
    with store.read() as db:
        pane.show_found(find(db, item.tracking_id, own_home), datetime.now(UTC))
    assert any("plate .91" in moment.words for moment in pane.timeline._shown)
    execute(
        store, "DELETE FROM outbox"
    )  # what was sent long ago is forgotten; the item is kept, and its answers with it
    with store.read() as db:
        left = queries.trace(db, item.tracking_id)
    assert left is not None
    assert [step.kind for step in left.steps][-2:] == ["answered", "unanswered"]


def test_a_sealed_crop_of_an_item_is_on_its_way_too(store: Store) -> None:
    item = new_item()
    number, _whole, _crop = with_pictures(store, item)
    execute(
        store,
        "INSERT INTO sealed (path, sha256, camera_id, taken_at, written_at, item_id, key_id, purpose, bytes) "
        "VALUES ('sealed/1', ?, 'gate', ?, ?, ?, 'key-1', 'doubt', 9)",
        "0" * 64, utc_text(NOW), utc_text(datetime.now(UTC)), number,
    )  # fmt: skip
    with store.read() as db:
        trace = queries.trace(db, item.tracking_id)
    assert trace is not None
    assert any("for the holder of the key key-1" in step.what for step in trace.steps)


def test_the_status_says_how_many_came_and_when_it_was_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*said: str) -> str:
        monkeypatch.setattr(sys, "argv", ["sightdesk", "outbox", *said])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        assert not ended.value.code
        return capsys.readouterr().out

    (of,) = send_files(store)
    assert json.loads(run("status", "--json"))["targets"][0]["answers"] is None
    answered(store, of)
    store.write(lambda db: answers.tell(db, "cloud", Fetched(), utc_text(NOW), fetched=True)).result(5)
    told = json.loads(run("status", "--json"))["targets"][0]["answers"]
    assert (told["came"], told["fetched_at"], told["problem"]) == (1, NOW.isoformat(), "")
    assert "  answers: 1 came, the last " in run("status")
    said = Fetched(problem="Nothing answers.", hint="Look.", problem_kind="Unreachable")
    store.write(lambda db: answers.tell(db, "cloud", said, utc_text(NOW), fetched=False)).result(5)
    assert "answers can't be fetched: Nothing answers. Look." in run("status")
    trace = json.loads(run("trace", of[1], "--json"))
    assert trace["steps"][-1]["what"] == "cloud answered: plates: plate .91, vehicle .84"
    assert "+ cloud answered: plates: plate .91" in run("trace", of[1])


def test_a_database_from_before_answers_is_said_to_be_older(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(store, "DROP TABLE answers")
    monkeypatch.setattr(sys, "argv", ["sightdesk", "outbox", "status"])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 1
    assert "is of an older Sightdesk" in capsys.readouterr().err


def test_on_the_page(qapp: QApplication) -> None:
    asked = NOW - timedelta(seconds=4)
    live = figures(answers=AnswerFigures(asked))
    assert comes(status(), None, NOW) == "Answers: none came yet, not fetched yet"
    came = status(answers=Fetched(1204, NOW - timedelta(minutes=3), NOW - timedelta(seconds=50)))
    assert comes(came, live, NOW) == "Answers: 1,204 came, the last 3 min ago, fetched 4 s ago"
    assert comes(came, None, NOW).endswith("fetched 50 s ago")
    problem = Unreachable("Nothing answers.", "See that it is on.")
    failing = figures(answers=AnswerFigures(asked, problem))
    assert comes(came, failing, NOW).endswith("fetched 4 s ago. Nothing answers. See that it is on.")
    both = figures(answers=AnswerFigures(asked, problem), problem=problem)
    assert "Nothing answers" not in comes(came, both, NOW)  # it is said of sending already
    assert "older version" in comes(came, figures(answers=AnswerFigures(none=True)), NOW)


def test_what_was_fetched_is_read_as_it_was_told(store: Store) -> None:
    with store.read() as db:
        assert answers.fetched(db) == {}
    said = Fetched(problem="No.", hint="Look.", problem_kind="Denied")
    for at in (NOW, NOW + timedelta(hours=1)):
        store.write(lambda db, at=at: answers.tell(db, "cloud", said, utc_text(at), fetched=False)).result(5)  # type: ignore[misc]
    with store.read() as db:
        found = answers.fetched(db)["cloud"]
    assert (found.problem, found.problem_kind, found.failing_since, found.fetched_at) == ("No.", "Denied", NOW, None)
