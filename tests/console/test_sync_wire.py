"""The wire protocol of the cloud: what goes in comes out, and nothing else does."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils import uuid7

from console.privacy.stored import Named, open_stored
from console.sync import wire
from console.sync.targets.base import Parcel, Receipt, Refused, WrongAnswer

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_BODIES = st.dictionaries(st.text(), _JSON, max_size=4)


def parcel(body: dict[str, Any] | None = None, home: Path | None = None, content: bytes = b"\xff\xd8\xff 1") -> Parcel:
    """A message; with a home one that carries a file of this content."""
    file = None
    if home is not None:
        (home / "one.jpg").write_bytes(content)
        policy = json.dumps({"kind": "cover"})
        file = open_stored(home, Named("one.jpg", hashlib.sha256(content).hexdigest(), policy))
    return Parcel(7, str(uuid7()), str(uuid7()), "event", "gate", "2026-01-02T03:04:05+00:00", body or {}, file)


def answer(*taken: Any) -> bytes:
    return json.dumps({"taken": taken}).encode()


def said(one: Parcel, state: str = "received", **more: Any) -> dict[str, Any]:
    return {"message_id": one.message_id, "state": state, **more}


@settings(max_examples=40, deadline=None)
@given(st.lists(_BODIES, max_size=4), st.data())
def test_what_is_encoded_is_decoded(tmp_path_factory: pytest.TempPathFactory, bodies: list[Any], data: Any) -> None:
    home = tmp_path_factory.getbasetemp()
    some = []
    for body in bodies:
        content = data.draw(st.none() | st.binary(max_size=60))
        some.append(parcel(body, None if content is None else home, b"\xff\xd8\xff" + (content or b"")))
    found = list(wire.decode(wire.encode(some)))
    assert [dict(one.head) for one in found] == [json.loads(wire.canonical(wire.head_of(one))) for one in some]
    assert [one.file for one in found] == [None if one.file is None else one.file.content for one in some]
    assert [one.head["body"] for one in found] == bodies


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_body_that_is_cut_or_changed_is_no_other_body(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    some = [parcel({"a": 1}), parcel({"ü": "🚲"}, tmp_path_factory.getbasetemp())]
    whole = wire.encode(some)
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        cut = whole[:at]
        try:
            found = list(wire.decode(cut))
        except wire.WireError:
            return
        assert wire.encode(some[: len(found)]) == cut  # it ended between two messages
    else:
        changed = whole[:at] + bytes([whole[at] ^ (1 << data.draw(st.integers(0, 7)))]) + whole[at + 1 :]
        try:
            heads = [one.head for one in wire.decode(changed)]
        except wire.WireError:
            return
        assert heads != [wire.head_of(one) for one in some]  # a letter of a head: the ledger's hash tells


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_anything_at_all_is_decoded_or_is_an_error(content: bytes) -> None:
    try:
        for one in wire.decode(content):
            assert set(one.head) == {
                "v", "number", "message_id", "tracking_id", "kind", "camera_id", "written_at", "body", "file",
            }  # fmt: skip
    except wire.WireError:
        pass


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"number": -1}, {"number": True}, {"number": "7"}, {"message_id": 7}, {"body": []}, {"more": 1},
        {"file": 7}, {"file": {}}, {"file": {"bytes": 2, "sha256": "0" * 64, "content_type": "image/jpeg"}},
        {"file": {"bytes": -1, "sha256": "", "content_type": ""}},
    ],
    ids=str,
)  # fmt: skip
def test_a_head_of_another_kind_is_an_error(change: dict[str, Any]) -> None:
    head = wire.canonical({**wire.head_of(parcel()), **change})
    with pytest.raises(wire.WireError):
        list(wire.decode(struct.pack(">I", len(head)) + head + b"xx"))


def test_a_head_without_end_is_not_waited_for() -> None:
    with pytest.raises(wire.WireError):
        list(wire.decode(b"\xff\xff\xff\xff{"))


def test_a_file_that_is_not_the_one_named_is_an_error(tmp_path: Path) -> None:
    whole = wire.encode([parcel({}, tmp_path)])
    with pytest.raises(wire.WireError, match="not the one"):
        list(wire.decode(whole[:-1] + b"2"))


def test_a_number_that_json_has_not_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        wire.encode([parcel({"score": float("nan")})])


def test_the_same_message_is_the_same_bytes() -> None:
    one = Parcel(7, "m", "t", "event", "gate", "", {"b": 1, "a": {"d": 1, "c": 2}})
    other = Parcel(7, "m", "t", "event", "gate", "", {"a": {"c": 2, "d": 1}, "b": 1})
    assert wire.encode([one]) == wire.encode([other])


def test_an_answer_is_read_in_its_order() -> None:
    some = [parcel() for _n in range(3)]
    content = wire.encode_answer(
        [
            wire.Said(some[0].message_id, "received"),
            wire.Said(some[1].message_id, "known", "erased"),
            wire.Said(some[2].message_id, "refused", "no such camera"),
        ]
    )
    first, second, third = wire.read_answer(content, some)
    assert first == Receipt(some[0].message_id, {"state": "received"})
    assert second == Receipt(some[1].message_id, {"state": "known", "why": "erased"})
    assert isinstance(third, Refused)
    assert "no such camera" in third.what


def test_an_answer_to_anything_else_is_not_believed() -> None:
    one, two = parcel(), parcel()
    wrong = [
        b"", b"ok", b"null", b"[]", b"{}", b"7", b"<html>", b'{"taken": 7}', b'{"taken": [7]}', b"[" * 100_000,
        b"\xff\xfe", answer(), answer(said(one)), answer(said(two), said(one)), answer(said(one), said(one)),
        answer(said(one), said(two), said(two)), answer(said(one), said(parcel())), answer(said(one), {}),
        answer(said(one), said(two, "perhaps")), answer(said(one), {"message_id": two.message_id}),
        answer(said(one), said(two, None)),  # type: ignore[arg-type]  # that is the point
        answer(said(one), {**said(two), "state": ["received"]}),
    ]  # fmt: skip
    for content in wrong:
        with pytest.raises(WrongAnswer) as error:
            wire.read_answer(content, [one, two])
        assert error.value.what
        assert error.value.hint


@settings(deadline=None)
@given(st.binary(max_size=100) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_at_all_makes_a_receipt_by_chance(content: bytes) -> None:
    with pytest.raises(WrongAnswer):
        wire.read_answer(content, [parcel()])


def test_a_long_reason_is_cut() -> None:
    one = parcel()
    (told,) = wire.read_answer(answer(said(one, "refused", why="x" * 100_000)), [one])
    assert isinstance(told, Refused)
    assert len(told.what) < 1000
