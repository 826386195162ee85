"""How a dialog opens: as large as it wants at the text scale in use, never larger than the screen it is on."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QWidget

from widgets.theme import px

_EDGE = 48


def open_at(window: QWidget, width: int, height: int) -> None:
    """Give a window its first size.

    Args:
        window: not shown yet.
        width: at a text scale of 1, in pixels.
        height: likewise.
    """
    open_at_pixels(window, px(width), px(height))


def open_at_pixels(window: QWidget, width: int, height: int) -> None:
    """`open_at` for a size that has the text scale in it already."""
    room = room_for(window)
    window.resize(min(width, room.width()), min(height, room.height()))


def room_for(window: QWidget) -> QSize:
    """The most a window may take of the screen it is on."""
    return window.screen().availableGeometry().size() - QSize(_EDGE, _EDGE)


def no_default(window: QWidget) -> None:
    """Enter ends a field and presses no button: in a dialog Qt would press the first one there is."""
    for button in window.findChildren(QPushButton):
        button.setAutoDefault(False)
