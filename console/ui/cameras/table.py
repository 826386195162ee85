"""The list of cameras: what they are, how they are, in the order of the wall; rows are dragged into another order."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from console.settings.schema import CameraSettings, Settings
from models.states import CameraState, CameraStatus
from models.words import _
from widgets.theme import px, tokens

NAME, GROUP, STATE, ADDRESS, MODEL = range(5)
_ID = Qt.ItemDataRole.UserRole
_STOPPED = {CameraState.FAILED, CameraState.STOPPED}
_NEEDS = {CameraState.FROZEN, CameraState.RECONNECTING}
_WIDTHS = ((GROUP, 110), (MODEL, 110))


class CameraTable(QTreeWidget):
    """One row a camera."""

    reordered = Signal(list)
    """Ids in the order the operator wants."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels([_("Name"), _("Group"), _("State"), _("Address"), _("Model")])
        self.setAccessibleName(_("Cameras"))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        for column in (NAME, STATE, ADDRESS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS:
            self.setColumnWidth(column, px(width))

    def show_cameras(self, settings: Settings) -> None:
        """Show the cameras; what is chosen stays chosen."""
        chosen, current = set(self.chosen()), self.current()
        blocked = self.blockSignals(True)  # noqa: FBT003
        self.clear()
        for camera in settings.cameras:
            self.addTopLevelItem(_item(camera, settings.inference.model))
        self.choose(chosen, current)
        self.blockSignals(blocked)
        self.itemSelectionChanged.emit()

    def chosen(self) -> list[str]:
        """Ids of the chosen rows, from top to bottom."""
        return [camera_id for camera_id, item in self.items() if item.isSelected() and not item.isHidden()]

    def current(self) -> str:
        """Id of the row with the keyboard; empty for none."""
        item = self.currentItem()
        return str(item.data(NAME, _ID)) if item is not None else ""

    def choose(self, ids: Iterable[str], current: str = "") -> None:
        """Choose these rows."""
        wanted = set(ids)
        for camera_id, item in self.items():
            if camera_id == (current or next(iter(wanted), "")):
                self.setCurrentItem(item)
        for camera_id, item in self.items():
            item.setSelected(camera_id in wanted)

    def items(self) -> list[tuple[str, QTreeWidgetItem]]:
        """(id, row) pairs from top to bottom."""
        rows = [self.topLevelItem(index) for index in range(self.topLevelItemCount())]
        return [(str(item.data(NAME, _ID)), item) for item in rows if item is not None]

    def show_state(self, item: QTreeWidgetItem, camera: CameraSettings, status: CameraStatus | None) -> None:
        """How a camera is: in words, with a shape where it needs somebody, and a colour on top."""
        now = tokens()
        colour, words = now.text, ""
        if not camera.enabled:
            colour, words = now.dim, _("off")
        elif status is None:
            colour, words = now.dim, _("starting")
        else:
            words = str(status)
            if status.state in _STOPPED:
                colour, words = now.stopped, f"■ {words}"
            elif status.state in _NEEDS:
                colour, words = now.needs_you, f"▲ {words}"
        if item.text(STATE) != words:
            item.setText(STATE, words)
            item.setToolTip(STATE, words)
        item.setForeground(STATE, QBrush(QColor(colour)))

    def filter(self, query: str) -> None:
        """Show the rows in which every word is found."""
        words = query.casefold().split()
        for camera_id, item in self.items():
            text = " ".join([camera_id, *(item.text(column) for column in range(self.columnCount()))]).casefold()
            item.setHidden(not all(word in text for word in words))

    def moved(self, step: int) -> list[str]:
        """The order with the chosen rows moved up (-1) or down (1) by one place."""
        order, chosen = [camera_id for camera_id, _item_ in self.items()], set(self.chosen())
        walk = range(len(order)) if step < 0 else range(len(order) - 1, -1, -1)
        for index in walk:
            other = index + step
            if order[index] in chosen and 0 <= other < len(order) and order[other] not in chosen:
                order[index], order[other] = order[other], order[index]
        return order

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  # Qt's name
        """Rows dropped in another place: the order is asked for; the list shows it once it holds."""
        before = [camera_id for camera_id, _item_ in self.items()]
        super().dropEvent(event)
        after = [camera_id for camera_id, _item_ in self.items()]
        if after != before and len(after) == len(before):
            self.reordered.emit(after)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Letters are not searched for: they may be actions."""
        if event.text().isprintable() and event.text().strip() and not event.modifiers():
            event.ignore()
            return
        super().keyPressEvent(event)


def _item(camera: CameraSettings, model: str) -> QTreeWidgetItem:
    models = ", ".join(stage.model for stage in camera.stages) or model
    item = QTreeWidgetItem([camera.title, camera.group, "", camera.source, models])
    item.setData(NAME, _ID, camera.id)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    for column in (NAME, ADDRESS, MODEL):
        item.setToolTip(column, item.text(column))
    if not camera.enabled:
        for column in range(5):
            item.setForeground(column, QBrush(QColor(tokens().dim)))
    return item
