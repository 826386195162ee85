"""A supervisor's look at a redacted camera as it is: asked for with a reason, counted down, ended by key or clock."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from console.pipeline.revealed import Revealed
from console.site.reveal import SECONDS, Reveals
from console.ui.actions import keys_in_words
from console.ui.jobs import Job
from console.ui.operator import ask_operator
from console.ui.workplace import Workplace
from models.words import _
from widgets.reveal_dialog import RevealDialog
from widgets.wall import WallGrid

_BEAT_MS = 200


class RevealController(QObject):
    """Lets a supervisor see cameras whose live picture is redacted. Belongs to the GUI thread.

    The tile itself is fed by the ticker, which takes what `Lane.revealed` draws; here the asking, the counting down
    and the ending are done.

    Args:
        workplace: whose site it is.
        wall: where the seconds are shown.
        parent: what dialogs belong to.
    """

    def __init__(self, workplace: Workplace, wall: WallGrid, parent: QWidget) -> None:
        super().__init__(parent)
        self._workplace, self._wall, self._page = workplace, wall, parent
        self.reveals = Reveals(workplace.site.lane, self._record)
        self.key: Callable[[], str] = lambda: keys_in_words("V")
        self._shown: set[str] = set()
        self._timer = QTimer(self, interval=_BEAT_MS)
        self._timer.timeout.connect(self._count_down)
        workplace.role_changed.connect(self._look_who)

    def toggle(self, camera_id: str) -> None:
        """Ask for a look at a camera; where it is shown as it is already, redact it again."""
        if not camera_id:
            return
        if self.reveals.of(camera_id) is not None:
            self.end(camera_id)
            return
        lane = self._workplace.site.lane(camera_id)
        name = self._title(camera_id)
        if lane is None or not lane.display.covered:
            self._workplace.notices.say(_("The live picture of {camera} is not redacted.").format(camera=name))
        elif not self._workplace.operator:
            ask_operator(self._workplace, self._page.window(), lambda: self.toggle(camera_id))
        elif self._workplace.may(_("Seeing {camera} unredacted").format(camera=name), lambda: self.toggle(camera_id)):
            dialog = RevealDialog(name, self._workplace.operator, SECONDS, self._page.window())
            dialog.wanted.connect(lambda seconds, why: self.begin(camera_id, seconds, why))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def begin(self, camera_id: str, seconds: float, why: str) -> None:
        """Show it as it is, once that is recorded; whoever sits here is named in the record."""
        who = self._workplace.operator

        def work(_job: Job) -> Revealed:
            return self.reveals.begin(camera_id, seconds, who=who, why=why)

        def done(_revealed: Revealed) -> None:
            self._shown.add(camera_id)
            self._timer.start()
            self._count_down()
            key = self.key()
            words = _("{camera} is shown unredacted for {n} s; this is recorded. {key} ends it.")
            self._workplace.notices.say(words.format(camera=self._title(camera_id), n=round(seconds), key=key))

        self._workplace.jobs.start(_("Recording a look at {camera}").format(camera=self._title(camera_id)), work, done)

    def end(self, camera_id: str) -> None:
        """Redact it again, now."""
        self.reveals.end(camera_id, _("by key"))
        self._count_down()

    def close(self) -> None:
        """Redact all again."""
        self.reveals.close()
        self._timer.stop()

    def _record(self, event: str, **details: object) -> None:
        """From any thread. Raises AuditError."""
        self._workplace.audit.write(event, supervisor=self._workplace.supervisor.unlocked, **details)

    def _look_who(self) -> None:
        """What a supervisor asked for ends with his being one."""
        if not self._workplace.supervisor.allowed:
            for camera_id in list(self._shown):
                self.reveals.end(camera_id, _("the supervisor left"))
            self._count_down()

    def _count_down(self) -> None:
        for camera_id in list(self._shown):
            revealed, tile = self.reveals.of(camera_id), self._wall.tile(camera_id)
            if revealed is None:
                self._shown.discard(camera_id)
            if tile is not None:
                tile.set_revealed(math.ceil(revealed.left_s) if revealed is not None else None)
        if not self._shown:
            self._timer.stop()

    def _title(self, camera_id: str) -> str:
        cameras = self._workplace.settings.cameras
        return next((camera.title for camera in cameras if camera.id == camera_id), camera_id)
