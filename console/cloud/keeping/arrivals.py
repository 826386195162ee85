"""Messages as they came, checked for all that can be said without a database: then they can be kept, whatever it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from console.cloud.keeping.pictures import why_not
from console.sync.wire import Received, canonical
from models.words import _

KEPT = ("erased", "audit")
"""Kinds that are about nothing that was seen: erasing takes none of them."""
CARRIERS = ("picture", "sealed")
"""Kinds that may carry a file."""
KINDS = frozenset((*KEPT, *CARRIERS, "event", "item", "verdict"))
_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
_MOST_CAMERA, _MOST_TIME, _MOST_NUMBER = 255, 64, (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that can be kept.

    Attributes:
        head: what is kept of its head: canonical JSON, without the body where it is a notice of erasure.
        digest: SHA-256 of the head as it came.
        file: its content; None: it has none.
        file_sha256, content_type: of the file.
        erases: tracking IDs it says are to be erased.
    """

    message_id: str
    tracking_id: str
    kind: str
    number: int
    camera_id: str
    written_at: str
    head: str
    digest: str
    file: bytes | None
    file_sha256: str | None
    content_type: str | None
    erases: tuple[str, ...] = ()


class Unfit(ValueError):
    """A message that is never kept as it is; its text says why, in words."""


def arrival_of(received: Received) -> Arrival:
    """Check a message.

    Args:
        received: its file is the one its head names; `console.sync.wire.decode` has seen to that.

    Raises:
        Unfit: see there.
    """
    head, file = received.head, received.file
    try:
        text = canonical(head)
    except (ValueError, RecursionError):
        raise Unfit(_("its head has a number or a letter that can't be kept")) from None
    kind = str(head["kind"])
    if kind not in KINDS:
        raise Unfit(_("it is of a kind that is not known here"))
    if not (is_id(head["message_id"]) and is_id(head["tracking_id"])):
        raise Unfit(_("its message ID or tracking ID is none"))
    if len(head["camera_id"]) > _MOST_CAMERA or "\0" in head["camera_id"] or head["number"] > _MOST_NUMBER:
        raise Unfit(_("its camera or its number is none"))
    if not _is_time(head["written_at"]):
        raise Unfit(_("it does not say when it was written"))
    if file is not None:
        why = why_not(file, head["file"]["content_type"]) if kind in CARRIERS else _("this kind carries no file")
        if why:
            raise Unfit(why)
    return Arrival(
        message_id=head["message_id"],
        tracking_id=head["tracking_id"],
        kind=kind,
        number=head["number"],
        camera_id=head["camera_id"],
        written_at=head["written_at"],
        head=(canonical({**head, "body": {}}) if kind == "erased" else text).decode(),
        digest=hashlib.sha256(text).hexdigest(),
        file=file,
        file_sha256=None if file is None else head["file"]["sha256"],
        content_type=None if file is None else head["file"]["content_type"],
        erases=_erases(head["body"]) if kind == "erased" else (),
    )


def is_id(text: object) -> bool:
    """Whether this can be an ID or a SHA-256 of anything that is kept; else no database need be asked."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def mark(site: str, tracking_id: str) -> str:
    """What is remembered of a tracking ID that was erased: it tells one that comes again, but not what it was."""
    return hashlib.sha256(f"{site}\n{tracking_id}".encode()).hexdigest()


def _is_time(text: str) -> bool:
    try:
        return len(text) <= _MOST_TIME and "\0" not in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _erases(body: dict[str, object]) -> tuple[str, ...]:
    named = body.get("tracking_ids")
    if not isinstance(named, list) or not all(map(is_id, named)):
        raise Unfit(_("it does not say what is to be erased"))
    return tuple(dict.fromkeys(named))
