"""Crops of doubtful detections for who looks closer: sealed for the holder of a key, beside the redacted pictures.

They are made once their item is stored, on the thread that stores it: whether one can be sealed changes nothing for its
item, and a crash between the two leaves an item without a crop, never a crop without its item.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, TypeGuard

import cv2
import numpy as np
from numpy.typing import NDArray

from console.errors import SightdeskError
from console.privacy.writer import PictureWriter
from console.review.items import NewItem
from console.review.triage import RATIONED
from console.store.store import Store
from models.boxes import closely
from models.covers import paint
from models.frames import Frame
from models.policy import Cover, PublishedFootage

if TYPE_CHECKING:
    from console.privacy.sealed_writer import SealedWriter

log = logging.getLogger(__name__)

MOST = 1024
"""Width and height of a crop at most, pixels; a larger one is made smaller."""


class Closer:
    """Seals them, for one thread.

    Args:
        store: where rows go.
        writer: the writer of pictures; crops go beside them.

    Attributes:
        sealed: so many in this run.
        failed: so many could not be sealed or written; the log says why, and nothing plain is kept instead.
    """

    def __init__(self, store: Store, writer: PictureWriter) -> None:
        self.sealed = self.failed = 0
        self._store, self._writer = store, writer

    def seal(self, frame: Frame, item: NewItem, item_id: int, policy: Cover | PublishedFootage) -> None:
        """Seal the crop of a stored item, where its camera's policy wants one; never raises.

        Args:
            frame: in which it was seen.
            item: which.
            item_id: of its row.
            policy: of its camera.
        """
        if not wants(policy, item) or item.box is None:
            return
        try:
            crop, place = crop_of(frame, item.box.xyxy, policy)
            self._seal(crop, item, item_id, policy, place)
        except SightdeskError as error:
            self.failed += 1
            log.warning("the crop of the review item %d could not be sealed: %s", item_id, error)
        except Exception:  # the outermost frame of a crop: cv2 raises what it likes, and the item stays as it is
            self.failed += 1
            log.exception("the crop of the review item %d could not be sealed", item_id)
        else:
            self.sealed += 1

    def _seal(self, crop: NDArray[np.uint8], item: NewItem, item_id: int, policy: Cover, place: dict[str, int]) -> None:
        from console.privacy.sealed_writer import OfItem  # noqa: PLC0415  # only where crops are sealed

        of = OfItem(item_id, item.tracking_id, place)
        self._sealing.write(crop, camera_id=item.camera_id, taken_at=item.taken_at, policy=policy, item=of)

    @cached_property
    def _sealing(self) -> SealedWriter:
        from console.privacy.sealed_writer import SealedWriter  # noqa: PLC0415  # only where crops are sealed

        return SealedWriter(self._writer.home, self._store)


def wants(policy: Cover | PublishedFootage, item: NewItem) -> TypeGuard[Cover]:
    """Whether a crop of an item is to be sealed: the camera itself was in doubt, about a box of a label that is meant.

    What chance drew, an operator flagged or somebody imported was in no doubt of the camera's; published footage leaves
    as it is.
    """
    if not isinstance(policy, Cover) or not policy.seal_doubtful_for:
        return False
    meant = {label.strip().casefold() for label in policy.seal_doubtful_labels}
    return item.reason in RATIONED and item.box is not None and item.label.strip().casefold() in meant


def crop_of(
    frame: Frame, box: tuple[float, float, float, float], policy: Cover
) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """What is in and around a box, (h, w, 3) uint8 as the frame has it; areas that are always covered are, here too.

    It is for `console.privacy.sealing` alone: nothing plain of it may be kept.

    Returns:
        The crop, and where it was in the frame: see `console.privacy.sealed_writer.OfItem`.
    """
    wide, high = frame.size
    x0, y0, x1, y1 = closely(box, frame.size)
    crop = frame.picture.view(wide, high)[y0:y1, x0:x1].copy()
    areas = tuple(np.array(area.points, np.float32) * (wide, high) - (x0, y0) for area in policy.areas)
    paint(crop, np.empty((0, 4), np.float32), areas, "solid", np.empty(0, np.bool_))
    place = {"x": x0, "y": y0, "source_width": wide, "source_height": high}
    scale = MOST / max(x1 - x0, y1 - y0)
    if scale < 1:
        place |= {"crop_width": x1 - x0, "crop_height": y1 - y0}
        size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    return crop, place
