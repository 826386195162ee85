"""The figures every page shows, pulled twice a second: one series, one tally, one beat."""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QObject, QTimer, Signal

from console.health.hardware import Hardware, HardwareUse
from console.pipeline.meters import CameraMeter
from console.pipeline.series import Series
from console.pipeline.tally import Tally
from console.site.running import RunningSite
from console.ui.workplace import Workplace

PULL_MS = 500
KEPT_S = 600.0
"""Of the hardware's use, for graphs."""


class Figures(QObject):
    """Pulls the running cameras' figures and says so. Belongs to the GUI thread; a pull of 16 cameras takes 2 ms.

    Attributes:
        series, tally: the cameras' figures, what was counted.
        used: (monotonic seconds, the hardware's use) of the last minutes, the newest last.

    Signals:
        pulled: there are new figures in all of them.
    """

    pulled = Signal()

    def __init__(self, site: RunningSite, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._site = site
        self.series = Series()
        self.tally = Tally()
        self._hardware = Hardware()
        self.used: deque[tuple[float, HardwareUse]] = deque(maxlen=round(KEPT_S * 1000 / PULL_MS))
        site.subscribe(self.tally.take)
        self._timer = QTimer(self, interval=PULL_MS)
        self._timer.timeout.connect(self.pull)
        self._timer.start()

    def pull(self) -> None:
        """Take in what has passed and tell everybody."""
        meters: dict[str, CameraMeter] = {}
        for camera_id in self._site.cameras:
            meter = self._site.meter(camera_id)
            if meter is not None:
                meters[camera_id] = meter
        self.series.pull(meters)
        self.used.append((time.monotonic(), self._hardware.read()))
        self.pulled.emit()

    def close(self) -> None:
        """Pull no more."""
        self._timer.stop()


def figures_of(workplace: Workplace) -> Figures:
    """The workplace's figures, made when they are first asked for."""
    found = workplace.findChild(Figures)
    return found if found is not None else Figures(workplace.site, workplace)
