"""Flagging: one key, and the picture an operator looks at goes to review because something in it is wrong or missed."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from console.errors import PictureError
from console.review.lane import Pair
from console.review.recorder import ReviewRecorder
from console.sources.past import Past
from console.ui.actions import Actions
from console.ui.jobs import Job
from console.ui.live.page import LivePage
from console.ui.workplace import Workplace
from models.frames import Frame
from models.results import Result
from models.traces import Trace
from models.words import N_, _

What = Literal["wrong", "missed"]
PATIENCE_MS = 3000
"""An operator who pressed the key hears nothing for so long at most."""

_WORDS: dict[What, tuple[str, str, str]] = {
    "wrong": (
        N_("Flagged for review: wrong box ({camera})"),
        N_("Flagged for review: wrong box in the frozen picture ({camera})"),
        N_("Flagged for review: wrong box in the picture of {time} ({camera})"),
    ),
    "missed": (
        N_("Flagged for review: something missed ({camera})"),
        N_("Flagged for review: something missed in the frozen picture ({camera})"),
        N_("Flagged for review: something missed in the picture of {time} ({camera})"),
    ),
}
_LIVE, _FROZEN, _PAST = range(3)


class Flagging(QObject):
    """Binds the two keys to the chosen camera.

    What is flagged is the picture on the screen as far as a model has looked at it: live, the latest one; of a frozen
    tile the one it had looked at when it was frozen; of a look back the one nearest to where it stands. It is said once
    it is stored.

    Args:
        workplace: says how it went.
        page: which camera is chosen, and what of it is shown.
        recorder: makes the review item.
        actions: where the keys are.
    """

    _stored = Signal(object, str)

    def __init__(self, workplace: Workplace, page: LivePage, recorder: ReviewRecorder, actions: Actions) -> None:
        super().__init__(page)
        self._workplace, self._page, self._recorder = workplace, page, recorder
        self._held: dict[str, Pair] = {}
        self._last: dict[tuple[str, What], int] = {}
        whats: tuple[What, What] = ("wrong", "missed")
        for what in whats:
            actions.bind(f"tile.{what}", partial(self.flag, what), page).setAutoRepeat(False)
        actions["tile.freeze"].triggered.connect(self._hold)
        page.ticker.covered.connect(lambda camera_id: self._held.pop(camera_id, None))
        self._stored.connect(self._say, Qt.ConnectionType.QueuedConnection)

    def flag(self, what: What) -> None:
        """Flag what is shown of the chosen camera."""
        camera_id = self._page.chosen
        if not camera_id:
            return
        moment = self._page.rewind.moment() if self._page.rewind.camera_id == camera_id else None
        if moment is not None:
            self._flag_past(camera_id, what, *moment)
            return
        tile = self._page.wall.tile(camera_id)
        held = self._held.get(camera_id) if tile is not None and tile.frozen else None
        self._flag(camera_id, what, held or self._latest(camera_id), _FROZEN if held else _LIVE)

    def _flag(self, camera_id: str, what: What, pair: Pair | None, which: int) -> None:
        """The same picture is flagged once for the same thing."""
        if pair is not None and self._last.get((camera_id, what)) == pair[1].captured_ns:
            self._workplace.notices.say(_("This picture is flagged already."))
            return
        time = f"{pair[0].taken_at.astimezone():%H:%M:%S}" if pair is not None else ""
        words = _(_WORDS[what][which]).format(camera=self._title(camera_id), time=time)
        future = self._recorder.flag(camera_id, what, pair)
        if pair is not None and not (future.done() and future.exception()):
            self._last[camera_id, what] = pair[1].captured_ns
        future.add_done_callback(lambda done: self._stored.emit(done, words))
        QTimer.singleShot(PATIENCE_MS, self, lambda: self._say_waiting(future))

    def _say(self, future: Future[int], words: str) -> None:
        error = future.exception()
        if error is not None:
            self._last.clear()  # it may be flagged again
            self._workplace.notices.error(error)
        else:
            self._workplace.notices.say(words)

    def _say_waiting(self, future: Future[int]) -> None:
        """It takes long: say that it is not forgotten, and what holds it up."""
        if not future.done():
            problem = self._recorder.problem
            words = _("The flagged picture waits to be stored.")
            self._workplace.notices.say(f"{words} {problem.what}" if problem else words)

    # Which picture

    def _hold(self) -> None:
        """A tile was frozen, or no longer is."""
        camera_id = self._page.chosen
        tile = self._page.wall.tile(camera_id) if camera_id else None
        pair = self._latest(camera_id) if tile is not None and tile.frozen else None
        if pair is not None:
            self._held[camera_id] = pair
        else:
            self._held.pop(camera_id, None)

    def _latest(self, camera_id: str) -> Pair | None:
        lane = self._workplace.site.lane(camera_id)
        return lane.latest if lane is not None else None

    def _flag_past(self, camera_id: str, what: What, past: Past, captured_ns: int) -> None:
        title = _("Flagging a picture of {camera}").format(camera=self._title(camera_id))

        def find(_job: Job) -> Pair:
            return _past_pair(camera_id, past, captured_ns)

        self._workplace.jobs.start(title, find, lambda pair: self._flag(camera_id, what, pair, _PAST))

    def _title(self, camera_id: str) -> str:
        cameras = self._workplace.settings.cameras
        return next((camera.title for camera in cameras if camera.id == camera_id), camera_id)


def _past_pair(camera_id: str, past: Past, captured_ns: int) -> Pair:
    """The picture nearest to a moment that a model looked at, decoded again, with what was found in it.

    Raises:
        PictureError: there is none any more.
    """
    seen = past.looked_at(captured_ns)
    picture = next(past.pictures(seen.captured_ns), None) if seen is not None else None
    if seen is None or picture is None or picture.captured_ns != seen.captured_ns:
        raise PictureError(
            _("There is no picture to flag: no model has looked at one near this moment."),
            _("Go to a moment at which boxes are drawn."),
        )
    size, at = (picture.picture.width, picture.picture.height), seen.captured_ns
    frame = Frame(camera_id, 0, at, picture.taken_at, None, picture.picture)
    found, tracks = seen.detections, seen.tracks
    return frame, Result(
        camera_id, 0, at, at, picture.taken_at, None, size, found, tracks, seen.labels, seen.gaps, Trace()
    )
