"""A closed list that has less room than its words: its tooltip has the whole of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox


def tell_whole(box: QComboBox) -> None:
    """Put what is chosen into the tooltip, from now on, with what its line says about itself.

    To be called once a box, and again after it was filled with its signals blocked: see `told`.
    """
    box.currentIndexChanged.connect(lambda _row: told(box))
    told(box)


def told(box: QComboBox) -> None:
    """Put what is chosen now into the tooltip."""
    about = box.currentData(Qt.ItemDataRole.ToolTipRole)
    box.setToolTip("\n".join(filter(None, (box.currentText(), about))))
