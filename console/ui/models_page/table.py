"""The measured variants of a model, one a row, sorted by any column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from backends import registry
from models.words import N_, _
from widgets.theme import tokens

Row = Mapping[str, Any]
Variant = tuple[str, str, str]
"""Runtime, device, precision, as settings name them."""

_COLUMNS = (
    (N_("Runtime"), N_("What runs it.")),
    (N_("Device"), N_("Where it really ran.")),
    (N_("Precision"), N_("What the heavy layers really computed in.")),
    (N_("Pictures/s"), N_("Pictures a second with the device kept full, through Sightdesk's own loop.")),
    (N_("p50 ms"), N_("Half of the pictures had their boxes in so many milliseconds, one at a time.")),
    (N_("p99 ms"), N_("99 of 100 pictures had their boxes in so many milliseconds, one at a time.")),
    (N_("MB"), N_("Memory that it takes while it runs.")),
    (N_("Agrees"), N_("Share of its boxes that the exact arithmetic (f32) finds as well.")),
    (N_("AP"), N_("Average precision on the chosen pictures; choose some with Dataset.")),
    (N_("Note"), N_("What runs now, what can't run, what is not as it was asked for.")),
)
RUNTIME, DEVICE, PRECISION, FPS, P50, P99, MEMORY, AGREES, AP, NOTE = range(len(_COLUMNS))
_ROW = Qt.ItemDataRole.UserRole
_VALUE = Qt.ItemDataRole.UserRole + 1


class _Line(QTreeWidgetItem):
    """Sorts by value; what was not measured stays below."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        """Qt's order."""
        column = self.treeWidget().sortColumn()
        mine, its = self.data(column, _VALUE), other.data(column, _VALUE)
        if isinstance(mine, float) and isinstance(its, float):
            return mine < its
        return self.text(column) < other.text(column)


class VariantTable(QTreeWidget):
    """Measured variants.

    Signals:
        wanted: the operator wants a variant to run (Enter, double click).
    """

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Measured here"))
        self.setHeaderLabels([_(words) for words, _tip in _COLUMNS])
        for column, (_words, tip) in enumerate(_COLUMNS):
            self.headerItem().setToolTip(column, _(tip))
            if FPS <= column <= AP:
                self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NOTE, QHeaderView.ResizeMode.Stretch)
        header.sortIndicatorChanged.connect(self._mark_sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(FPS, Qt.SortOrder.DescendingOrder)
        header.setSortIndicatorShown(False)
        self._mark_sorted(FPS, Qt.SortOrder.DescendingOrder)
        self.itemActivated.connect(lambda _item, _column: self.wanted.emit())

    def show_rows(self, rows: Sequence[Row], now: Collection[Variant] = ()) -> None:
        """Show rows; `now`: those that run."""
        chosen = self.chosen()
        self.setSortingEnabled(False)
        self.clear()
        self.setColumnHidden(AP, not any("ap" in row for row in rows))
        for row in rows:
            item = _item(row, runs=variant_of(row) in now)
            self.addTopLevelItem(item)
            if chosen is not None and variant_of(row) == variant_of(chosen):
                self.setCurrentItem(item)
        self.setSortingEnabled(True)
        self.header().setSortIndicatorShown(False)  # Qt's own lies over the words
        first = self.topLevelItem(0)
        if self.chosen() is None and first is not None:
            self.setCurrentItem(first)

    def chosen(self) -> Row | None:
        """The chosen row."""
        item = self.currentItem()
        row: Row | None = item.data(0, _ROW) if item is not None else None
        return row

    def _mark_sorted(self, sorted_by: int, order: Qt.SortOrder) -> None:
        """Mark the column that sorts in its words."""
        mark = "▼" if order is Qt.SortOrder.DescendingOrder else "▲"
        for column, (words, _tip) in enumerate(_COLUMNS):
            self.headerItem().setText(column, f"{_(words)} {mark}" if column == sorted_by else _(words))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Letters are not searched for: they may be actions."""
        if event.text().isprintable() and event.text().strip() and not event.modifiers():
            event.ignore()
            return
        super().keyPressEvent(event)


def variant_of(row: Row) -> Variant:
    """What settings would say to get a row's variant."""
    return str(row["runtime"]), str(row["device"]), str(row["precision"])


def running_variants(rows: Sequence[Row], ran: Sequence[Row], asked: str) -> set[Variant]:
    """The measured variants that really run now, by what the runtimes say, never by what was asked.

    Args:
        rows: measured ones.
        ran: what runs.
        asked: the precision of the settings; tells apart variants that come to the same arithmetic.
    """
    found = set()
    for stage in ran:
        alike = [row for row in rows if "ran" in row and _really(row["ran"]) == _really(stage)]
        found |= {variant_of(row) for row in alike if len(alike) == 1 or row["precision"] == asked}
    return found


def _really(ran: Row) -> tuple[str, str, str]:
    return str(ran["runtime"]), str(ran["device"]), str(ran["precision"])


def _item(row: Row, *, runs: bool) -> QTreeWidgetItem:
    ran: Row = row.get("ran", {})
    error: Row = row.get("error", {})
    latency: Row = row.get("latency_ms", {})
    values: dict[int, tuple[float | None, str]] = {
        FPS: (row.get("fps"), "{:.1f}"),
        P50: (latency.get("p50"), "{:.1f}"),
        P99: (latency.get("p99"), "{:.1f}"),
        MEMORY: (row.get("memory_mb", {}).get("peak"), "{:.0f}"),
        AGREES: (_times(row.get("agreement"), 100), "{:.1f} %"),
        AP: (_times(row.get("ap"), 100), "{:.1f}"),
    }
    precision = str(ran.get("precision", row["precision"]))
    chosen = row["precision"] != "default" or "precision" not in ran
    item = _Line(
        [
            registry.title(str(row["runtime"])),
            str(ran.get("device", row["device"])),
            precision if chosen else _("{precision} (default)").format(precision=precision),
        ]
    )
    item.setData(0, _ROW, dict(row))
    for column, (value, form) in values.items():
        item.setText(column, "" if value is None else form.format(value))
        item.setData(column, _VALUE, -1.0 if value is None else float(value))
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    _note(item, ran, error, runs=runs)
    for column in range(len(_COLUMNS)):
        item.setToolTip(column, item.toolTip(column) or item.text(column))
    return item


def _note(item: QTreeWidgetItem, ran: Row, error: Row, *, runs: bool) -> None:
    look = tokens()
    if error:
        item.setText(NOTE, _("■ can't run: {why}").format(why=error["what"]))
        item.setToolTip(NOTE, f"{item.text(NOTE)}\n{error.get('hint', '')}".strip())
        item.setForeground(NOTE, QBrush(QColor(look.stopped)))
    elif ran.get("astray"):
        item.setText(NOTE, _("▲ {n} nodes on CPU").format(n=ran["astray"]))
        item.setForeground(NOTE, QBrush(QColor(look.needs_you)))
    elif runs:
        item.setText(NOTE, _("● runs now"))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
