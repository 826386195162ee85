"""The API with a real keeper: what is confirmed is kept, each site sees its own, and every no is said in words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from console.cloud.api.app import create_app
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Identity
from console.sync import wire
from tests.cloud.api_cases import DESK, OTHER_SITE, TYPE, ask, bomb, frame, head, jpeg, post, refused


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with closing(Keeper(f"sqlite:///{tmp_path}/cloud.db", tmp_path / "kept")) as keeper:
        yield keeper


@pytest.fixture
def either(database_url: str, tmp_path: Path) -> Iterator[Any]:
    """The application on each kind of database."""
    with closing(Keeper(database_url, tmp_path / "kept")) as keeper:
        yield create_app(keeper)


@pytest.fixture
def app(keeper: Keeper) -> Any:
    return create_app(keeper)


def test_what_is_confirmed_can_be_asked_for(either: Any) -> None:
    file = jpeg()
    event, picture = head(), head(file)
    picture["tracking_id"] = event["tracking_id"]
    answer = post(either, frame(event) + frame(picture, file))
    assert answer.status == 202
    assert answer.states == ["received", "received"]
    item = ask(either, "GET", f"/v1/items/{event['tracking_id']}").json
    assert item["state"] == "received"
    assert {one["message_id"] for one in item["messages"]} == {event["message_id"], picture["message_id"]}
    kept = ask(either, "GET", f"/v1/messages/{picture['message_id']}").json
    assert kept["body"] == picture["body"]
    assert kept["desk"] == DESK.desk
    assert kept["file"] == picture["file"]
    found = ask(either, "GET", f"/v1/files/{picture['file']['sha256']}")
    assert found.body == file
    assert found.headers["content-type"] == "image/jpeg"
    assert found.headers["content-length"] == str(len(file))


def test_the_same_again_is_known_and_another_of_its_name_is_refused(app: Any) -> None:
    message = head()
    assert post(app, frame(message)).states == ["received"]
    assert post(app, frame(message) + frame(message)).states == ["known", "known"]
    assert post(app, frame({**message, "number": 2})).states == ["refused"]
    assert post(app, frame(message), who=OTHER_SITE).states == ["refused"]


def test_another_site_sees_nothing(app: Any) -> None:
    file = jpeg()
    picture = head(file)
    post(app, frame(picture, file))
    places = (
        f"/v1/items/{picture['tracking_id']}", f"/v1/messages/{picture['message_id']}",
        f"/v1/files/{hashlib.sha256(file).hexdigest()}",
    )  # fmt: skip
    for place in places:
        assert ask(app, "GET", place).status == 200
        refused(ask(app, "GET", place, who=OTHER_SITE), 404)


def test_what_is_erased_is_gone_and_stays_so(either: Any) -> None:
    file = jpeg()
    picture = head(file)
    body = frame(picture, file)
    post(either, body)
    assert post(either, frame(head(kind="erased", body={"tracking_ids": [picture["tracking_id"]]}))).states == [
        "received"
    ]
    item = ask(either, "GET", f"/v1/items/{picture['tracking_id']}")
    assert item.json["state"] == "erased"
    assert item.json["messages"] == []
    refused(ask(either, "GET", f"/v1/files/{picture['file']['sha256']}"), 404)
    refused(ask(either, "GET", f"/v1/messages/{picture['message_id']}"), 404)
    late = post(either, body)
    assert late.json["taken"][0]["state"] == "known"
    assert late.json["taken"][0]["why"]


def test_an_erasure_of_another_site_takes_nothing(app: Any) -> None:
    event = head()
    post(app, frame(event))
    notice = frame(head(kind="erased", body={"tracking_ids": [event["tracking_id"]]}))
    assert post(app, notice, who=OTHER_SITE).status == 202
    assert ask(app, "GET", f"/v1/items/{event['tracking_id']}").json["state"] == "received"


def test_nobody_without_a_desks_certificate_is_let_in(app: Any) -> None:
    for method, path in (
        ("GET", wire.HELLO_PATH), ("GET", "/v1/items/a"), ("GET", "/v1/messages/a"), ("GET", "/v1/files/" + "0" * 64),
        ("GET", wire.ANSWERS_PATH), ("GET", "/metrics"), ("POST", wire.MESSAGES_PATH),
    ):  # fmt: skip
        refused(ask(app, method, path, [frame(head())], TYPE, who=None), 403)
    assert "no such name" in refused(ask(app, "GET", wire.HELLO_PATH, who=None, why="It holds no such name."), 403)


def test_no_header_says_who_asks(app: Any) -> None:
    names = ("x-client-cert", "x-ssl-client-s-dn", "x-forwarded-client-cert", "x-sightdesk-site", "sightdesk-identity")
    forged = dict.fromkeys((*names, "x-forwarded-for", "forwarded"), "sightdesk://plant-1/desk-1")
    refused(ask(app, "GET", wire.HELLO_PATH, headers=forged, who=None), 403)
    refused(ask(app, "GET", "/metrics", headers={"x-forwarded-for": "127.0.0.1"}, who=None), 403)
    event = head()
    post(app, frame(event), **forged)
    refused(ask(app, "GET", f"/v1/items/{event['tracking_id']}", headers=forged, who=OTHER_SITE), 404)


def test_who_was_revoked_is_told_so(keeper: Keeper) -> None:
    class Revoked:
        problem = "The list of revoked certificates is old."

        def is_revoked(self, serial: int) -> bool:
            return serial == DESK.serial

    app = create_app(keeper, revoked=Revoked())  # type: ignore[arg-type]  # as much of it as is asked
    assert "revoked" in refused(ask(app, "GET", wire.HELLO_PATH), 403)
    assert "revoked" in refused(post(app, frame(head())), 403)
    assert ask(app, "GET", wire.HELLO_PATH, who=OTHER_SITE).status == 200
    assert ask(app, "GET", "/healthz", who=None).json == {"ok": True, "why": Revoked.problem}


def test_hello_is_what_a_desk_looks_for(app: Any) -> None:
    assert ask(app, "GET", wire.HELLO_PATH).json == {"service": wire.SERVICE, "version": wire.VERSION}


NO_PROTOCOL = (
    b"\0", b"\xff\xff\xff\xff", b"\0\0\0\x05hello", frame(b"[1]"), frame(b"{}"), frame(head(v=2)), frame(b"\xff\xfe"),
    frame(head(number=-1)), frame(head(number="1")), frame(head(body=[])), frame(head(message_id=None)),
    frame(b"[" * 100_000), frame(b"[" * 300_000), frame(head(b"abc"), b"abd"), frame(head(b"abc"), b"ab"),
    frame(b"1" * 10_000), frame(head(message_id="\ud800")),
)  # fmt: skip
ODD: tuple[dict[str, Any], ...] = (
    {"number": 2**63}, {"number": 2**200}, {"message_id": ""}, {"message_id": "a\0b"}, {"tracking_id": "\0"},
    {"tracking_id": "x" * 5000}, {"message_id": "x" * 5000}, {"kind": "k" * 5000}, {"camera_id": "\0"},
    {"written_at": "yesterday"}, {"kind": "erased", "body": {"tracking_ids": [1, None, {}]}},
    {"kind": "erased", "body": {"tracking_ids": "all"}}, {"kind": "erased", "body": {}}, {"kind": "'; DROP TABLE"},
    {"body": {"x": "\ud800"}}, {"tracking_id": "\ud800"}, {"body": {"x": float("nan")}}, {"body": {"x": "\0"}},
    {"body": {"x": 2**4000}}, {"camera_id": "../../etc"}, {"message_id": "../../etc"},
)  # fmt: skip


def test_what_is_not_the_protocol_is_refused_whole(app: Any, keeper: Keeper) -> None:
    for body in NO_PROTOCOL:
        refused(post(app, frame(head()) + body), 400)
    assert not keeper.figures()["messages"]


def test_odd_values_are_refused_or_kept_as_they_came_and_never_a_fault(either: Any) -> None:
    states = []
    for values in ODD:
        odd, well = head(**values), head()
        answer = post(either, frame(odd) + frame(well))
        assert answer.status == 202
        assert answer.states[1] == "received"
        states.append(answer.states[0])
        if states[-1] == "received":
            assert ask(either, "GET", f"/v1/messages/{odd['message_id']}").json["body"] == odd["body"]
    assert set(states) == {"received", "refused"}


def test_files_that_are_no_pictures_are_refused_alone(app: Any) -> None:
    for file in (b"", b"GIF89a" + b"\0" * 99, b"<script>", b"MZ" + b"\0" * 99, bomb()):
        well = head()
        assert post(app, frame(head(file), file) + frame(well)).states == ["refused", "received"]


def test_a_type_that_is_not_the_protocols_is_refused(app: Any) -> None:
    for headers in ({}, {"content-type": "application/json"}, {**TYPE, "content-encoding": "gzip"}):
        refused(ask(app, "POST", wire.MESSAGES_PATH, [frame(head())], headers), 415)
    assert post(app, frame(head()), **{"content-type": f"{wire.CONTENT_TYPE.upper()}; v=1"}).status == 202


def test_nothing_is_taken_of_nothing(app: Any) -> None:
    assert post(app, b"").json == {"taken": []}


def test_figures_are_for_this_machine_and_for_desks(app: Any) -> None:
    file = jpeg()
    post(app, frame(head(file), file))
    ask(app, "GET", "/nowhere")
    near = ask(app, "GET", "/metrics", who=None, client="127.0.0.1")
    assert near.status == ask(app, "GET", "/metrics").status == 200
    page = near.body.decode()
    assert 'sightdesk_cloud_kept_messages{kind="picture"} 1.0' in page
    assert f"sightdesk_cloud_kept_bytes {float(len(file))}" in page
    assert 'sightdesk_cloud_requests_total{method="POST",route="/v1/messages",status="202"} 1.0' in page
    assert 'route="other",status="404"' in page
    assert "plant-1" not in page


def test_addresses_that_are_none_say_so(either: Any) -> None:
    refused(ask(either, "GET", "/"), 404)
    refused(ask(either, "PUT", wire.MESSAGES_PATH), 405)
    refused(ask(either, "GET", "/v1/files/ABC"), 422)
    refused(ask(either, "GET", "/v1/items/" + "x" * 300), 422)
    refused(ask(either, "GET", "/v1/items/a\0b"), 404)


def test_openapi_names_every_way_with_its_answers(app: Any) -> None:
    found = ask(app, "GET", "/openapi.json", who=None).json
    assert set(found["paths"]) == {
        wire.MESSAGES_PATH, wire.HELLO_PATH, "/v1/items/{tracking_id}", "/v1/messages/{message_id}",
        "/v1/files/{sha256}", wire.ANSWERS_PATH, "/healthz", "/metrics",
    }  # fmt: skip
    assert set(found["paths"][wire.MESSAGES_PATH]["post"]["requestBody"]["content"]) == {wire.CONTENT_TYPE}
    for way in found["paths"].values():
        for operation in way.values():
            assert operation["responses"].keys() & {"200", "202"}
    for name in ("Answers", "Answer", "Hello", "Item", "Job", "Message", "Taken", "Why"):
        assert found["components"]["schemas"][name]["examples"]
    assert "HTTPValidationError" not in found["components"]["schemas"]


def test_a_desk_of_another_name_at_the_same_site_sees_the_same(app: Any) -> None:
    event = head()
    post(app, frame(event))
    item = ask(app, "GET", f"/v1/items/{event['tracking_id']}", who=Identity(DESK.site, "desk-2", 9)).json
    assert item["messages"][0]["desk"] == DESK.desk
