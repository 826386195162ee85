"""What stands in a scroll area: as high as its words need at the width they get."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget


class Scrolled(QWidget):
    """A page to be scrolled.

    A scroll area asks how small its page may be, not how high at this width; words that wrap were cut.
    """

    def event(self, event: QEvent) -> bool:
        """Ask again when the width or what stands in it is another."""
        done = super().event(event)
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            layout = self.layout()
            if layout is not None and layout.hasHeightForWidth():
                needs = layout.totalMinimumHeightForWidth(self.width())
                if needs != self.minimumHeight():
                    self.setMinimumHeight(needs)
        return done
