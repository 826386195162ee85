"""MongoDB as the cloud side's database: how transactions begin and end, the schema, and what is said when it refuses.

The driver is the real one; a server there is none. What it would answer is said by each test, after MongoDB's
documentation: see `mongo_cases`.
"""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from pymongo import MongoClient, errors

from console.cloud.database import opening
from console.cloud.database.base import CLAIMING
from console.cloud.database.mongo import transaction
from console.cloud.database.mongo.client import connect, place_of
from console.cloud.database.mongo.refusals import in_words
from console.cloud.database.mongo.schema import INDEXES
from console.cloud.errors import CloudError, Collided, Damaged, DatabaseAway, DiskFull
from tests.cloud.mongo_cases import URL, Server, server

__all__ = ["server"]
PLACE = "db.test/sightdesk"


def labelled(error: errors.PyMongoError, *labels: str) -> Any:
    for label in labels:
        error._add_error_label(label)
    return error


def conflict() -> Any:
    return labelled(errors.OperationFailure("WriteConflict", 112), "TransientTransactionError")


def lost() -> Any:
    return labelled(errors.AutoReconnect("connection closed"), "UnknownTransactionCommitResult")


@pytest.fixture
def database(server: Server) -> Any:
    made = opening.open_repository(URL)
    yield made
    made.close()


def test_a_transaction_is_durable_and_what_raises_leaves_nothing(database: Any, server: Server) -> None:
    with database.writing("plant-1") as db:
        db.set_about("x", "1")

    def break_off() -> None:
        with database.writing("plant-1") as db:
            db.set_about("x", "2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    with database.reading() as db:
        assert db.about("x") == "1"
        assert db.about("schema") is None
    began = server.began[-1]
    assert began["read_concern"].level == "snapshot"
    assert began["write_concern"].document == {"w": "majority", "j": True, "wtimeout": 10_000}
    assert began["read_preference"].name == "Primary"
    assert {one["_id"]: one["n"] for one in server.documents("turns")} == {"plant-1": 1}
    assert database.place == PLACE


def test_who_comes_second_waits_for_the_turn(database: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.refuses["turn"] = [conflict(), conflict(), errors.DuplicateKeyError("E11000 plant-1", 11000)]
    with database.writing("plant-1") as db:
        db.set_about("x", "1")
    assert server.refuses["turn"] == []
    monkeypatch.setattr(transaction, "BUSY_S", 0.2)
    server.refuses["turn"] = [conflict() for _ in range(1000)]
    with pytest.raises(DatabaseAway, match="too busy"), database.writing(CLAIMING):
        pytest.fail("it was nobody's turn")
    server.refuses["turn"] = [errors.OperationFailure("not allowed: se@cret", 13, {"codeName": "Unauthorized"})]
    with pytest.raises(CloudError, match="can't be opened: Unauthorized"), database.writing(CLAIMING):
        pytest.fail("it was not let in")


def test_a_commit_is_asked_again_until_it_is_known(
    database: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_AGAIN_S", 0.01)
    server.refuses["commit"] = [lost(), lost()]
    with database.writing("plant-1") as db:
        db.set_about("x", "1")
    with database.reading() as db:
        assert db.about("x") == "1"
    monkeypatch.setattr(transaction, "BUSY_S", 0.1)
    server.refuses["commit"] = [lost() for _ in range(100)]
    with pytest.raises(DatabaseAway) as error, database.writing("plant-1"):
        pass
    assert not isinstance(error.value, Collided), "it may have been kept"


@pytest.mark.parametrize("refusal", [conflict(), labelled(errors.OperationFailure("gone", 251))])
def test_a_commit_that_another_was_before_collides(database: Any, server: Server, refusal: Any) -> None:
    server.refuses["commit"] = [refusal]
    with pytest.raises(Collided), database.writing("plant-1"):
        pass


def test_a_server_without_transactions_is_refused(server: Server) -> None:
    for hello, words in (({"maxWireVersion": 21}, "stands alone"), ({"setName": "a", "maxWireVersion": 8}, "too old")):
        server.hello = hello
        with pytest.raises(CloudError, match=words) as error:
            opening.open_repository(URL)
        assert "se@cret" not in str(error.value)
        assert error.value.hint
    server.hello = {"msg": "isdbgrid", "maxWireVersion": 21}
    opening.open_repository(URL).close()


def test_the_schema_is_made_once_and_a_newer_one_refused(server: Server) -> None:
    with pytest.raises(CloudError, match="not brought up to date"):
        opening.open_repository(URL, make=False)
    assert server.database().list_collection_names() == []
    opening.open_repository(URL).close()
    opening.open_repository(URL, make=False).close()
    made = {name: set(server.database()[name].index_information()) for name in INDEXES}
    assert made == {name: {"_id_", *(one.document["name"] for one in found)} for name, found in INDEXES.items()}
    about = server.database()["about"]
    about.update_one({"_id": "schema"}, {"$set": {"whole": False}})
    with pytest.raises(CloudError, match="not brought up to date"):
        opening.open_repository(URL, make=False)
    opening.open_repository(URL).close()
    opening.open_repository(URL, make=False).close()
    about.update_one({"_id": "schema"}, {"$set": {"value": 2}})
    for make in (True, False):
        with pytest.raises(CloudError, match="newer Sightdesk"):
            opening.open_repository(URL, make=make)


def test_a_database_of_somebody_else_is_left_alone(server: Server) -> None:
    server.database()["jobs"].insert_one({"_id": 1})
    with pytest.raises(CloudError, match="collection jobs"):
        opening.open_repository(URL)
    assert server.database().list_collection_names() == ["jobs"]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (errors.ServerSelectionTimeoutError("db.test:27017: refused (configured timeouts: x), Timeout: 5s"),
         DatabaseAway, "can't be reached: db.test:27017: refused"),
        (errors.NetworkTimeout("timed out"), DatabaseAway, "timed out"),
        (errors.NotPrimaryError("not primary"), DatabaseAway, "reached"),
        (errors.OperationFailure("x", 91, {"codeName": "ShutdownInProgress"}), DatabaseAway, "ShutdownInProgress"),
        (errors.WaitQueueTimeoutError("pool"), DatabaseAway, "too busy"),
        (errors.ExecutionTimeout("x", 50), DatabaseAway, "too busy"),
        (errors.DuplicateKeyError("E11000 dup key: { tracking_id: 'se@cret' }", 11000), Collided, "too busy"),
        (errors.BulkWriteError({"writeErrors": [{"code": 11000, "errmsg": "se@cret"}]}), Collided, "too busy"),
        (errors.OperationFailure("x", 14031), DiskFull, "full"),
        (errors.OperationFailure("x", 301), Damaged, "damaged"),
        (errors.OperationFailure("se@cret", 18, {"codeName": "AuthenticationFailed"}), CloudError, "AuthenticationF"),
        (errors.OperationFailure("se@cret", 20), CloudError, "no transactions"),
        (errors.OperationFailure("se@cret", 2, {"codeName": "BadValue"}), CloudError, "refused: BadValue"),
        (errors.DocumentTooLarge("se@cret"), CloudError, "too long"),
        (errors.ConfigurationError("The DNS query name does not exist"), CloudError, "DNS"),
    ],
)  # fmt: skip
def test_what_it_says_comes_in_words_without_values(error: Any, kind: type[CloudError], words: str) -> None:
    said = in_words(error, PLACE)
    assert type(said) is kind
    assert words in said.what
    assert "se@cret" not in str(said)
    assert "configured timeouts" not in str(said)


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_of(URL) == PLACE
    assert opening.kind_and_place("mongodb+srv://u:p@c.example/x?w=1") == ("mongodb", "c.example/x")
    assert opening.kind_and_place("mongodb://[::1]:27018,b/x")[1] == "[::1]:27018,b/x"
    assert opening.kind_and_place("postgresql://u:p@h/x") == ("postgresql", "h/x")
    for bad in ("mongodb://u:p@h", "mongodb://u:se@cret@h/x", "mongodb://h:99999/x", "mongodb://h/a$b"):
        with pytest.raises(CloudError) as error:
            opening.open_repository(bad)
        assert "se@cret" not in str(error.value)
        assert "mongodb://user@" in error.value.hint


def test_waits_and_pool_are_bounded_whatever_the_address_says() -> None:
    client: Any = connect("mongodb://h/x?w=1&maxPoolSize=999&socketTimeoutMS=1234&journal=false")
    try:
        assert isinstance(client, MongoClient)
        assert client.write_concern.document == {"w": "majority", "j": True}
        pool = client.options.pool_options
        assert (pool.max_pool_size, pool.socket_timeout, pool.wait_queue_timeout) == (16, 1.234, 10)
        assert pool.connect_timeout == 5
        assert client.options.server_selection_timeout == 5
    finally:
        client.close()


def test_a_server_that_is_not_there_is_said_in_words() -> None:
    with pytest.raises(DatabaseAway, match=r"The database 127\.0\.0\.1:9/x can't be reached: .*refused") as error:
        opening.open_repository("mongodb://u:se%40cret@127.0.0.1:9/x?serverSelectionTimeoutMS=300")
    assert "se@cret" not in str(error.value)
    assert "se%40cret" not in str(error.value)


def test_without_the_driver_it_is_said_which_extra_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pymongo":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for ask in (opening.open_repository, opening.kind_and_place):
        with pytest.raises(CloudError) as error:
            ask(URL)
        assert "uv sync --extra mongo" in error.value.hint
