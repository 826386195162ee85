"""Asking who sits here, and remembering it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from console.errors import SightdeskError
from console.ui.workplace import Workplace
from models.words import _
from widgets.operator_picker import OperatorPicker


def ask_operator(workplace: Workplace, parent: QWidget, then: Callable[[], object] | None = None) -> OperatorPicker:
    """Let somebody say who sits here; the picker, which is shown already.

    Args:
        workplace: told, and remembers.
        parent: what the picker belongs to.
        then: done once somebody is named.
    """
    why = _("Acknowledged events and verdicts carry this name. It stays until somebody else is chosen.")
    if workplace.supervisor.unlocked:
        why += " " + _("A supervisor is in force now; with somebody else that ends.")
    picker = OperatorPicker(workplace.settings.operators, workplace.operator, why, parent)

    def take(name: str, new: bool) -> None:  # noqa: FBT001  # a signal's arguments
        if new:
            try:
                names = [*workplace.settings.operators, name]
                workplace.edit({"operators": names}, _("Added the operator {name}").format(name=name))
            except SightdeskError as error:  # he sits here all the same; only the list doesn't know him
                workplace.notices.error(error)
        workplace.operator = name
        if name and then is not None:
            then()

    picker.picked.connect(take)
    picker.finished.connect(picker.deleteLater)
    picker.open()
    return picker
