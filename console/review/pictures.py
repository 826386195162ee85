"""The pictures of an item: the whole one and what is around its box, covered after one look, and written."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import SightdeskError
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.review.items import NewItem
from console.review.lane import Pair
from console.store.store import Store
from models.boxes import around
from models.findings import Findings, seen_in
from models.policy import Cover, PublishedFootage
from models.redaction import Redacted
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

PURPOSE = "review {tracking_id}: {purpose}"
"""What a picture's row says it was kept for: it leads back to its item, though nothing else may after a crash."""
CROP = (320, 240)
"""Width and height of a crop at most, pixels; never made larger than it was."""


class NoPicture(Exception):
    """There can be no picture of an item; says why, in the operator's words."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The pictures of an item, covered.

    Attributes:
        whole: the whole picture.
        crop: what is around the box; None where the whole picture is asked about.
    """

    whole: Redacted
    crop: Redacted | None


class ReviewPictures:
    """Makes them, for one thread.

    Args:
        store: where rows go.
        writer: the one writer of pictures.
        redactor: covers them.
    """

    def __init__(self, store: Store, writer: PictureWriter, redactor: Redactor) -> None:
        self._store, self._writer, self._redactor = store, writer, redactor

    def look(self, pair: Pair, policy: Cover | PublishedFootage) -> Findings:
        """What the face and plate models find in the frame.

        Raises:
            NoPicture: frame and result don't belong together.
        """
        frame, result = pair
        if (frame.camera_id, frame.seq) != (result.camera_id, result.seq) or frame.size != result.size:
            raise NoPicture(_("The picture was gone before it could be covered."))
        return self._redactor.look(frame.picture, policy)

    def cover(
        self, pair: Pair, item: NewItem, findings: Findings, policy: Cover | PublishedFootage, most_width: int
    ) -> Covered:
        """The redacted pictures of an item.

        Args:
            pair: the frame and its result.
            item: which.
            findings: what `look` found in the frame.
            policy: of its camera.
            most_width: the whole picture is made no wider than this; never larger than it was.

        Raises:
            NoPicture: it is not certain that all would be covered.
        """
        frame, result = pair
        purpose = PURPOSE.format(tracking_id=item.tracking_id, purpose=policy.purpose)
        policy = policy.model_copy(update={"purpose": purpose})
        seen = seen_in(result)

        def part(box: tuple[int, int, int, int] | None, size: tuple[int, int]) -> Redacted:
            return self._redactor.redact_found(
                frame.picture, findings, seen, result.labels, result.gaps, policy, part=box, size=size
            )

        try:
            crop = None
            if item.box is not None:
                x0, y0, x1, y1 = around(item.box.xyxy, frame.size)
                crop = part((x0, y0, x1, y1), _within((x1 - x0, y1 - y0), *CROP))
            return Covered(part(None, _within(frame.size, most_width, frame.size[1])), crop)
        except ValueError as error:
            raise NoPicture(
                _("It is not certain that everything would be covered: {why}.").format(why=error)
            ) from error

    def write(self, item: NewItem, covered: Covered) -> list[Path]:
        """Write them: the whole picture, then the crop where there is one. Where one is refused, none stays.

        Raises:
            PictureError: the disk refused, or the database did.
        """
        written: list[Path] = []
        try:
            for picture in (covered.whole, covered.crop):
                if picture is not None:
                    made = self._writer.write(picture, camera_id=item.camera_id, taken_at=item.taken_at)
                    written.append(made.path)
        except BaseException:
            self.take_back(written)
            raise
        return written

    def take_back(self, written: Sequence[Path]) -> None:
        """Remove pictures that no item will have. What the disk refuses to remove now goes at the next start."""
        home = self._store.path.parent
        paths = [path.relative_to(home).as_posix() for path in written]

        def job(db: Database) -> None:
            for path in paths:
                db.execute("DELETE FROM pictures WHERE path = ?", (path,))

        if not paths:
            return
        try:
            self._store.write(job, wait_s=1.0).result()
        except (SightdeskError, sqlite3.Error) as error:
            log.warning("pictures of no review item stay for now: %s", error)
            return
        for path in written:
            with suppress(OSError):  # swept later
                path.unlink(missing_ok=True)


def _within(size: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, width / size[0], height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
