"""A form for one section of the settings, its groups and its lists; every finished change is asked for at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from console.settings.section import Section
from console.ui.settings_page.fields import Suggestions, group_of, list_of, plain, spec_of
from console.ui.settings_page.labels import label_of
from models.words import _, ngettext
from widgets.form import FieldRow
from widgets.icons import icon
from widgets.theme import px


class SectionForm(QFrame):
    """The fields of a section, one below the other.

    Args:
        path: where the section stands: ``desk``, ``events.rules.2``.
        kind: path without numbers of entries: ``events.rules``.
        section: as it is now.
        suggestions: texts to pick from, by path without numbers.
        leave_out: names of fields that are set elsewhere.
    """

    wanted = Signal(str, object)
    """(path, value): the operator wants this value; None: the default."""

    def __init__(
        self, path: str, kind: str, section: Section, suggestions: Suggestions, leave_out: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.setProperty("role", "raised")
        self.rows: dict[str, FieldRow] = {}
        self.parts: list[SectionForm | ListForm] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(4), 0, px(4))
        column.setSpacing(0)
        for name, field in type(section).model_fields.items():
            if name in leave_out:
                continue
            here, sort = _join(path, name), _join(kind, name)
            value = getattr(section, name)
            spec = spec_of(sort, field, suggestions, here)
            below = group_of(field) if spec is None else None
            items = list_of(field) if spec is None else None
            if spec is not None:
                row = FieldRow(spec)
                row.set_value(value)
                row.edited.connect(lambda key, wanted: self.wanted.emit(key, plain(wanted)))
                row.reverted.connect(lambda key: self.wanted.emit(key, None))
                self.rows[here] = row
                self._add(column, row)
            elif items is not None:
                self._part(column, ListForm(here, sort, value, items, suggestions))
            elif below is not None and isinstance(value, Section):
                self._part(column, SectionForm(here, sort, value, suggestions))
            else:
                self._add(column, _only_in_file(label_of(sort), _(field.description or ""), value))

    def _add(self, column: QVBoxLayout, part: QWidget) -> None:
        if column.count():
            line = QFrame()
            line.setProperty("role", "line")
            column.addWidget(line)
        column.addWidget(part)

    def _part(self, column: QVBoxLayout, part: SectionForm | ListForm) -> None:
        part.wanted.connect(self.wanted)
        self.parts.append(part)
        self._add(column, part)

    def all_rows(self) -> dict[str, FieldRow]:
        """Every row here and in the parts, by path."""
        rows = dict(self.rows)
        for part in self.parts:
            rows.update(part.all_rows())
        return rows


class ListForm(QFrame):
    """A list of sections: each with its fields and a way to remove it, and a way to add one."""

    wanted = Signal(str, object)

    def __init__(
        self, path: str, kind: str, items: tuple[Section, ...], section: type[Section], suggestions: Suggestions
    ) -> None:
        super().__init__()
        self.entries: list[SectionForm] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(px(12), px(8), px(12), px(8))
        column.setSpacing(px(8))
        head = QHBoxLayout()
        title = QLabel(label_of(kind))
        title.setProperty("role", "heading")
        head.addWidget(title)
        count = QLabel(ngettext("{n} entry", "{n} entries", len(items)).format(n=len(items)))
        count.setProperty("role", "small")
        head.addWidget(count)
        head.addStretch()
        add = QPushButton(icon("add"), _("Add"))
        add.setIconSize(QSize(px(16), px(16)))
        add.setAccessibleName(_("{label}: add one").format(label=label_of(kind)))
        add.clicked.connect(lambda: self.wanted.emit(f"{path}.{len(items) + 1}", _new(section, len(items) + 1)))
        head.addWidget(add)
        column.addLayout(head)
        for number, item in enumerate(items, 1):
            column.addWidget(self._entry(f"{path}.{number}", kind, item, suggestions))

    def _entry(self, path: str, kind: str, item: Section, suggestions: Suggestions) -> QWidget:
        form = SectionForm(path, kind, item, suggestions)
        form.wanted.connect(self.wanted)
        self.entries.append(form)
        remove = QPushButton(icon("trash"), _("Remove"))
        remove.setIconSize(QSize(px(16), px(16)))
        remove.setProperty("role", "flat")
        remove.setAccessibleName(_("{label}: remove").format(label=getattr(item, "name", "") or label_of(kind)))
        remove.clicked.connect(lambda: self.wanted.emit(path, None))
        end = QHBoxLayout()
        end.setContentsMargins(px(12), 0, px(12), 0)
        end.addStretch()
        end.addWidget(remove)
        layout = form.layout()
        if isinstance(layout, QVBoxLayout):
            layout.addLayout(end)
        return form

    def all_rows(self) -> dict[str, FieldRow]:
        """Every row of every entry, by path."""
        rows: dict[str, FieldRow] = {}
        for entry in self.entries:
            rows.update(entry.all_rows())
        return rows


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _new(section: type[Section], number: int) -> dict[str, Any]:
    """What a new entry starts with: something in each field that must not be empty."""
    return {
        name: _("New {n}").format(n=number) if field.annotation is str else []
        for name, field in section.model_fields.items()
        if field.is_required()
    }


def _only_in_file(label: str, about: str, value: Any) -> QWidget:
    """A setting that has no editor: what it is, and where it is changed."""
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(px(12), px(8), px(12), px(8))
    title = QLabel(label)
    title.setProperty("role", "heading")
    column.addWidget(title)
    state = _("Not set.") if not value else ""
    words = " ".join(filter(None, (about, state, _("It is changed in the settings file."))))
    text = QLabel(words, wordWrap=True)
    text.setProperty("role", "small")
    column.addWidget(text)
    return part
