"""What is to be erased, and how to find it in a database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from console.errors import UsageError
from console.store.store import utc_text
from console.store.tombstones import OURS
from models.words import _

Where = tuple[str, dict[str, Any]]
"""A condition of our own text, and its values by name."""
_NOTHING: Where = ("0", {})
_NEVER, _ALWAYS = "0001-01-01T00:00:00.000000+00:00", "9999-12-31T23:59:59.999999+00:00"

_ALONE = (
    "NOT EXISTS (SELECT 1 FROM events e WHERE e.tracking_id = outbox.tracking_id) "
    "AND NOT EXISTS (SELECT 1 FROM review_items i WHERE i.tracking_id = outbox.tracking_id)"
)
OBJECTS = (
    "SELECT outbox_id AS id, tracking_id, json_extract(about, '$.camera_id') AS camera_id, put_at, "
    "coalesce(json_extract(about, '$.taken_at'), put_at) AS taken_at FROM outbox_objects WHERE length(tracking_id) = 36"
)
"""SQL: what stands at targets, by the camera and the time that are known of it."""
ANSWERS = "SELECT tracking_id, target, camera_id, answered_at, received_at, 0 AS id FROM answers"
"""SQL: what clouds answered. They have no number: where no time is given, it does not matter when one came."""
_KNOWN = (
    "EXISTS (SELECT 1 FROM events e WHERE e.tracking_id = a.tracking_id) "  # noqa: S608  # our own text
    "OR EXISTS (SELECT 1 FROM review_items i WHERE i.tracking_id = a.tracking_id) "
    f"OR EXISTS (SELECT 1 FROM outbox m WHERE m.tracking_id = a.tracking_id AND m.{OURS})"
)
_UNTOLD = (
    "outbox.tracking_id NOT IN "
    "(SELECT t.value FROM outbox m, json_each(m.body, '$.tracking_ids') t WHERE m.kind = 'erased')"
)
_TRACK = (
    "(json_extract(body, '$.track') = :track OR EXISTS "
    "(SELECT 1 FROM json_each(body, '$.boxes') WHERE json_extract(json_each.value, '$[6]') = :track))"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to go: everything that fits all of what is given.

    A time is generous: a row goes when either the camera's clock or this machine's puts it there. Where no time is
    given, all that was there when it was asked goes, wherever a wrong clock put it.

    Attributes:
        camera_id: of this camera.
        since, until: in this time, with its zone; both ends belong to it.
        track: of this track number of the camera. Each run numbers anew, so it may be several things.
        events: these events; alone.
        pictures: these picture files, by path relative to the home; alone, with their events and review items.
        asked_at: when it was asked; None: not yet.
        last: the highest id of events, pictures, sealed crops, review items and messages when it was asked.
        names: what the camera was called, where nothing shall name it any more.
        tracking_ids: events and review items of these tracking IDs; alone.
    """

    camera_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    track: int | None = None
    events: tuple[int, ...] = ()
    pictures: tuple[str, ...] = ()
    asked_at: datetime | None = None
    last: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    names: tuple[str, ...] = ()
    tracking_ids: tuple[str, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """What kind of thing was asked, which says nothing of anybody."""
        named = {
            "camera": bool(self.camera_id),
            "time": self.since is not None or self.until is not None,
            "track": self.track is not None,
            "event": bool(self.events),
            "picture": bool(self.pictures),
            "tracking ID": bool(self.tracking_ids),
        }
        return [name for name, given in named.items() if given]

    @property
    def whole_camera(self) -> bool:
        """Whether all of a camera is to go, so that nothing shall name it any more."""
        return self.kinds == ["camera"]

    def check(self) -> None:
        """Whether it can be meant so.

        Raises:
            UsageError: it can't; says what is missing.
        """
        if not self.kinds:
            raise UsageError(_("Nothing is named that is to be erased."), _("Name a camera, a time, or an event."))
        if (self.events or self.pictures or self.tracking_ids) and len(self.kinds) > 1:
            raise UsageError(
                _("Events, pictures and tracking IDs are named alone, without a camera or a time."),
                _("Erase in two goes."),
            )
        if self.track is not None and not self.camera_id:
            raise UsageError(_("A track number belongs to a camera."), _("Name the camera too."))
        if self.since and self.until and self.since > self.until:
            raise UsageError(_("The time begins after its end."), _("Swap the two."))
        if any(moment.tzinfo is None for moment in (self.since, self.until) if moment):
            raise ValueError("a time without a zone")

    def bounded(self, db: sqlite3.Connection, now: datetime | None = None) -> Scope:
        """The same, for what is there at this moment."""
        moment = now or datetime.now(UTC)
        last = [
            int(db.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0)  # noqa: S608  # our own names
            for table in ("events", "pictures", "sealed", "review_items", "outbox")
        ]
        called: set[str] = set()
        if self.whole_camera:
            sql = (
                "SELECT camera_name FROM events WHERE camera_id = :id "
                "UNION SELECT camera_name FROM review_items WHERE camera_id = :id"
            )
            called = {*self.names, *(str(row[0]) for row in db.execute(sql, {"id": self.camera_id}))}
        return replace(self, asked_at=moment, last=_five(last), names=tuple(sorted(called)))

    def for_copy(self) -> Scope:
        """The same for a copy of the database, all of whose rows were there."""
        return replace(self, last=(1 << 62,) * 5)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        times = {name: getattr(self, name) for name in ("since", "until", "asked_at")}
        return {
            "camera_id": self.camera_id,
            "track": self.track,
            "events": list(self.events),
            "pictures": list(self.pictures),
            "last": list(self.last),
            "names": list(self.names),
            "tracking_ids": list(self.tracking_ids),
        } | {name: utc_text(moment) if moment else None for name, moment in times.items()}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Scope:
        """From `as_json`."""
        times = {
            name: datetime.fromisoformat(said[name]) if said.get(name) else None
            for name in ("since", "until", "asked_at")
        }
        last = [*said["last"], 0, 0]  # an erasure of a Sightdesk without review knows three, without outbox four
        return cls(
            said["camera_id"],
            times["since"],
            times["until"],
            said["track"],
            tuple(said["events"]),
            tuple(said["pictures"]),
            times["asked_at"],
            _five(last),
            tuple(said["names"]),
            tuple(said.get("tracking_ids", ())),
        )

    def of_events(self) -> Where:
        """Which rows of `events` are meant."""
        if self.events:
            return "id IN (SELECT value FROM json_each(:events))", {"events": json.dumps(self.events)}
        if self.tracking_ids:
            return self._named()
        if self.pictures:
            return _NOTHING
        return self._where(("seen_at", "recorded_at"), self.last[0], track="track = :track")

    def of_items(self) -> Where:
        """Which rows of `review_items` are meant by themselves, besides those of pictures that are.

        Of a track: also items that ask about another one, where it is among the boxes of their picture.
        """
        if self.tracking_ids:
            return self._named()
        if self.events or self.pictures:
            return _NOTHING
        boxed = "EXISTS (SELECT 1 FROM json_each(boxes) WHERE json_extract(json_each.value, '$[6]') = :track)"
        return self._where(("taken_at", "recorded_at"), self.last[3], track=f"(track = :track OR {boxed})")

    def of_pictures(self) -> Where:
        """Which rows of `pictures` are meant by themselves, besides those of events and items that are."""
        return self._of_files(self.last[1])

    def of_sealed(self) -> Where:
        """Which rows of `sealed` are meant by themselves, besides those of events and items that are."""
        return self._of_files(self.last[2])

    def of_messages(self) -> Where:
        """Which rows of `outbox` are meant by themselves: what they are about is gone, such as by its age."""
        if self.tracking_ids:
            meant = self._named()
        elif self.events or self.pictures:
            return _NOTHING
        else:
            seen = "coalesce(json_extract(body, '$.seen_at'), json_extract(body, '$.taken_at'), written_at)"
            meant = self._where((seen, "written_at"), self.last[4], track=_TRACK)
        return f"{OURS} AND {_ALONE} AND ({meant[0]})", meant[1]

    def of_objects(self) -> Where:
        """Which rows of `OBJECTS` are meant by themselves: nothing but what stands at a target is left of them."""
        if self.tracking_ids:
            meant = self._named()
        elif self.events or self.pictures or self.track is not None:
            return _NOTHING
        else:
            meant = self._where(("taken_at", "put_at"), self.last[4])
        alone = f"{_ALONE} AND {_UNTOLD}".replace("outbox.tracking_id", "o.tracking_id")
        return f"({meant[0]}) AND {alone}", meant[1]

    def of_answers(self) -> Where:
        """Which rows of `ANSWERS` are meant by themselves: what they are about is gone, and so is all that was sent."""
        if self.tracking_ids:
            meant = self._named()
        elif self.events or self.pictures or self.track is not None:
            return _NOTHING
        else:
            meant = self._where(("answered_at", "received_at"), 0)
        return f"({meant[0]}) AND NOT ({_KNOWN})", meant[1]

    def _named(self) -> Where:
        return "tracking_id IN (SELECT value FROM json_each(:ids))", {"ids": json.dumps(self.tracking_ids)}

    def _of_files(self, last: int) -> Where:
        if self.pictures:
            return "path IN (SELECT value FROM json_each(:paths))", {"paths": json.dumps(self.pictures)}
        if self.events or self.tracking_ids or self.track is not None:
            return _NOTHING
        return self._where(("taken_at", "written_at"), last)

    def _where(self, times: tuple[str, str], last: int, *, track: str = "") -> Where:
        conditions, values = [], {}
        if self.camera_id:
            conditions.append("camera_id = :camera")
            values["camera"] = self.camera_id
        if track and self.track is not None:
            conditions.append(track)
            values["track"] = self.track  # type: ignore[assignment]
        asked = utc_text(self.asked_at) if self.asked_at else _ALWAYS
        if self.since is None and self.until is None:
            conditions.append(f"(id <= :last OR {times[0]} <= :asked)")
            return " AND ".join(conditions), values | {"last": last, "asked": asked}
        until = min(utc_text(self.until), asked) if self.until else asked
        ranges = " OR ".join(f"({name} >= :since AND {name} <= :until)" for name in times)
        conditions.append(f"({ranges})")
        return " AND ".join(conditions), values | {
            "since": utc_text(self.since) if self.since else _NEVER,
            "until": until,
        }


def _five(last: Sequence[int]) -> tuple[int, int, int, int, int]:
    return last[0], last[1], last[2], last[3], last[4]


def moment(text: str, *, last: bool) -> datetime | None:
    """A time as somebody writes it, in this machine's time where no zone is named; None where nothing is written.

    Args:
        text: such as 2026-11-20 or 2026-11-20 08:00.
        last: a day alone means its end.

    Raises:
        UsageError: it is no time.
    """
    text = text.strip()
    if not text:
        return None
    for read in (_day_end if last else _day_begin, datetime.fromisoformat):
        try:
            return read(text).astimezone()
        except (ValueError, OverflowError):
            continue
    raise UsageError(
        _("{text} is no time.").format(text=repr(text)),
        _("Write 2026-11-20, 2026-11-20 08:00 or 2026-11-20T08:00:00+01:00."),
    )


def _day_begin(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time.min)


def _day_end(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time.max)
