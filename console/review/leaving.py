"""What leaves of review: bodies made of rows, put into the outbox by the job that stores what they are about.

No person's name is in them: who judged stays here, and only as what he judged (his role) goes along. Of imported items
the name of the file they came in stays here too: somebody else wrote it. Nor does a path or an address of this site
leave: of a model that is a file or on a server only its name goes along, and that another runs than was asked, not why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any, Literal

from console.store.named import one_row
from console.store.outbox import Message, put, targets_of

if TYPE_CHECKING:
    from sqlite_utils import Database

_STAYS = ("picture", "id")
"""Of an imported item's `why`: names that files and records had where they came from."""
_VERDICT = """
SELECT i.*, v.key AS v_key, v.kind AS v_kind, v.label AS v_label, v.boxes AS v_boxes, v.role AS v_role,
       v.decided_at AS v_decided_at, v.taken_back_at AS v_taken_back_at, r.key AS v_replaces,
       f.kind AS f_kind, f.label AS f_label, f.boxes AS f_boxes
FROM verdicts v JOIN review_items i ON i.id = v.item_id LEFT JOIN verdicts f ON f.id = i.verdict_id
LEFT JOIN verdicts r ON r.id = v.replaces AND r.kind <> 'skip' WHERE v.id = ?
"""
_PICTURE = """
SELECT i.tracking_id, i.camera_id, i.label, i.score, i.track, i.x0, i.y0, i.x1, i.y1, i.width AS source_width,
       i.height AS source_height, p.id, p.sha256, p.bytes, p.width, p.height, p.taken_at, p.policy_json, p.boot_id
FROM review_items i JOIN pictures p ON p.id = i.picture_id WHERE i.id = ?
"""


def item_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an item, from its row in `review_items`; boxes in source pixels."""
    why = json.loads(row["why"])
    if row["reason"] == "import":
        why = {name: value for name, value in why.items() if name not in _STAYS}
    return {
        "camera": row["camera_name"],
        "label": row["label"],
        "reason": row["reason"],
        "why": why,
        "box": _asked(row),
        "boxes": json.loads(row["boxes"]),
        "size": [row["width"], row["height"]],
        "model": _plain_name(row["model"]),
        "ran": [_without_why(stage) for stage in json.loads(row["ran"])],
        "taken_at": row["taken_at"],
    }


def truth_of(row: Mapping[str, Any]) -> tuple[list[list[Any]] | None, bool]:
    """What is in an item's picture as far as the verdict in force says, and whether that is all there is.

    Args:
        row: of `review_items`, with the kind, label and boxes of the verdict in force as f_kind, f_label, f_boxes.

    Returns:
        Boxes [x0, y0, x1, y1, label] in source pixels; only the judged one, where not all was judged; None while the
        item is not done.
    """
    if row["state"] != "done" or row["f_kind"] is None:
        return None, False
    if row["f_kind"] == "edit":
        return [box[:5] for box in json.loads(row["f_boxes"])], True
    asked = _asked(row)
    if asked is None or row["f_kind"] not in ("accept", "relabel"):
        return [], False
    return [[*asked[:4], row["f_label"] if row["f_kind"] == "relabel" else row["label"]]], False


def verdict_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a verdict and of how its item stands after it.

    Args:
        row: as for `truth_of`, with the verdict's own columns as v_key and so on, v_replaces being a key.
    """
    truth, exhaustive = truth_of(row)
    said = {
        "key": row["v_key"],
        "kind": row["v_kind"],
        "label": row["v_label"],
        "boxes": json.loads(row["v_boxes"]) if row["v_boxes"] is not None else None,
        "role": row["v_role"],
        "decided_at": row["v_decided_at"],
        "replaces": row["v_replaces"],
        "taken_back": row["v_taken_back_at"] is not None,
    }
    return item_body(row) | {"verdict": said, "state": row["state"], "truth": truth, "exhaustive": exhaustive}


def picture_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an item's whole picture.

    Args:
        row: of `pictures`; with the item's label, score, track, x0 to y1, and size as source_width and source_height.
    """
    return {
        "of": "item",
        "sha256": row["sha256"],
        "bytes": row["bytes"],
        "size": [row["width"], row["height"]],
        "source_size": [row["source_width"], row["source_height"]],
        "taken_at": row["taken_at"],
        "policy": json.loads(row["policy_json"]),
        "label": row["label"],
        "box": _asked(row),
    }


def put_item(db: Database, item_id: int, camera_id: str, boot_id: str, now: datetime | None = None) -> None:
    """Have an item leave that was just stored, with its picture, where it has one; part of that job."""
    if targets := targets_of(db, "item", camera_id):
        row = one_row(db, "SELECT * FROM review_items WHERE id = ?", item_id)
        if row is not None:
            put(db, Message("item", row["tracking_id"], camera_id, item_body(row)), boot_id, targets=targets, now=now)
    put_picture(db, item_id, "item picture", camera_id, boot_id)


def put_picture(
    db: Database, item_id: int, route: Literal["item picture", "verdict picture"], camera_id: str, boot_id: str = ""
) -> None:
    """Have an item's whole picture leave, where it is linked; what a target has of it, it is not given again.

    Args:
        db: inside the job that links it, or that decides its item.
        item_id: of the item.
        route: why it goes.
        camera_id: the item's.
        boot_id: of this run; empty: the one that wrote the picture.
    """
    targets = targets_of(db, route, camera_id)
    row = one_row(db, _PICTURE, item_id) if targets else None
    if row is not None:
        body, size = picture_body(row), row["bytes"]
        message = Message("picture", row["tracking_id"], camera_id, body, picture_id=row["id"], file_bytes=size)
        put(db, message, boot_id or row["boot_id"], targets=targets)


def put_verdict(db: Database, number: int, camera_id: str, boot_id: str) -> None:
    """Have a verdict leave that was just given or taken back; part of that job.

    A skip never leaves: it says that nothing was decided, and what was known before it is known after it.

    Args:
        db: inside the job that stores it, when its item stands as it will.
        number: of the verdict.
        camera_id: its item's.
        boot_id: of this run.
    """
    targets = targets_of(db, "verdict", camera_id)
    row = one_row(db, _VERDICT, number) if targets else None
    if row is not None and row["v_kind"] != "skip":
        put(db, Message("verdict", row["tracking_id"], camera_id, verdict_body(row)), boot_id, targets=targets)


def _plain_name(model: str) -> str:
    """What a model is called, without the folder or server it is on; what is a path here differs between machines."""
    return PureWindowsPath(model).name  # both kinds of slashes


def _without_why(stage: Mapping[str, Any]) -> dict[str, Any]:
    """A stage that ran; why it was not what was asked may name files and servers."""
    return dict(stage) | ({"fell_back": bool(stage["fell_back"])} if "fell_back" in stage else {})


def _asked(row: Mapping[str, Any]) -> list[Any] | None:
    """The box that is asked about, as all boxes are; None: the whole picture is."""
    if row["x0"] is None:
        return None
    corners = [round(row[name], 2) for name in ("x0", "y0", "x1", "y1")]
    return [*corners, row["label"], row["score"], row["track"]]
