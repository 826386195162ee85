"""What messages about one tracking ID make of its objects, in whatever order and how often they come.

A picture is never among those for training without the boxes that belong to it: boxes are put before it comes and
deleted after it is gone. Whatever an attempt that broke off has left at another place is deleted on the way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from console.store.outbox import FILES
from console.sync import wire
from console.sync.targets.base import Parcel, Receipt, Refused, TargetError
from console.sync.targets.objects.layout import ITEMS, TRAINING, Layout, Spot
from console.sync.targets.objects.ledger import Changes, Row
from console.sync.targets.objects.stores import Place
from console.sync.targets.objects.truth import Truth, picture_about, truth_of
from console.sync.targets.objects.yolo import label_text
from models.words import _

Answer = Receipt | Refused
Numbers = Callable[[set[str]], Mapping[str, int]]
_STANDS = ("event", "item", "audit", "sealed")
"""Kinds whose objects stand for themselves: nothing is made of them."""
JSON_TYPE, TEXT_TYPE = "application/json", "text/plain; charset=utf-8"


def head_of(parcel: Parcel) -> dict[str, Any]:
    """A message as JSON values, without its file."""
    return {name: value for name, value in wire.head_of(parcel).items() if name != "file"}


def document(parcel: Parcel) -> bytes:
    """A message as a JSON document."""
    return json.dumps(head_of(parcel), ensure_ascii=False, separators=(",", ":")).encode()


def checked(parcel: Parcel) -> None:
    """See that something can be made of a message. Raises Refused: never."""
    if parcel.kind in FILES and parcel.file is None:
        raise Refused(_("The message carries no file."))
    if parcel.kind == "verdict":
        truth_of(parcel.body)
    elif parcel.kind == "picture":
        picture_about(parcel)


class Work:
    """Messages about one tracking ID, on their way.

    Args:
        place: the store.
        layout: of the site.
        tracking_id: whose.
        rows: what stands there of it, by path; changed along.
        numbers: gives classes their numbers.
        yolo: boxes have files of their own.

    Attributes:
        changes: what became of its objects so far; also after an error.
        answers: by message ID.
    """

    def __init__(
        self, place: Place, layout: Layout, tracking_id: str, rows: dict[str, Row], numbers: Numbers, *, yolo: bool
    ) -> None:
        self._place, self._layout, self._id, self._rows = place, layout, tracking_id, rows
        self._numbers, self._yolo = numbers, yolo
        self._shard = layout.shard(tracking_id)
        self.changes = Changes()
        self.answers: dict[str, Answer] = {}

    def take(self, parcels: Sequence[Parcel]) -> None:
        """Put what they carry, and bring picture and boxes in line.

        Raises:
            TargetError: the store does not take it just now; what is to be kept of it stands in `changes`.
        """
        fresh: Parcel | None = None
        judged = False
        try:
            for parcel in sorted(parcels, key=lambda one: one.number):
                try:
                    checked(parcel)
                    judged |= self._record(parcel)
                    fresh = parcel if parcel.kind == "picture" and self._is_newest(parcel) else fresh
                except Refused as refusal:
                    self.answers[parcel.message_id] = refusal
            if not (fresh is not None and self._fresh(fresh)) and judged:
                self._in_line(None)
        except TargetError:
            # The next attempt begins with what the ledger says, and finds what this one has moved already.
            whole = {path: row for path, row in self.changes.put.items() if row.kind in _STANDS}
            self.changes = Changes(whole, set(), self.changes.stale)
            raise

    def _fresh(self, parcel: Parcel) -> bool:
        """Put a picture, and have its boxes there; False: the store will never take it."""
        try:
            self._in_line(parcel)
        except Refused as refusal:
            self.answers[parcel.message_id] = refusal
            return False
        return True

    def _record(self, parcel: Parcel) -> bool:
        """Put a message's own object; whether it was a verdict that was not known.

        What comes with a file has none: the file's line in the manifest says what the message said.
        """
        about: dict[str, Any] = {"kind": parcel.kind}
        if parcel.kind == "picture":
            new, path = self._is_newest(parcel), ""
        elif parcel.kind == "sealed" and parcel.file is not None:
            path = self._layout.sealed(self._id, parcel.message_id)
            row = Row(path, self._id, parcel.number, "", 0, about | {"message": head_of(parcel)})
            new = self._put(path, parcel.file.content, parcel.file.content_type, row)
        else:
            path = self._layout.record(parcel.kind, self._id, parcel.message_id)
            if parcel.kind == "verdict":
                about |= {key: parcel.body.get(key) for key in ("truth", "exhaustive")}
            new = self._put(path, document(parcel), JSON_TYPE, Row(path, self._id, parcel.number, "", 0, about))
        self.answers[parcel.message_id] = Receipt(parcel.message_id, {"path": path, "known": not new})
        return parcel.kind == "verdict" and new

    def _is_newest(self, parcel: Parcel) -> bool:
        there = self._picture()
        return there is None or parcel.number > there.number

    def _picture(self) -> Row | None:
        pictures = [row for row in self._rows.values() if row.kind == "picture"]
        return max(pictures, key=lambda row: row.number, default=None)

    def _verdict(self) -> tuple[int, Truth]:
        """The last one's number and what it says."""
        verdicts = [row for row in self._rows.values() if row.kind == "verdict"]
        last = max(verdicts, key=lambda row: row.number, default=None)
        return (last.number, truth_of(last.about)) if last is not None else (0, Truth())

    def _in_line(self, fresh: Parcel | None) -> None:
        """Bring the picture to where the last verdict wants it, with its boxes.

        Args:
            fresh: a picture that is newer than the one that is there.
        """
        there = self._picture()
        number, truth = self._verdict()
        if fresh is not None:
            about = picture_about(fresh) | {"message": head_of(fresh)}
        elif there is not None:
            about = dict(there.about)
        else:
            return  # its picture is still to come
        spot: Spot = "event" if about["of"] == "event" else truth.spot
        about |= {"spot": spot, "truth": None, "exhaustive": truth.exhaustive, "verdict": number}
        if spot in TRAINING:
            about["truth"] = [list(box) for box in truth.boxes or ()]
            numbers = self._numbers(truth.labels)
            if self._yolo:
                # put in any case: what the ledger has may have been replaced by an attempt that broke off
                content = label_text(truth, about["source"], numbers)
                self._rows.pop(path := self._layout.label(spot, self._id), None)
                self._put(path, content, TEXT_TYPE, Row(path, self._id, number, "", 0, {"kind": "label"}))
        if self._to(spot, about, fresh, there) and (number or there is not None):
            self._clear(spot, there)  # a picture that comes first and unjudged can be nowhere else

    def _to(self, spot: Spot, about: dict[str, Any], fresh: Parcel | None, there: Row | None) -> bool:
        """Have the picture there; False: it is nowhere any more."""
        path = self._layout.picture(spot, self._id)
        if fresh is not None and fresh.file is not None:
            self._place.put(path, fresh.file.content, fresh.file.content_type)
            self.answers[fresh.message_id] = Receipt(fresh.message_id, {"path": path, "known": False})
            self._note(Row(path, self._id, fresh.number, fresh.file.sha256, len(fresh.file), about, self._shard))
            return True
        assert there is not None  # noqa: S101  # one of the two is there
        if (there.path == path and self._place.has(path, there.bytes)) or self._moved(there, path):
            self._note(replace(there, path=path, about=about, shard=self._shard))
            return True
        self._clear(None, there)  # somebody took it away: nothing is left that its boxes could belong to
        return False

    def _moved(self, there: Row, path: str) -> bool:
        """Copy the picture from where it is: where the ledger has it, or where an attempt that broke off took it."""
        if there.path != path and self._place.copy(there.path, path, there.bytes):
            return True
        for spot in ITEMS:
            other = self._layout.picture(spot, self._id)
            content = self._place.get(other) if other != there.path else None
            if content is not None and hashlib.sha256(content).hexdigest() == there.sha256:
                return other == path or self._place.copy(other, path, there.bytes)
        return False

    def _clear(self, spot: Spot | None, there: Row | None) -> None:
        """Delete the picture and its boxes wherever they do not belong, known or not; None: they belong nowhere."""
        pictures = {self._layout.picture(other, self._id) for other in ITEMS}
        pictures |= {row.path for row in self._rows.values() if row.kind == "picture"}
        labels = {self._layout.label(other, self._id) for other in TRAINING} if self._yolo else set()
        labels |= {row.path for row in self._rows.values() if row.kind == "label"}
        if spot is not None:
            pictures.discard(self._layout.picture(spot, self._id))
        if spot in TRAINING:
            labels.discard(self._layout.label(spot, self._id))
        trains = there is not None and there.about["spot"] in TRAINING and there.about["spot"] != spot
        for paths in (pictures, labels) if trains else (pictures | labels,):
            self._place.delete(sorted(paths))
            for path in paths:
                self._forget(path)

    def _put(self, path: str, content: bytes, content_type: str, row: Row) -> bool:
        """Put a message's object unless it is there already; whether it was put."""
        sha256 = hashlib.sha256(content).hexdigest()
        there = self._rows.get(path)
        if there is not None and there.sha256 == sha256:
            return False
        self._place.put(path, content, content_type)
        self._note(replace(row, sha256=sha256, bytes=len(content), shard=self._shard))
        return True

    def _note(self, row: Row) -> None:
        self._rows[row.path] = row
        self.changes.put[row.path] = row
        self.changes.gone.discard(row.path)
        self.changes.stale.add(row.shard)

    def _forget(self, path: str) -> None:
        row = self._rows.pop(path, None)
        self.changes.put.pop(path, None)
        if row is not None:
            self.changes.gone.add(path)
            self.changes.stale.add(row.shard)
