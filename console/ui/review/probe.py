"""Measures the Review page from inside: what a turn, a verdict and a filter take until their pictures are painted."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import psutil
from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from console.errors import SightdeskError
from console.review.verdicts import VerdictLane
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.settings.schema import Settings
from console.store.store import Store
from console.ui.actions import Actions
from console.ui.review.page import ReviewPage
from console.ui.state import DeskState
from console.ui.workplace import Workplace
from models.words import _
from widgets import theme

if TYPE_CHECKING:
    from console.site.running import RunningSite

_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Return, Qt.Key.Key_2, Qt.Key.Key_Return, Qt.Key.Key_S)
_MB = 1024 * 1024
_PATIENCE_S = 20.0


@dataclass(slots=True)
class Sample:
    """What was measured, milliseconds.

    Attributes:
        built: making the page, which nobody sees.
        opened: from turning to it to its first picture.
        verdicts: from each key to the next item's picture.
        filters: from each choice to its first picture and its count.
        kept: from the last key to the last verdict's commit.
        other_cores: what else kept the machine busy during the verdicts; with much of that, the figures are no verdict.
        refused: verdicts that could not be stored.
        rss_mb: resident megabytes in the end; `before_mb`: before there was a window.
    """

    built: float = 0.0
    opened: float = 0.0
    verdicts: list[float] = field(default_factory=list)
    filters: list[float] = field(default_factory=list)
    kept: float = 0.0
    other_cores: float = 0.0
    refused: int = 0
    rss_mb: float = 0.0
    before_mb: float = 0.0


class _Still:
    """A site that runs nothing."""

    cameras: tuple[str, ...] = ()

    def apply(self, _settings: Settings) -> Future[None]:
        """Take settings, and do nothing."""
        done: Future[None] = Future()
        done.set_result(None)
        return done


class Probe:
    """A page in a window of its own.

    Args:
        home: whose items are judged.
        store: of it.
        size: of the window, (width, height).
    """

    def __init__(self, home: Home, store: Store, size: tuple[int, int] = (1600, 900)) -> None:
        self._before = _rss()
        app = QApplication.instance()
        self._app = app if isinstance(app, QApplication) else QApplication([])
        theme.use(self._app, theme.DARK)
        file = SettingsFile(home.path / "settings.yaml")
        settings = file.load().settings
        site = cast("RunningSite", _Still())
        state = DeskState(home.path / "desk.json")
        self._workplace = Workplace(home, store, site, file, settings=settings, state=state)
        self._workplace.operator = "Bench"
        self._lane = VerdictLane(store, supervisor=lambda: True, settings=settings.review)
        self._window = QMainWindow()
        self._window.resize(*size)
        self._pages = QStackedWidget()
        self._pages.addWidget(QWidget())
        self._window.setCentralWidget(self._pages)
        self._window.show()
        self._window.activateWindow()
        begin = time.perf_counter()
        self._page = ReviewPage(self._workplace, self._lane)
        self._actions = Actions(self._window)
        self._page.bind(self._actions)
        self._pages.addWidget(self._page)
        self.built_ms = (time.perf_counter() - begin) * 1e3
        self._shown = 0
        self._judging = QTimer()
        self._page.view.canvas.on_painted = self._painted
        self._turn(lambda: self._window.isActiveWindow() or QApplication.platformName() == "offscreen", 2.0)

    def measure(self, verdicts: int, every_s: float, filters: int, rest_s: float) -> Sample:
        """Open the page, judge, filter.

        Args:
            verdicts: so many, by key.
            every_s: seconds from key to key.
            filters: so many choices.
            rest_s: seconds of rest before the first key, and a third of it after each choice.

        Raises:
            SightdeskError: nothing was painted in time.
        """
        sample = Sample(built=self.built_ms, before_mb=self._before)
        sample.opened = self._time(lambda: self._pages.setCurrentWidget(self._page), self._some)
        self._page.setFocus()
        self._turn(lambda: False, rest_s)
        busy, began = _others_s(), time.perf_counter()
        for number in range(verdicts):
            sample.verdicts.append(self._verdict(_KEYS[number % len(_KEYS)], every_s))
        sample.other_cores = (_others_s() - busy) / max(time.perf_counter() - began, 1e-3)
        sample.kept = self._time(lambda: None, lambda: self._lane.waiting == 0)
        for number in range(filters):
            sample.filters.append(self._filter(number))
            self._turn(lambda: False, rest_s / 3)
        sample.refused = sum(said.error is not None for said in self._page.judging.said.values())
        sample.rss_mb = _rss()
        return sample

    def judge(self, every_s: float) -> list[float]:
        """Open the page and judge on, an item now and then, while something else is measured.

        Returns:
            Milliseconds from each verdict to the next picture painted; it grows as long as the program runs.
        """
        took: list[float] = []
        began: list[float] = []
        self._pages.setCurrentWidget(self._page)
        self._turn(self._some, _PATIENCE_S)
        paint = self._painted

        def painted() -> None:
            paint()
            if began and self._some():
                took.append((time.perf_counter() - began.pop()) * 1e3)

        def press() -> None:
            began[:] = [time.perf_counter()]
            self._shown = 0
            self._actions.trigger(("review.accept", "review.reject")[len(took) % 2])  # another window has the keyboard

        self._page.view.canvas.on_painted = painted
        self._judging = QTimer(self._window, interval=round(every_s * 1000))
        self._judging.timeout.connect(press)
        self._judging.start()
        return took

    def close(self) -> None:
        """End it in good order."""
        self._judging.stop()
        self._page.close()
        self._lane.close()
        self._workplace.jobs.close()
        self._workplace.state.save()
        self._window.close()
        self._window.deleteLater()
        QCoreApplication.sendPostedEvents()

    def _painted(self) -> None:
        """The picture of the item in front is on the screen now."""
        item = self._page.queue.current
        if item is not None and self._page.showing.on_screen == item.id:
            self._shown = item.id

    def _some(self) -> bool:
        item = self._page.queue.current
        return item is not None and item.id == self._shown

    def _verdict(self, key: Qt.Key, every_s: float) -> float:
        """Press a key, wait until the next picture is painted, and out the beat."""
        began = time.perf_counter()
        before = self._page.queue.current
        took = self._time(lambda: self._press(key), lambda: self._page.queue.current is not before and self._some())
        left = every_s - (time.perf_counter() - began)
        if left > 0:
            self._turn(lambda: False, left)
        return took

    def _filter(self, number: int) -> float:
        """Choose another class, and wait for its first picture and its count."""
        panel = self._page.view.side.filter
        row = 1 + number % max(panel.label.count() - 1, 1)
        panel.count.setText("")

        def choose() -> None:
            self._shown = 0
            panel.label.setCurrentIndex(row if panel.label.currentIndex() != row else 0)

        return self._time(choose, lambda: self._some() and bool(panel.count.text()))

    def _press(self, key: Qt.Key) -> None:
        """A key, by the way a key of the keyboard takes: shortcuts first."""
        from PySide6.QtTest import QTest  # noqa: PLC0415  # for benches alone

        QTest.keyClick(self._window, key)

    def _time(self, act: Callable[[], object], done: Callable[[], bool]) -> float:
        begin = time.perf_counter()
        act()
        if not self._turn(done, _PATIENCE_S):
            raise SightdeskError(_("Nothing was painted within {n:.0f} s.").format(n=_PATIENCE_S))
        return (time.perf_counter() - begin) * 1e3

    @staticmethod
    def _turn(done: Callable[[], bool], seconds: float) -> bool:
        """Let the program run until something is so, seconds at most; whether it is."""
        end = time.perf_counter() + seconds
        loop = QEventLoop()
        wake = QTimer(singleShot=True)
        wake.timeout.connect(loop.quit)
        while not done():
            left = end - time.perf_counter()
            if left <= 0:
                return False
            wake.start(max(int(left * 1e3), 0))
            loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        return True


def _others_s() -> float:
    """CPU seconds that everything else on this machine has used."""
    times, own = psutil.cpu_times(), psutil.Process().cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - own.user - own.system)


def _rss() -> float:
    return float(psutil.Process().memory_info().rss) / _MB


__all__ = ["Probe", "Sample"]
