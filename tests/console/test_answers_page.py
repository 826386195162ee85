"""A page of answers is believed to its last value or not at all, whatever a cloud says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.store.answers import MOST_BYTES
from console.sync.answers.page import Page, read_page
from console.sync.targets.base import WrongAnswer
from console.sync.wire import MOST_FOUND
from tests.servers.receiver_answers import PLATE, STORE, Book, body

ID = "01a205ab-6cc6-7694-9c23-229b3a474cb3"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.just("source") | st.just(ID),
    lambda some: st.lists(some, max_size=5) | st.dictionaries(st.text(max_size=9), some, max_size=5),
    max_leaves=12,
)


def page(n: int = 3) -> dict[str, Any]:
    book = Book()
    for number in range(n):
        book.add(ID[:-4] + f"{number:04}", ID, f"task {number % 2}")
    return json.loads(json.dumps(book.page(0, 500)[2]))  # type: ignore[no-any-return]  # no two share a body


def read(values: Any, after: int = 0, most: int = 500) -> Page:
    return read_page(json.dumps(values).encode(), after, most)


def test_a_page_comes_through_and_what_is_not_known_here_is_left_out() -> None:
    values = page()
    values["tomorrow"] = values["answers"][0]["more"] = values["answers"][0]["body"]["extra"] = {"a": [1]}
    found = read(values)
    assert (found.store, found.last, found.more) == (STORE, 3, False)
    assert [one.number for one in found.answers] == [1, 2, 3]
    stored = json.loads(found.answers[0].body)
    assert stored == PLATE
    assert found.answers[0].answered_at == "2026-05-04T12:00:00.000000+00:00"
    assert read(page() | {"last": 9}).more
    assert read(page() | {"takes": ["sealed", "tomorrow", "sealed"]}).takes == ("sealed", "tomorrow")
    failed = page(1)
    failed["answers"][0] |= {"state": "failed", "why": "The picture\ncan't be read.\u200b", "body": {}}
    assert (read(failed).answers[0].why, read(failed).answers[0].body) == ("The picture can't be read.?", "{}")
    assert read({"store": "x", "last": 0, "takes": [], "answers": []}, after=7).answers == ()


WRONG: list[tuple[str, Any]] = [
    ("number", 0), ("number", -1), ("number", 2.0), ("number", True), ("number", 1 << 63), ("number", "1"),
    ("message_id", "a"), ("message_id", "ä" * 36), ("message_id", "\n" * 36), ("tracking_id", None), ("task", ""),
    ("task", "t" * 201), ("task", "a\nb"), ("task", "\ud800"), ("why", 1),
    ("at", "yesterday"), ("at", "2026-05-04T12:00:00"), ("at", "0001-01-01T00:00:00+14:00"),
]  # fmt: skip
UNREADABLE: list[tuple[str, Any]] = [("state", "perhaps"), ("state", []), ("body", []), ("body", None)]
WRONG_BODY: list[tuple[str, Any]] = [
    ("space", "moon"), ("size", [640]), ("size", [0, 480]), ("size", [640.5, 480]), ("size", [1e9, 480]),
    ("size", "ab"),
    ("found", None), ("found", PLATE["found"] * 501), ("ran", [{}]), ("ran", PLATE["ran"] * 40), ("took_s", -1),
    ("took_s", 1e300), ("batch", -1), ("worker", "\x00"),
]  # fmt: skip
WRONG_FOUND: list[tuple[str, Any]] = [
    ("box", [1, 2, 3]), ("box", [1, 2, 3, "4"]), ("box", [3, 0, 1, 1]), ("box", [0, 0, 1, 1e7]), ("label", ""),
    ("label", "x" * 201), ("score", 1.1), ("score", None), ("stage", -1), ("of", 2), ("of", -1), ("of", "0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((("answers", 1, name), value) for name, value in WRONG),
        (("takes",), None), (("takes",), [1]), (("takes",), ["x"] * 99),
        (("store",), ""), (("store",), 7), (("last",), 2), (("last",), None), (("answers",), {}),
        (("answers", 0, "number"), 2), (("answers", 2, "number"), 2),
    ],
)  # fmt: skip
def test_one_wrong_value_and_nothing_of_it_is_believed(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(WrongAnswer, match="none"):
        read(_put(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *(((name,), value) for name, value in UNREADABLE),
        *((("body", name), value) for name, value in WRONG_BODY),
        *((("body", "found", 1, name), value) for name, value in WRONG_FOUND),
    ],
)  # fmt: skip
def test_an_answer_that_can_t_be_read_keeps_no_later_one_away(path: tuple[Any, ...], value: Any) -> None:
    found = read(_put(("answers", 1, *path), value)).answers
    assert [one.state for one in found] == ["done", "failed", "done"]
    assert "can't read" in found[1].why
    assert found[1].body == "{}"


def test_a_number_beyond_all_is_none() -> None:
    content = json.dumps(page()).replace("0.914", "1e999", 1).encode()
    assert [one.state for one in read_page(content, 0, 500).answers] == ["failed", "done", "done"]


def _put(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A page with one value in it."""
    values = page()
    where: Any = values
    for step in path[:-1]:
        where = where[step]
    where[path[-1]] = value
    return values


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"{", b"\xff", b"[" * 100_000,
        b'{"store": "a", "last": 1' + b"0" * 5000 + b', "answers": []}',
        json.dumps(page()).replace("0.914", "NaN").encode(),
    ],
)  # fmt: skip
def test_what_is_no_json_is_no_page(content: bytes) -> None:
    with pytest.raises(WrongAnswer):
        read_page(content, 0, 500)


def test_there_is_no_end_to_nothing() -> None:
    many = page(1)
    many["answers"][0]["body"] = body(*[("x" * 200, 0.5, (0.0, 0.0, 1.0, 1.0))] * MOST_FOUND)
    assert "size" in read(many).answers[0].why
    assert len(many["answers"][0]["body"]["found"]) * 200 < MOST_BYTES
    with pytest.raises(WrongAnswer):
        read(page(3), most=2)
    with pytest.raises(WrongAnswer):
        read(page(3), after=1)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_whatever_comes_is_a_page_or_none(values: Any) -> None:
    _bounded(values)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_page_with_anything_put_into_it_is_a_page_or_none(data: st.DataObject) -> None:
    values = page()
    where: Any = values
    while True:
        keys = list(where) if isinstance(where, dict) else list(range(len(where)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(where[key], dict | list) or not where[key] or data.draw(st.booleans()):
            break
        where = where[key]
    where[key] = data.draw(JSON)
    _bounded(values)


def _bounded(values: Any) -> None:
    """What is believed of it can be stored, and is as large as it may be."""
    try:
        found = read_page(json.dumps(values).encode(), 0, 500)
    except WrongAnswer:
        return
    for one in found.answers:
        assert 1 <= one.number <= found.last
        assert len(one.message_id) == len(one.tracking_id) == 36
        assert len(one.task) <= 200 >= len(one.why) / 10
        assert len(one.body.encode()) <= MOST_BYTES
        json.loads(one.body, parse_constant=pytest.fail)
        (one.task + one.why + one.body).encode()
