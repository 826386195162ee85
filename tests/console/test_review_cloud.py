"""What the cloud found beside and over the item in front: it comes by itself, moves nothing, and nobody edits it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from console.bench.review import Wanted, fill
from console.review.items import Item
from console.review.verdicts import VerdictLane
from console.settings.home import Home
from console.store import answers
from console.store.answers import Cursor, NewAnswer
from console.store.store import Store, utc_text
from console.sync.uploader import Uploader
from console.ui.actions import Actions
from console.ui.key_presets import PRESETS
from console.ui.keys import resolve
from console.ui.review.page import ReviewPage
from console.ui.workplace import Workplace
from models import words
from tests.console.answer_cases import send_files
from tests.console.clipping import faults
from tests.console.quiet_workplace import quiet_workplace
from tests.servers.receiver import Receiver
from tests.servers.receiver_answers import Book, body
from widgets import theme

SETTINGS = """\
operators: [Mara]
review: {{second_share: 0}}
sync: {{targets: [{{name: cloud, kind: cloud, url: "{url}", sends: [items, pictures]}}]}}
cameras:
  - {{id: camera0, name: Yard east, source: a.mp4}}
"""
SHIFT = Qt.KeyboardModifier.ShiftModifier


@dataclass
class Bench:
    """A page in a window, with four items, and a cloud that may answer."""

    workplace: Workplace
    page: ReviewPage
    actions: Actions
    window: QMainWindow
    book: Book
    qtbot: QtBot

    @property
    def item(self) -> Item:
        found = self.page.queue.current
        assert found is not None
        return found

    @property
    def lines(self) -> list[str]:
        return [one.words for one in self.page.view.side.cloud.lines]

    @property
    def details(self) -> str:
        return " | ".join(one.detail for one in self.page.view.side.cloud.lines)

    def wait(self, so: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(so()), timeout=8000)

    def sent(self, at: datetime | None = None) -> tuple[str, str]:
        """A picture of the item in front is with the cloud."""
        return send_files(self.workplace.store, tracking_id=self.item.tracking_id, at=at)[0]

    def asked(self) -> None:
        """The cloud is one that answers."""
        self.workplace.store.write(lambda db: answers.move(db, "cloud", Cursor("store"))).result(5)

    def answer(self, of: tuple[str, str], task: str = "plates", number: int = 1, **more: Any) -> None:
        """As if the fetcher had stored it."""
        made = body(("plate", 0.912, self.box()), ("vehicle", 0.84, (1.0, 2.0, 90.0, 80.0)), size=self.item.size)
        text = json.dumps(more.pop("body", made))
        one = NewAnswer(number, *of, task, more.pop("state", "done"), more.pop("why", ""), text, utc_text(now()))
        keep = answers.keep
        job = self.workplace.store.write(
            lambda db: keep(db, "cloud", [one], Cursor("store"), now=utc_text(now()), boot_id="boot")
        )
        assert job.result(5) == 1

    def box(self) -> tuple[float, float, float, float]:
        width, height = self.item.size
        return width * 0.25, height * 0.25, width * 0.5, height * 0.5

    def go_to(self, number: int) -> None:
        self.page.queue.go_to(self.page.queue.items[number].id)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with items, to be copied."""
    folder = tmp_path_factory.mktemp("review") / "home"
    with Home.open(folder) as home, Store.open(home) as store:
        fill(home, store, Wanted(4, 2), lambda _words: None)
    return folder


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, tmp_path: Path, full_home: Path) -> Iterator[Bench]:
    theme.use(qapp, theme.DARK)
    shutil.copytree(full_home, tmp_path / "home")
    with Receiver(tmp_path / "cloud") as receiver, quiet_workplace(tmp_path, SETTINGS.format(url=receiver.url)) as made:
        receiver.answers = Book()
        made.operator = "Mara"
        lane = VerdictLane(made.store, supervisor=lambda: True, settings=made.settings.review)
        window, pages = QMainWindow(), QStackedWidget()
        pages.addWidget(QWidget())
        window.setCentralWidget(pages)
        window.resize(1280, 800)
        page, actions = ReviewPage(made, lane), Actions(window)
        page.bind(actions)
        pages.addWidget(page)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        pages.setCurrentWidget(page)
        page.setFocus()
        bench = Bench(made, page, actions, window, receiver.answers, qtbot)
        bench.wait(lambda: page.queue.current is not None and page.showing.on_screen == bench.item.id)
        yield bench
        page.close()
        lane.close()
        window.close()
        window.deleteLater()


def test_it_says_that_it_is_looking_and_then_what_it_found_by_itself(bench: Bench) -> None:
    """Through the uploader's fetcher, from a real server."""
    view, side = bench.page.view, bench.page.view.side
    of = bench.sent()
    settings = bench.workplace.settings
    with closing(Uploader(bench.workplace.home.path, bench.workplace.store, settings, secret=lambda _name: "")) as up:
        bench.wait(lambda: bench.lines == ["is looking at it"])
        assert "sent just now" in bench.details
        assert side.cloud.boxes.isHidden()
        before = _calm(bench)
        bench.book.add(*of, body=body(("plate", 0.912, bench.box()), size=bench.item.size))
        bench.wait(lambda: bench.lines == ["plate .91"])
        assert "plates, just now, plates-0106 on OpenVINO CPU" in bench.details
        assert up.figures["cloud"].answers is not None
    assert [mark.label for mark in view.canvas.beside] == ["plate"]
    assert view.canvas.beside[0].xyxy == pytest.approx(bench.box(), abs=0.01)
    assert "cloud: plate .91" in view.canvas.accessibleDescription()
    assert side.cloud.boxes.isVisible()
    assert side.cloud.boxes.accessibleName() == "Hide boxes"
    assert _places(bench) == before  # nothing but the panel's end is other, and the keyboard stayed where it was


def _calm(bench: Bench) -> list[object]:
    """Where everything is, once nothing that is still read moves it."""
    before: list[object] = []
    bench.wait(lambda: 0 < bench.page.facts._soon_at < float("inf"))  # how the shift goes has been read
    while (now_ := _places(bench)) != before:
        before = now_
        bench.qtbot.wait(400)
    return before


def _places(bench: Bench) -> list[object]:
    view, side = bench.page.view, bench.page.view.side
    parts: list[QWidget] = [view.canvas, view.film, view.bar, side.choices, side.progress, side._why, side._about]
    places: list[object] = [QRect(part.mapTo(bench.window, QPoint()), part.size()) for part in parts]
    return [*places, view.canvas.view, QApplication.focusWidget()]


def test_it_speaks_only_of_what_a_cloud_that_answers_was_sent_in_the_last_day(bench: Bench) -> None:
    bench.sent()
    bench.page.cloud.look()
    bench.qtbot.wait(150)
    assert bench.page.view.side.cloud.isHidden()  # nobody knows whether that cloud answers at all
    bench.asked()
    bench.wait(lambda: bench.lines)
    bench.go_to(1)
    bench.sent(now() - timedelta(minutes=20))
    bench.wait(lambda: bench.lines == ["no answer yet"])
    assert "sent 20 min ago" in bench.details
    bench.go_to(2)
    bench.sent(now() - timedelta(hours=25))
    bench.qtbot.wait(1200)
    assert bench.lines == []


def test_why_it_could_not_and_that_there_was_nothing(bench: Bench) -> None:
    bench.asked()
    of = bench.sent()
    bench.answer(of, state="failed", why="The picture can't be opened.", body={})
    bench.wait(lambda: bench.lines == ["could not: The picture can't be opened."])
    bench.answer(of, "vehicles", 2, body=body(size=bench.item.size))
    bench.wait(lambda: bench.lines[1:] == ["found nothing"])
    assert not bench.page.view.canvas.beside
    assert bench.page.view.side.cloud.boxes.isHidden()


def test_boxes_of_a_files_pixels_are_said_and_not_drawn_and_those_of_another_size_are_scaled(bench: Bench) -> None:
    bench.asked()
    of = bench.sent()
    bench.answer(of, body=body(("plate", 0.5, (1, 2, 3, 4))) | {"space": "file"})
    bench.wait(lambda: bench.lines == ["plate .50"])
    assert not bench.page.view.canvas.beside
    width, height = bench.item.size
    bench.answer(of, number=2, body=body(("plate", 0.5, (2, 4, 6, 8)), size=(2 * width, 2 * height)))
    bench.wait(lambda: bench.page.view.canvas.beside)
    assert bench.page.view.canvas.beside[0].xyxy == (1, 2, 3, 4)


def test_its_boxes_are_never_over_another_picture_nor_anybodys_to_edit(bench: Bench) -> None:
    bench.asked()
    bench.answer(bench.sent())
    canvas = bench.page.view.canvas
    bench.wait(lambda: canvas.beside)
    bench.go_to(1)
    assert not canvas.beside
    bench.go_to(0)
    bench.wait(lambda: canvas.beside)
    bench.page.doing.edit()
    assert canvas.editing
    own = canvas.boxes()
    assert len(canvas.beside) == 2
    x, y = canvas.view.to_screen(45.0, 41.0)  # in the middle of its vehicle
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(round(x), round(y)))
    assert canvas.chosen == -1 or canvas.boxes()[canvas.chosen] in own
    QTest.keyClick(canvas, Qt.Key.Key_C, SHIFT)
    assert not canvas.beside
    QTest.keyClick(canvas, Qt.Key.Key_C, SHIFT)
    assert len(canvas.beside) == 2
    bench.page.doing.editing.save()  # type: ignore[union-attr]
    bench.wait(lambda: not bench.page.judging.waiting)
    with bench.workplace.store.read() as db:
        boxes = db.execute("SELECT boxes FROM verdicts").fetchone()[0]
    assert len(json.loads(boxes)) == len(own)
    assert all([*mark.xyxy] != box[:4] for mark in bench.page.view.canvas.beside for box in json.loads(boxes))


def test_a_key_shows_and_hides_them_and_that_is_remembered(bench: Bench, qapp: QApplication) -> None:
    bench.asked()
    bench.answer(bench.sent())
    canvas, panel = bench.page.view.canvas, bench.page.view.side.cloud
    bench.wait(lambda: canvas.beside)
    QTest.keyClick(canvas, Qt.Key.Key_C, SHIFT)
    assert not canvas.beside
    assert (panel.boxes.text(), bench.workplace.state.get("review cloud boxes")) == ("Show boxes", False)
    assert bench.lines  # the words stay
    QTest.mouseClick(panel.boxes, Qt.MouseButton.LeftButton)
    assert canvas.beside
    assert bench.workplace.state.get("review cloud boxes") is True
    assert any(command.name == "review.cloud" and command.keys == "Shift+C" for command in bench.actions.sheet())
    for preset in PRESETS:
        assert resolve(preset).of["review.cloud"] == resolve(preset).of["edit.cloud"] == ("Shift+C",)
    bench.actions.apply(_Keys({"review.cloud": "Shift+X"}))
    assert "Shift+X" in panel.boxes.toolTip()
    QTest.keyClick(canvas, Qt.Key.Key_X, SHIFT)
    assert not canvas.beside


@dataclass
class _Keys:
    keys: dict[str, str]
    key_preset: str = "sightdesk"


@pytest.mark.parametrize("how", [("pseudo", 1.0, theme.DARK), ("en", 1.5, theme.LIGHT)])
def test_nothing_of_it_is_cut_in_a_foreign_tongue_or_larger_text(
    bench: Bench, qapp: QApplication, how: tuple[str, float, theme.Tokens]
) -> None:
    language, scale, tokens = how
    before = words._now
    try:
        words.install(words.Pseudo() if language == "pseudo" else NullTranslations())
        theme.use(qapp, tokens, scale)
        bench.asked()
        of = bench.sent()
        for number, task in enumerate(("plates", "a task of a long name", "vehicles"), 1):
            bench.answer(of, task, number)
        bench.answer(bench.sent(), "another", 4)
        bench.sent()
        bench.wait(lambda: len(bench.lines) == 5)
        bench.page.cloud._show()
        QApplication.processEvents()
        panel = bench.page.view.side.cloud
        assert [one for one in faults(bench.window) if "beyond the screen" not in one] == []
        for widget in panel.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert widget.accessibleName() or getattr(widget, "text", lambda: "")()
    finally:
        words.install(before)
        theme.use(qapp, theme.DARK)
