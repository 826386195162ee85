"""Verdicts: what becomes of an item, who may, and that whatever people do items stand as their verdicts say."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils import uuid7

from console.errors import UsageError
from console.review import queries
from console.review.items import Box, VerdictKind
from console.review.verdict_job import decide
from console.review.verdict_rules import Given, chosen, equal
from console.review.verdicts import Decision
from console.settings.home import Home
from console.settings.review import ReviewSettings
from console.store.store import Store
from tests.console.judging import Desk
from tests.console.review_queue import NOON, contradictions, fill, holds, new_item, states, with_pictures

KINDS: tuple[VerdictKind, ...] = ("accept", "reject")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Home.open(tmp_path) as home, Store.open(home) as opened:
        yield opened
        if opened.path.is_file() and os.access(opened.path, os.W_OK):
            with opened.read() as db:
                assert contradictions(db) == []


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    desk = Desk(store)
    yield desk
    desk.lane.close()


@pytest.fixture
def strict(store: Store) -> Iterator[Desk]:
    """Every item is looked at twice."""
    desk = Desk(store, share=1.0)
    yield desk
    desk.lane.close()


def test_a_verdict_settles_its_item(desk: Desk) -> None:
    numbers = fill(desk.store, [new_item() for _n in range(5)])
    before = [desk.say(numbers[0]), desk.say(numbers[1], "reject"), desk.say(numbers[2], "relabel", label="dog")]
    boxes = (Box((1, 2, 3, 4), "cat"), Box((5, 6, 7, 8), "dog", None, 3))
    edited = desk.say(numbers[3], "edit", boxes=boxes)
    assert [one.state for one in (*before, edited)] == ["done"] * 4
    assert desk.say(numbers[4], "skip").state == "skipped"
    verdicts = [desk.item(number).verdict for number in numbers]
    assert all(verdict is not None and verdict.who == "Ann" and verdict.role == "first" for verdict in verdicts)
    said = [(v.kind, v.label, v.boxes, v.seconds) for v in verdicts if v]
    assert said[:3] == [("accept", "person", None, 1.5), ("reject", "", None, 1.5), ("relabel", "dog", None, 1.5)]
    assert said[3:] == [("edit", "", boxes, 1.5), ("skip", "", None, 1.5)]
    assert desk.say(numbers[4], "relabel", label="person").state == "done"  # what it was called already
    last = desk.item(numbers[4]).verdict
    assert last is not None
    assert (last.kind, last.label) == ("accept", "person")
    assert last.replaces == verdicts[4].id  # type: ignore[union-attr]


def test_a_decision_means_something() -> None:
    for wrong in (("edit", "", None), ("accept", "", ()), ("relabel", "", None)):
        with pytest.raises(ValueError, match="comes with"):
            Decision(*wrong)


def test_what_can_not_be_judged_so_is_refused_in_words_and_nothing_changes(desk: Desk) -> None:
    one, whole = fill(desk.store, [new_item(), new_item(score=None, reason="missed")])
    for kind in KINDS[:2]:
        with pytest.raises(UsageError, match="whole picture"):
            desk.say(whole, kind)
    with pytest.raises(UsageError, match="not there any more"):
        desk.say(99)
    with pytest.raises(UsageError, match="Nobody is named"):
        desk.say(one, who="  ")
    assert states(desk.store) == {one: "open", whole: "open"}
    assert desk.say(whole, "edit", boxes=()).state == "done"


def test_a_refusal_among_others_harms_no_other(desk: Desk) -> None:
    numbers = fill(desk.store, [new_item() for _n in range(20)])
    block = threading.Event()
    desk.store.write(lambda _db: block.wait(5))
    futures = [desk.lane.decide(number, Decision("accept"), who="Ann") for number in (*numbers[:10], 99, *numbers[10:])]
    assert desk.lane.waiting == 21
    block.set()
    errors = [future.exception(10) for future in futures]
    assert [n for n, error in enumerate(errors) if error] == [10]
    assert set(states(desk.store).values()) == {"done"}
    assert desk.lane.waiting == 0


def test_the_same_key_twice_is_one_verdict(desk: Desk) -> None:
    (number,) = fill(desk.store, [new_item()])
    decision = Decision("accept")
    first, again = (desk.lane.decide(number, decision, who="Ann").result(10) for _n in range(2))
    assert first == again
    with desk.store.read() as db:
        assert len(queries.history(db, number)) == 1


def test_it_is_confirmed_only_after_its_commit(desk: Desk) -> None:
    (number,) = fill(desk.store, [new_item()])
    seen: list[str] = []
    future = desk.lane.decide(number, Decision("accept"), who="Ann")
    future.add_done_callback(lambda _future: seen.append(sqlite_state(desk.store, number)))
    future.result(10)
    time.sleep(0.05)
    assert seen == ["done"]


def sqlite_state(store: Store, number: int) -> str:
    with store.read() as db:
        return str(db.execute("SELECT state FROM review_items WHERE id = ?", (number,)).fetchone()[0])


# A second person, and a supervisor


def test_a_second_person_agrees(strict: Desk) -> None:
    (number,) = fill(strict.store, [new_item()])
    assert strict.say(number).state == "second"
    with pytest.raises(UsageError, match="somebody else"):
        strict.say(number, "reject", who="  ann ")
    assert strict.say(number, "skip", who="Bob").state == "second"
    assert strict.say(number, "accept", who="Bob").state == "done"
    verdict = strict.item(number).verdict
    assert verdict is not None
    assert (verdict.who, verdict.role) == ("Bob", "second")


def test_two_who_differ_need_a_supervisor(strict: Desk) -> None:
    (number,) = fill(strict.store, [new_item()])
    strict.say(number)
    assert strict.say(number, "relabel", who="Bob", label="dog").state == "disputed"
    for who in ("Ann", "Bob", "Cy"):
        with pytest.raises(UsageError, match="a supervisor decides"):
            strict.say(number, who=who)
    strict.supervisor = True
    assert strict.say(number, "reject", who="Cy").state == "done"
    strict.supervisor = False
    with pytest.raises(UsageError, match="A supervisor decided"):
        strict.say(number, who="Ann")
    with strict.store.read() as db:
        assert [verdict.role for verdict in queries.history(db, number)] == ["first", "second", "supervisor"]


def test_anybody_may_correct_what_is_done_and_it_says_what_it_replaced(desk: Desk) -> None:
    (number,) = fill(desk.store, [new_item()])
    first = desk.say(number)
    assert desk.say(number, "skip", who="Bob").state == "done"
    second = desk.say(number, "reject", who="Bob")
    verdict = desk.item(number).verdict
    assert verdict is not None
    assert (verdict.id, verdict.replaces, verdict.who) == (second.verdict_id, first.verdict_id, "Bob")


def test_the_share_that_is_judged_twice_is_chosen_once_for_all() -> None:
    ids = [str(uuid7()) for _n in range(2000)]
    tenth = {one for one in ids if chosen(one, 0.1)}
    assert 120 < len(tenth) < 290
    assert tenth == {one for one in ids if chosen(one, 0.1)}
    assert tenth <= {one for one in ids if chosen(one, 0.3)}
    assert not any(chosen(one, 0.0) for one in ids)
    assert all(chosen(one, 1.0) for one in ids)


def test_settings_hold_from_the_next_verdict_on(desk: Desk) -> None:
    one, other = fill(desk.store, [new_item(), new_item()])
    assert desk.say(one).state == "done"
    desk.lane.apply(ReviewSettings(second_share=1.0))
    assert desk.say(other).state == "second"


def box(x: float, label: str = "person") -> Box:
    return Box((x, 0, x + 100, 100), label)


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        ((), (), True),
        ((box(0),), (), False),
        ((box(0), box(200)), (box(203), box(2)), True),
        ((box(0),), (box(0, "dog"),), False),
        ((box(0),), (box(6),), False),  # 94 of 106: less than nine tenths
        ((box(0), box(3)), (box(4), box(-1)), True),  # only one way to pair them
        ((box(0), box(0)), (box(0), box(50)), False),
    ],
)
def test_edits_are_equal_where_each_box_has_its_own_in_the_other(
    mine: tuple[Box, ...], theirs: tuple[Box, ...], same: bool
) -> None:
    assert equal("edit", "", mine, ("edit", "", theirs)) is same
    assert equal("edit", "", theirs, ("edit", "", mine)) is same
    assert not equal("edit", "", mine, ("accept", "person", None))


def test_what_was_decided_in_another_tool_is_done_at_once(store: Store) -> None:
    (number,) = fill(store, [new_item(reason="import")])
    given_ = Given("CVAT", supervisor=False, at=NOON, seconds=0, boot_id=store.boot_id, share=1.0, imported=True)
    outcome = store.write(lambda db: decide(db, number, Decision("accept"), given_)).result(10)
    assert outcome.state == "done"
    with store.read() as db:
        assert [verdict.role for verdict in queries.history(db, number)] == ["import"]


# All of it, in any order

STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(("accept", "reject", "relabel", "edit", "skip", "undo", "bulk")),
        st.sampled_from(("Ann", "Bob", "Cy")),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_people_do_the_items_stand_as_their_verdicts_say(
    steps: list[tuple[int, str, str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Home.open(tmp_path_factory.mktemp("home")) as home, Store.open(home) as store:
        made = [with_pictures(store, new_item()) for _n in range(4)]
        desk = Desk(store, share=0.5)
        given_: list[tuple[str, str]] = []
        for place, kind, who, supervisor in steps:
            desk.supervisor = supervisor
            if kind == "undo":
                if given_:
                    desk.lane.take_back([given_.pop()[0]], who)
                continue
            boxes = (box(place),) if kind == "edit" else None
            decision = Decision("accept" if kind == "bulk" else kind, "dog" if kind == "relabel" else "", boxes)  # type: ignore[arg-type]
            if kind == "bulk":
                desk.lane.decide_many([number for number, _w, _c in made], decision, who=who).exception(10)
            else:
                desk.lane.decide(made[place][0], decision, who=who)
            given_.append((decision.key, who))
        assert desk.lane.close() == 0
        with store.read() as db:
            assert contradictions(db) == []
        waiting = {number for number, state in states(store).items() if state != "done"}
        held = {picture for picture, _why in holds(store)}
        assert held == {one for number, whole, crop in made if number in waiting for one in (whole, crop)}
