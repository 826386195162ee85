"""The whole path of an event or review item: seen, kept, judged, queued, how far it is with each target, answered."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.errors import UsageError
from console.store.answers import about as answers_about
from console.sync.overview.steps import Step, StepKind
from console.sync.overview.trace_answers import answered
from console.sync.overview.trace_words import KINDS, REASONS, ROLES, VERDICTS, ran_words, receipt_words
from models.words import _, ngettext

SHORTEST = 8
"""Letters of an ID that are enough, where no other begins with them."""
WHOLE = 36
_ID = re.compile(r"[0-9a-f-]+")
_FEW = 5
_SEEN_AND_KEPT = 2
_ERASED = (
    "SELECT m.* FROM outbox m WHERE m.kind = 'erased' "
    "AND EXISTS (SELECT 1 FROM json_each(m.body, '$.tracking_ids') WHERE value = ?) ORDER BY m.id"
)
_Row = Mapping[str, Any]
__all__ = ["Step", "StepKind", "Trace", "find", "trace"]


@dataclass(frozen=True, slots=True)
class Trace:
    """The path of what a tracking ID names.

    Attributes:
        tracking_id: all of it.
        about: what it is, in words.
        camera_id: empty: of no camera, or not known any more.
        steps: what happened first comes first; what has yet to happen comes last.
        pictures: paths of its pictures relative to the home, of those that are still kept.
    """

    tracking_id: str
    about: str
    camera_id: str
    steps: tuple[Step, ...]
    pictures: tuple[str, ...]


def find(db: sqlite3.Connection, said: str) -> str | None:
    """The whole tracking ID from its beginning, or from that of a message's ID; None: nothing begins so.

    Raises:
        UsageError: it is no such text, it is too short, or several begin so.
    """
    text = said.strip().lower()
    if len(text) > WHOLE or not _ID.fullmatch(text):
        raise UsageError(
            _("{text} is no tracking ID.").format(text=said[:WHOLE]),
            _("It looks so: 01a205ab-6cc6-7694-9c23-229b3a474cb3. The number of a track (track 12) is another thing."),
        )
    if len(text) < SHORTEST:
        raise UsageError(
            _("{text} is too short for a tracking ID.").format(text=text),
            _("Give at least its first {n} letters.").format(n=SHORTEST),
        )
    found: set[str] = set()
    for sql in (
        "SELECT tracking_id FROM events WHERE tracking_id >= :low AND tracking_id < :high LIMIT :n",
        "SELECT tracking_id FROM review_items WHERE tracking_id >= :low AND tracking_id < :high LIMIT :n",
        "SELECT DISTINCT tracking_id FROM outbox WHERE tracking_id >= :low AND tracking_id < :high LIMIT :n",
        "SELECT tracking_id FROM outbox WHERE message_id >= :low AND message_id < :high LIMIT :n",
    ):
        values = {"low": text, "high": text + "g", "n": _FEW + 1}  # g: after every letter of an ID
        found |= {str(row[0]) for row in db.execute(sql, values)}
    if text in found:
        return text
    if len(found) > 1:
        some = ", ".join(sorted(found)[:_FEW])
        raise UsageError(
            _("Several begin with {text}: {some}.").format(text=text, some=some), _("Give more letters of it.")
        )
    if not found and len(text) == WHOLE and db.execute(_ERASED, (text,)).fetchone() is not None:
        return text
    return next(iter(found), None)


def trace(db: sqlite3.Connection, tracking_id: str) -> Trace | None:
    """The path of an event or review item.

    Args:
        db: from `Store.read`.
        tracking_id: all of it, or at least its first eight letters; a message's ID leads to what it is about.

    Returns:
        None: nothing of that name is known.

    Raises:
        UsageError: it is no tracking ID, or several begin so.
    """
    whole = find(db, tracking_id)
    if whole is None:
        return None
    event = db.execute("SELECT * FROM events WHERE tracking_id = ?", (whole,)).fetchone()
    item = db.execute("SELECT * FROM review_items WHERE tracking_id = ?", (whole,)).fetchone()
    sent = db.execute("SELECT * FROM outbox WHERE tracking_id = ? ORDER BY id", (whole,)).fetchall()
    if event is None and item is None:
        sent += db.execute(_ERASED, (whole,)).fetchall()
    lines: list[list[Step]] = []
    pictures: list[str] = []
    for row, made in ((event, _of_event), (item, _of_item)):
        if row is not None:
            shown = _pictures(db, row)
            pictures += [str(picture["path"]) for picture in shown]
            lines.append([*made(row), *_kept(row, shown)])
    if event is not None:
        lines.append(_sealed(db, "event_id", event["id"]))
    if item is not None:
        lines.append(_sealed(db, "item_id", item["id"]))
        lines += [list(_judged(db, item["id"])), list(_gold(db, item["id"], whole))]
    answers = answers_about(db, whole)
    for message in sent:
        mine = [one for one in answers if one.message_id == message["message_id"]]
        lines.append([*_delivered(db, message), *answered(mine)])
    known = {message["message_id"] for message in sent}
    lines.append([*answered([one for one in answers if one.message_id not in known])])
    camera = next((str(row["camera_id"]) for row in (event, item, *sent) if row is not None), "")
    return Trace(
        whole, _about(event, item, sent, whole), camera, tuple(_in_order(lines)), tuple(dict.fromkeys(pictures))
    )


def _in_order(lines: Iterable[list[Step]]) -> Iterator[Step]:
    """Steps of several lines as one: within a line as they are, whatever the clock did, else by time."""
    placed: list[tuple[float, int, Step]] = []
    first = 0.0
    for number, line in enumerate(lines):
        latest = first
        for step in line:
            latest = max(latest, step.at.timestamp() if step.at is not None else latest)
            placed.append((latest if step.kind != "waiting" else float("inf"), number, step))
            if number == 0 and step.kind in ("seen", "kept") and len(placed) <= _SEEN_AND_KEPT:
                first = latest  # nothing else comes before these two
    return (step for _at, _line, step in sorted(placed, key=lambda place: place[:2]))


def _about(event: _Row | None, item: _Row | None, sent: list[Any], tracking_id: str) -> str:
    row = event if event is not None else item
    if row is not None:
        what = row["label"] or _("whole picture")
        camera = row["camera_name"] or row["camera_id"]
        words = (
            _("Event: {label}, camera {camera}") if event is not None else _("Review item: {label}, camera {camera}")
        )
        return words.format(label=what, camera=camera)
    told = next((message for message in sent if message["kind"] == "erased"), None)
    if told is not None and told["tracking_id"] == tracking_id:
        number = len(json.loads(told["body"]).get("tracking_ids", ()))
        return ngettext(
            "Word to the targets that {n} thing was erased here",
            "Word to the targets that {n} things were erased here",
            number,
        ).format(n=number)
    if told is not None:
        return _("Erased here; the targets that had it are told")
    if sent[0]["kind"] == "audit":
        return _("A seal of the record of who did what")
    return _("Not kept here any more; only what was sent of it is known")


def _of_event(row: _Row) -> Iterator[Step]:
    camera = row["camera_name"] or row["camera_id"]
    what = _("Seen by {camera}: {label}, score {score:.2f}").format(
        camera=camera, label=row["label"], score=row["score"]
    )
    detail = _("track {track} of that run, asked for by the rule {rule}").format(track=row["track"], rule=row["rule"])
    yield Step(_time(row["seen_at"]), what, detail, "seen")
    seen_by = _("acknowledged by {who}").format(who=row["acknowledged_by"]) if row["acknowledged_by"] else ""
    yield Step(_time(row["recorded_at"]), _("Kept as event {id}").format(id=row["id"]), seen_by, "kept")


def _of_item(row: _Row) -> Iterator[Step]:
    camera = row["camera_name"] or row["camera_id"]
    asked = row["label"] or _("the whole picture")
    if row["score"] is not None:
        asked = _("{label}, score {score:.2f}").format(label=asked, score=row["score"])
    detail = ", ".join(
        part for part in (
            _("model {model}").format(model=row["model"]) if row["model"] else "",
            ran_words(row["ran"]),
            _("track {track} of that run").format(track=row["track"]) if row["track"] is not None else "",
        ) if part
    )  # fmt: skip
    yield Step(_time(row["taken_at"]), _("Seen by {camera}: {what}").format(camera=camera, what=asked), detail, "seen")
    what = _("Kept as review item {id}: {reason}").format(id=row["id"], reason=_(REASONS[row["reason"]]))
    yield Step(_time(row["recorded_at"]), what, "", "kept")


def _pictures(db: sqlite3.Connection, row: _Row) -> list[Any]:
    numbers = [row[name] for name in ("picture_id", "crop_id") if name in row.keys() and row[name] is not None]  # noqa: SIM118  # a row, not a dict
    marks = ", ".join("?" * len(numbers))
    sql = f"SELECT * FROM pictures WHERE id IN ({marks}) ORDER BY id"  # noqa: S608  # marks alone
    return db.execute(sql, numbers).fetchall()


def _kept(row: _Row, shown: list[Any]) -> Iterator[Step]:
    for picture in shown:
        what = _("Picture written, {width} x {height}, under the policy {policy}").format(
            width=picture["width"], height=picture["height"], policy=picture["policy"]
        )
        detail = _("sha256 {sha256}").format(sha256=picture["sha256"][:16])
        yield Step(_time(picture["written_at"]), what, detail, "kept")
    if not shown and row["picture_why"]:
        yield Step(_time(row["recorded_at"]), _("No picture"), str(row["picture_why"]), "kept")


def _sealed(db: sqlite3.Connection, column: str, number: int) -> list[Step]:
    rows = db.execute(f"SELECT * FROM sealed WHERE {column} = ? ORDER BY id", (number,))  # noqa: S608  # our own names
    return [
        Step(
            _time(row["written_at"]),
            _("Sealed crop written, for the holder of the key {key}").format(key=row["key_id"]),
            _("sha256 {sha256}").format(sha256=row["sha256"][:16]),
            "kept",
        )
        for row in rows
    ]


def _judged(db: sqlite3.Connection, item_id: int) -> Iterator[Step]:
    for row in db.execute("SELECT * FROM verdicts WHERE item_id = ? ORDER BY id", (item_id,)):
        what = _(VERDICTS[row["kind"]]).format(label=row["label"])
        detail = _("{who}, {role}").format(who=row["who"], role=_(ROLES[row["role"]]))
        yield Step(_time(row["decided_at"]), _("Judged: {what}").format(what=what), detail, "judged")
        if row["taken_back_at"]:
            taken_back = _("Taken back: {what}").format(what=what)
            yield Step(_time(row["taken_back_at"]), taken_back, str(row["who"]), "judged")


def _gold(db: sqlite3.Connection, item_id: int, tracking_id: str) -> Iterator[Step]:
    sql = (
        "SELECT s.name, s.version, s.made_at, m.split FROM gold_members m JOIN gold_sets s ON s.id = m.set_id "
        "WHERE m.item_id = ? AND m.tracking_id = ? ORDER BY s.id"
    )
    for row in db.execute(sql, (item_id, tracking_id)):
        what = _("Put into the gold set {name}@{version}").format(name=row["name"], version=row["version"])
        yield Step(_time(row["made_at"]), what, _("split {split}").format(split=row["split"]), "judged")


def _delivered(db: sqlite3.Connection, message: _Row) -> Iterator[Step]:
    kind = _(KINDS[message["kind"]])
    name = _("message {id}, number {number}").format(id=message["message_id"], number=message["id"])
    yield Step(_time(message["written_at"]), _("Put into the outbox: {kind}").format(kind=kind), name, "queued")
    sql = "SELECT * FROM outbox_deliveries WHERE outbox_id = ? ORDER BY sent_at IS NULL, sent_at, target"
    for row in db.execute(sql, (message["id"],)):
        yield _with_target(row, kind)


def _with_target(row: _Row, kind: str) -> Step:
    target, error = str(row["target"]), str(row["error"])
    tries = (
        ngettext("{n} attempt", "{n} attempts", row["attempts"]).format(n=row["attempts"]) if row["attempts"] else ""
    )
    known = {"kind": kind, "target": target}
    if row["state"] == "sent":
        said = receipt_words(row["answer"])
        what = _("{target} has taken it: {kind}").format(**known)
        return Step(_time(row["sent_at"]), what, ", ".join(filter(None, (tries, said))), "sent", target)
    if row["state"] == "refused":
        what = _("{target} has refused it, it is set aside: {kind}").format(**known)
        return Step(_time(row["tried_at"]), what, ", ".join(filter(None, (tries, error))), "failed", target)
    if row["state"] == "later":
        what = _("Waits aside for {target}, since the outbox was full: {kind}").format(**known)
        return Step(None, what, _("It may go by its age before there is room again."), "waiting", target)
    what = _("Waits for {target}: {kind}").format(**known)
    return Step(None, what, ", ".join(filter(None, (tries or _("not tried yet"), error))), "waiting", target)


def _time(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
