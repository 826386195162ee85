"""The Review page: one key decides and the next picture is there; nothing said is lost, all can be undone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from gettext import NullTranslations
from pathlib import Path
from typing import Literal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot
from sqlite_utils import Database

from console.bench.review import Wanted, fill
from console.errors import StoreError
from console.review import queries
from console.review.items import Item
from console.review.queries import ReviewFilter
from console.review.rows import drop
from console.review.verdicts import Decision, VerdictLane
from console.settings.home import Home
from console.settings.schema import CameraSettings
from console.store.store import Store
from console.ui.actions import Actions
from console.ui.notices import Notice
from console.ui.review.doing import boxes_in
from console.ui.review.page import ReviewPage
from console.ui.workplace import Workplace
from models import words
from tests.console.clipping import faults
from tests.console.quiet_workplace import quiet_workplace
from widgets import theme

SETTINGS = """\
operators: [Mara, Jo]
review: {second_share: 0}
cameras:
  - {id: camera0, name: Yard east, source: a.mp4}
"""
CONTROL = Qt.KeyboardModifier.ControlModifier
ITEMS = 24


@dataclass
class Bench:
    """A page in a window, on a filled home."""

    workplace: Workplace
    lane: VerdictLane
    window: QMainWindow
    actions: Actions
    page: ReviewPage
    notices: list[Notice]
    qtbot: QtBot

    @property
    def item(self) -> Item:
        found = self.page.queue.current
        assert found is not None
        return found

    def wait(self, so: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(so()), timeout=5000)

    def press(self, *keys: Qt.Key, how: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            QTest.keyClick(QApplication.focusWidget() or self.window, key, how)
            QApplication.processEvents()

    def kept(self) -> None:
        """Wait until everything said is on the disk."""
        self.wait(lambda: not self.page.judging.waiting)

    def stored(self, item_id: int) -> Item:
        with self.workplace.store.read() as db:
            found = queries.item(db, item_id)
        assert found is not None
        return found

    def count(self, wanted: ReviewFilter) -> int:
        with self.workplace.store.read() as db:
            return queries.count(db, wanted)


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with items, to be copied."""
    folder = tmp_path_factory.mktemp("review") / "home"
    with Home.open(folder) as home, Store.open(home) as store:
        fill(home, store, Wanted(ITEMS, 4), lambda _words: None)
    return folder


@pytest.fixture
def workplace(qapp: QApplication, tmp_path: Path) -> Iterator[Workplace]:
    theme.use(qapp, theme.DARK)
    with quiet_workplace(tmp_path, SETTINGS) as made:
        made.operator = "Mara"
        yield made


@pytest.fixture
def filled(full_home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Workplace:
    shutil.copytree(full_home, tmp_path / "home")
    made: Workplace = request.getfixturevalue("workplace")
    return made


@pytest.fixture
def open_page(qtbot: QtBot, workplace: Workplace) -> Iterator[Callable[[], Bench]]:
    opened: list[Bench] = []

    def make() -> Bench:
        lane = VerdictLane(
            workplace.store, supervisor=lambda: workplace.supervisor.allowed, settings=workplace.settings.review
        )
        window, pages = QMainWindow(), QStackedWidget()
        pages.addWidget(QWidget())
        window.setCentralWidget(pages)
        window.resize(1280, 720)
        page, actions = ReviewPage(workplace, lane), Actions(window)
        page.bind(actions)
        pages.addWidget(page)
        said: list[Notice] = []
        workplace.notices.shown.connect(said.append)
        made = Bench(workplace, lane, window, actions, page, said, qtbot)
        opened.append(made)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        pages.setCurrentWidget(page)
        page.setFocus()
        made.wait(lambda: not page.queue.loading)
        return made

    yield make
    for one in opened:
        one.page.close()
        one.lane.close()
        one.window.close()
        one.window.deleteLater()


@pytest.fixture
def bench(filled: Workplace, open_page: Callable[[], Bench]) -> Bench:
    made = open_page()
    made.wait(lambda: made.page.showing.on_screen == made.item.id and made.page.deck.picture(made.item.id + 1))
    return made


def seen_whole(bench: Bench) -> list[str]:
    """What is cut; the screen that nobody sees is smaller than the windows of these tests."""
    return [words_ for words_ in faults(bench.window) if "beyond the screen" not in words_]


def _drop(db: Database, why: Literal["duplicate", "budget"], at: datetime) -> None:
    drop(db, "gate", "car", why, at)


def _erase(db: Database, item_id: int) -> None:
    db.execute("DELETE FROM review_items WHERE id = ?", (item_id,))


class TestCulling:
    def test_one_key_decides_and_it_is_kept_after_its_commit(self, bench: Bench) -> None:
        first = bench.item
        gate = threading.Event()
        bench.workplace.store.write(lambda _db: gate.wait(5))
        bench.press(Qt.Key.Key_Return)
        assert bench.item.id == first.id + 1
        assert bench.page.showing.on_screen == first.id + 1, "the next picture was decoded already"
        shot = bench.page.view.film.shots[0]
        assert (shot.mark, shot.said) == ("waits", "right")
        assert bench.stored(first.id).state == "open"
        gate.set()
        bench.kept()
        bench.wait(lambda: bench.page.view.film.shots[0].mark == "kept")
        assert bench.stored(first.id).state == "done"

    @pytest.mark.parametrize(
        ("key", "kind", "label"),
        [
            (Qt.Key.Key_Return, "accept", ""),
            (Qt.Key.Key_Backspace, "reject", ""),
            (Qt.Key.Key_S, "skip", ""),
            (Qt.Key.Key_A, "edit", ""),
            (Qt.Key.Key_2, "relabel", "by digit"),
        ],
    )
    def test_every_key_says_what_it_says(self, bench: Bench, key: Qt.Key, kind: str, label: str) -> None:
        bench.wait(lambda: len(bench.page.view.side.choices.labels) > 1)
        first = bench.item
        other = next(label for label in bench.page.view.side.choices.labels if label != first.label)
        if label:
            digit = bench.page.view.side.choices.labels.index(other) + 1
            key = Qt.Key(Qt.Key.Key_0 + digit)
        bench.press(key)
        bench.kept()
        verdict = bench.stored(first.id).verdict
        assert verdict is not None
        assert (verdict.kind, verdict.who) == (kind, "Mara")
        assert verdict.label == (other if label else first.label if kind == "accept" else "")
        if kind == "edit":
            assert {box.label for box in verdict.boxes or ()} >= {first.label}

    def test_the_next_three_and_the_one_before_are_ready(self, bench: Bench) -> None:
        bench.press(Qt.Key.Key_J, Qt.Key.Key_J)
        at = bench.item.id
        bench.wait(lambda: all(bench.page.deck.picture(at + step) for step in (-1, 0, 1, 2, 3)))
        assert bench.page.deck.picture(at - 2) is None

    def test_a_key_that_is_held_down_judges_once(self, bench: Bench) -> None:
        assert not bench.actions["review.accept"].autoRepeat()
        assert not bench.actions["review.label.1"].autoRepeat()
        assert bench.actions["review.next"].autoRepeat()

    def test_undo_goes_back_verdict_by_verdict_and_no_setting_is_touched(self, bench: Bench) -> None:
        undone: list[str] = []
        bench.actions.bind("desk.undo", lambda: undone.append("setting"))
        first = bench.item.id
        bench.press(Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_S)
        bench.press(Qt.Key.Key_Z, how=CONTROL)
        assert bench.item.id == first + 2
        bench.press(Qt.Key.Key_Z, how=CONTROL)
        bench.press(Qt.Key.Key_Z, how=CONTROL)
        assert bench.item.id == first
        bench.wait(lambda: bench.count(ReviewFilter()) == ITEMS)
        assert not undone
        assert {shot.mark for shot in bench.page.view.film.shots} == {""}

    def test_what_is_judged_twice_counts_as_said_last(self, bench: Bench) -> None:
        first = bench.item.id
        bench.press(Qt.Key.Key_Return, Qt.Key.Key_K, Qt.Key.Key_Backspace)
        bench.kept()
        bench.wait(lambda: bench.stored(first).verdict is not None)
        verdict = bench.stored(first).verdict
        assert verdict is not None
        assert verdict.kind == "reject"

    def test_undo_brings_back_what_was_said_before(self, bench: Bench) -> None:
        first = bench.item.id
        bench.press(Qt.Key.Key_Return)
        bench.kept()
        bench.wait(lambda: bench.page.view.film.shots[0].mark == "kept")
        bench.press(Qt.Key.Key_K, Qt.Key.Key_Backspace)
        bench.kept()
        bench.press(Qt.Key.Key_Z, how=CONTROL)
        shot = bench.page.view.film.shots[0]
        assert (shot.mark, shot.said) == ("kept", "right")
        bench.kept()
        assert bench.stored(first).state == "done"
        bench.press(Qt.Key.Key_Z, how=CONTROL)
        assert bench.page.view.film.shots[0].mark == ""
        bench.wait(lambda: bench.stored(first).state == "open")

    def test_all_done(self, bench: Bench) -> None:
        for _number in range(ITEMS):
            bench.press(Qt.Key.Key_Return)
        assert bench.page.queue.current is None
        assert bench.page.view.middle.currentWidget() is bench.page.view.calm
        bench.kept()
        assert bench.count(ReviewFilter()) == 0
        bench.press(Qt.Key.Key_Z, how=CONTROL)
        bench.wait(lambda: bench.page.queue.current is not None)


class TestPicture:
    def test_drawing_is_a_verdict_too_and_its_keys_are_its_own(self, bench: Bench) -> None:
        first = bench.item
        bench.press(Qt.Key.Key_E)
        assert bench.page.view.canvas.editing
        bench.page.view.canvas.delete()
        bench.press(Qt.Key.Key_S, Qt.Key.Key_J)
        assert bench.item.id == first.id, "no verdict, no way on while somebody draws"
        bench.press(Qt.Key.Key_Return)
        assert bench.item.id == first.id + 1
        assert not bench.page.doing.drawing
        bench.kept()
        verdict = bench.stored(first.id).verdict
        assert verdict is not None
        assert verdict.boxes is not None
        assert len(verdict.boxes) == len(boxes_in(first)) - 1
        bench.press(Qt.Key.Key_E, Qt.Key.Key_Escape)
        assert not bench.page.doing.drawing
        assert bench.item.id == first.id + 1

    def test_a_closer_look_is_sharp_and_the_next_item_is_whole_again(self, bench: Bench) -> None:
        canvas = bench.page.view.canvas
        with bench.qtbot.waitSignal(bench.page.deck.whole_ready) as came:
            bench.page.closer()
        assert (came.args[1].width(), came.args[1].height()) == bench.item.size
        assert canvas.zoomed
        bench.press(Qt.Key.Key_Return)
        assert not canvas.zoomed


class TestNothingIsLost:
    def test_a_refused_verdict_comes_back_with_words(self, bench: Bench) -> None:
        first = bench.item.id
        bench.workplace.store.write(partial(_erase, item_id=first))
        bench.press(Qt.Key.Key_Return)
        bench.wait(lambda: bench.notices)
        assert "not there any more" in bench.notices[0].what
        assert bench.page.view.film.shots[0].mark == "failed"
        words_, way = bench.notices[0].way_on or ("", lambda: None)
        assert words_
        way()
        assert bench.item.id == first
        assert not bench.page.view._trouble.isHidden()

    def test_while_the_disk_refuses_it_says_so(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object, **__: object) -> None:
            raise StoreError("The disk is full.", "Make room on it.")

        write = bench.workplace.store.write
        monkeypatch.setattr(bench.workplace.store, "write", full)
        first = bench.item.id
        bench.press(Qt.Key.Key_Return, Qt.Key.Key_Return)
        bench.wait(lambda: bench.lane.problem)
        bench.page.facts.show_kept()
        assert "The disk is full" in bench.page.view.side._alarm.text()
        assert bench.page.view.film.shots[0].mark == "waits"
        monkeypatch.setattr(bench.workplace.store, "write", write)
        bench.kept()
        bench.page.facts.show_kept()
        assert not bench.page.view.side._alarm.text()
        assert bench.stored(first).state == "done"

    def test_a_database_that_cannot_be_read(
        self, filled: Workplace, open_page: Callable[[], Bench], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read, broken = filled.store.read, [True]

        def maybe() -> object:
            if broken:
                raise StoreError("The database is damaged.", "Bring back a copy.")
            return read()

        made: list[Bench] = []
        monkeypatch.setattr(filled.store, "read", maybe)
        timer = threading.Timer(0.3, broken.clear)
        timer.start()
        made.append(open_page())  # waits until it can be read again, by itself
        timer.join()
        made[0].wait(lambda: made[0].page.queue.current is not None)
        monkeypatch.setattr(filled.store, "read", read)

    def test_a_picture_that_is_gone(self, filled: Workplace, open_page: Callable[[], Bench]) -> None:
        with filled.store.read() as db:
            first = queries.page(db, limit=1)[0]
        assert first.picture is not None
        filled.home.path.joinpath(*first.picture.parts).unlink()
        bench = open_page()
        bench.wait(lambda: not bench.page.view._trouble.isHidden())
        assert "gone" in bench.page.view.trouble.text()
        bench.page.view.trouble_way.click()
        assert bench.item.id == first.id + 1
        bench.kept()
        assert bench.stored(first.id).state == "skipped"

    def test_it_opens_where_somebody_left_off(self, bench: Bench, open_page: Callable[[], Bench]) -> None:
        bench.press(Qt.Key.Key_Return, Qt.Key.Key_J, Qt.Key.Key_J)
        at = bench.item.id
        bench.kept()
        bench.page.close()
        again = open_page()
        assert again.item.id == at
        assert at - 3 not in {shot.id for shot in again.page.view.film.shots}, "what was judged waits no more"
        again.press(Qt.Key.Key_K)
        assert again.item.id == at - 1


class TestPeople:
    def test_who_nobody_knows_is_asked_first(self, bench: Bench) -> None:
        bench.workplace.operator = ""
        first = bench.item.id
        bench.press(Qt.Key.Key_Return)
        assert bench.item.id == first
        picker = next(widget for widget in QApplication.topLevelWidgets() if type(widget).__name__ == "OperatorPicker")
        picker.picked.emit("Jo", False)  # type: ignore[attr-defined]
        picker.close()
        assert bench.item.id == first + 1
        bench.kept()
        verdict = bench.stored(first).verdict
        assert verdict is not None
        assert verdict.who == "Jo"

    def test_a_second_look_is_blind_and_never_ones_own(self, filled: Workplace, open_page: Callable[[], Bench]) -> None:
        with filled.store.read() as db:
            mine, theirs = queries.page(db, limit=2)
        lane = VerdictLane(filled.store, supervisor=lambda: False, settings=filled.settings.review.model_copy(
            update={"second_share": 1.0}))  # fmt: skip
        lane.decide(mine.id, Decision("accept"), who="Mara").result(5)
        lane.decide(theirs.id, Decision("reject"), who="Jo").result(5)
        lane.close()
        bench = open_page()
        ids = [shot.id for shot in bench.page.view.film.shots]
        assert mine.id not in ids
        bench.page.queue.go_to(theirs.id)
        assert bench.page.view.title.text().startswith("Second look")
        bench.wait(lambda: bench.page.facts._settle.isActive() is False)
        bench.qtbot.wait(100)
        assert "Jo" not in bench.page.view.side._history.text()
        bench.press(Qt.Key.Key_Return)  # differs from Jo's
        bench.kept()
        assert bench.stored(theirs.id).state == "disputed"

    def test_a_supervisor_sees_both_and_settles(self, filled: Workplace, open_page: Callable[[], Bench]) -> None:
        with filled.store.read() as db:
            item = queries.page(db, limit=1)[0]
        lane = VerdictLane(filled.store, supervisor=lambda: False, settings=filled.settings.review.model_copy(
            update={"second_share": 1.0}))  # fmt: skip
        lane.decide(item.id, Decision("accept"), who="Jo").result(5)
        lane.decide(item.id, Decision("reject"), who="Kim").result(5)
        lane.close()
        bench = open_page()
        panel = bench.page.view.side.filter
        panel.state.setCurrentIndex(panel.state.findData("disputed"))
        bench.wait(lambda: bench.page.queue.current is not None and bench.item.id == item.id)
        bench.wait(lambda: "Jo" in bench.page.view.side._history.text())
        assert "Kim" in bench.page.view.side._history.text()
        bench.page.view.bar["accept"].click()
        bench.kept()
        assert bench.stored(item.id).state == "done"


class TestFilter:
    def test_a_class_alone_with_its_count_and_a_name(self, bench: Bench, open_page: Callable[[], Bench]) -> None:
        panel = bench.page.view.side.filter
        bench.wait(lambda: panel.label.findData("car") > 0)
        bench.press(Qt.Key.Key_F)
        assert bench.page.view.side.filtering
        panel.label.setCurrentIndex(panel.label.findData("car"))
        cars = bench.count(ReviewFilter(label="car"))
        bench.wait(lambda: panel.count.text() == f"{cars} fit.")
        assert {item.label for item in bench.page.queue.items} == {"car"}
        panel.name.setFocus()
        QTest.keyClicks(panel.name, "only cars")
        bench.press(Qt.Key.Key_Return)
        assert bench.count(ReviewFilter()) == ITEMS, "Enter in a field is no verdict"
        bench.press(Qt.Key.Key_Escape)
        assert not panel.isVisible()
        bench.page.close()
        again = open_page()
        assert {item.label for item in again.page.queue.items} == {"car"}
        panel = again.page.view.side.filter
        assert panel.saved_box.findData("only cars") > 0
        panel.reset.click()
        again.wait(lambda: len(again.page.queue.items) == ITEMS)

    def test_letters_choose_in_a_list_and_judge_nothing(self, bench: Bench) -> None:
        bench.press(Qt.Key.Key_F)
        bench.press(Qt.Key.Key_S, Qt.Key.Key_Return, Qt.Key.Key_2)
        bench.kept()
        assert bench.count(ReviewFilter()) == ITEMS

    @pytest.mark.parametrize("order", ["newest", "doubtful", "sure"])
    def test_other_orders(self, bench: Bench, order: str) -> None:
        panel = bench.page.view.side.filter
        panel.order.setCurrentIndex(panel.order.findData(order))
        bench.wait(lambda: bench.page.queue.order == order and not bench.page.queue.loading)
        items = bench.page.queue.items
        by_id = order == "newest"
        wanted = sorted(
            items, key=lambda item: (0.0 if by_id else item.score or 0.0, item.id), reverse=order != "doubtful"
        )
        assert [item.id for item in items] == [item.id for item in wanted]
        assert len(items) == ITEMS

    def test_all_that_fit_at_once_and_back(self, bench: Bench) -> None:
        panel = bench.page.view.side.filter
        bench.wait(panel.accept.isEnabled)
        bench.press(Qt.Key.Key_B)
        panel.reject.click()
        assert str(ITEMS) in panel.bulk_words.text()
        assert bench.count(ReviewFilter()) == ITEMS, "it asks first"
        panel.sure.click()
        bench.wait(lambda: bench.count(ReviewFilter(states=("done",))) == ITEMS)
        bench.wait(lambda: bench.page.judging.can_undo)
        bench.wait(lambda: bench.page.queue.current is None)
        bench.actions.trigger("review.undo")
        bench.wait(lambda: bench.count(ReviewFilter()) == ITEMS)
        bench.wait(lambda: bench.page.queue.current is not None)


class TestWords:
    def test_typing_finds_a_class(self, bench: Bench) -> None:
        bench.wait(lambda: len(bench.page.view.side.choices.labels) > 1)
        first = bench.item
        bench.press(Qt.Key.Key_Slash)
        QTest.keyClicks(bench.page.view.side.choices.field, "forklift")
        bench.press(Qt.Key.Key_Return)
        bench.kept()
        verdict = bench.stored(first.id).verdict
        assert verdict is not None
        assert (verdict.kind, verdict.label) == ("relabel", "forklift")
        assert bench.page.view.side.choices.labels[-1] == "forklift"
        assert QApplication.focusWidget() is bench.page.view.canvas

    def test_nothing_to_review(self, workplace: Workplace, open_page: Callable[[], Bench]) -> None:
        now = datetime.now(UTC)
        reasons: tuple[Literal["duplicate", "budget"], ...] = ("duplicate", "duplicate", "budget")
        for why in reasons:
            workplace.store.write(partial(_drop, why=why, at=now)).result(5)
        bench = open_page()
        calm = bench.page.view.calm
        bench.wait(lambda: "3 were let go" in calm._words.text())
        assert bench.page.view.middle.currentWidget() is calm
        assert "2 much like another" in calm._words.text()
        assert not bench.page.view.bar.isEnabled()
        assert not bench.page.view.side._why.isVisible()
        bench.press(Qt.Key.Key_F)
        assert bench.page.view.side.filtering, "the keyboard works here too"

    def test_it_says_that_faces_are_covered_only_where_they_are(self, bench: Bench) -> None:
        keys, workplace = bench.page.view.side._keys, bench.page._workplace
        assert keys.text().startswith("Faces are covered before anything is stored. Undo")
        camera = CameraSettings.model_validate({"id": "hall", "source": "a.mp4", "privacy": {"faces": False}})
        workplace._take_on(workplace.settings.model_copy(update={"cameras": (camera,)}))
        assert keys.text().startswith("Undo")

    def test_new_items_come_by_themselves(self, workplace: Workplace, open_page: Callable[[], Bench]) -> None:
        bench = open_page()
        heard: list[int] = []
        bench.page.waiting_changed.connect(heard.append)
        fill(workplace.home, workplace.store, Wanted(3, 2), lambda _words: None)
        bench.page.facts.look()
        bench.wait(lambda: bench.page.queue.current is not None)
        assert heard == [3]

    def test_everything_has_a_name_and_the_keyboard_reaches_it(self, bench: Bench) -> None:
        for shown in (False, True):
            bench.page.view.side.show_filter(shown)
            for widget in bench.page.findChildren(QWidget):
                if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    name = widget.accessibleName() or getattr(widget, "text", lambda: "")()
                    assert name, widget

    @pytest.mark.parametrize("how", [("en", 1.0, (1280, 720)), ("pseudo", 1.0, (1280, 720)), ("en", 1.5, (1920, 1080))])
    def test_nothing_is_cut(
        self,
        filled: Workplace,
        open_page: Callable[[], Bench],
        qapp: QApplication,
        how: tuple[str, float, tuple[int, int]],
    ) -> None:
        language, scale, size = how
        words.install(words.Pseudo() if language == "pseudo" else NullTranslations())
        theme.use(qapp, theme.LIGHT, scale)
        try:
            bench = open_page()
            bench.window.resize(*size)
            bench.wait(lambda: bench.page.view.side.choices.labels)
            bench.qtbot.wait(200)
            assert seen_whole(bench) == []
            bench.page.view.side.show_filter(True)
            bench.qtbot.wait(50)
            assert seen_whole(bench) == []
        finally:
            words.install(NullTranslations())
            theme.use(qapp, theme.DARK)
