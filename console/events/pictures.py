"""The pictures of events: looked at, covered, written; and plates sealed for whom the policy names."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from console.errors import SightdeskError
from console.events.lane import Pair
from console.events.retention import PURPOSE
from console.events.rows import NewEvent
from console.events.thumbnail import look_around, plates_around, thumbnail
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter, WrittenPicture
from console.store.store import Store
from models.findings import Findings
from models.policy import Cover, PublishedFootage

if TYPE_CHECKING:
    from console.privacy.sealed_writer import SealedWriter

log = logging.getLogger(__name__)


class EventPictures:
    """Makes them, for one thread.

    Args:
        store: where rows go.
        writer: the one writer of pictures.
        redactor: covers them.
    """

    def __init__(self, store: Store, writer: PictureWriter, redactor: Redactor) -> None:
        self._store, self._writer, self._redactor = store, writer, redactor

    def write(
        self, pair: Pair, event: NewEvent, event_id: int, policy: Cover | PublishedFootage
    ) -> tuple[WrittenPicture, Findings]:
        """Write the picture of an event; it, and what was found there.

        Args:
            pair: the frame and its result.
            event: which.
            event_id: of its row, which its picture's row names.
            policy: of its camera.

        Raises:
            NoPicture: it is not certain that all would be covered.
            SightdeskError: it can't be written.
        """
        frame, result = pair
        policy = policy.model_copy(update={"purpose": PURPOSE.format(id=event_id, purpose=policy.purpose)})
        findings = look_around(frame, event.box, policy, self._redactor)
        redacted = thumbnail(frame, result, event.box, policy, self._redactor, findings=findings)
        return self._writer.write(redacted, camera_id=event.camera_id, taken_at=frame.taken_at), findings

    def seal(
        self, pair: Pair, event: NewEvent, event_id: int, policy: Cover | PublishedFootage, *, findings: Findings
    ) -> int:
        """Seal the plates that were found around an event, where its policy names a key; how many.

        One that can't be sealed is let go, and the log says why: nothing plain is kept instead.
        """
        if not isinstance(policy, Cover) or not policy.seal_plates_for:
            return 0
        frame, sealed = pair[0], 0
        for crop in plates_around(frame, event.box, findings):
            try:
                self._sealed.write(
                    crop, camera_id=event.camera_id, taken_at=frame.taken_at, event_id=event_id, policy=policy
                )
            except SightdeskError as error:
                log.warning("a plate of event %d could not be sealed: %s", event_id, error)
            else:
                sealed += 1
        return sealed

    @cached_property
    def _sealed(self) -> SealedWriter:
        from console.privacy.sealed_writer import SealedWriter  # noqa: PLC0415  # only where plates are sealed

        return SealedWriter(self._writer.home, self._store)
