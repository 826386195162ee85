"""Messages for tests of the keeper, and a look at what it has that does not go through it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select
from uuid_utils import uuid7

from console.cloud.database.base import DONE_COUNT, ERASED_COUNT, FILES_COUNT
from console.cloud.database.sql.engines import read_url
from console.cloud.database.sql.tables import ANSWERS, COUNTS, ERASED, FILES, JOBS, MESSAGES
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Identity
from console.privacy.sealing import MAGIC
from console.privacy.stored import PICTURE_TYPE, SEALED_TYPE
from console.sync.wire import Received

DESK, OTHER = Identity("plant-1", "gate", 7), Identity("plant-2", "yard", 8)
AT = "2026-03-04T12:00:00.000000+00:00"


def jpeg(text: str = "", size: int = 200, wide: int = 320, high: int = 240, before: int = 0) -> bytes:
    """A header that says how large it is, then anything: nobody decodes it."""
    filling = b"".join(b"\xff\xe1" + struct.pack(">H", 65535) + bytes(65533) for _ in range(before))
    start = b"\xff\xd8" + filling + b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", high, wide) + b"\x01\x01\x11\x00"
    start = start if before else b"\xff\xd8\xff\xe0\x00\x02" + start[2:]
    return start + text.encode() + bytes(max(size - len(start), 0))


def sealed(text: str) -> bytes:
    """Begins as a sealed crop does."""
    return MAGIC + text.encode()


def message(file: bytes | None = None, kind: str = "", **values: Any) -> Received:
    """A message; without a file an event, with one a picture or what is sealed."""
    named = None
    if file is not None:
        type_ = SEALED_TYPE if file.startswith(MAGIC) else PICTURE_TYPE
        named = {"bytes": len(file), "sha256": hashlib.sha256(file).hexdigest(), "content_type": type_}
        kind = kind or ("sealed" if type_ == SEALED_TYPE else "picture")
    head = {
        "v": 1, "number": 1, "message_id": str(uuid7()), "tracking_id": str(uuid7()), "kind": kind or "event",
        "camera_id": "gate", "written_at": AT, "body": {"label": "Straße 🚲 \x00"}, "file": named, **values,
    }  # fmt: skip
    return Received(head, file)


def notice(*tracking_ids: str) -> Received:
    """Word that these are erased."""
    return message(kind="erased", body={"tracking_ids": list(tracking_ids)})


def states(said: list[Any]) -> list[str]:
    return [one.state for one in said]


@contextmanager
def keeping(url: str, folder: Path, reserve_bytes: int = 0) -> Iterator[Keeper]:
    keeper = Keeper(url, folder, reserve_bytes=reserve_bytes)
    try:
        yield keeper
    finally:
        keeper.close()


@dataclass(frozen=True)
class Truth:
    """What database and folder really hold; `messages` has the file's content by message ID."""

    messages: dict[str, bytes | None]
    heads: dict[str, str]
    files: set[str]
    erased: int


def truth(url: str, folder: Path) -> Truth:
    """Look beside the keeper, and check what must be so at any time: nothing orphaned, nothing lost, counts right."""
    engine = create_engine(read_url(url))
    try:
        with engine.connect() as db:
            rows = db.execute(select(MESSAGES)).all()
            files = {(row.site, row.sha256): row for row in db.execute(select(FILES))}
            counts = {row.what: (int(row[1]), int(row[2])) for row in db.execute(_counts())}
            jobs = db.execute(select(JOBS)).all()
            answers = db.execute(select(ANSWERS)).all()
            erased = int(db.execute(select(func.count()).select_from(ERASED)).scalar_one())
    finally:
        engine.dispose()
    contents = {}
    for key, row in files.items():
        contents[key] = (folder / "files" / row.path).read_bytes()
        assert hashlib.sha256(contents[key]).hexdigest() == row.sha256
        assert len(contents[key]) == row.bytes
    done = {(row.message_id, row.task) for row in jobs if row.state == "done"}
    assert {row.message_id for row in jobs} <= {row.message_id for row in rows if row.file_sha256}
    assert done <= {(row.message_id, row.task) for row in answers} <= {(row.message_id, row.task) for row in jobs}
    assert len({(row.site, row.number) for row in answers}) == len(answers)
    assert {(row.site, row.file_sha256) for row in rows if row.file_sha256} == set(files)
    on_disk = {
        path.relative_to(folder / "files").as_posix() for path in (folder / "files").rglob("*") if path.is_file()
    }
    assert on_disk == {row.path for row in files.values()}
    true: dict[str, tuple[int, int]] = {}
    for row in rows:
        number, size = true.get(row.kind, (0, 0))
        true[row.kind] = number + 1, size + row.file_bytes
    true[FILES_COUNT] = len(files), sum(row.bytes for row in files.values())
    true[ERASED_COUNT], true[DONE_COUNT] = (erased, 0), (len(done), 0)
    assert {what: count for what, count in counts.items() if any(count)} == {k: v for k, v in true.items() if any(v)}
    return Truth(
        {row.message_id: contents.get((row.site, row.file_sha256)) for row in rows},
        {row.message_id: row.head for row in rows},
        {sha256 for _site, sha256 in files},
        erased,
    )


def _counts() -> Any:
    return select(COUNTS.c.what, func.sum(COUNTS.c.number), func.sum(COUNTS.c.bytes)).group_by(COUNTS.c.what)
