"""What is published of a message, and where: topics in Frigate's manner.

    PREFIX/available                    online or offline, retained
    PREFIX/events                       JSON: events
    PREFIX/CAMERA/LABEL/snapshot        JPEG, retained: the newest picture of an event
    PREFIX/CAMERA/LABEL/review          JPEG: a picture of a review item
    PREFIX/reviews                      JSON: review items and verdicts
    PREFIX/pictures, PREFIX/sealed      JSON: what the pictures and sealed crops are, with their sha256
    PREFIX/CAMERA/sealed                sealed crops
    PREFIX/erased, PREFIX/audit         JSON: what has to go, seals of the record

Every JSON has message_id and tracking_id; every message has them, its number and its sha256 as user properties, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from console.store.outbox import Kind
from console.sync.targets.base import Denied, Parcel
from models.words import _

PREFIX = "sightdesk"
ONLINE, OFFLINE = b"online", b"offline"
_UNSAFE = re.compile(r"[+#/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LONGEST = 64
_TOPICS: dict[Kind, str] = {
    "erased": "erased", "audit": "audit", "event": "events", "verdict": "reviews", "item": "reviews",
    "picture": "pictures", "sealed": "sealed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Publication:
    """One thing that is published.

    Attributes:
        topic: where.
        payload: the bytes; empty and retained: what was retained there goes.
        retain: the broker keeps it for whoever comes later.
        content_type: of the payload; empty: none is said.
        about: user properties.
    """

    topic: str
    payload: bytes
    retain: bool = False
    content_type: str = ""
    about: tuple[tuple[str, str], ...] = ()


def prefix_of(url: str) -> str:
    """The first part of all topics, from the address' path.

    Raises:
        Denied: it is none that can be published to.
    """
    prefix = unquote(urlsplit(url).path).strip("/") or PREFIX
    if prefix.startswith("$") or any(_UNSAFE.search(part) for part in prefix.split("/")):
        raise Denied(
            _("Nothing can be published under {prefix}.").format(prefix=prefix),
            _("In the target's address, write a prefix of letters and digits: mqtts://host:8883/sightdesk"),
        )
    return prefix


def safe(name: str) -> str:
    """A name as one level of a topic; what can't stand there is written as an underscore."""
    return _UNSAFE.sub("_", name)[:_LONGEST] or "_"


def publications(prefix: str, parcel: Parcel) -> list[Publication]:
    """All that is published of a message, its file first: who reads of it in JSON finds it there.

    Args:
        prefix: of all topics.
        parcel: the message.
    """
    about = (
        ("message_id", parcel.message_id), ("tracking_id", parcel.tracking_id), ("number", str(parcel.number)),
        ("kind", parcel.kind),
    )  # fmt: skip
    told = []
    if parcel.file is not None:
        topic, retain = _place(prefix, parcel)
        own = (*about, ("sha256", parcel.file.sha256))
        told.append(Publication(topic, parcel.file.content, retain, parcel.file.content_type, own))
    payload = json.dumps(_said(parcel), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    own = (*about, ("sha256", hashlib.sha256(payload).hexdigest()))
    return [*told, Publication(f"{prefix}/{_TOPICS[parcel.kind]}", payload, content_type="application/json", about=own)]


def _place(prefix: str, parcel: Parcel) -> tuple[str, bool]:
    """Where a file goes, and whether it is retained."""
    camera = f"{prefix}/{safe(parcel.camera_id)}"
    if parcel.kind == "sealed":
        return f"{camera}/sealed", False
    label = f"{camera}/{safe(str(parcel.body.get('label') or 'picture'))}"
    return (f"{label}/snapshot", True) if parcel.body.get("of") == "event" else (f"{label}/review", False)


def _said(parcel: Parcel) -> dict[str, Any]:
    """A message as JSON values: all of it under `body`, and what consumers of Frigate's topics look for."""
    known: dict[str, Any] = {
        "message_id": parcel.message_id, "tracking_id": parcel.tracking_id, "number": parcel.number,
        "kind": parcel.kind, "camera_id": parcel.camera_id, "written_at": parcel.written_at,
        "body": dict(parcel.body),
    }  # fmt: skip
    if parcel.kind == "event":
        return {"type": "new", "before": None, "after": _event(parcel)} | known
    if parcel.kind in ("item", "verdict"):
        kind = "new" if parcel.kind == "item" else "update"
        return {"type": kind, "before": None, "after": _review(parcel)} | known
    return known


def _event(parcel: Parcel) -> dict[str, Any]:
    body = parcel.body
    return {
        "id": parcel.tracking_id, "camera": safe(parcel.camera_id), "label": body.get("label"), "sub_label": None,
        "score": body.get("score"), "top_score": body.get("score"), "box": body.get("box"),
        "area": _area(body.get("box")), "frame_time": _seconds(body, "seen_at"),
        "start_time": _seconds(body, "seen_at"), "end_time": None, "has_clip": False,
    }  # fmt: skip


def _review(parcel: Parcel) -> dict[str, Any]:
    body = parcel.body
    return {
        "id": parcel.tracking_id, "camera": safe(parcel.camera_id), "severity": "detection",
        "start_time": _seconds(body, "taken_at"), "end_time": None,
        "data": {"detections": [parcel.tracking_id], "objects": [body["label"]] if body.get("label") else []},
    }  # fmt: skip


def _area(box: object) -> int | None:
    if not isinstance(box, (list, tuple)) or len(box) < 4:  # four corners
        return None
    x0, y0, x1, y1 = (float(value) for value in box[:4])
    return round((x1 - x0) * (y1 - y0))


def _seconds(body: Mapping[str, Any], name: str) -> float | None:
    """A time as seconds since 1970, as Frigate says times."""
    said = body.get(name)
    return datetime.fromisoformat(said).timestamp() if isinstance(said, str) else None
