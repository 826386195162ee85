"""What the database holds, its indexes, and which schema it has. Every time is text, as in the other kinds.

`about` has a document "schema": `value` is the number of the schema, and `whole` is set once all indexes are there, so
that a start that broke off in the middle goes on where it was.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import CollectionInvalid, DuplicateKeyError

from console.cloud.errors import CloudError
from models.words import _

if TYPE_CHECKING:
    from pymongo.database import Database

    from console.cloud.database.mongo.client import Document

SCHEMA = 1
KEY = "schema"
ABOUT, FILES, MESSAGES, ERASED, COUNTS = "about", "files", "messages", "erased", "counts"
JOBS, ANSWERS, NUMBERS, TURNS = "jobs", "answers", "numbers", "turns"


def _index(name: str, *keys: str, unique: bool = False, of: Document | None = None) -> IndexModel:
    more: dict[str, Any] = {} if of is None else {"partialFilterExpression": of}
    return IndexModel([(key, ASCENDING) for key in keys], name=name, unique=unique, **more)


INDEXES: dict[str, list[IndexModel]] = {
    ABOUT: [],
    TURNS: [],
    ERASED: [],
    NUMBERS: [],
    FILES: [_index("files_each_once", "sha256", "site", unique=True), _index("files_path", "path", unique=True)],
    MESSAGES: [
        _index("messages_by_tracking_id", "tracking_id", "site"),
        _index("messages_by_file", "file_sha256", "site"),
        _index("messages_by_received_at", "received_at"),
    ],
    COUNTS: [_index("counts_each_once", "site", "what", unique=True)],
    JOBS: [
        _index("jobs_each_once", "message_id", "task", unique=True),
        _index("jobs_by_tracking_id", "tracking_id", "site"),
        _index("jobs_queued", "not_before", "_id", "task", of={"state": "queued"}),
        _index("jobs_oldest", "queued_at", of={"state": "queued"}),
        _index("jobs_leased", "lease_until", of={"state": "processing"}),
        _index("jobs_failed", "_id", "state", of={"state": "failed"}),
        _index("jobs_untold", "published", "_id", of={"state": "queued", "published": 0}),
    ],
    ANSWERS: [
        _index("answers_each_once", "message_id", "task", unique=True),
        _index("answers_by_desk", "desk", "site", "number"),
        _index("answers_number", "number", "site", unique=True),
    ],
}
"""The collections, each with its indexes. The keys of messages and jobs are their IDs; of `erased` SHA-256 of site and
tracking ID; of `numbers` and `turns` the sites. Whoever writes for a site writes its document in `turns` first: of two
that do so at once one is sent back, and so they take turns."""


def make(db: Database[Document], place: str) -> None:
    """Bring the database to this schema; nothing where it has it.

    Raises:
        CloudError: it was made by a newer Sightdesk, or holds collections of somebody else under our names.
        PyMongoError: it refused.
    """
    found = _found(db, place)
    if found is None:
        if taken := set(db.list_collection_names()) & set(INDEXES):
            raise CloudError(
                _("The database {place} has a collection {name}, but it is none of Sightdesk's.").format(
                    place=place, name=min(taken)
                ),
                _("Give the cloud side a database of its own."),
            )
        with suppress(DuplicateKeyError):  # another one begins at the same moment, and does the same
            db[ABOUT].insert_one({"_id": KEY, "value": SCHEMA, "whole": False})
    elif found.get("whole") and found["value"] == SCHEMA:
        return
    for name, indexes in INDEXES.items():
        with suppress(CollectionInvalid):  # it is there
            db.create_collection(name)
        if indexes:
            db[name].create_indexes(indexes)
    db[ABOUT].update_one({"_id": KEY}, {"$set": {"value": SCHEMA, "whole": True}})


def check(db: Database[Document], place: str) -> None:
    """See that the database has this schema; nothing is changed.

    Raises:
        CloudError: it has an older or newer one, or none.
        PyMongoError: it refused.
    """
    found = _found(db, place)
    if found is None or not found.get("whole") or found["value"] != SCHEMA:
        raise CloudError(
            _("The database {place} was not brought up to date yet.").format(place=place),
            _("Start `sightdesk cloud serve` of this version first; it does that."),
        )


def _found(db: Database[Document], place: str) -> Document | None:
    found = db[ABOUT].find_one({"_id": KEY})
    if found is not None and int(found["value"]) > SCHEMA:
        raise CloudError(
            _("The database {place} was made by a newer Sightdesk (schema {found}; this one knows {newest}).").format(
                place=place, found=found["value"], newest=SCHEMA
            ),
            _("Install that version or a later one; it was left as it is."),
        )
    return found
