"""The dialog in which keys are changed: list, preset, and what becomes of the chosen action's keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from console.errors import SightdeskError
from console.ui.actions import all_in_words, keys_in_words
from console.ui.entries import ENTRIES
from console.ui.key_presets import PRESET_ABOUT, PRESET_WORDS
from console.ui.keys_dialog.actions_list import ActionsList
from console.ui.keys_dialog.draft import Draft
from console.ui.keys_dialog.key_field import KeyField
from console.ui.workplace import Workplace
from models.words import _
from widgets.room import no_default, open_at
from widgets.segments import Segments
from widgets.theme import px


class KeysDialog(QDialog):
    """Nothing is changed before "Keep"; then it is one change of the settings, which can be undone.

    Attributes:
        draft: keys as they would be.
    """

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Change keys"))
        self._workplace = workplace
        desk = workplace.settings.desk
        self.draft = Draft(desk.key_preset, desk.keys)
        self._wanted, self._more = "", False
        self._warned = False
        self.presets = Segments(_(PRESET_ABOUT), [(name, words, words) for name, words in PRESET_WORDS.items()])
        self.query = QLineEdit(placeholderText=_("Search: what it does, or a key"), clearButtonEnabled=True)
        self.list = ActionsList()
        self.about, self.said, self.problems = QLabel(wordWrap=True), QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.field, self.more = KeyField(_("Another key")), KeyField(_("One more key"))
        self.esc, self.clear = QPushButton(_("Use Esc")), QPushButton(_("No key"))
        self.reset = QPushButton(_("As in the preset"))
        self.take, self.leave = QPushButton(_("Take it over")), QPushButton(_("Leave it there"))
        self.reset_all = QPushButton(_("Reset all"))
        self.keep, self.put_away = QPushButton(_("Keep")), QPushButton(_("Cancel"))
        self._lay_out()
        self._connect()
        self._show()
        self.list.choose(next(iter(ENTRIES)))
        self.query.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Down and Enter lead from the search into the list."""
        down = {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in down:
            self.list.setFocus(Qt.FocusReason.TabFocusReason)
            return True
        return super().eventFilter(watched, event)

    def accept(self) -> None:
        """Write the settings; what can't be written is said, and the dialog stays."""
        if self.draft.changed:
            try:
                self._workplace.edit(self.draft.settings(), _("Changed keys"))
            except SightdeskError as error:
                self._workplace.notices.error(error)
                self._say(f"{error.what} {error.hint}".strip())
                return
            self._workplace.notices.say(_("Changed keys"))
        super().accept()

    def reject(self) -> None:
        """Esc, or the window's own button: what was changed is not dropped before it was said once."""
        if self.draft.changed and not self._warned:
            self._warned = True
            self._say(_("Your changes are not kept yet. Esc once more drops them."))
            return
        super().reject()

    # What happens

    def _offer(self, key: str, *, more: bool) -> None:
        """Give the chosen action a key, or say who has it."""
        name = self.list.chosen
        if not name:
            return
        others = self.draft.colliding(name, key)
        if not others:
            self._give(name, key, more=more)
            return
        self._wanted = key
        self._more = more
        losers = ", ".join(f"“{_(other.words)}” ({_(other.group)})" for other in others)
        self._say(_("{key} is taken: {losers}.").format(key=keys_in_words(key), losers=losers))
        self._asking(on=True)
        self.take.setFocus(Qt.FocusReason.OtherFocusReason)

    def _give(self, name: str, key: str, *, more: bool) -> None:
        self.draft.give(name, key, more=more)
        self._show()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_over(self) -> None:
        if self._wanted:
            self._give(self.list.chosen, self._wanted, more=self._more)

    def _leave_it(self) -> None:
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_chosen(self.list.chosen)

    def _change(self, how: str) -> None:
        """Clear or reset the chosen action, or reset all."""
        name = self.list.chosen
        if how == "all":
            self.draft.reset_all()
        elif name:
            (self.draft.clear if how == "clear" else self.draft.reset)(name)
        self._show()

    def _choose_preset(self, preset: object) -> None:
        self.draft.choose(str(preset))
        self._show()

    def _show(self) -> None:
        """All as the draft has it."""
        self._warned = False
        self.presets.choose(self.draft.preset)
        self.list.show_draft(self.draft)
        self.list.narrow(self.query.text())
        self.reset_all.setEnabled(bool(self.draft.own))
        self.keep.setEnabled(self.draft.changed)
        self.problems.setText("\n".join(self.draft.keys.problems))
        self.problems.setVisible(bool(self.draft.keys.problems))
        self._show_chosen(self.list.chosen)

    def _show_chosen(self, name: str) -> None:
        """What the chosen action is, and what is odd about its keys."""
        self._wanted = ""
        self._asking(on=False)
        for part in (self.field, self.more, self.esc, self.clear):
            part.setEnabled(bool(name))
        self.reset.setEnabled(self.draft.is_own(name))
        if not name:
            self.about.setText("")
            return
        keys = all_in_words(self.draft.keys.of[name]) or _("no key")
        self.about.setText(f"{_(ENTRIES[name].words)}:  {keys}")
        self.clear.setEnabled(bool(self.draft.keys.of[name]))
        lost = [
            _("{key} goes to “{words}”, which has it too.").format(key=keys_in_words(key), words=_(other.words))
            for key, other in self.draft.wanting(name)
        ]
        self._say("  ".join(lost))

    def _say(self, words: str) -> None:
        self.said.setText(words)
        self.said.setVisible(bool(words))

    def _asking(self, *, on: bool) -> None:
        """A key is taken: the buttons that answer it are there, and no others."""
        for part in (self.take, self.leave):
            part.setVisible(on)
        for part in (self.field, self.more, self.esc, self.clear, self.reset):
            part.setVisible(not on)

    # Setting up

    def _lay_out(self) -> None:
        about = QLabel(_(PRESET_ABOUT))
        top = QHBoxLayout()
        for part in (about, self.presets):
            top.addWidget(part)
        top.addStretch()
        self.query.setAccessibleName(_("Search: what it does, or a key"))
        self.about.setProperty("role", "heading")
        self.said.setProperty("role", "needs you")
        self.problems.setProperty("role", "dim")
        self.keep.setProperty("role", "primary")
        frame = QFrame()
        frame.setProperty("role", "raised")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(px(12), px(10), px(12), px(10))
        inside.addWidget(self.about)
        inside.addWidget(self.said)
        doing = QHBoxLayout()
        for button in (self.take, self.leave, self.field, self.more, self.esc, self.clear, self.reset):
            doing.addWidget(button)
        doing.addStretch()
        inside.addLayout(doing)
        foot = QHBoxLayout()
        foot.addWidget(self.reset_all)
        foot.addStretch()
        foot.addWidget(self.put_away)
        foot.addWidget(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(16), px(16), px(16))
        column.setSpacing(px(8))
        column.addLayout(top)
        column.addWidget(self.problems)
        column.addWidget(self.query)
        column.addWidget(self.list, 1)
        column.addWidget(frame)
        column.addLayout(foot)
        no_default(self)
        open_at(self, 720, 640)

    def _connect(self) -> None:
        self.query.textChanged.connect(self.list.narrow)
        self.query.installEventFilter(self)
        self.presets.picked.connect(self._choose_preset)
        self.list.chosen_changed.connect(self._show_chosen)
        self.list.wanted.connect(lambda: self.field.listen(on=True))
        self.list.cleared.connect(lambda: self._change("clear"))
        self.field.taken.connect(lambda key: self._offer(key, more=False))
        self.more.taken.connect(lambda key: self._offer(key, more=True))
        self.esc.clicked.connect(lambda: self._offer("Esc", more=False))
        self.clear.clicked.connect(lambda: self._change("clear"))
        self.reset.clicked.connect(lambda: self._change("reset"))
        self.reset_all.clicked.connect(lambda: self._change("all"))
        self.take.clicked.connect(self._take_over)
        self.leave.clicked.connect(self._leave_it)
        self.keep.clicked.connect(self.accept)
        self.put_away.clicked.connect(super().reject)
