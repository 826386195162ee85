"""One send: its messages are made parcels, with their files, and handed to the target; what came of it, in words.

Whatever happens in a target, nothing is raised here: a send always has an outcome.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from console.errors import SightdeskError, StoreError
from console.privacy.stored import Missing, Named, Stored, open_stored
from console.settings.disk import in_words
from console.settings.scrub import SCRUBBER
from console.store.outbox import FILES
from console.store.store import utc_text
from console.sync.targets.base import Denied, Full, Parcel, Receipt, Refused, Target, TargetError, WrongAnswer
from console.sync.uploading.records import Sent, Tried, Waiting, storable
from models.words import _

log = logging.getLogger(__name__)

_LONGEST = 4000


class Unforeseen(TargetError):
    """A target failed in a way that nobody foresaw."""


@dataclass(slots=True)
class Outcome:
    """What came of a send, or of settling.

    Attributes:
        rows: what was to be sent; empty: it was settled, opened or closed.
        sent: what was taken.
        size: its bytes.
        aside: never to be taken, by number.
        failed: to be tried again, by number.
        answered: the target said something of every message it was handed.
        error: why the send as a whole failed; None: it did not.
        theirs: the error may be of a message, not of the target.
    """

    rows: Sequence[Waiting] = ()
    sent: list[Sent] = field(default_factory=list)
    size: int = 0
    aside: dict[int, Tried] = field(default_factory=dict)
    failed: dict[int, Tried] = field(default_factory=dict)
    answered: bool = False
    error: SightdeskError | None = None
    theirs: bool = False

    @property
    def needs_person(self) -> bool:
        """Somebody has to do something before it can work: it is not a matter of time alone."""
        return self.error is not None and (
            isinstance(self.error, Denied | Full) or not isinstance(self.error, TargetError | StoreError)
        )

    @property
    def seals(self) -> int:
        """How many of those that were taken are seals of the record."""
        return sum(one.kind == "audit" for one in self.sent)

    @property
    def after_s(self) -> float | None:
        """For how long the target wants to be left alone."""
        return self.error.after_s if isinstance(self.error, TargetError) else None


def send(home: Path, target: Target, rows: Sequence[Waiting]) -> Outcome:
    """Hand messages to a target.

    Args:
        home: the home's folder, where files are.
        target: to which.
        rows: messages, in their order.
    """
    outcome = Outcome(rows)
    try:
        _send(home, target, rows, outcome)
    except Exception as error:  # of one message, or for want of memory: no sender ends of it, with its task never done
        return _all_failed(Outcome(rows), rows, _in_words(error, target.name))
    return outcome


def _send(home: Path, target: Target, rows: Sequence[Waiting], outcome: Outcome) -> None:
    parcels, ready, disk = [], [], None
    for row in rows:
        try:
            parcels.append(_parcel(home, row))
            ready.append(row)
        except Missing as error:
            outcome.aside[row.number] = _tried(error)
        except OSError as error:
            disk = in_words(error, home / (row.path or ""))
            outcome.failed[row.number] = _tried(disk)
    if parcels:
        _hand_over(target, parcels, ready, outcome)
    elif disk is not None:
        # nothing could be read: nobody knows whether it is the disk or these files alone
        outcome.error, outcome.theirs = TargetError(disk.what, disk.hint), True


def attempt(about: str, work: Callable[[], object]) -> Outcome:
    """Do something with a target that sends nothing."""
    outcome = Outcome(answered=True)
    try:
        work()
    except Exception as error:  # of a library nobody knows; it becomes words
        outcome.error = _in_words(error, about)
    return outcome


def _hand_over(target: Target, parcels: list[Parcel], rows: list[Waiting], outcome: Outcome) -> None:
    try:
        answers = list(target.send(parcels))
        _check(answers, parcels)
    except Exception as error:  # the send's outermost frame: a target's library raises what it likes
        _all_failed(outcome, rows, _in_words(error, target.name))
        return
    outcome.answered = True
    at = utc_text(datetime.now(UTC))
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, Receipt):
            outcome.sent.append(Sent(row.number, row.kind, at, _json(answer.answer)))
            outcome.size += row.size
        else:
            outcome.aside[row.number] = _tried(answer)


def _all_failed(outcome: Outcome, rows: Sequence[Waiting], error: SightdeskError) -> Outcome:
    outcome.error, outcome.theirs = error, isinstance(error, (WrongAnswer, Refused, Unforeseen))
    outcome.failed.update({row.number: _tried(error) for row in rows})
    return outcome


def _check(answers: list[Receipt | Refused], parcels: list[Parcel]) -> None:
    for parcel, answer in zip(parcels, answers, strict=True):
        if isinstance(answer, Receipt) and answer.message_id != parcel.message_id:
            raise ValueError(f"an answer for {answer.message_id} where one for {parcel.message_id} was due")
        if not isinstance(answer, Receipt | Refused):
            raise TypeError(f"an answer is {type(answer).__name__}, neither Receipt nor Refused")


def _parcel(home: Path, row: Waiting) -> Parcel:
    file: Stored | None = None
    if row.kind in FILES:
        if row.path is None or row.sha256 is None:
            raise Missing(_("The picture was removed before it could be sent."))
        file = open_stored(home, Named(row.path, row.sha256, row.policy))
    return Parcel(
        row.number, row.message_id, row.tracking_id, row.kind, row.camera_id, row.written_at, json.loads(row.body), file
    )


def _in_words(error: Exception, about: str) -> SightdeskError:
    if isinstance(error, SightdeskError):
        return error
    log.error("A target failed in a way nobody foresaw (%s)", about, exc_info=error)
    return Unforeseen(
        _("It failed in a way nobody foresaw: {error}.").format(
            error=SCRUBBER.text(f"{type(error).__name__}: {error}"[:300])
        ),
        _("It is tried again; the log says more. Report it if it stays so."),
    )


def _tried(error: SightdeskError) -> Tried:
    return Tried(storable(str(error)), utc_text(datetime.now(UTC)))


def _json(answer: object) -> str:
    """What a target said, so that the database takes it in any case."""
    try:
        text = json.dumps(dict(answer), allow_nan=False)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        text = ""
    return text if 0 < len(text) <= _LONGEST else json.dumps({"said": str(answer)[:_LONGEST]})
