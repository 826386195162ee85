"""Measures a wall from inside: what was painted, when, and what it cost. For `sightdesk bench wall`."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from console.ui.live.ticker import Painted, Ticker, Watched
from widgets import theme
from widgets.wall import WallGrid

CLICK_EVERY_S = 0.2
_SIZE = (1920, 1080)


@dataclass(slots=True)
class Sample:
    """What was seen between two moments.

    Attributes:
        seconds: between them.
        pictures: pictures painted, by camera.
        to_paint_s: from the decoder to the screen, every picture.
        boxes_s: from capture to a result's boxes on the screen, every result.
        model_s: what of that was the model's own time.
        clicks_s: from a click to its effect.
        gui_cpu_s: the GUI thread's CPU time.
        cpu_s: the whole process's.
        machine_cpu_s: the whole machine's, everything that runs on it.
        by_thread: CPU seconds by thread name; numbered threads of one kind are added up.
        memory_mb: (second, resident megabytes) once a second.
        stretched_ms: the longest time between two beats that the wall chose.
    """

    seconds: float = 0.0
    pictures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    to_paint_s: list[float] = field(default_factory=list)
    boxes_s: list[float] = field(default_factory=list)
    model_s: list[float] = field(default_factory=list)
    clicks_s: list[float] = field(default_factory=list)
    gui_cpu_s: float = 0.0
    cpu_s: float = 0.0
    machine_cpu_s: float = 0.0
    by_thread: dict[str, float] = field(default_factory=dict)
    memory_mb: list[tuple[float, float]] = field(default_factory=list)
    stretched_ms: int = 0


class Probe:
    """A wall in a window of its own, fed by a running site.

    Args:
        site: what runs.
        cameras: their ids.
        paint_cost_s: burnt in every painting of the first tile: a screen that is too slow.
    """

    def __init__(self, site: Watched, cameras: Sequence[str], paint_cost_s: float = 0.0) -> None:
        app = QApplication.instance()
        self._app = app if isinstance(app, QApplication) else QApplication([])
        theme.use(self._app, theme.DARK)
        self._window = QWidget()
        self._window.resize(*_SIZE)
        self._target = QPushButton("Click", self._window)
        self._wall = WallGrid(self._window)
        self._wall.set_cameras([(camera, camera) for camera in cameras])
        layout = QVBoxLayout(self._window)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self._target, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._wall, 1)
        self._ticker = Ticker(site, self._wall)
        self._ticker.recorder = self._record
        self._sample = Sample()
        self._clicked_ns = 0
        self._target.pressed.connect(self._serve)
        self._window.show()
        self._ticker.start()
        if paint_cost_s:
            self._burden(cameras[0], paint_cost_s)

    def wait(self, until: Callable[[], bool], timeout_s: float) -> bool:
        """Keep the window alive until something is so; False when it took too long."""
        loop, clock, end = QEventLoop(), QTimer(interval=50), time.monotonic() + timeout_s
        clock.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end else None)
        clock.start()
        loop.exec()
        clock.stop()
        return until()

    @property
    def size(self) -> tuple[int, int]:
        """Of a tile's picture area, in physical pixels."""
        tile = self._wall.tile(self._wall.visible[0])
        return tile.picture_size() if tile is not None else (0, 0)

    def measure(self, seconds: float, each_second: Callable[[], None] = lambda: None) -> Sample:
        """Watch for so long."""
        self._sample = sample = Sample()
        process, done = psutil.Process(), threading.Event()
        before = _threads(process)
        machine = _machine_s()
        cpu, gui, begin = sum(process.cpu_times()[:2]), time.thread_time_ns(), time.monotonic()
        clicker = threading.Thread(target=self._click, args=(done,), name="clicker", daemon=True)
        clicker.start()
        loop, clock = QEventLoop(), QTimer(interval=1000)
        clock.timeout.connect(partial(self._note, process, begin, each_second))
        clock.start()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()
        clock.stop()
        sample.seconds = time.monotonic() - begin
        sample.gui_cpu_s = (time.thread_time_ns() - gui) / 1e9
        sample.cpu_s = sum(process.cpu_times()[:2]) - cpu
        sample.machine_cpu_s = _machine_s() - machine
        sample.by_thread = _spent(before, _threads(process))
        done.set()
        clicker.join()
        return sample

    def close(self) -> None:
        """Put the window away."""
        self._ticker.stop()
        self._window.close()
        self._window.deleteLater()
        self._app.processEvents()

    def _note(self, process: psutil.Process, begin: float, each_second: Callable[[], None]) -> None:
        sample = self._sample
        sample.memory_mb.append((time.monotonic() - begin, process.memory_info().rss / 2**20))
        sample.stretched_ms = max(sample.stretched_ms, self._ticker.interval_ms)
        each_second()

    def _record(self, painted: Painted) -> None:
        sample = self._sample
        if painted.shown is not None:
            sample.pictures[painted.camera_id] += 1
            sample.to_paint_s.append((painted.painted_ns - painted.shown.frame.captured_ns) / 1e9)
        if painted.result is not None:
            result = painted.result
            sample.boxes_s.append((painted.painted_ns - result.captured_ns) / 1e9)
            sample.model_s.append(result.trace.seconds().get("infer", 0.0))

    def _burden(self, camera: str, cost_s: float) -> None:
        tile = self._wall.tile(camera)
        if tile is None:
            return
        told = tile.on_painted or (lambda: None)

        def burdened() -> None:
            end = time.monotonic() + cost_s
            while time.monotonic() < end:
                pass
            told()

        tile.on_painted = burdened

    def _click(self, done: threading.Event) -> None:
        """Press and let go the button, as a mouse does it, from outside of the GUI thread."""
        where, left = QPointF(5, 5), Qt.MouseButton.LeftButton
        while not done.wait(CLICK_EVERY_S):
            self._clicked_ns = time.monotonic_ns()
            for kind, held in (
                (QEvent.Type.MouseButtonPress, left),
                (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton),
            ):
                event = QMouseEvent(kind, where, where, left, held, Qt.KeyboardModifier.NoModifier)
                QCoreApplication.postEvent(self._target, event)

    def _serve(self) -> None:
        if self._clicked_ns:
            self._sample.clicks_s.append((time.monotonic_ns() - self._clicked_ns) / 1e9)


def _machine_s() -> float:
    """CPU seconds that this machine has spent since it started, idle and waiting ones left out."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def _threads(process: psutil.Process) -> dict[int, tuple[str, float]]:
    """CPU seconds of each thread, with the name it goes by."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    return {one.id: (names.get(one.id, "native"), one.user_time + one.system_time) for one in process.threads()}


def _spent(before: dict[int, tuple[str, float]], after: dict[int, tuple[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for number, (name, spent) in after.items():
        kind = "capture" if name.startswith("capture ") else name
        total[kind] += spent - before.get(number, ("", 0.0))[1]
    return dict(sorted(((name, round(spent, 3)) for name, spent in total.items() if spent > 0), key=lambda x: -x[1]))
