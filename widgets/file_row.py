"""A field for a file or folder, with a button that lets somebody choose one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from models.words import _
from widgets.form import FieldRow
from widgets.form_editors import FieldSpec
from widgets.theme import px


class FileRow(QWidget):
    """A path.

    Args:
        spec: of the field; its kind is text.
        folder: a folder is wanted, not a file.

    Attributes:
        row: the field.
    """

    def __init__(self, spec: FieldSpec, *, folder: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._title = spec.label
        self.row = FieldRow(spec, compact=True)
        self.choose = QPushButton(_("Choose"))
        self.choose.setAccessibleName(_("{label}: choose").format(label=spec.label))
        self.choose.clicked.connect(self._choose)
        beside = QVBoxLayout()
        beside.addStretch()
        beside.addWidget(self.choose)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(px(6))
        line.addWidget(self.row, 1)
        line.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignBottom)

    def _choose(self) -> None:
        now = str(self.row.value or "")
        beside = now if self._folder else str(Path(now).parent) if now else ""
        if self._folder:
            chosen = QFileDialog.getExistingDirectory(self, self._title, beside)
        else:
            chosen = QFileDialog.getOpenFileName(self, self._title, beside)[0]
        if chosen:
            self.row.set_value(chosen)
            self.row.edited.emit(self.row.spec.key, chosen)
