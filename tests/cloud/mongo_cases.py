"""MongoDB for tests where there is no server: mongomock's documents, and sessions that take back what did not commit.

It has what the rows of a batch, of jobs and of answers rest on, and nothing of what makes MongoDB a server: one
transaction at a time, no conflicts, no replication, no network. What a server would refuse a test says by itself.
"""

from __future__ import annotations

import copy
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import mongomock
import pytest
from mongomock.not_implemented import ignore_feature, warn_on_feature
from mongomock.store import ServerStore
from pymongo.errors import PyMongoError

from console.cloud.database.base import DONE_COUNT, ERASED_COUNT, FILES_COUNT
from console.cloud.database.mongo.schema import TURNS
from tests.cloud.keeping_cases import Truth

URL = "mongodb://cloud:se%40cret@db.test/sightdesk?replicaSet=rs0"


class Server:
    """What several clients share.

    Attributes:
        hello: what it says of itself.
        refuses: errors that the next calls of these names (hello, commit, and turn: the first of a transaction that
            writes) raise, in order.
        began: how each transaction was begun.
    """

    def __init__(self) -> None:
        self.store, self.turn = ServerStore(), threading.RLock()
        self.hello: dict[str, Any] = {"setName": "rs0", "maxWireVersion": 21}
        self.refuses: dict[str, list[PyMongoError]] = {}
        self.began: list[dict[str, Any]] = []
        self.open = 0

    def refuse(self, what: str) -> None:
        if waiting := self.refuses.get(what):
            raise waiting.pop(0)

    def client(self, _url: str = URL) -> Client:
        return Client(self)

    def documents(self, name: str) -> list[dict[str, Any]]:
        """All of a collection, beside any transaction."""
        return list(self.database()[name].find({}))

    def database(self) -> Any:
        """It, beside the product's own client."""
        return mongomock.MongoClient(_store=self.store)["sightdesk"]


class Client:
    """In place of pymongo's."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.admin = self
        server.open += 1

    def command(self, what: str) -> dict[str, Any]:
        assert what == "hello"
        self._server.refuse("hello")
        return {**self._server.hello, "localTime": datetime.now(UTC)}

    def get_default_database(self) -> Any:
        return Database(self._server)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no test knows a client's {name}")

    def start_session(self) -> Session:
        return Session(self._server)

    def close(self) -> None:
        self._server.open -= 1


class Database:
    """In place of pymongo's: mongomock's, where a turn may be refused."""

    def __init__(self, server: Server) -> None:
        self._server, self._mock = server, server.database()

    def __getitem__(self, name: str) -> Any:
        if name == TURNS:
            self._server.refuse("turn")
        return self._mock[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mock, name)


class Session:
    """In place of pymongo's, for one transaction at a time of all."""

    def __init__(self, server: Server) -> None:
        self._server, self._before = server, {}
        self.in_transaction = self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert not self.in_transaction
        if self._open:
            self._take_back()

    def start_transaction(self, **options: Any) -> None:
        self._server.turn.acquire()
        self.in_transaction = self._open = True
        self._server.began.append(options)
        self._before = {
            name: {key: copy.deepcopy(one._documents) for key, one in database._collections.items()}
            for name, database in self._server.store._databases.items()
        }

    def commit_transaction(self) -> None:
        self.in_transaction = False  # as the driver has it, however the commit goes
        self._server.refuse("commit")
        self._open = False
        self._server.turn.release()

    def abort_transaction(self) -> None:
        self.in_transaction = False
        self._take_back()

    def _take_back(self) -> None:
        for name, collections in self._before.items():
            for key, documents in collections.items():
                self._server.store[name][key]._documents = documents
        self._open = False
        self._server.turn.release()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """In place of the one that a URL names."""
    made = Server()
    monkeypatch.setattr("console.cloud.database.mongo.database.connect", made.client)
    ignore_feature("session")
    yield made
    warn_on_feature("session")
    assert made.open == 0, "a client was not closed"


def truth_of(server: Server, folder: Path) -> Truth:
    """As `keeping_cases.truth`: what there is, and what must be so at any time."""
    rows, jobs, answers = (server.documents(name) for name in ("messages", "jobs", "answers"))
    files = {(one["site"], one["sha256"]): one for one in server.documents("files")}
    contents = {key: (folder / "files" / one["path"]).read_bytes() for key, one in files.items()}
    for (_site, sha256), content in contents.items():
        assert hashlib.sha256(content).hexdigest() == sha256
    done = {(one["message_id"], one["task"]) for one in jobs if one["state"] == "done"}
    assert {one["message_id"] for one in jobs} <= {one["_id"] for one in rows if one["file_sha256"]}
    assert done <= {(one["message_id"], one["task"]) for one in answers}
    assert {(one["message_id"], one["task"]) for one in answers} <= {(one["message_id"], one["task"]) for one in jobs}
    assert {(one["site"], one["file_sha256"]) for one in rows if one["file_sha256"]} == set(files)
    on_disk = {one.relative_to(folder / "files").as_posix() for one in (folder / "files").rglob("*") if one.is_file()}
    assert on_disk == {one["path"] for one in files.values()}
    erased = len(server.documents("erased"))
    true: Counter[str] = Counter(one["kind"] for one in rows)
    sizes: Counter[str] = Counter()
    for one in rows:
        sizes[one["kind"]] += one["file_bytes"]
    true[FILES_COUNT], true[ERASED_COUNT], true[DONE_COUNT] = len(files), erased, len(done)
    sizes[FILES_COUNT] = sum(one["bytes"] for one in files.values())
    found: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for one in server.documents("counts"):
        found[one["what"]] += one["number"]
        weights[one["what"]] += one["bytes"]
    assert (+found, +weights) == (+true, +sizes)
    assert min([0, *found.values(), *weights.values()]) == 0
    return Truth(
        {one["_id"]: contents.get((one["site"], one["file_sha256"])) for one in rows},
        {one["_id"]: one["head"] for one in rows},
        {sha256 for _site, sha256 in files},
        erased,
    )
