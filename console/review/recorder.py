"""The recorder: results and an operator's flags in, review items with their redacted pictures in the store."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from console.errors import PictureError, SightdeskError, StoreError
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.review.finding import Origin, flagged, found_in
from console.review.keeping import Keeping
from console.review.lane import FRAMES, ITEMS, RESERVED, Entry, Pair, ReviewLane
from console.review.mending import mend
from console.review.rows import drop
from console.review.triage import RATIONED, Budget, rules_of
from console.settings.schema import Settings
from console.store.store import Store
from models.results import Result
from models.triage import Find, Triage
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

WRITE_DOWN_S = 5.0
"""What was let go is written down so often."""
_END_S = 1.0
"""At the end, pictures may still be made for so long; items that don't thin are stored in any case."""
_END_MOST_S = 2.5


@dataclass(frozen=True, slots=True)
class ReviewFigures:
    """What a recorder did in this run.

    Attributes:
        items: stored.
        waiting: not stored yet.
        without: stored without a picture, which could not be made for certain, or not in time.
        duplicates, budget, crowded: let go: much like one before; over the hour's budget; no picture could be made.
        lost: flags and items drawn by chance that could not be stored by the end, or at all.
        sealed, unsealed: crops of stored items for who looks closer; those that could not be sealed or written.
    """

    items: int
    waiting: int
    without: int
    duplicates: int
    budget: int
    crowded: int
    lost: int
    sealed: int
    unsealed: int


class ReviewRecorder:
    """Makes review items of results. `take` belongs to the thread that brings results; all else may come from any.

    Nobody waits for it: under pressure, and while the disk refuses, items of triage are let go and counted. An item is
    there once it can be judged: its pictures are written first, and then its row, its hold on them and the note of the
    change in one transaction. A kill loses those of the last moments, and leaves no picture behind (`mend`).

    Args:
        store: where rows go.
        writer: the one writer of pictures.
        picture_of: a camera's latest frame and the result of that frame, or None.
        settings: in force now.
        redactor: covers pictures; None: one without face and plate models, which covers whole persons and vehicles.
        ran: what really runs for a camera, stage by stage, as `RunningSite.ran` says it.
        model_of: a camera's model package, as the settings name it.
        frames, reserved, items: how many may wait; see `console.review.lane`.

    Attributes:
        muted: asked for each frame with something in it; what a muted camera shows is nobody's doubt, then or later.
    """

    def __init__(
        self,
        store: Store,
        writer: PictureWriter,
        picture_of: Callable[[str], Pair | None],
        settings: Settings,
        *,
        redactor: Redactor | None = None,
        ran: Callable[[str], Sequence[Mapping[str, Any]]],
        model_of: Callable[[str], str],
        frames: int = FRAMES,
        reserved: int = RESERVED,
        items: int = ITEMS,
    ) -> None:
        self.muted: Callable[[str], bool] = lambda _camera_id: False
        self._store, self._picture_of = store, picture_of
        self._ran, self._model_of = ran, model_of
        self._lane = ReviewLane(frames, reserved, items)
        self._budget = Budget()
        self._triage: dict[str, Triage] = {}
        self._keeping = Keeping(store, writer, redactor, self._lane, self._budget)
        self.apply(settings)
        self._thread = threading.Thread(target=self._run, name="review", daemon=True)
        self._thread.start()

    def apply(self, settings: Settings) -> None:
        """From now on these bands, budgets, names and policies hold."""
        rules = {camera.id: rules_of(settings, camera) for camera in settings.cameras}
        self._titles = {camera.id: camera.title for camera in settings.cameras}
        self._rules = {camera_id: one for camera_id, one in rules.items() if one is not None}
        self._budget.apply(settings)
        self._keeping.apply(settings)

    @property
    def problem(self) -> SightdeskError | None:
        """Why items are not being stored just now, or None."""
        return self._keeping.problem

    @property
    def figures(self) -> ReviewFigures:
        """What it did so far."""
        keeping, gone = self._keeping, self._lane.gone
        return ReviewFigures(
            keeping.items, self._lane.waiting, keeping.without,
            gone["duplicate"], gone["budget"], gone["crowded"], self._lane.lost,
            keeping.closer.sealed, keeping.closer.failed,
        )  # fmt: skip

    def take(self, result: Result) -> None:
        """A sink for results; returns at once."""
        camera_id = result.camera_id
        rules = self._rules.get(camera_id)
        if rules is None:
            return
        triage = self._triage.get(camera_id)
        if triage is None:
            triage = self._triage[camera_id] = Triage(f"{self._store.boot_id}/{camera_id}")
        found = triage.look(result, rules)
        if not found or self.muted(camera_id):
            return
        wanted = [find for find in found if not self._let_go(camera_id, find)]
        if not wanted:
            return
        pair = self._picture_of(camera_id)
        if pair is not None and pair[1].seq != result.seq:
            pair = None
        why = "" if pair else _("The picture was gone before it could be covered.")
        self._lane.put(Entry(found_in(result, wanted, self._origin(camera_id)), pair, why))

    def flag(self, camera_id: str, what: Literal["wrong", "missed"], pair: Pair | None = None) -> Future[int]:
        """Have a picture reviewed as a whole, because an operator says so; exempt from budgets, and never a duplicate.

        Args:
            camera_id: the camera.
            what: wrong: it shows a box that is wrong; missed: something in it has no box.
            pair: the frame that is meant with its result; None: the latest of the camera.

        Returns:
            The item's id once it is stored; or PictureError where no model has looked at a picture of this camera yet,
            StoreError where it can't be stored. Cancelling it takes nothing back.
        """
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()
        pair = pair or self._picture_of(camera_id)
        if pair is None:
            future.set_exception(
                PictureError(
                    _("There is no picture to flag: no model has looked at one of this camera yet."),
                    _("Try again when boxes can be drawn."),
                )
            )
        else:
            item = flagged(pair[1], what, self._origin(camera_id))
            if self._lane.put(Entry([item], pair, future=future)):
                future.set_exception(
                    StoreError(
                        _("The picture was not flagged: too much waits to be stored."),
                        self.problem.hint if self.problem else "",
                    )
                )
        return future

    def close(self) -> None:
        """Store what waits, then end; to be called before the store is closed. Harmless when done already."""
        self._keeping.end_at = min(self._keeping.end_at, time.monotonic() + _END_S)
        self._lane.close()
        self._thread.join(_END_MOST_S)

    def _origin(self, camera_id: str) -> Origin:
        title = self._titles.get(camera_id, camera_id)
        return Origin(title, self._model_of(camera_id), tuple(self._ran(camera_id)))

    def _let_go(self, camera_id: str, find: Find) -> bool:
        """Whether a find is over its budget already: then not even its frame is held."""
        over = find.reason in RATIONED and self._budget.used_up(camera_id, find.label)
        if over:
            self._lane.drop(camera_id, find.label, "budget")
        return over

    # On the recorder's own thread

    def _run(self) -> None:
        self._guarded("mending review items", lambda: mend(self._store))
        self._guarded("counting the items of the last hour", self._count_before)
        write_down_at = time.monotonic() + WRITE_DOWN_S
        while True:
            entry = self._lane.first(max(write_down_at - time.monotonic(), 0.0))
            if entry is not None:
                self._keeping.keep(entry)
                self._lane.done()
            elif self._lane.closed:
                break
            if time.monotonic() >= write_down_at:
                self._guarded("counting what was let go", self._write_down)
                write_down_at = time.monotonic() + WRITE_DOWN_S
        self._guarded("counting what was let go", self._write_down)
        if lost := self._lane.lost:
            log.error("%d review items could not be stored: %s", lost, self.problem)

    @staticmethod
    def _guarded(what: str, work: Callable[[], object]) -> None:
        """The outermost frame of what is done beside keeping items: it may fail, the recorder goes on."""
        try:
            work()
        except SightdeskError as error:
            log.warning("%s failed: %s", what, error)
        except Exception:  # the outermost frame of each job of this thread
            log.exception("%s failed", what)

    def _count_before(self) -> None:
        with self._store.read() as db:
            self._budget.load(db)

    def _write_down(self) -> None:
        drops = self._lane.take_drops()
        if not drops:
            return

        def job(db: Database) -> None:
            for (camera_id, label, why, hour), number in drops.items():
                for _one in range(number):
                    drop(db, camera_id, label, why, hour)

        try:
            self._store.write(job, wait_s=1.0).result()
        except BaseException:
            self._lane.give_drops_back(drops)
            raise
