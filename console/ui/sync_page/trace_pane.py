"""The way of one event or review item: from the camera to every target, with its covered picture."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from console.errors import UsageError
from console.sync.overview.trace import Step, Trace, trace
from console.ui.models_page.parts import Card
from console.ui.sync_page.words import moment
from models.words import _
from widgets.cut_label import CutLabel
from widgets.key_button import KeyButton
from widgets.shapes import Shape
from widgets.theme import px
from widgets.timeline import Moment, Timeline

_PICTURE = (1280, 720)
_HEIGHT, _LEAST, _SHARE, _DRAWN = 170, 56, 0.3, 2
_SHAPES: dict[str, tuple[Shape, str]] = {
    "seen": ("done", ""), "kept": ("done", ""), "judged": ("done", ""), "queued": ("done", ""),
    "sent": ("sending", ""), "answered": ("done", ""), "unanswered": ("off", ""), "waiting": ("hours", ""),
    "failed": ("needs you", "needs you"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up.

    Attributes:
        trace: None: there is none of that name.
        problem: why it could not be looked up, in words; empty: it was.
        picture: its first one that is still kept; null: there is none.
    """

    trace: Trace | None
    problem: str
    picture: QImage


def find(db: sqlite3.Connection, tracking_id: str, home: Path) -> Found:
    """Look up a way and decode its picture; on a thread that may take its time."""
    try:
        found = trace(db, tracking_id)
    except UsageError as error:
        return Found(None, f"{error.what} {error.hint}".strip(), QImage())
    picture = QImage()
    for path in found.pictures if found is not None else ():
        picture = QImage(str(home / path))  # what is kept was covered before it was written
        if not picture.isNull():
            break
    if picture.width() > _PICTURE[0] or picture.height() > _PICTURE[1]:
        picture = picture.scaled(
            QSize(*_PICTURE), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    return Found(found, "", picture)


class TracePane(Card):
    """Shows one way.

    Signals:
        copied: the tracking ID that is in the clipboard now.
    """

    copied = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Where is it?"), parent)
        self.tracking_id = ""
        self.copy = KeyButton(_("Copy ID"), "", "copy")
        self.copy.set_about(_("Copy the tracking ID"))
        self.copy.clicked.connect(self.copy_id)
        self.head.addWidget(self.copy)
        self._about, self._id = CutLabel(), CutLabel()
        self._id.setProperty("role", "small")
        self._about.setProperty("role", "heading")
        self.picture = _Picture()
        self.timeline = Timeline(_("Its way"))
        for part in (self._about, self._id, self.picture):
            self.box.addWidget(part)
        self.box.addWidget(self.timeline, 1)
        self.clear()

    def clear(self, words: str = "") -> None:
        """Show no way; `words`: why."""
        self.tracking_id = ""
        self._show("", "", QImage())
        self.timeline.show_moments(
            (),
            words or _("Choose a message, or look for a tracking ID: here stands where it is, and how it got there."),
        )

    def show_found(self, found: Found, now: datetime) -> None:
        """Show what was looked up."""
        if found.trace is None:
            self.clear(
                found.problem or _("Nothing of that name is known here. It may be of another site, or long gone.")
            )
            return
        another = self.tracking_id != found.trace.tracking_id
        self.tracking_id = found.trace.tracking_id
        self._show(found.trace.about, found.trace.tracking_id, found.picture)
        self.timeline.show_moments([_moment(step, now) for step in found.trace.steps])
        if another:  # where it is now stands last
            self.timeline.show_end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """The picture follows."""
        super().resizeEvent(event)
        self.picture.fit_to(self.height())

    def copy_id(self) -> None:
        """Put the tracking ID into the clipboard."""
        if self.tracking_id:
            QGuiApplication.clipboard().setText(self.tracking_id)
            self.copied.emit(self.tracking_id)

    def _show(self, about: str, tracking_id: str, picture: QImage) -> None:
        self._about.say(about)
        self._id.say(tracking_id)
        self._about.setVisible(bool(about))
        self._id.setVisible(bool(tracking_id))
        self.copy.setEnabled(bool(tracking_id))
        self.picture.show_picture(picture)


class _Picture(QLabel):
    """A picture as large as there is room, never larger than a part of the pane."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = QImage()
        self._room = px(_HEIGHT) * 4
        self.setAccessibleName(_("Its covered picture"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_picture(self, picture: QImage) -> None:
        """Show this; a null one hides it."""
        self._picture = picture
        self.setVisible(not picture.isNull() and self._high() > 0)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Make use of the room."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.DevicePixelRatioChange}:
            self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """A part of the pane."""
        return QSize(px(120), self._high())

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """It gives way."""
        return QSize(px(40), self._high())

    def fit_to(self, height: int) -> None:
        """The pane is so high: the picture takes a part of it, and none where little is left."""
        self._room = height
        self.setVisible(not self._picture.isNull() and self._high() > 0)
        self.updateGeometry()
        self._fit()

    def _high(self) -> int:
        share = min(px(_HEIGHT), round(self._room * _SHARE))
        return share if share >= px(_LEAST) else 0

    def _fit(self) -> None:
        if self._picture.isNull() or self.width() < _DRAWN or not self._high():
            return
        ratio = self.devicePixelRatioF()
        room = QSize(round(self.width() * ratio), round(self._high() * ratio))
        fitted = self._picture.scaled(
            room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        fitted.setDevicePixelRatio(ratio)
        self.setPixmap(QPixmap.fromImage(fitted))


def _moment(step: Step, now: datetime) -> Moment:
    shape, level = _SHAPES[step.kind]
    return Moment(moment(step.at, now) if step.at is not None else "", step.what, step.detail, shape, level)
