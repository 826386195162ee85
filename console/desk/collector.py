"""Python's cyclic garbage, taken away on the GUI thread alone.

Python collects on whichever thread happens to make the object that is one too many. A Qt object that lies in a cycle is
then destroyed there, beside the event loop that still knows its timers and events: the process may die of it. So while
a desk runs nobody collects but this.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 100
OLD_EVERY_S = 30.0
"""How often the oldest generation is looked through at most; what was there when the desk was furnished is not."""


class Collector(QObject):
    """Collects by Python's own thresholds, from now until `close`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._until_old = round(OLD_EVERY_S * 1000 / EVERY_MS)
        gc.disable()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect what is due."""
        self._until_old -= 1
        young, middle, old = (have > most for have, most in zip(gc.get_count(), gc.get_threshold(), strict=True))
        if old and self._until_old <= 0:
            self._until_old = round(OLD_EVERY_S * 1000 / EVERY_MS)
            gc.collect(2)
        elif young:
            gc.collect(1 if middle else 0)

    @staticmethod
    def settle() -> None:
        """All that is there now stays, and need not be looked through again and again."""
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Python collects by itself again; harmless when done already."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
