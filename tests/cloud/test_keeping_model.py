"""Any order of taking, repeating and erasing leaves what a dictionary would have."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.cloud.keeping.keeper import Keeper
from console.sync.wire import Received, canonical
from tests.cloud.keeping_cases import AT, DESK, OTHER, jpeg, message, truth

pytestmark = pytest.mark.services

SITES = (DESK, OTHER)
FILES = [None, jpeg("a"), jpeg("b")]


def event(number: int, about: int, file: int, n: int) -> Received:
    return message(FILES[file], number=n, message_id=f"m{number}", tracking_id=f"t{about}", written_at=AT, body={})


def erasing(number: int, about: list[int]) -> Received:
    body = {"tracking_ids": [f"t{one}" for one in about]}
    return message(kind="erased", message_id=f"e{number}", tracking_id=f"own{number}", written_at=AT, body=body)


one = st.one_of(
    st.builds(event, st.integers(0, 5), st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)),
    st.builds(erasing, st.integers(0, 2), st.lists(st.integers(0, 2), max_size=2)),
)
batches = st.lists(st.tuples(st.sampled_from(SITES), st.lists(one, max_size=5)), max_size=6)


class Model:
    """What must be kept, and what must be said."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, bytes, Received]] = {}
        self.erased: set[tuple[str, str]] = set()

    def take(self, site: str, came: Received) -> str:
        head = came.head
        name, about = str(head["message_id"]), str(head["tracking_id"])
        if name in self.kept:
            owner, content, _ = self.kept[name]
            return "known" if (owner, content) == (site, canonical(head)) else "refused"
        if head["kind"] != "erased" and (site, about) in self.erased:
            return "known erased"
        self.kept[name] = site, canonical(head), came
        if head["kind"] == "erased":
            gone = set(head["body"]["tracking_ids"])
            self.erased |= {(site, each) for each in gone}
            self.kept = {
                key: value for key, value in self.kept.items()
                if value[0] != site or value[2].head["tracking_id"] not in gone or value[2].head["kind"] == "erased"
            }  # fmt: skip
        return "received"


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_=batches)
def test_it_is_what_a_dictionary_would_be(database_url: str, given_: list[tuple[object, list[Received]]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="sightdesk-model-"))
    fresh(database_url)
    model = Model()
    keeper = Keeper(database_url, folder, reserve_bytes=0)
    try:
        for who, batch in given_:
            said = keeper.take(who, batch)  # type: ignore[arg-type]  # one of SITES
            assert [f"{each.state} {each.why}" if each.why == "erased" else each.state for each in said] == [
                model.take(who.site, came)  # type: ignore[attr-defined]
                for came in batch
            ]
        kept = truth(database_url, folder)
        assert kept.messages == {name: came.file for name, (_site, _content, came) in model.kept.items()}
        assert kept.erased == len(model.erased)
        for site, about in model.erased:
            found = keeper.trace(site, about)
            assert found is not None
            assert found["state"] == "erased"
    finally:
        keeper.close()
        shutil.rmtree(folder)


def fresh(url: str) -> None:
    """An empty database again: each example begins anew."""
    from sqlalchemy import create_engine, inspect, text

    from console.cloud.database.sql.engines import read_url

    if url.startswith("sqlite"):
        for path in Path(url.removeprefix("sqlite:///")).parent.glob("cloud.db*"):
            path.unlink()
        return
    engine = create_engine(read_url(url))
    with engine.begin() as db:
        for name in inspect(db).get_table_names():
            db.execute(text(f"DROP TABLE {name} CASCADE"))
    engine.dispose()
