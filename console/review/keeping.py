"""Keeping an item: is there one like it, is there room for it, its pictures, its row. For the recorder's thread."""

from __future__ import annotations

import logging
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import PictureError, SightdeskError, StoreError
from console.privacy.policies import policy_for
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.review.closer import Closer
from console.review.items import NewItem
from console.review.lane import Entry, Pair, ReviewLane, thins
from console.review.likeness import Likeness, Look, look_of
from console.review.pictures import Covered, NoPicture, ReviewPictures
from console.review.rows import Dropped, insert
from console.review.triage import Budget
from console.settings.schema import Settings
from console.store.store import Store
from models.findings import Findings
from models.policy import Cover, PublishedFootage
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

AGAIN_S, AGAIN_MOST_S = 1.0, 20.0
"""Face and plate models that gave no answer, such as while they load, are asked again: how often, and for how long."""
RETRY_S, RETRY_MOST_S = 0.5, 10.0
"""Between two tries to store something the disk refuses, at first and at most."""
_PICTURE_S = 4.0
"""A picture is tried again until the pause is this long; then its item goes on without."""


class Keeping:
    """See above.

    Args:
        store: where rows go.
        writer: the one writer of pictures.
        redactor: covers them; None: one without face and plate models.
        lane: where items wait; it counts what is let go.
        budget: of the hour.

    Attributes:
        items: stored so far.
        without: of them, without a picture.
        problem: why items are not being stored just now, or None.
        end_at: monotonic seconds; from then on no picture is made.
        closer: seals crops of stored items for who looks closer, and counts them.
    """

    def __init__(
        self, store: Store, writer: PictureWriter, redactor: Redactor | None, lane: ReviewLane, budget: Budget
    ) -> None:
        self.items = self.without = 0
        self.problem: SightdeskError | None = None
        self.end_at = float("inf")
        self._store, self._lane, self._budget = store, lane, budget
        self._making = ReviewPictures(store, writer, redactor or Redactor())
        self.closer = Closer(store, writer)
        self._blind = redactor is None
        self._likeness = Likeness()
        self._refused = self._over = False

    def apply(self, settings: Settings) -> None:
        """From now on these policies and sizes hold."""
        self._settings = settings
        self._cameras = {camera.id: camera for camera in settings.cameras}

    def keep(self, entry: Entry) -> None:
        """Store the items of a frame, or let them go; never raises."""
        for item in entry.items:
            lost: Exception | None = None
            item_id = 0
            try:
                item_id = self._keep(entry, item)
            except SightdeskError as error:
                lost = error
                log.warning("a review item is lost: %s", error)
            except Exception as error:  # the outermost frame of an item: cv2, codecs and rows raise what they like
                lost = error
                log.exception("a review item is lost")
            self._lane.settled(lost=lost is not None and not thins(item))
            if entry.future is not None:
                if lost is None:
                    entry.future.set_result(item_id)
                else:
                    entry.future.set_exception(lost)

    def _keep(self, entry: Entry, item: NewItem) -> int:
        """The id of the item's row; 0 where it was let go. Raises what its row raises."""
        if self._over:
            raise self.problem or StoreError(_("Sightdesk was closed before the item was stored."))
        seen: Look | None = None
        if thins(item):
            if entry.pair is None or item.box is None:
                return self._let_go(item, "crowded")
            seen = look_of(entry.pair[0].picture, item.box.xyxy)
            if self._likeness.knows(item.camera_id, item.label, seen):
                return self._let_go(item, "duplicate")
            if self._budget.used_up(item.camera_id, item.label):
                return self._let_go(item, "budget")
        item, written, why = self._pictures(entry, item)
        if not written and thins(item):
            return self._let_go(item, "crowded")
        item_id = self._store_row(item, written, why)
        if seen is not None:
            self._likeness.remember(item.camera_id, item.label, seen)
            self._budget.spend(item.camera_id, item.label)
        camera = self._cameras.get(item.camera_id)
        if written and entry.pair is not None and camera is not None:
            self.closer.seal(entry.pair[0], item, item_id, policy_for(camera, self._settings.privacy))
        self.items += 1
        self.without += not written
        return item_id

    def _let_go(self, item: NewItem, why: Dropped) -> int:
        self._lane.drop(item.camera_id, item.label, why)
        return 0

    # Its pictures

    def _pictures(self, entry: Entry, item: NewItem) -> tuple[NewItem, list[Path], str]:
        """The item, its pictures as written, and the words why there are none."""
        if entry.pair is None:
            return item, [], entry.why
        if time.monotonic() > self.end_at:
            return item, [], _("Sightdesk was closed before the picture was written.")
        try:
            policy = self._policy_of(item.camera_id)
            if entry.findings is None:
                entry.findings = self._look(entry.pair, policy)
            covered = self._making.cover(entry.pair, item, entry.findings, policy, self._settings.review.picture_width)
        except NoPicture as why:
            return item, [], str(why)
        except Exception:  # the job's frame: cv2 raises what it likes, and the row must say why it has none
            log.exception("the picture of a review item failed")
            return item, [], _("The picture failed; the log says how.")
        if covered.whole.weakened:
            item = replace(item, why={**item.why, "weakened": list(covered.whole.weakened)})
        return item, *self._write(item, covered)

    def _look(self, pair: Pair, policy: Cover | PublishedFootage) -> Findings:
        """What is to be covered. Without an answer whole persons are, and nobody could judge them: it is worth a wait.

        Where waiting did not help, the next picture does not wait.
        """
        findings = self._making.look(pair, policy)
        until = time.monotonic() + AGAIN_MOST_S
        while findings.why and not (self._blind or self._lane.closed) and time.monotonic() < until:
            self._lane.pause(AGAIN_S)
            findings = self._making.look(pair, policy)
        self._blind = bool(findings.why)
        return findings

    def _write(self, item: NewItem, covered: Covered) -> tuple[list[Path], str]:
        """Write them; tried again for some seconds, unless the one before could not be written either."""
        pause = RETRY_S
        while True:
            try:
                written = self._making.write(item, covered)
            except PictureError as error:
                self.problem = error
                if self._refused or self._lane.closed or pause > _PICTURE_S:
                    self._refused = True
                    return [], str(error)
                self._lane.pause(pause)
                pause *= 2
            else:
                self._refused = False
                return written, ""

    def _policy_of(self, camera_id: str) -> Cover | PublishedFootage:
        camera = self._cameras.get(camera_id)
        if camera is None:
            raise NoPicture(_("The camera was removed before its picture could be covered."))
        return policy_for(camera, self._settings.privacy)

    # Its row

    def _store_row(self, item: NewItem, written: list[Path], why: str) -> int:
        """Store the row with its pictures; waits while the disk refuses, until the end.

        Raises:
            SightdeskError: the end came first, or it was erased meanwhile.
            sqlite3.IntegrityError, ValueError: it holds what can't be stored.
        """
        home, boot = self._store.path.parent, self._store.boot_id
        paths = [path.relative_to(home).as_posix() for path in written]

        def job(db: Database) -> int:
            found = [db.execute("SELECT id FROM pictures WHERE path = ?", (path,)).fetchone() for path in paths]
            if None in found:
                return 0
            ids = [*(int(row[0]) for row in found), None, None]
            return insert(db, item, boot, picture=ids[0], crop=ids[1], why=why)

        pause = RETRY_S
        while True:
            try:
                item_id = self._store.write(job, wait_s=1.0).result()
                break
            except SightdeskError as error:
                if self.problem is None:
                    log.warning("review items can't be stored and wait: %s", error)
                self.problem = error
                if self._lane.closed:  # what can't be stored now never will be
                    self._over = True
                    self._making.take_back(written)
                    raise
            except (sqlite3.Error, ValueError):
                self._making.take_back(written)
                raise
            self._lane.pause(pause)
            pause = min(2 * pause, RETRY_MOST_S)
        if not self._refused:
            self.problem = None
        if not item_id:
            self._making.take_back(written)
            raise PictureError(_("The picture was erased before its review item was stored."))
        return item_id
