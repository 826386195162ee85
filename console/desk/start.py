"""Opens the desk: the window first, then everything that takes time, then the pages."""

from __future__ import annotations

import console.desk.qt  # noqa: F401  # first: what is imported after it costs half

# isort: split
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from console.desk.homes import take_home
from console.desk.language import speak
from console.desk.look import Look
from console.desk.prepare import Prepared, prepare
from console.desk.window import DeskWindow
from console.errors import SightdeskError
from console.settings.home import Home
from console.ui.notices import Notices
from console.ui.state import DeskState
from models.words import _

if TYPE_CHECKING:
    from console.desk.assemble import Assembled

log = logging.getLogger(__name__)

STATE_FILE = "desk.json"
STOPS_WITHIN_S = 2.5


@dataclass(slots=True)
class DeskEnd:
    """How a desk ended.

    Attributes:
        code: exit status.
        error: why it could not start, or None.
        summary: the figures of `run`, where it got so far.
        said: what the demo took, and why.
        moments: seconds from the program's start to the window, the first picture and the first box.
        stuck: threads that are still in a read or in native code.
    """

    code: int = 0
    error: Exception | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    moments: dict[str, float] = field(default_factory=dict)
    stuck: list[str] = field(default_factory=list)


class Desk(QObject):
    """One desk from start to end. Lives on the GUI thread; `_work` alone runs on a thread of its own.

    Signals:
        ended: its window is closed and everything it ran has been told to stop.
    """

    ended = Signal()
    _progress = Signal(str, int, int)
    _ready = Signal(object)
    _failed = Signal(object)

    def __init__(self, app: QApplication, home: Home, *, demo_of: Home | None, seconds: float | None) -> None:
        super().__init__()
        self._app = app
        self._home = home
        self._demo_of = demo_of
        self._seconds = seconds
        self._cancel = threading.Event()
        self._closed = False
        self._state = DeskState(home.path / STATE_FILE, self)
        look = self._state.get("look", ["system", 1.0])
        self.look = Look(app, str(look[0]), float(look[1]))
        self.window = DeskWindow(self._state)
        self.assembled: Assembled | None = None
        self._prepared: Prepared | None = None
        self.end = DeskEnd()
        self._progress.connect(self.window.starting.say)
        self._ready.connect(self._assemble, Qt.ConnectionType.QueuedConnection)
        self._failed.connect(self._say_failure, Qt.ConnectionType.QueuedConnection)
        self.window.starting.stopped.connect(self.window.close)
        self.window.closing.connect(self._close)

    def show(self) -> None:
        """Show the window, and only then begin with what takes time."""
        if self._state.get("full screen", False):
            self.window.showFullScreen()
        else:
            self.window.show()
        self._app.processEvents()
        self.end.moments["window"] = since_start()
        if self._seconds is not None:  # from now on, so that a start that fails ends as well
            QTimer.singleShot(int(self._seconds * 1000), self.window.close)
        threading.Thread(target=self._work, name="start", daemon=True).start()

    def _work(self) -> None:
        try:
            self._ready.emit(prepare(self._home, demo_of=self._demo_of, say=self._progress.emit, cancel=self._cancel))
        except Exception as error:  # the thread's outermost frame; the window says it
            self._failed.emit(error)

    def _assemble(self, prepared: Prepared) -> None:
        from console.desk.assemble import assemble  # noqa: PLC0415  # heavy, and imported by the start thread meanwhile

        self._prepared = prepared
        self.end.said = prepared.said
        if self._closed:
            self._end_prepared()
            return
        try:
            self.assembled = assemble(self.window, prepared, self._state, self.look, self.end.moments)
        except Exception as error:  # the desk's outermost frame: a window that stays empty would say nothing
            self._say_failure(error)
            return
        self._progress.disconnect()
        self._progress.connect(self.assembled.fetches.report)

    def _say_failure(self, error: Exception) -> None:
        if self._closed:
            return
        self.end.code, self.end.error = 1, error
        if not isinstance(error, SightdeskError):
            log.error("the desk could not be started", exc_info=error)
        notices = Notices(self)
        notices.shown.connect(self.window.show_notice)
        self.window.starting.hide()
        notices.error(error, (_("Close"), self.window.close))

    def _close(self) -> None:
        """End everything the desk runs, within 3 s."""
        if self._closed:
            return
        self._closed = True
        self._cancel.set()
        self.window.hide()
        if self.assembled is not None:
            self.end.summary = self.assembled.summary()
            self.end.stuck += self.assembled.close()
        self._state.save()
        if self._prepared is not None:
            self._end_prepared()
        self.ended.emit()

    def _end_prepared(self) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            self.end.stuck += prepared.site.close(STOPS_WITHIN_S)
            if self.assembled is not None:
                self.assembled.recorder.close()
                self.assembled.reviewing.close()
                self.end.stuck += self.assembled.syncing.close()
            prepared.around.close()


def since_start() -> float:
    """Seconds since this process was started, by the system's own record."""
    record = Path("/proc/self/stat")
    if record.exists():  # psutil adds the time of the boot, which Linux gives in whole seconds
        ticks = int(record.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    import psutil  # noqa: PLC0415

    return time.time() - psutil.Process().create_time()


def open_desk(path: Path, *, demo: bool = False, seconds: float | None = None) -> DeskEnd:
    """Run the desk until its window is closed.

    Args:
        path: the home folder.
        demo: the demo's cameras instead of the home's own; kept in a home of their own inside it.
        seconds: close by itself after so long.

    Raises:
        HomeError: the home can't be used, and the operator named no other.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)  # noqa: S101
    app.setApplicationName("Sightdesk")
    app.setDesktopFileName("sightdesk")
    speak()
    with take_home(app, path / "demo" if demo else path) as home:
        desk = Desk(app, home, demo_of=Home.look(path) if demo else None, seconds=seconds)
        before = {number: signal.signal(number, lambda *_: desk.window.close()) for number in _ends()}
        heart = QTimer(interval=200)  # the interpreter sees a signal only when it runs
        heart.timeout.connect(lambda: None)
        heart.start()
        try:
            desk.ended.connect(app.quit)
            desk.show()
            app.exec()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            heart.stop()
        return desk.end


def _ends() -> tuple[signal.Signals, ...]:
    return signal.SIGINT, signal.SIGTERM


def leave(code: int) -> None:
    """End the process where a thread is stuck in native code, which would hold up an orderly end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
