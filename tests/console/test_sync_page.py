"""The Sync page: targets, what needs a person, messages that are read a page at a time, and the way of each item."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from console.errors import StoreError
from console.privacy.audit.chain import FILE
from console.sync import routes
from console.sync.targets.base import Unreachable
from console.ui.actions import Actions
from console.ui.sync_page import targets_view
from console.ui.sync_page.feed import SyncFeed
from console.ui.sync_page.messages_model import PAGE, MessagesModel, Wanted
from console.ui.sync_page.page import SyncPage
from console.ui.workplace import Workplace
from models import words
from tests.console import clipping
from tests.console.clipping import faults
from tests.console.quiet_workplace import quiet_workplace
from tests.console.sync_cases import TARGETS, figures, fill, refuse, states
from widgets.ask_dialog import AskDialog

NOBODY = "site: Plant 1\n"


@pytest.fixture
def workplace(qtbot: QtBot, tmp_path: Path) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, TARGETS) as made:
        routes.apply(made.store, made.settings)
        yield made


class Shown:
    """A page with what it is fed by."""

    def __init__(self, qtbot: QtBot, workplace: Workplace) -> None:
        self.figures: dict[str, Any] = {}
        self.feed = SyncFeed(workplace, lambda: self.figures)
        self.page = SyncPage(workplace, self.feed)
        qtbot.addWidget(self.page)
        self.page.resize(1200, 760)
        self.page.show()
        self.qtbot, self.workplace = qtbot, workplace
        self.until(lambda: self.feed.shown is not None)

    def until(self, true: Any) -> None:
        def look() -> bool:
            self.feed.look()
            return bool(true())

        self.qtbot.waitUntil(look, timeout=10_000)

    def cell(self, target: str, column: int) -> str:
        return self.page.view.targets.cell(target, column).words

    def answer(self, what: str) -> None:
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, AskDialog) and w.isVisible())
        dialog.buttons[what].click()


@pytest.fixture
def shown(qtbot: QtBot, workplace: Workplace) -> Iterator[Shown]:
    made = Shown(qtbot, workplace)
    yield made
    made.feed.close()


def test_a_row_says_how_each_target_stands(shown: Shown, workplace: Workplace) -> None:
    fill(workplace.store, 3, "archive", age_s=2 * 3600 + 5)
    fill(workplace.store, 2, "archive", "cloud", kind="verdict")
    fill(workplace.store, 1, "gone")
    problem = Unreachable("Nothing answers.", "See that it is on.")
    shown.figures = {
        "archive": figures(state="waiting", problem=problem, next_try_s=12.0),
        "cloud": figures(state="sending", per_second=2.0, bytes_per_second=4000.0),
    }
    shown.feed._beat()
    shown.until(lambda: "gone" in shown.page.view.targets.keys and shown.cell("cloud", targets_view.RATE))
    assert shown.page.view.targets.keys == ["archive", "cloud", "hook", "gone"]
    assert shown.cell("archive", targets_view.STATE) == "can't be reached, next try in 12 s"
    assert shown.cell("archive", targets_view.WAITING).endswith("3 events, 2 verdicts")
    assert shown.cell("archive", targets_view.OLDEST) == "2 h"
    assert shown.cell("cloud", targets_view.STATE).startswith("sending")
    assert shown.cell("cloud", targets_view.RATE) == "2.0/s, 4 kB/s"
    assert shown.page.view.targets.cell("cloud", targets_view.RATE).spark[-1] == 2.0
    assert shown.cell("hook", targets_view.STATE) == "switched off, webhook"
    assert shown.cell("gone", targets_view.STATE) == "not in the settings any more"
    shown.page.view.targets.choose("archive")
    assert "Nothing answers. See that it is on." in shown.page.view.note.text()
    assert "6 waiting" not in shown.page.view.summary.text()
    assert shown.page.view.summary.text() == "4 targets, 8 waiting"
    assert not shown.page.view.pages.currentIndex()


def test_what_needs_a_person_is_said_above_with_a_mark(shown: Shown, workplace: Workplace) -> None:
    assert shown.page.view.alarms.isHidden()
    fill(workplace.store, 5, "archive")
    refuse(workplace.store, "archive", 2, "It does not know this camera.")
    shown.until(lambda: shown.page.view.alarms.lines)
    level, words, to_do = shown.page.view.alarms.lines[0]
    assert level == "needs you"
    assert "2 messages" in words
    assert "sightdesk outbox" not in to_do
    assert shown.page.view.targets.cell("archive", targets_view.ASIDE).level == "needs you"
    assert shown.page.view.targets.cell("archive", targets_view.STATE).shape == "needs you"


def test_paused_and_on_again_and_sent_now(shown: Shown, workplace: Workplace) -> None:
    shown.page.view.targets.choose("archive")
    shown.page.view.pause.click()
    shown.until(lambda: shown.cell("archive", targets_view.STATE).startswith("paused"))
    assert shown.page.view.pause.text() == "Go on"
    shown.page.view.pause.click()
    shown.until(lambda: not shown.cell("archive", targets_view.STATE).startswith("paused"))
    shown.page.view.push.click()

    def asked() -> int:
        with workplace.store.read() as db:
            return int(db.execute("SELECT asked FROM outbox_targets WHERE name = 'archive'").fetchone()[0])

    shown.until(lambda: asked() == 1)
    shown.page.view.targets.choose("hook")
    assert not shown.page.view.push.isEnabled()  # it is switched off


def test_what_was_refused_is_tried_again(shown: Shown, workplace: Workplace) -> None:
    fill(workplace.store, 5, "archive")
    shown.page.view.targets.choose("archive")
    shown.until(shown.page.view.drop.isEnabled)
    assert not shown.page.view.retry.isEnabled()
    refuse(workplace.store, "archive", 2, "no")
    shown.until(shown.page.view.retry.isEnabled)
    shown.page.view.retry.click()
    shown.until(lambda: states(workplace.store, "archive") == {"waiting": 5})


def test_dropping_asks_first_and_is_recorded(shown: Shown, workplace: Workplace) -> None:
    fill(workplace.store, 5, "archive")
    refuse(workplace.store, "archive", 2, "no")
    shown.page.view.targets.choose("archive")
    shown.until(shown.page.view.retry.isEnabled)
    shown.page.view.drop.click()
    assert states(workplace.store, "archive") == {"waiting": 3, "refused": 2}
    shown.answer("refused")
    shown.until(lambda: states(workplace.store, "archive") == {"waiting": 3})
    shown.page.view.drop.click()
    shown.answer("all")
    shown.until(lambda: not states(workplace.store, "archive"))
    assert (workplace.home.path / FILE).read_text().count("outbox dropped") == 2


def test_it_is_said_where_word_of_an_erasure_would_be_dropped(shown: Shown, workplace: Workplace) -> None:
    fill(workplace.store, 1, "archive", "cloud")
    fill(workplace.store, 1, "cloud", kind="erased")
    for name, told in (("archive", False), ("cloud", True)):
        shown.page.view.targets.choose(name)
        shown.until(shown.page.view.drop.isEnabled)
        for button in (shown.page.view.drop, shown.page.view.remove):
            button.click()
            dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, AskDialog) and w.isVisible())
            assert any("word of erasures" in label.text() for label in dialog.findChildren(QLabel)) is told
            dialog.reject()


def test_removing_asks_what_becomes_of_what_waits(shown: Shown, workplace: Workplace) -> None:
    fill(workplace.store, 4, "archive", "cloud")
    for name in ("archive", "cloud"):
        shown.page.view.targets.choose(name)
        shown.until(shown.page.view.drop.isEnabled)
        shown.page.view.remove.click()
        shown.answer({"archive": "keep", "cloud": "drop"}[name])
    shown.until(lambda: not states(workplace.store, "cloud"))
    assert [target.name for target in workplace.settings.sync.targets] == ["hook"]
    assert states(workplace.store, "archive") == {"waiting": 4}
    shown.until(lambda: shown.page.view.targets.keys == ["hook", "archive"])
    workplace.undo()
    workplace.undo()
    assert workplace.file.path.read_text() == TARGETS


def test_none_of_it_happens_past_a_supervisor(
    shown: Shown, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workplace.store, 4, "archive")
    shown.page.view.targets.choose("archive")
    shown.until(shown.page.view.drop.isEnabled)
    asked = []
    monkeypatch.setattr(workplace, "may", lambda what, then=None: asked.append((what, then)))
    assert shown.page.doing.drop(shown.page.chosen) is None
    assert shown.page.doing.remove(shown.page.chosen) is None
    assert [what for what, _then in asked] == ["Dropping what is to be sent", "Removing a target"]
    assert states(workplace.store, "archive") == {"waiting": 4}


def test_messages_are_read_a_page_at_a_time(shown: Shown, workplace: Workplace) -> None:
    ids = fill(workplace.store, 2 * PAGE + 50, "archive")
    model = shown.page.model
    shown.until(lambda: model.rows and model.rows[0].tracking_id == ids[-1])
    assert len(model.rows) <= PAGE
    table = shown.page.view.messages.table
    for _page in range(3):
        table.scrollToBottom()
        shown.qtbot.wait(30)
    shown.until(lambda: (table.scrollToBottom(), len(model.rows) == 2 * PAGE + 50)[1])
    assert [row.tracking_id for row in model.rows] == ids[::-1]
    assert not model.canFetchMore(QModelIndex())
    new = fill(workplace.store, 2, "archive", "cloud")
    shown.qtbot.wait(50)
    table.scrollToTop()
    shown.until(lambda: (table.scrollToTop(), model.rows[0].tracking_id == new[1])[1])
    assert [row.target for row in model.rows[:4]] == ["archive", "cloud", "archive", "cloud"]
    assert len({(row.number, row.target) for row in model.rows}) == len(model.rows) == 2 * PAGE + 54


def test_what_changes_is_seen_to_change_where_somebody_looks(shown: Shown, workplace: Workplace) -> None:
    fill(workplace.store, 30, "archive")
    model, view = shown.page.model, shown.page.view.messages
    shown.until(lambda: len(model.rows) == 30)
    view.table.setCurrentIndex(model.index(4, 0))
    chosen = view.chosen
    refuse(workplace.store, "archive", 30, "no")
    shown.until(lambda: {row.state for row in model.rows} == {"refused"})
    assert view.chosen == chosen
    view.narrow(state="waiting")
    shown.until(lambda: not model.rows)
    assert view.empty.text() == "No message is like that."
    view.narrow(state="refused", target="archive")
    shown.until(lambda: len(model.rows) == 30)
    assert model.wanted == Wanted("archive", "refused", "", "")


def test_more_than_a_page_at_once_leaves_no_gap(shown: Shown, workplace: Workplace) -> None:
    fill(workplace.store, 10, "archive")
    model = shown.page.model
    shown.until(lambda: len(model.rows) == 10)
    ids = fill(workplace.store, 3 * PAGE, "archive")
    shown.until(lambda: model.rows[0].tracking_id == ids[-1])
    numbers = [row.number for row in model.rows]
    assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1))


def test_where_is_it(shown: Shown, workplace: Workplace) -> None:
    ids = fill(workplace.store, 5, "archive", "cloud")
    refuse(workplace.store, "cloud", 1, "It does not know this camera.")
    page, trace = shown.page, shown.page.view.trace
    assert trace.timeline.moments == ()
    page.show_trace(ids[0])
    shown.until(lambda: trace.tracking_id == ids[0])
    said = [moment.words for moment in trace.timeline.moments]
    assert any("archive" in words for words in said)
    refused = next(moment for moment in trace.timeline.moments if moment.level)
    assert "It does not know this camera." in refused.detail
    shown.until(lambda: {row.tracking_id for row in page.model.rows} == {ids[0]})
    trace.copy.click()
    assert QGuiApplication.clipboard().text() == ids[0]
    page.view.messages.search.setText("00000000")
    page.view.messages._look_for()
    shown.until(lambda: trace.tracking_id == "")
    assert "Nothing of that name" in trace.timeline.accessibleDescription()
    page.view.messages.search.setText("what?")
    page.view.messages._look_for()
    shown.until(lambda: "no tracking ID" in trace.timeline.accessibleDescription())
    page.view.messages.search.clear()
    shown.until(lambda: len(page.model.rows) == 10)


class Peer:
    """A target that answers when it is let."""

    def __init__(self, outcome: Any) -> None:
        self.outcome, self.closed = outcome, 0

    def check(self) -> str:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return str(self.outcome)

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("outcome", "mark", "said"),
    [("It is there, 12 ms.", "✓", "12 ms"), (Unreachable("Nothing answers.", "Plug it in."), "▲", "Plug it in.")],
)
def test_the_way_to_a_target_is_tried(shown: Shown, outcome: Any, mark: str, said: str) -> None:
    peer = Peer(outcome)
    shown.page.doing.trial.make = lambda *_: peer
    shown.page.view.targets.choose("archive")
    shown.page.view.test.click()
    assert not shown.page.view.testing.isHidden()
    shown.until(lambda: not shown.page.doing.trial.running)
    assert shown.page.view.testing.isHidden()
    assert shown.page.view.said.text().startswith(mark)
    assert said in shown.page.view.said.text()
    assert peer.closed
    shown.page.view.targets.choose("cloud")
    assert shown.page.view.said.isHidden()  # it was said of another


def test_an_empty_page_says_what_it_is_for(qtbot: QtBot, tmp_path: Path) -> None:
    with quiet_workplace(tmp_path, NOBODY) as workplace:
        shown = Shown(qtbot, workplace)
        shown.until(lambda: shown.page.view.pages.currentIndex() == 1)
        assert shown.page.view.first.isVisible()
        assert shown.page.view.add.isHidden()
        shown.page.view.first.click()
        dialog = next(w for w in QApplication.topLevelWidgets() if w.windowTitle() == "Add a target" and w.isVisible())
        dialog.reject()
        shown.feed.close()


def test_the_table_of_actions_works_the_page(qtbot: QtBot, workplace: Workplace) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    shown = Shown(qtbot, workplace)
    window.setCentralWidget(shown.page)
    actions = Actions(window)
    shown.page.bind(actions)
    window.show()
    shown.page.view.targets.choose("archive")
    actions.trigger("sync.pause")
    shown.until(lambda: shown.cell("archive", targets_view.STATE).startswith("paused"))
    assert "Ctrl+P" in shown.page.view.pause.toolTip()
    actions.trigger("sync.find")
    assert shown.page.view.messages.search.hasFocus() or not window.isActiveWindow()
    shown.feed.close()


def test_every_control_has_a_name(shown: Shown) -> None:
    for part in shown.page.findChildren(QWidget):
        if part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.focusProxy() is None:
            assert part.accessibleName() or getattr(part, "text", str)(), part


@pytest.mark.parametrize(("width", "height"), [(1200, 690), (880, 560)])
def test_nothing_is_cut_with_targets_in_trouble(
    qtbot: QtBot, workplace: Workplace, monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    monkeypatch.setattr(words, "_now", words.Pseudo())
    monkeypatch.setattr(clipping, "screen_of", lambda _window: QSize(1920, 1080))
    ids = fill(workplace.store, 40, "archive", "cloud", "gone", age_s=7200)
    refuse(workplace.store, "archive", 3, "It does not know this camera.")
    shown = Shown(qtbot, workplace)
    shown.page.resize(width, height)
    shown.page.show_trace(ids[0])
    shown.until(lambda: shown.page.view.trace.tracking_id == ids[0] and shown.page.view.alarms.lines)
    for _round in range(4):
        QApplication.processEvents()
    wrong = faults(shown.page)
    shown.feed.close()
    assert wrong == []


def test_a_database_that_cannot_be_read_is_said_once(
    shown: Shown, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    workplace.notices.shown.connect(said.append)

    def broken() -> Any:
        raise StoreError("The disk is gone.")

    with monkeypatch.context() as patched:
        patched.setattr(workplace.store, "read", broken)
        for _look in range(3):
            shown.feed.look()
            shown.qtbot.wait(30)
        shown.qtbot.waitUntil(lambda: bool(said), timeout=5000)
    fill(workplace.store, 1, "archive")
    shown.until(lambda: len(shown.page.model.rows) == 1)
    assert len(said) == 1
    assert shown.feed.shown is not None
    assert (datetime.now(UTC) - shown.feed.shown.at).total_seconds() < 60


class Held:
    """A reader that answers when it is told to, what the database says when it is asked."""

    def __init__(self, workplace: Workplace) -> None:
        self.store = workplace.store
        self.waiting: dict[str, Any] = {}

    def ask(self, what: str, look: Any, then: Any, *, first: bool = False) -> None:
        with self.store.read() as db:
            self.waiting[what] = (then, look(db))

    def answer(self, what: str) -> None:
        then, found = self.waiting.pop(what)
        then(found)


@pytest.mark.parametrize(("looked_at", "count"), [(PAGE - 20, 28), (PAGE - 1, 40), (0, PAGE), (0, 28), (5, 3)])
def test_what_comes_while_a_page_is_read_is_neither_doubled_nor_left_out(
    qtbot: QtBot, workplace: Workplace, looked_at: int, count: int
) -> None:
    reader = Held(workplace)
    ids = fill(workplace.store, 2 * PAGE + 50, "archive")
    model = MessagesModel(reader)  # type: ignore[arg-type]
    model.again()
    reader.answer("messages")
    model.fetchMore(QModelIndex())
    ids += fill(workplace.store, 60, "archive")
    model.look_at(looked_at, count)
    reader.answer("messages again")
    reader.answer("messages")
    for _more in range(6):
        model.look_at(0, PAGE)
        reader.answer("messages again")
        while model.canFetchMore(QModelIndex()):
            model.fetchMore(QModelIndex())
            reader.answer("messages")
    assert [row.tracking_id for row in model.rows] == ids[::-1]
