"""Review on the desk: triage at work from the first result on, the verdicts' lane, the page, what the strip says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from console.desk.window import DeskWindow
from console.review.queries import COUNTED
from console.review.recorder import ReviewRecorder
from console.review.verdicts import VerdictLane
from console.ui.live.flagging import Flagging
from console.ui.live.page import LivePage
from console.ui.workplace import Workplace
from models.frames import Frame
from models.results import Result
from models.words import _
from widgets.status_strip import StatusStrip

if TYPE_CHECKING:
    from console.ui.review.page import ReviewPage

log = logging.getLogger(__name__)


class Reviewing(QObject):
    """What of the desk is about review.

    Args:
        workplace: shared by all pages.
        window: where the page goes.
        live: where pictures are flagged.
        strip: says how much waits.

    Attributes:
        triage: puts what is in doubt before a person; closed after the site, before the database.
        lane: stores verdicts; closed likewise.
    """

    def __init__(self, workplace: Workplace, window: DeskWindow, live: LivePage, strip: StatusStrip) -> None:
        super().__init__(window)
        self._workplace, self._window, self._strip = workplace, window, strip
        self.page: ReviewPage | None = None
        site = workplace.site
        self.triage = ReviewRecorder(
            workplace.store, workplace.writer, self._picture_of, workplace.settings,
            redactor=site.redactor, ran=site.ran, model_of=self._model_of,
        )  # fmt: skip
        self.triage.muted = lambda camera_id: live.mutes.until(camera_id) is not None
        workplace.settings_changed.connect(self.triage.apply)
        site.subscribe(self.triage.take)
        self._flagging = Flagging(workplace, live, self.triage, window.actions_table)
        self.lane = VerdictLane(
            workplace.store, supervisor=lambda: workplace.supervisor.allowed, settings=workplace.settings.review
        )
        workplace.settings_changed.connect(lambda settings: self.lane.apply(settings.review))
        strip.review_wanted.connect(lambda: window.actions_table.trigger("page.review"))

    def furnish(self) -> None:
        """Build the page, which nobody sees at the start."""
        from console.ui.review.page import ReviewPage  # noqa: PLC0415  # after the first picture

        self.page = page = ReviewPage(self._workplace, self.lane)
        page.waiting_changed.connect(self._say_waiting)
        page.bind(self._window.actions_table)
        self._window.add_page("review", _("Review"), "review", page)
        page.watch()

    def tracking_id(self) -> str:
        """Of the item in front; empty: there is none."""
        item = self.page.queue.current if self.page is not None else None
        return item.tracking_id if item is not None else ""

    def leave(self) -> None:
        """The page looks at nothing any more."""
        if self.page is not None:
            self.page.close()

    def close(self) -> None:
        """Store what waits; after the site, before the database."""
        self.triage.close()
        if lost := self.lane.close():
            log.error("%d verdicts could not be stored and are lost", lost)

    def _say_waiting(self, n: int) -> None:
        self._window.rail.set_waiting("review", n)
        words = f"{n:,}+" if n >= COUNTED else str(n)
        self._strip.show_review(_("to review {n}").format(n=words), _("Items that wait for a person's verdict."))

    def _picture_of(self, camera_id: str) -> tuple[Frame, Result] | None:
        lane = self._workplace.site.lane(camera_id)
        return lane.latest if lane is not None else None

    def _model_of(self, camera_id: str) -> str:
        settings = self._workplace.settings
        camera = next((one for one in settings.cameras if one.id == camera_id), None)
        return camera.stages[0].model if camera is not None and camera.stages else settings.inference.model
