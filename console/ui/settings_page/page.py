"""The settings page: sections on the left, fields on the right, a search over all; each change is written at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from backends import registry
from console.catalog.book import built_in
from console.errors import NeedsSupervisor, SettingsChanged, SightdeskError
from console.settings.schema import Settings
from console.settings.section import Section
from console.site.finding import BEST
from console.ui.settings_page.fields import group_of
from console.ui.settings_page.form import SectionForm
from console.ui.settings_page.labels import label_of
from console.ui.settings_page.lists import whole
from console.ui.workplace import Workplace
from models.words import _
from widgets.form import FieldRow
from widgets.scrolled import Scrolled
from widgets.theme import px

_ELSEWHERE = ("cameras",)
_OF_SECTIONS = {"sync": ("targets",)}
"""What of a section has a page of its own."""
_GENERAL = ""
_WIDEST = 900


class SettingsPage(QWidget):
    """All settings of the site but its cameras, which have a page of their own."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._forms: dict[str, SectionForm] = {}
        self._heads: dict[str, QWidget] = {}
        self.search = QLineEdit(placeholderText=_("Search settings"), clearButtonEnabled=True)
        self.search.setAccessibleName(_("Search settings"))
        self.search.setMaximumWidth(px(320))
        self.search.textChanged.connect(self._filter)
        self.sections = QListWidget()
        self.sections.setAccessibleName(_("Sections of the settings"))
        self.sections.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sections.currentRowChanged.connect(self._show_section)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._changed = self._changed_bar()
        self._nothing = QLabel(_("No setting is called so."))
        self._nothing.setProperty("role", "dim")
        self._lay_out()
        self._build(workplace.settings)
        workplace.settings_changed.connect(self._refresh)
        find = QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    @property
    def rows(self) -> dict[str, FieldRow]:
        """Every field, by its path: ``desk.theme``."""
        return {path: row for form in self._forms.values() for path, row in form.all_rows().items()}

    def show_setting(self, path: str) -> None:
        """Bring a field into view and give it the keyboard."""
        self.search.clear()
        row = self.rows.get(path)
        if row is not None:
            row.editor.setFocus(Qt.FocusReason.OtherFocusReason)
            self._scroll.ensureWidgetVisible(row)
            self._scroll.horizontalScrollBar().setValue(0)

    def _lay_out(self) -> None:
        title = QLabel(_("Settings"))
        title.setProperty("role", "title")
        file = QPushButton(_("Open the settings file"))
        file.setToolTip(str(self._workplace.file.path))
        file.clicked.connect(self._open_file)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self.search, 1)
        head.addWidget(file)
        body = QHBoxLayout()
        body.setSpacing(px(8))
        self.sections.setFixedWidth(min(px(190), 240))
        body.addWidget(self.sections)
        body.addWidget(self._scroll, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(12), px(12), px(12), px(12))
        column.setSpacing(px(8))
        column.addLayout(head)
        column.addWidget(self._changed)
        column.addLayout(body, 1)

    def _changed_bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "raised")
        words = QLabel(
            _("▲ The settings file was changed by someone else. What you see here may be old."), wordWrap=True
        )
        words.setProperty("role", "needs you")
        again = QPushButton(_("Load it again"))
        again.clicked.connect(self._reload)
        row = QHBoxLayout(bar)
        row.addWidget(words, 1)
        row.addWidget(again)
        bar.hide()
        return bar

    def _build(self, settings: Settings) -> None:
        suggestions = {"inference.model": _model_names(), "inference.backend": registry.names()}
        content = Scrolled()
        content.setProperty("role", "page")
        content.setMaximumWidth(px(_WIDEST))
        column = QVBoxLayout(content)
        column.setContentsMargins(px(4), 0, px(12), px(24))
        column.setSpacing(px(8))
        groups = [name for name, field in Settings.model_fields.items() if group_of(field) is not None]
        self._forms.clear()
        self._heads.clear()
        for name in [_GENERAL, *groups]:
            section: Section = getattr(settings, name) if name else settings
            about = Settings.model_fields[name].description if name else ""
            leave_out = _OF_SECTIONS.get(name, ()) if name else (*groups, *_ELSEWHERE)
            form = SectionForm(name, name, section, suggestions, leave_out)
            form.wanted.connect(self._edit)
            head = _head(label_of(name) if name else _("Site"), _(about or ""))
            column.addWidget(head)
            column.addWidget(form)
            self._forms[name], self._heads[name] = form, head
        column.addWidget(self._nothing)
        column.addStretch()
        self._scroll.setWidget(content)
        self._nothing.hide()
        self._list_sections()

    def _list_sections(self) -> None:
        row = max(self.sections.currentRow(), 0)
        blocked = self.sections.blockSignals(True)  # noqa: FBT003
        self.sections.clear()
        self.sections.addItems([label_of(name) if name else _("Site") for name in self._forms])
        self.sections.setCurrentRow(row)
        self.sections.blockSignals(blocked)

    def _show_section(self, row: int) -> None:
        if 0 <= row < len(self._heads):
            bar = self._scroll.verticalScrollBar()
            head = list(self._heads.values())[row]
            bar.setValue(head.pos().y())

    def _filter(self, query: str) -> None:
        found = False
        for name, form in self._forms.items():
            named = query.casefold() in (label_of(name) if name else _("Site")).casefold()
            any_row = False
            for row in form.all_rows().values():
                fits = named or row.matches(query)
                row.setVisible(fits)
                any_row = any_row or fits
            shown = not query or any_row
            form.setVisible(shown)
            self._heads[name].setVisible(shown)
            found = found or shown
        self._nothing.setVisible(not found)

    def _edit(self, path: str, value: Any) -> None:
        row = self.rows.get(path)
        label = row.spec.label if row is not None else label_of(path)
        where, wanted = whole(self._workplace.settings, path, value)
        try:
            what = _("Changed {label}").format(label=label)
            self._workplace.edit({where: wanted}, what, lambda: self._edit(path, value))
        except NeedsSupervisor:  # the PIN is being asked for; until it was right the old value stands
            if row is not None:
                row.set_value(dict(_values("", self._workplace.settings)).get(path))
        except SettingsChanged:
            self._changed.show()
            if row is not None:
                row.set_error(_("Not written: load the settings again first."))
        except SightdeskError as error:
            if row is None:
                self._workplace.notices.error(error)
            else:
                row.set_error(_why(error, path))
        else:
            current = self.rows.get(path)
            if current is not None:
                current.set_error("")

    def _reload(self) -> None:
        self._changed.hide()
        for row in self.rows.values():
            row.set_error("")
        self._workplace.reload()
        self._refresh(self._workplace.settings)

    def _refresh(self, settings: Settings) -> None:
        """Show what is in force; a list that grew or shrank is built anew."""
        values = dict(_values("", settings))
        if {path for path in values if path in self.rows} != set(self.rows) or self._has_more(settings):
            where = self._scroll.verticalScrollBar().value()
            self._build(settings)
            self._filter(self.search.text())
            self._scroll.verticalScrollBar().setValue(where)
            return
        for path, row in self.rows.items():
            if not row.error:
                row.set_value(values[path])

    def _has_more(self, settings: Settings) -> bool:
        """Whether there are fields that are not on screen yet."""
        shown = set(self.rows)
        return any(
            path not in shown
            and path.partition(".")[0] not in _ELSEWHERE
            and any(part.isdecimal() for part in path.split("."))
            for path, value in _values("", settings)
            if isinstance(value, (str, int, float, bool))
        )

    def _open_file(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._workplace.file.path))):
            self._workplace.notices.say(_("The settings file is {path}.").format(path=self._workplace.file.path))


def _head(title: str, about: str) -> QWidget:
    head = QWidget()
    head.setProperty("role", "page")
    column = QVBoxLayout(head)
    column.setContentsMargins(0, px(12), 0, 0)
    column.setSpacing(px(2))
    name = QLabel(title)
    name.setProperty("role", "title")
    column.addWidget(name)
    if about:
        words = QLabel(about, wordWrap=True)
        words.setProperty("role", "small")
        column.addWidget(words)
    return head


def _values(path: str, section: Section) -> list[tuple[str, Any]]:
    """Every value of a section and its groups, by path; entries of lists by number from 1."""
    found: list[tuple[str, Any]] = []
    for name in type(section).model_fields:
        value = getattr(section, name)
        here = f"{path}.{name}" if path else name
        if isinstance(value, Section):
            found += _values(here, value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            for number, item in enumerate(value, 1):
                found += _values(f"{here}.{number}", item)
        else:
            found.append((here, value))
    return found


def _why(error: SightdeskError, path: str) -> str:
    """An error beside its field, which need not be named again."""
    what = error.what.removeprefix(f"{path}: ")
    return f"{what[:1].upper()}{what[1:]}"


def _model_names() -> list[str]:
    return [BEST, *(model.name for model in built_in().models)]
