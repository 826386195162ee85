"""The table of what each camera keeps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from console.settings.schema import Settings
from console.store.holds import WORDS
from console.store.kept import Kept
from models.words import _, ngettext
from widgets.theme import tokens

CAMERA, PICTURES, SIZE, SINCE, LIMIT, HELD = range(6)


class KeptTable(QTreeWidget):
    """One row a camera that something is kept of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels([_("Camera"), _("Pictures"), _("Size"), _("Since"), _("Kept for"), _("Held")])
        self.setAccessibleName(_("What is kept of each camera"))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        for column in (CAMERA, HELD):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column in (PICTURES, SIZE, SINCE, LIMIT):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column in (PICTURES, SIZE):
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_kept(self, kept: Sequence[Kept], settings: Settings) -> None:
        """Show these rows."""
        names = {camera.id: camera.title for camera in settings.cameras}
        self.clear()
        for camera in kept:
            self.addTopLevelItem(_item(camera, names.get(camera.camera_id, "")))

    def chosen(self) -> str:
        """Id of the chosen row's camera; empty for none."""
        items = self.selectedItems()
        return str(items[0].data(CAMERA, Qt.ItemDataRole.UserRole)) if items else ""


def size_in_words(size: int) -> str:
    """Bytes as a person reads them."""
    if size >= 1000**3:
        return _("{n:.1f} GB").format(n=size / 1000**3)
    if size >= 1000**2:
        return _("{n:.1f} MB").format(n=size / 1000**2)
    return _("{n:.1f} kB").format(n=size / 1000)


def held_in_words(camera: Kept) -> str:
    """What stays only because something holds it; empty for nothing."""
    parts = [
        _("{n} {why}, {size}").format(n=held.pictures, why=_(WORDS.get(why, why)), size=size_in_words(held.bytes))
        for why, held in camera.held.items()
    ]
    return "; ".join(parts)


def _item(camera: Kept, name: str) -> QTreeWidgetItem:
    days = ngettext("{n} day", "{n} days", camera.limit.days).format(n=camera.limit.days)
    most = _("at most {n:g} GB").format(n=camera.limit.gigabytes) if camera.limit.gigabytes else ""
    late = camera.over > 0 or any(held.overdue for held in camera.held.values())
    held = held_in_words(camera)
    words = [
        name or _("{id} (not in the settings)").format(id=camera.camera_id),
        str(camera.pictures),
        size_in_words(camera.bytes),
        f"{camera.oldest.astimezone():%Y-%m-%d}" if camera.oldest else "",
        ", ".join(filter(None, (days, most))),
        f"▲ {held}" if late and held else held,
    ]
    item = QTreeWidgetItem(words)
    item.setData(CAMERA, Qt.ItemDataRole.UserRole, camera.camera_id)
    for column in (PICTURES, SIZE):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for column, text in enumerate(words):
        item.setToolTip(column, text)
    if late and held:
        item.setForeground(HELD, QBrush(QColor(tokens().needs_you)))
    return item
