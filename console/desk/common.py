"""What an operator can do on every page: palette, keys, undo, theme, text size, full screen, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from console.desk.look import stepped
from console.desk.window import DeskWindow
from console.errors import SightdeskError
from console.ui.workplace import Workplace
from models.words import _
from widgets.keys_sheet import KeysSheet
from widgets.palette import Command, Palette

if TYPE_CHECKING:
    from console.ui.keeping.dialog import KeepingDialog

_THEMES = ("system", "dark", "light")


class CommonActions(QObject):
    """Binds the entries of the table that belong to no page."""

    def __init__(self, window: DeskWindow, workplace: Workplace) -> None:
        super().__init__(window)
        self._window = window
        self._workplace = workplace
        self._kept: KeepingDialog | None = None
        bind = window.actions_table.bind
        bind("desk.palette", self.show_palette)
        bind("desk.keys", self.show_keys)
        bind("desk.remap", self.show_remap)
        bind("desk.undo", workplace.undo)
        bind("desk.redo", workplace.redo)
        bind("desk.full", window.toggle_full_screen)
        bind("desk.theme", self._next_theme)
        bind("desk.larger", lambda: self._scale(1))
        bind("desk.smaller", lambda: self._scale(-1))
        bind("desk.supervisor", workplace.supervision.toggle)
        bind("desk.pin", workplace.supervision.set_pin)
        bind("desk.kept", self.show_kept)
        bind("desk.jobs", self._show_jobs)
        bind("desk.notice", window.notice_bar.put_away)
        bind("desk.quit", window.close)

    def commands(self) -> list[Command]:
        """Everything that can be done now, in words."""
        return self._window.actions_table.commands()

    def show_palette(self) -> None:
        """Let the operator name what he wants."""
        palette = Palette(self.commands(), self._window)
        palette.picked.connect(self._window.actions_table.trigger)
        palette.finished.connect(palette.deleteLater)
        palette.open()

    def show_keys(self) -> None:
        """Show every key."""
        sheet = KeysSheet(self._window.actions_table.sheet(), self._window)
        sheet.change_wanted.connect(self.show_remap)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def show_remap(self) -> None:
        """Let somebody change keys."""
        from console.ui.keys_dialog.dialog import KeysDialog  # noqa: PLC0415  # seldom needed

        dialog = KeysDialog(self._workplace, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_kept(self) -> None:
        """Show what is kept, and the way to erase it."""
        from console.ui.keeping.dialog import KeepingDialog  # noqa: PLC0415  # seldom needed

        if self._kept is None:
            self._kept = KeepingDialog(self._workplace, self._window)  # kept: an erasure goes on when it is closed
        else:
            self._kept.refresh()
        self._kept.open()

    def _next_theme(self) -> None:
        now = self._workplace.settings.desk.theme
        wanted = _THEMES[(_THEMES.index(now) + 1) % len(_THEMES)]
        self._edit("desk.theme", wanted, {"system": _("As the system"), "dark": _("Dark"), "light": _("Light")}[wanted])

    def _scale(self, by: int) -> None:
        wanted = stepped(self._workplace.settings.desk.text_scale, by)
        self._edit("desk.text_scale", wanted, _("Text at {n} %").format(n=round(wanted * 100)))

    def _edit(self, path: str, value: object, what: str) -> None:
        try:
            self._workplace.edit({path: value}, what)
        except SightdeskError as error:
            self._workplace.notices.error(error)
        else:
            self._workplace.notices.say(what)

    def _show_jobs(self) -> None:
        """What is under way, each with a way to stop it."""
        jobs = self._workplace.jobs.running
        menu = QMenu(_("Work in the background"), self._window)
        if not jobs:
            menu.addAction(_("Nothing is under way.")).setEnabled(False)
        for job in jobs:
            far = f"{100 * job.done // job.of} %" if job.of else job.words
            menu.addAction(_("Stop: {title}  {far}").format(title=job.title, far=far), job.cancel)
        foot = self._window.mapToGlobal(self._window.rect().bottomLeft())
        menu.popup(foot - QPoint(0, menu.sizeHint().height()))
