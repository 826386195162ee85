"""Says beside the fields what of the site leaves by a target, and what never does."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from console.ui.sync_page.target_draft import Way
from console.ui.sync_page.target_words import ABOUT, NEVER, SENDS
from models.words import _
from widgets.facts import Fact, FactList
from widgets.theme import px


class Leaving(QFrame):
    """Follows what is ticked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("role", "dim")
        self._leaves, self._never = FactList(), QLabel(wordWrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(12), px(10), px(12), px(10))
        column.setSpacing(px(6))
        column.addWidget(self._about)
        for heading, part in ((_("This leaves"), self._leaves), (_("This never leaves"), self._never)):
            title = QLabel(heading)
            title.setProperty("role", "heading")
            column.addSpacing(px(8))
            column.addWidget(title)
            column.addWidget(part)
        column.addStretch()
        self._never.setText("\n".join(_(words) for words in NEVER))

    def show_leaving(self, way: Way, sends: Sequence[str]) -> None:
        """Show it for what is chosen.

        Args:
            way: where it goes.
            sends: what is ticked.
        """
        self._about.setText(_(ABOUT[way]))
        facts = [Fact(_(words), _(about)) for value, words, about in SENDS if value in sends]
        if set(sends) - {"audit"}:
            facts.append(Fact(_("Erasures"), _("What is erased here is to be erased there.")))
        self._leaves.show_facts(facts or [Fact(_("Nothing yet"), "")])
