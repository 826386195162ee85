"""The recorder: results in, events and their redacted pictures in the store."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.errors import SightdeskError
from console.events.lane import FRAMES, ROWS, Entry, EventLane, Pair
from console.events.pictures import EventPictures
from console.events.retention import mend, remove_some
from console.events.rows import NewEvent, insert, link, say_why
from console.events.sights import Sight, Sights
from console.events.thumbnail import NoPicture
from console.privacy.policies import policy_for
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.settings.schema import CameraSettings, EventRule, Settings
from console.store.store import Store
from models.policy import Cover, PublishedFootage
from models.results import Result
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

TIDY_S = 3600.0
_BATCH = 200
_RETRY_S, _RETRY_MOST_S = 0.5, 10.0
_END_S = 1.0
"""At the end, pictures may still be made for so long; rows are stored in any case."""
_END_MOST_S = 2.5


@dataclass(frozen=True, slots=True)
class RecorderFigures:
    """What a recorder did in this run.

    Attributes:
        events: put in the lane.
        waiting: of them, not stored yet.
        pictures: written.
        without: events whose picture was let go, since events came faster than pictures can be written.
        waited: how often inference had to wait for the database.
        lost: events that could not be stored by the end, or that the database refused for good.
    """

    events: int
    waiting: int
    pictures: int
    without: int
    waited: int
    lost: int


class EventRecorder:
    """Makes events of results. `take` belongs to the thread that brings results; all else may come from any thread.

    A track that is confirmed (`console.events.sights`) and that a rule wants becomes a row at once, and gets its
    picture when there is time. Rows are never lost while the program runs: while the disk refuses them they wait in
    memory, `ROWS` of them, and then inference waits. A kill loses what was seen in the last few milliseconds.

    Args:
        store: where rows go.
        writer: the one writer of pictures.
        picture_of: a camera's latest frame and the result of that frame, or None.
        settings: in force now.
        redactor: covers pictures; None: one without face and plate models, which covers whole persons and vehicles.
        rows, frames: how many may wait; see `console.events.lane`.

    Attributes:
        muted: asked for each event; the tracks of a muted camera are seen and make none, then or later.
        problem: why events are not being stored just now, or None.
    """

    def __init__(
        self,
        store: Store,
        writer: PictureWriter,
        picture_of: Callable[[str], Pair | None],
        settings: Settings,
        *,
        redactor: Redactor | None = None,
        rows: int = ROWS,
        frames: int = FRAMES,
    ) -> None:
        self.muted: Callable[[str], bool] = lambda _camera_id: False
        self.problem: SightdeskError | None = None
        self._store, self._picture_of = store, picture_of
        self._making = EventPictures(store, writer, redactor or Redactor())
        self._lane = EventLane(rows, frames)
        self._sights: dict[str, Sights] = {}
        self._pending: deque[Entry] = deque()
        self._pictures = self._without = self._lost = 0
        self._end_at = float("inf")
        self.apply(settings)
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def apply(self, settings: Settings) -> None:
        """From now on these rules, names and policies hold."""
        self._rules = tuple(rule for rule in settings.events.rules if rule.enabled)
        self._cameras = {camera.id: camera for camera in settings.cameras}
        self._settings = settings

    def take(self, result: Result) -> None:
        """A sink for results; returns at once, unless the lane is full of rows that can't be stored."""
        camera_id = result.camera_id
        sights = self._sights.setdefault(camera_id, Sights())
        found = sights.new(result, lambda label: self._wanted(camera_id, label))
        if not found or self.muted(camera_id):
            return
        camera = self._cameras.get(camera_id)
        events = [_event(result, camera, sight, rule) for sight, rule in found]
        pair = self._picture_of(camera_id)
        if pair is not None and pair[1].seq != result.seq:
            pair = None
        entry = Entry(events, pair, "" if pair else _("The picture was gone before it could be covered."), [])
        if not self._lane.put(entry, _("More events came at once than pictures can be written.")):
            self._lost += len(events)
        elif entry.pair is None:
            self._without += len(events)

    @property
    def figures(self) -> RecorderFigures:
        """What it did so far."""
        lane = self._lane
        return RecorderFigures(lane.rows, lane.waiting, self._pictures, self._without, lane.waited, self._lost)

    def close(self) -> None:
        """Store what waits, then end; to be called before the store is closed. Harmless when done already."""
        self._end_at = min(self._end_at, time.monotonic() + _END_S)
        self._lane.close()
        self._thread.join(_END_MOST_S)

    def _wanted(self, camera_id: str, label: str) -> EventRule | None:
        """The first rule in force that wants a class on a camera."""
        name = label.casefold()
        for rule in self._rules:
            if rule.cameras and camera_id not in rule.cameras:
                continue
            if not rule.classes or name in (wanted.casefold() for wanted in rule.classes):
                return rule
        return None

    # On the recorder's own thread

    def _run(self) -> None:
        self._guarded("mending events", mend, self._store)
        tidy_at = time.monotonic()
        while True:
            if not self._pending:
                self._lane.wait(max(0.0, min(tidy_at - time.monotonic(), 60.0)))
            if not self._store_rows() and self._lane.closed:
                break  # rows that can't be stored now never will be
            if self._pending:
                self._guarded("the picture of an event", self._make_pictures, self._pending.popleft())
            elif self._lane.closed and not self._lane.waiting:
                break
            elif time.monotonic() >= tidy_at and not self._lane.waiting and not self._lane.closed:
                gone = self._guarded("removing old events", self._tidy)
                tidy_at = time.monotonic() + (0.0 if gone else TIDY_S)
        if left := self._lane.waiting:
            self._lost += left
            log.error("%d events could not be stored before the end: %s", left, self.problem)

    def _guarded(self, what: str, work: Callable[..., int], *arguments: object) -> int:
        """The outermost frame: whatever fails is said, and the recorder goes on."""
        try:
            return work(*arguments)
        except SightdeskError as error:
            self.problem = error
            log.warning("%s failed: %s", what, error)
        except Exception:  # the outermost frame of each job of this thread: an error nobody foresaw ends one job
            log.exception("%s failed", what)
        return 0

    def _store_rows(self) -> bool:
        """Store all that wait, oldest first; False when the database refuses and no time is left to try again."""
        pause = _RETRY_S
        while entries := self._lane.look(_BATCH):
            try:
                self._insert(entries)
            except SightdeskError as error:
                if self.problem is None:
                    log.warning("events can't be stored and wait: %s", error)
                self.problem = error
                if self._lane.closed:
                    return False
                self._lane.pause(pause)
                pause = min(2 * pause, _RETRY_MOST_S)
            except (sqlite3.Error, ValueError):
                log.exception("an event was refused")
                self._insert_one_by_one(entries)
            else:
                self.problem = None
                self._settle(entries)
        return True

    def _insert(self, entries: list[Entry]) -> None:
        rows = [(event, entry.why) for entry in entries for event in entry.events]
        boot = self._store.boot_id

        def job(db: Database) -> list[int]:
            return insert(db, rows, boot)

        ids = iter(self._store.write(job, wait_s=1.0).result())
        for entry in entries:
            entry.ids = [next(ids) for _event in entry.events]

    def _insert_one_by_one(self, entries: list[Entry]) -> None:
        """One row that can't be stored, for whatever it holds, must not hold up the others."""
        for entry in entries:
            try:
                self._insert([entry])
            except (SightdeskError, sqlite3.Error, ValueError):
                log.exception("an event is lost")
                self._lost += len(entry.events)
                self._lane.let_go(entry)
            self._settle([entry])

    def _settle(self, entries: list[Entry]) -> None:
        self._lane.stored(entries)
        self._pending.extend(entry for entry in entries if entry.pair is not None)

    def _make_pictures(self, entry: Entry) -> int:
        """The pictures of one result's events; a new row goes before each of them."""
        try:
            for event, event_id in zip(entry.events, entry.ids, strict=True):
                if self._lane.closed and time.monotonic() > self._end_at:
                    self._say_why(entry.ids, _("Sightdesk was closed before the picture was written."))
                    break
                self._make_picture(entry, event, event_id)
                self._store_rows()
        finally:
            self._lane.let_go(entry)
        return 1

    def _make_picture(self, entry: Entry, event: NewEvent, event_id: int) -> None:
        """Write one picture, or the words why there is none."""
        pair = entry.pair
        if pair is None:
            return
        try:
            policy = self._policy_of(event.camera_id)
            written, findings = self._making.write(pair, event, event_id, policy)
        except (NoPicture, SightdeskError) as error:
            self.problem = error if isinstance(error, SightdeskError) else self.problem
            self._say_why([event_id], str(error))
            return
        except Exception:  # the job's frame: cv2 and codecs raise what they like, and the row must say why it has none
            log.exception("the picture of an event failed")
            self._say_why([event_id], _("The picture failed; the log says how."))
            return
        path = written.path.relative_to(self._store.path.parent).as_posix()
        if self._store.write(lambda db: link(db, event_id, path), wait_s=1.0).result():
            self._pictures += 1
            self._making.seal(pair, event, event_id, policy, findings=findings)
        else:  # the event was erased meanwhile, and its picture goes with it
            written.path.unlink(missing_ok=True)

    def _policy_of(self, camera_id: str) -> Cover | PublishedFootage:
        camera = self._cameras.get(camera_id)
        if camera is None:
            raise NoPicture(_("The camera was removed before its picture could be covered."))
        return policy_for(camera, self._settings.privacy)

    def _say_why(self, event_ids: list[int], why: str) -> None:
        """Those that have a picture keep it."""
        self._store.write(lambda db: say_why(db, event_ids, why), wait_s=1.0)

    def _tidy(self) -> int:
        return remove_some(self._store, self._store.path.parent, self._settings.events)


def _event(result: Result, camera: CameraSettings | None, sight: Sight, rule: EventRule) -> NewEvent:
    return NewEvent(
        camera_id=result.camera_id,
        camera_name=camera.title if camera else result.camera_id,
        label=sight.label,
        track=sight.track,
        rule=rule.name,
        sound=rule.sound,
        score=sight.score,
        box=sight.box,
        size=result.size,
        seen_at=sight.first_at,
    )
