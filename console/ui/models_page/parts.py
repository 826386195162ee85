"""Parts of the page: a card, the alarm, the bar that shows a model being loaded, the machine's use."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from backends import registry
from console.health.hardware import HardwareUse
from console.pipeline.loading import Loading
from console.ui.models_page.facts import hardware_words
from models.words import N_, _
from widgets.facts import FactList
from widgets.plot import Line, Plot
from widgets.theme import px

MINUTES = 5
_PHASES = {"finding": N_("finding it"), "compiling": N_("compiling"), "warming up": N_("warming up")}


class Card(QFrame):
    """A raised card with a heading; what is put into `box` stands below it."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(px(12), px(8), px(12), px(10))
        self.box.setSpacing(px(6))
        self.head = QHBoxLayout()
        title = QLabel(heading)
        title.setProperty("role", "heading")
        self.head.addWidget(title)
        self.head.addStretch()
        self.box.addLayout(self.head)


class Alarm(QFrame):
    """What needs a person: a heading with its mark, a sentence, details for the clipboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self._details = ""
        self._shown: tuple[str, str, str] = ("", "", "")
        self._head, self._sentence = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self._head.setProperty("role", "needs you")
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = QPushButton(_("Copy details"))
        self._copy.clicked.connect(self._copy_details)
        words = QVBoxLayout()
        words.setSpacing(px(2))
        words.addWidget(self._head)
        words.addWidget(self._sentence)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(12), px(8), px(8), px(8))
        row.addLayout(words, 1)
        row.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def words(self) -> str:
        """What it says; empty when it is not shown."""
        return "" if self.isHidden() else f"{self._head.text()} {self._sentence.text()}"

    def show_alarm(self, heading: str, sentence: str, details: str) -> None:
        """Say this; an empty heading hides it."""
        if (heading, sentence, details) == self._shown:
            return
        self._shown = (heading, sentence, details)
        self._head.setText(f"▲ {heading}")
        self._sentence.setText(sentence)
        self._details = details
        self._copy.setText(_("Copy details"))
        self.setAccessibleName(f"{heading}. {sentence}")
        self.setVisible(bool(heading))

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
        self._copy.setText(_("Copied"))


class LoadingBar(QFrame):
    """Models that are being loaded: which, what is done, how long it takes, and a way to give up.

    Signals:
        cancelled: give it up.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.words = QLabel(wordWrap=True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(_("Loading"))
        self.bar.setFixedWidth(px(160))
        self._cancel = QPushButton(_("Cancel"))
        self._cancel.setAccessibleName(_("Cancel loading; what ran goes on"))
        self._cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(12), px(6), px(8), px(6))
        row.addWidget(self.words, 1)
        row.addWidget(self.bar)
        row.addWidget(self._cancel)
        self.hide()

    def show_loading(self, loading: Sequence[Loading]) -> None:
        """Show what is loaded now; nothing hides it."""
        self.setVisible(bool(loading))
        if not loading:
            return
        one = loading[0]
        elapsed = max(time.monotonic() - one.begun, 0.0)
        runtime = registry.title(one.backend)
        what = _("Loading {model} on {runtime} {device}").format(model=one.model, runtime=runtime, device=one.device)
        phase = _(_PHASES.get(one.phase, one.phase))
        usual = _(", usually {s} s").format(s=f"{one.usual_s:.0f}") if one.usual_s is not None else ""
        self.words.setText(f"{what}: {phase}, {elapsed:.0f} s{usual}")
        if one.usual_s:
            self.bar.setRange(0, 100)
            self.bar.setValue(min(round(100 * elapsed / one.usual_s), 99))
        else:
            self.bar.setRange(0, 0)


class MachineCard(Card):
    """How much of the machine is used, in words and over the last minutes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("This machine"), parent)
        self._facts = FactList()
        self._plot = Plot((Line(Qt.PenStyle.SolidLine, "accent"), Line(Qt.PenStyle.DashLine, "dim")))
        self._legend = QLabel(wordWrap=True)
        self._legend.setProperty("role", "small")
        self.box.addWidget(self._facts)
        self.box.addWidget(self._plot)
        self.box.addWidget(self._legend)
        self.box.addStretch()

    def build(self) -> None:
        """Draw the lines from now on."""
        self._plot.build()

    def show_use(self, used: Sequence[tuple[float, HardwareUse]]) -> None:
        """Show the last minutes: (monotonic seconds, use), the newest last."""
        if not used:
            return
        self._facts.show_facts(hardware_words(used[-1][1]))
        accelerated = any(one.busy is not None for one in used[-1][1].accelerators)
        words = _("CPU and accelerator (dashed), %, last {n} min") if accelerated else _("CPU, %, last {n} min")
        self._legend.setText(words.format(n=MINUTES))
        now = used[-1][0]
        recent = [(at, use) for at, use in used if now - at <= MINUTES * 60]
        ages = np.array([now - at for at, _use in recent])
        values = np.array([[use.cpu * 100, _busiest(use) * 100] for _at, use in recent], np.float32)
        self._plot.show_lines(ages, values, seconds=MINUTES * 60, top=100)
        words = ", ".join(f"{fact.name} {fact.value}" for fact in hardware_words(used[-1][1]))
        self.setAccessibleName(_("This machine: {words}").format(words=words))


def _busiest(use: HardwareUse) -> float:
    return max((one.busy for one in use.accelerators if one.busy is not None), default=float("nan"))
