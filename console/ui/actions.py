"""The table brought to life: menus, buttons, the palette and F1 all read what can be done, and by which key, here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from console.ui.entries import ENTRIES, FIXED, SEEN, TABLE, Entry
from console.ui.keys import Keys, resolve
from models.words import _
from widgets.key_button import KeyButton
from widgets.palette import Command

__all__ = ["TABLE", "Actions", "Entry", "all_in_words", "keys_in_words", "wrong_in_words"]


class DeskKeys(Protocol):
    """What of the desk's settings keys are made of."""

    @property
    def key_preset(self) -> str:
        """Whose keys review and drawing go by."""

    @property
    def keys(self) -> dict[str, str]:
        """Own keys by the action's name."""


def keys_in_words(sequence: str) -> str:
    """Keys as this system writes them; on keyboards Enter is what Qt calls Return, and Qt's Enter the keypad's."""
    words = QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)
    return words.replace("Enter", _("Keypad Enter")).replace("Return", _("Enter"))


def all_in_words(keys: Iterable[str]) -> str:
    """All keys of an action as this system writes them; empty for none."""
    return "   ".join(dict.fromkeys(keys_in_words(key) for key in keys))


def wrong_in_words(keys: Keys) -> list[str]:
    """What is wrong with own keys: mistakes, and keys that two actions want."""
    taken = [
        _("{key} does “{words}”, not “{other}”, which should have it too.").format(
            key=keys_in_words(conflict.key), words=_(ENTRIES[conflict.actions[0]].words), other=_(ENTRIES[name].words)
        )
        for conflict in keys.conflicts
        for name in conflict.actions[1:]
    ]
    return [*keys.problems, *taken]


class Actions(QObject):
    """One QAction an entry, without effect until a page says what it does.

    Where a page's entry stands over one that works anywhere (`Entry.over`), a key that both have is the page's while
    the page is in front, and the other's everywhere else: Qt would drop it in silence.

    Args:
        window: where actions that work anywhere live.

    Signals:
        ran: an action was done; its name.
        keys_changed: other keys are in force.
    """

    ran = Signal(str)
    keys_changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, QAction] = {}
        self._pages: dict[str, QWidget] = {}
        self._off: set[str] = set()
        self._not_now: set[str] = set()
        self._given: dict[str, tuple[list[str], Qt.ShortcutContext]] = {}
        self.keys = resolve()

    def bind(self, name: str, work: Callable[[], Any], page: QWidget | None = None) -> QAction:
        """Give an entry its effect.

        Args:
            name: of the entry.
            work: what it does.
            page: where its keys work; needed unless they work anywhere.
        """
        entry = ENTRIES[name]
        if name in self._actions:
            raise ValueError(f"{name} is bound already")
        where = self._window if entry.anywhere or page is None else page
        action = QAction(_(entry.words), where)

        def run(_checked: bool = False) -> None:  # noqa: FBT001, FBT002  # Qt's signature
            work()
            self.ran.emit(name)

        action.triggered.connect(run)
        where.addAction(action)
        self._actions[name] = action
        self._pages[name] = where
        if entry.over:
            where.installEventFilter(self)
            self._settle()
        else:
            self._set_enabled(name)
            self._give(entry, self._taken().get(name, set()))
        return action

    def apply(self, desk: DeskKeys) -> Keys:
        """Have the keys of these settings in force, at once; what is wrong with them is in what comes back."""
        keys = resolve(desk.key_preset, desk.keys)
        if keys != self.keys:
            self.keys = keys
            self._settle()
            self.keys_changed.emit()
        return keys

    def shown(self, name: str) -> str:
        """The key to be shown for an entry, as this system writes it; empty for none."""
        keys = self.keys.of[name]
        return keys_in_words(keys[0]) if keys else ""

    def button(self, name: str, words: str, icon: str = "") -> KeyButton:
        """A button that does it, and shows the key in force."""
        button = KeyButton(words, "", icon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.trigger(name))
        self.follow(button, name)
        return button

    def follow(self, button: KeyButton, name: str) -> None:
        """Have a button show the key in force for an entry, from now on and as long as it is there."""
        follower = _Follower(button, lambda: self.shown(name))
        follower.follow()
        self.keys_changed.connect(follower.follow)

    def commands(self) -> list[Command]:
        """All that can be done now, in words, with the keys in force: for the palette."""
        return [self._command(entry) for entry in self.bound() if self._possible(entry)]

    def sheet(self) -> list[Command]:
        """All that has an effect, and what is done by keys that can't be changed: for the sheet under F1."""
        shown = [self._command(entry) for entry in self.bound()]
        for words, keys, group in FIXED:
            last = max((n for n, command in enumerate(shown) if command.group == _(group)), default=-1)
            if last >= 0:
                shown.insert(last + 1, Command("", _(words), _(keys), _(group)))
        return shown

    def set_place(self, page: str, on: bool) -> None:  # noqa: FBT001
        """Switch all entries of a page on or off, keys and all: drawing and judging share a page, not its keys."""
        (self._off.discard if on else self._off.add)(page)
        self._settle()

    def enable(self, name: str, on: bool) -> None:  # noqa: FBT001
        """Say whether an entry can be done now; its key is nobody else's meanwhile."""
        (self._not_now.discard if on else self._not_now.add)(name)
        self._set_enabled(name)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def trigger(self, name: str) -> None:
        """Do it, as if its key had been pressed."""
        self._actions[name].trigger()

    def bound(self) -> list[Entry]:
        """Entries that have an effect, in the order of the table."""
        return [entry for entry in TABLE if entry.name in self._actions]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """A page came to the front, or went."""
        if event.type() in {QEvent.Type.Show, QEvent.Type.Hide}:
            self._settle()
        return super().eventFilter(watched, event)

    def _command(self, entry: Entry) -> Command:
        return Command(entry.name, _(entry.words), self.shown(entry.name), _(entry.group))

    def _possible(self, entry: Entry) -> bool:
        seen = entry.page not in SEEN or self._pages[entry.name].isVisible()
        return seen and self._actions[entry.name].isEnabled()

    def _settle(self) -> None:
        """Give each action its keys, as far as they are its own where things stand."""
        taken = self._taken()
        for entry in self.bound():
            self._set_enabled(entry.name)
            self._give(entry, taken.get(entry.name, set()))

    def _taken(self) -> dict[str, set[str]]:
        """Keys that an entry of the page in front has instead of one that works anywhere, by the latter's name."""
        taken: dict[str, set[str]] = {}
        for name, where in self._pages.items():
            entry = ENTRIES[name]
            if entry.over and entry.page not in self._off and where.isVisible():
                for other in entry.over:
                    taken.setdefault(other, set()).update(self.keys.of[name])
        return taken

    def _give(self, entry: Entry, taken: set[str]) -> None:
        keys = self.keys.of[entry.name]
        given = [key for key in keys if key not in taken], self._context(entry, keys)
        if given != self._given.get(entry.name):
            self._given[entry.name] = given
            action = self._actions[entry.name]
            action.setShortcuts([QKeySequence(key) for key in given[0]])
            action.setShortcutContext(given[1])

    def _context(self, entry: Entry, keys: tuple[str, ...]) -> Qt.ShortcutContext:
        """Within its page; in the whole window where its page stands over an action that works there."""
        over = any(set(keys) & set(self.keys.of[other]) for other in entry.over)
        whole = self._pages[entry.name] is self._window or over
        return Qt.ShortcutContext.WindowShortcut if whole else Qt.ShortcutContext.WidgetWithChildrenShortcut

    def _set_enabled(self, name: str) -> None:
        if name in self._actions:
            self._actions[name].setEnabled(ENTRIES[name].page not in self._off and name not in self._not_now)


class _Follower(QObject):
    """Keeps the key on a button, as long as there is the button."""

    def __init__(self, button: KeyButton, shown: Callable[[], str]) -> None:
        super().__init__(button)
        self._button = button
        self._shown = shown

    def follow(self) -> None:
        """Show the key in force."""
        self._button.set_keys(self._shown())
