"""The one table of what an operator can do, with its keys: menus, buttons, the palette and F1 all read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from models.words import N_, _


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table.

    Attributes:
        name: how code calls it.
        words: what it does, to be translated when shown.
        keys: default keys as Qt writes them; the first is shown.
        group: heading under F1, to be translated when shown.
        anywhere: works on every page; else only where its page is in front.
    """

    name: str
    words: str
    keys: tuple[str, ...]
    group: str
    anywhere: bool = False


_WALL, _TILE, _PAST, _EVENTS = N_("Wall"), N_("Chosen camera"), N_("The last 30 seconds"), N_("Events")
_CAMERAS, _MODELS, _DESK = N_("Cameras"), N_("Models"), N_("Desk")

TABLE: tuple[Entry, ...] = (
    Entry("wall.1", N_("One camera"), ("1",), _WALL),
    Entry("wall.4", N_("Wall of 4"), ("4",), _WALL),
    Entry("wall.9", N_("Wall of 9"), ("9",), _WALL),
    Entry("wall.16", N_("Wall of 16"), ("6",), _WALL),
    Entry("wall.auto", N_("As many as there are cameras"), ("0",), _WALL),
    Entry("wall.next", N_("Next page of the wall"), ("PgDown",), _WALL),
    Entry("wall.previous", N_("Previous page of the wall"), ("PgUp",), _WALL),
    Entry("wall.panel", N_("Show or hide the side panel"), ("P",), _WALL),
    Entry("wall.boxes", N_("Show or hide boxes on all cameras"), ("Shift+B",), _WALL),
    Entry("tile.focus", N_("Focus on the chosen camera, and back"), ("Return", "Enter"), _TILE),
    Entry("tile.freeze", N_("Freeze the picture; the job goes on"), ("Space",), _TILE),
    Entry("tile.boxes", N_("Show or hide its boxes"), ("B",), _TILE),
    Entry("tile.snapshot", N_("Save a redacted snapshot"), ("S",), _TILE),
    Entry("tile.mute", N_("Mute for maintenance"), ("M",), _TILE),
    Entry("tile.reveal", N_("Show a redacted camera as it is for a while, or redact it again"), ("V",), _TILE),
    Entry("tile.left", N_("Move it one place to the front"), ("Ctrl+Shift+Left",), _TILE),
    Entry("tile.right", N_("Move it one place to the back"), ("Ctrl+Shift+Right",), _TILE),
    Entry("tile.way", N_("Do what a failing camera offers"), ("L",), _TILE),
    Entry("past.rewind", N_("What was that? Rewind 30 s"), ("R",), _PAST),
    Entry("past.back", N_("One picture back"), (",",), _PAST),
    Entry("past.forward", N_("One picture on"), (".",), _PAST),
    Entry("past.live", N_("Back to live"), ("Esc",), _PAST),
    Entry("event.next", N_("Next event"), ("J",), _EVENTS),
    Entry("event.previous", N_("Previous event"), ("K",), _EVENTS),
    Entry("event.acknowledge", N_("Acknowledge the chosen event"), ("A",), _EVENTS),
    Entry("event.all", N_("Acknowledge all that are listed"), ("Shift+A",), _EVENTS),
    Entry("camera.add", N_("Add a camera"), ("Ctrl+N",), _CAMERAS, anywhere=True),
    Entry("camera.many", N_("Add many cameras"), ("Ctrl+Shift+N",), _CAMERAS, anywhere=True),
    Entry("camera.edit", N_("Change the chosen camera"), ("Ctrl+E",), _CAMERAS, anywhere=True),
    Entry("camera.copy", N_("Copy its settings to others"), ("Ctrl+Shift+C",), _CAMERAS, anywhere=True),
    Entry("camera.disable", N_("Switch the chosen camera off or on"), ("Ctrl+D",), _CAMERAS, anywhere=True),
    Entry("camera.remove", N_("Remove the chosen camera"), ("Ctrl+Backspace", "Ctrl+Del"), _CAMERAS, anywhere=True),
    Entry("camera.group", N_("Put the chosen cameras into a group"), ("Ctrl+G",), _CAMERAS),
    Entry("camera.up", N_("Move them up in the list"), ("Ctrl+Shift+Up",), _CAMERAS),
    Entry("camera.down", N_("Move them down in the list"), ("Ctrl+Shift+Down",), _CAMERAS),
    Entry("model.measure", N_("Measure the chosen model on every device here"), ("Ctrl+M",), _MODELS),
    Entry("model.activate", N_("Have the chosen variant run"), ("Ctrl+Return", "Ctrl+Enter"), _MODELS),
    Entry("model.back", N_("Roll back to what ran before"), ("Ctrl+B",), _MODELS),
    Entry("model.get", N_("Get the chosen model"), ("Ctrl+L",), _MODELS),
    Entry("page.live", N_("Live"), ("Ctrl+1",), _DESK, anywhere=True),
    Entry("page.cameras", N_("Cameras"), ("Ctrl+2",), _DESK, anywhere=True),
    Entry("page.models", N_("Models"), ("Ctrl+3",), _DESK, anywhere=True),
    Entry("page.settings", N_("Settings"), ("Ctrl+,",), _DESK, anywhere=True),
    Entry("desk.palette", N_("Do anything by its name"), ("Ctrl+K",), _DESK, anywhere=True),
    Entry("desk.keys", N_("All keys"), ("F1",), _DESK, anywhere=True),
    Entry("desk.undo", N_("Undo the last change of settings"), ("Ctrl+Z",), _DESK, anywhere=True),
    Entry("desk.redo", N_("Do it again"), ("Ctrl+Shift+Z", "Ctrl+Y"), _DESK, anywhere=True),
    Entry("desk.full", N_("Full screen, and back"), ("F11",), _DESK, anywhere=True),
    Entry("desk.theme", N_("Dark, light or as the system"), ("Ctrl+T",), _DESK, anywhere=True),
    Entry("desk.larger", N_("Larger text"), ("Ctrl++", "Ctrl+="), _DESK, anywhere=True),
    Entry("desk.smaller", N_("Smaller text"), ("Ctrl+-",), _DESK, anywhere=True),
    Entry("desk.operator", N_("Who sits here?"), ("Ctrl+O",), _DESK, anywhere=True),
    Entry("desk.supervisor", N_("Become supervisor, or operator again"), ("Ctrl+Shift+O",), _DESK, anywhere=True),
    Entry("desk.pin", N_("Set or change the supervisor's PIN"), ("Ctrl+Shift+P",), _DESK, anywhere=True),
    Entry("desk.kept", N_("Pictures that are kept, and erasing them"), ("Ctrl+Shift+E",), _DESK, anywhere=True),
    Entry("desk.jobs", N_("Show work in the background"), ("Ctrl+J",), _DESK, anywhere=True),
    Entry("desk.notice", N_("Put the notice away"), ("Ctrl+Esc",), _DESK, anywhere=True),
    Entry("desk.quit", N_("Close the desk"), ("Ctrl+Q",), _DESK, anywhere=True),
)


def keys_in_words(sequence: str) -> str:
    """Keys as this system writes them."""
    return QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)


class Actions(QObject):
    """The table brought to life: one QAction an entry, without effect until a page says what it does.

    Args:
        window: where actions that work anywhere live.
    """

    ran = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, QAction] = {}

    def bind(self, name: str, work: Callable[[], Any], page: QWidget | None = None) -> QAction:
        """Give an entry its effect.

        Args:
            name: of the entry.
            work: what it does.
            page: where its keys work; needed unless they work anywhere.
        """
        entry = next(entry for entry in TABLE if entry.name == name)
        if name in self._actions:
            raise ValueError(f"{name} is bound already")
        where = self._window if entry.anywhere or page is None else page
        action = QAction(_(entry.words), where)
        action.setShortcuts([QKeySequence(keys) for keys in entry.keys])
        inside = Qt.ShortcutContext.WidgetWithChildrenShortcut
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut if where is self._window else inside)

        def run(_checked: bool = False) -> None:  # noqa: FBT001, FBT002  # Qt's signature
            work()
            self.ran.emit(name)

        action.triggered.connect(run)
        where.addAction(action)
        self._actions[name] = action
        return action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def trigger(self, name: str) -> None:
        """Do it, as if its key had been pressed."""
        self._actions[name].trigger()

    def bound(self) -> list[Entry]:
        """Entries that have an effect, in the order of the table."""
        return [entry for entry in TABLE if entry.name in self._actions]
