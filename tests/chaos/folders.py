"""What stands in the folder of an object store, held against the desk's database and against its own manifests."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.comparing import MESSAGES, Differences, canonical

_SPOTS = ("images", "partial/images", "pending", "event_pictures")
_INDEX = "manifest/index.jsonl"


@dataclass(frozen=True)
class _Files:
    """The files of one site: SHA-256 by path below the site's folder."""

    root: Path
    digests: dict[str, str]

    @classmethod
    def of(cls, root: Path) -> _Files:
        return cls(
            root,
            {
                path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(root.rglob("*"))
                if path.is_file()
            },
        )


def compare_folder(home: Path, folder: Path, target: str, differences: Differences, site: str = "desk") -> int:
    """Hold the files against the outbox, the ledger of objects and the manifests; how many files there are."""
    files = _Files.of(folder / site)
    for other in sorted(folder.iterdir()):
        if other.name != site:
            differences.add(f"{target} has files that nobody knows", other.name)
    with closing(sqlite3.connect(home / "sightdesk.db")) as db:
        db.row_factory = sqlite3.Row
        rows = db.execute(MESSAGES, (target,)).fetchall()
        ledger = {
            str(path).removeprefix(f"{site}/"): str(digest)
            for path, digest in db.execute("SELECT path, sha256 FROM outbox_objects WHERE target = ?", (target,))
        }
    _compare_records(files, rows, target, differences)
    _compare_pictures(files, rows, target, differences)
    for path in ledger.keys() | files.digests.keys():
        if path not in files.digests:
            differences.add(f"{target} lacks files", path)
        elif path not in ledger:
            differences.add(f"{target} has files that nobody knows", path)
        elif files.digests[path] != ledger[path]:
            differences.add(f"{target} has another file", path)
    _compare_manifests(files, {row["message_id"]: row for row in rows if row["sha256"]}, target, differences)
    return len(files.digests)


def _compare_records(files: _Files, rows: list[sqlite3.Row], target: str, differences: Differences) -> None:
    """Every message that carries no file is there as JSON, once."""
    records = {path: path.rsplit("/", 1)[1] for path in files.digests if path.startswith("records/")}
    copies = Counter(records.values())
    wanted = {f"{row['message_id']}.{row['kind']}.json": row for row in rows if row["sha256"] is None}
    for name in wanted.keys() - copies.keys():
        differences.add(f"{target} lacks messages", name)
    for path, name in records.items():
        row = wanted.get(name)
        if row is None:
            differences.add(f"{target} has messages that the outbox does not know", name)
            continue
        if copies[name] != 1:
            differences.add(f"{target} has messages more than once", name)
        try:
            there = canonical(json.loads((files.root / path).read_bytes()))
        except ValueError:
            there = ""
        if there != _head(row):
            differences.add(f"{target} has another message", name)


def _head(row: sqlite3.Row) -> str:
    parts = ("number", "message_id", "tracking_id", "kind", "camera_id", "written_at")
    return canonical({"v": 1, **{part: row[part] for part in parts}, "body": json.loads(row["body"])})


def _compare_pictures(files: _Files, rows: list[sqlite3.Row], target: str, differences: Differences) -> None:
    """Every picture is there as it was written, at one place."""
    wanted = {str(row["tracking_id"]): str(row["sha256"]) for row in rows if row["sha256"] is not None}
    places = {
        tracking_id: [path for spot in _SPOTS if (path := f"{spot}/{tracking_id}.jpg") in files.digests]
        for tracking_id in wanted
    }
    for tracking_id, paths in places.items():
        if len(paths) != 1:
            differences.add(f"{target} has a picture {len(paths)} times", tracking_id)
        elif files.digests[paths[0]] != wanted[tracking_id]:
            differences.add(f"{target} has another picture", paths[0])
    known = {path for paths in places.values() for path in paths}
    for path in files.digests:
        if path.endswith(".jpg") and path not in known:
            differences.add(f"{target} has pictures that the outbox does not know", path)


def _compare_manifests(files: _Files, pictures: dict[str, sqlite3.Row], target: str, differences: Differences) -> None:
    """Every file stands in one manifest with its SHA-256 and size, pictures with what their message said."""
    listed: Counter[str] = Counter()
    messages: Counter[str] = Counter()
    for manifest in [path for path in files.digests if path.startswith("manifest/")]:
        for line in (files.root / manifest).read_text().splitlines():
            one = json.loads(line)
            path = str(one["path"])
            listed[path] += 1
            if files.digests.get(path) != one["sha256"]:
                differences.add(f"{target} lists another file", f"{path} in {manifest}")
            elif (files.root / path).stat().st_size != one["bytes"]:
                differences.add(f"{target} lists another size", f"{path} in {manifest}")
            elif "message" in one:
                name = str(one["message"]["message_id"])
                messages[name] += 1
                if name not in pictures or canonical(one["message"]) != _head(pictures[name]):
                    differences.add(f"{target} lists another message", f"{path} in {manifest}")
    for name in pictures:
        if messages[name] != 1:
            differences.add(f"{target} lists a picture's message {messages[name]} times", name)
    for path in files.digests:
        if listed[path] != (0 if path == _INDEX else 1):
            differences.add(f"{target} lists a file {listed[path]} times", path)
