"""Object stores in the contract suite: Swift's S3, Azurite, and a folder. GCS has no server to be tried here."""

from __future__ import annotations

import atexit
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Parcel
from console.sync.targets.objects.layout import slug
from console.sync.targets.objects.target import ObjectsTarget
from tests.contract.target_case import TargetCase
from tests.servers import azurite, swift

Kind = Literal["swift", "azurite", "folder"]
SITE = "Test site"
_numbers = itertools.count(1)


@cache
def server(kind: Kind) -> Any:
    """One server of a kind for all of a run; it starts with the first who asks."""
    made: Any = swift.Swift() if kind == "swift" else azurite.Azurite()
    atexit.register(made.close)
    return made


class ObjectsPeer:
    """A bucket of its own on a server that others share, or a folder."""

    def __init__(self, kind: Kind, work: Path, store: Store, layout: str) -> None:
        self.kind, self._work, self._store, self._layout = kind, work, store, layout
        self.bucket = f"pictures-{os.getpid()}-{next(_numbers)}"
        self.folder = work / "share" / "drive"
        if kind == "folder":
            self.folder.mkdir(parents=True)
        else:
            self.start()
            server(kind).make(self.bucket)

    def settings(self, *, wrong_key: bool = False, **more: Any) -> TargetSettings:
        common = {"name": "store", "kind": "objects", "layout": self._layout, "secret": {"secret": "key"}, **more}
        if self.kind == "folder":
            return TargetSettings(**common, url=(self._no_right() if wrong_key else self.folder).as_uri())
        user = swift.USER if self.kind == "swift" else azurite.ACCOUNT
        scheme = "s3" if self.kind == "swift" else "az"
        url = f"{scheme}://{self.bucket}/data"
        return TargetSettings(**common, url=url, endpoint=server(self.kind).endpoint, user=user)

    def target(self, *, wrong_key: bool = False, **more: Any) -> ObjectsTarget:
        right = swift.KEY if self.kind == "swift" else azurite.KEY
        word = "d3JvbmcgaW5kZWVk" if wrong_key else right
        return ObjectsTarget(self.settings(wrong_key=wrong_key, **more), lambda _name: word, self._store, SITE)

    def content(self) -> dict[str, bytes]:
        """All objects, by their paths below the target's address; not through the target."""
        if self.kind == "folder":
            files = (path for path in self.folder.rglob("*") if path.is_file())
            return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}
        return {path.removeprefix("data/"): content for path, content in server(self.kind).content(self.bucket).items()}

    def copies(self, parcel: Parcel) -> int:
        objects = self.content()
        if parcel.file is None:
            name = f"/{parcel.message_id}.{parcel.kind}.json"
            told = [json.loads(content) for path, content in objects.items() if path.endswith(name)]
            return len([one for one in told if one["body"] == dict(parcel.body)])
        lists = (content for path, content in objects.items() if "/manifest/" in path)
        lines = [json.loads(line) for content in lists for line in content.splitlines()]
        told = [one for one in lines if one.get("message", {}).get("message_id") == parcel.message_id]
        same = [path for path, content in objects.items() if hashlib.sha256(content).hexdigest() == parcel.file.sha256]
        paths = [f"{slug(SITE)}/{one['path']}" for one in told if one["message"]["body"] == parcel.body]
        return len(same) if same == paths else 0

    def stop(self) -> None:
        if self.kind == "folder":
            self.folder.parent.rename(self._work / "unplugged")
        else:
            server(self.kind).stop()

    def start(self) -> None:
        if self.kind != "folder":
            server(self.kind).start()
        elif (self._work / "unplugged").is_dir():
            (self._work / "unplugged").rename(self.folder.parent)

    def erased(self, tracking_id: str) -> bool:
        objects = self.content()
        notes = [path for path in objects if "/erased/" in path and tracking_id.encode() in objects[path]]
        others = [path for path in objects if path not in notes]
        return bool(notes) and not any(tracking_id in path or tracking_id.encode() in objects[path] for path in others)

    def _no_right(self) -> Path:
        """A folder that nobody may write in, not even root."""
        if os.geteuid() == 0:
            return Path("/sys")
        closed = self._work / "closed"
        closed.mkdir(exist_ok=True)
        closed.chmod(0o500)
        return closed


def _missing(kind: Kind) -> Callable[[], str]:
    return {"swift": swift.why_not, "azurite": azurite.why_not, "folder": lambda: ""}[kind]


def running(kind: Kind, layout: str = "yolo") -> Callable[[Path, Store], AbstractContextManager[ObjectsPeer]]:
    """Makes a peer in a scratch folder, for a store."""

    @contextmanager
    def run(work: Path, store: Store) -> Iterator[ObjectsPeer]:
        peer = ObjectsPeer(kind, work, store, layout)
        try:
            yield peer
        finally:
            if kind == "folder":
                shutil.rmtree(work / "share", ignore_errors=True)
                shutil.rmtree(work / "unplugged", ignore_errors=True)

    return run


CASES = [
    TargetCase("objects, Swift's S3", _missing("swift"), running("swift")),
    TargetCase("objects, Azurite", _missing("azurite"), running("azurite", "coco")),
    TargetCase("objects, a folder", _missing("folder"), running("folder")),
]
