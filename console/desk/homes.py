"""Whose home this is: taken and locked, or, when another desk holds it, a choice of what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from console.desk.look import Look
from console.errors import HomeError
from console.settings.home import Home
from models.words import _


@contextmanager
def take_home(app: QApplication, path: Path) -> Iterator[Home]:
    """The home at `path`, locked; where that can't be, the operator may choose another or try again.

    Raises:
        HomeError: the operator gave up.
    """
    while True:
        try:
            home = Home.open(path)
        except HomeError as error:
            chosen = ask_for_another(app, path, error)
            if chosen is None:
                raise
            path = chosen
            continue
        with home:
            yield home
        return


def ask_for_another(app: QApplication, path: Path, error: HomeError) -> Path | None:
    """Say why the home can't be used and let the operator look elsewhere; None when he gives up."""
    Look(app, "system", 1.0)
    box = QMessageBox(QMessageBox.Icon.Warning, "Sightdesk", error.what)
    box.setObjectName("home taken")
    box.setInformativeText(error.hint)
    again = box.addButton(_("Try again"), QMessageBox.ButtonRole.AcceptRole)
    elsewhere = box.addButton(_("Choose another folder..."), QMessageBox.ButtonRole.ActionRole)
    leave = box.addButton(_("Close"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(again)
    box.setEscapeButton(leave)
    box.exec()
    if box.clickedButton() is again:
        return path
    if box.clickedButton() is elsewhere:
        folder = QFileDialog.getExistingDirectory(None, _("A folder for this desk"), str(path.parent))
        return Path(folder) if folder else path
    return None
