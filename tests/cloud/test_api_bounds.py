"""Bounds of the API, and what is said where it can't: too much, too many at once, cut off, no room, a fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from console.cloud.api.app import create_app
from console.cloud.api.limits import ApiLimits
from console.cloud.errors import CloudError, DatabaseAway, DiskFull
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Identity
from console.sync import wire
from tests.cloud.api_cases import DESK, OTHER_SITE, TYPE, Answer, ask, asked, frame, head, post, refused


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with closing(Keeper(f"sqlite:///{tmp_path}/cloud.db", tmp_path / "kept")) as keeper:
        yield keeper


@pytest.fixture
def app(keeper: Keeper) -> Any:
    return create_app(keeper)


def test_too_large_is_said_before_it_is_read_and_while_it_is(keeper: Keeper) -> None:
    app = create_app(keeper, ApiLimits(body=10_000))
    part = b"\0" * 1000
    declared = ask(app, "POST", wire.MESSAGES_PATH, [part] * 20, {**TYPE, "content-length": str(10 << 30)})
    refused(declared, 413)
    assert declared.read == 0
    endless = ask(app, "POST", wire.MESSAGES_PATH, (part for _n in range(10 << 20)), TYPE)
    refused(endless, 413)
    assert endless.read == 11_000
    assert ask(app, "POST", wire.MESSAGES_PATH, [part], {**TYPE, "content-length": "x"}).status == 400


def test_too_many_messages_and_too_much_within_them_go_in_parts(keeper: Keeper) -> None:
    app = create_app(keeper, ApiLimits(messages=3))
    some = [frame(head()) for _n in range(4)]
    refused(post(app, b"".join(some)), 413)
    assert post(app, b"".join(some[:3])).status == 202
    dense = frame(json.dumps(head(body={"x": [[]] * 900_000})).encode())
    assert len(dense) < wire.MAX_HEAD
    refused(post(app, dense), 400)


def test_one_desk_can_not_fill_the_room_and_all_together_not_the_memory(keeper: Keeper) -> None:
    """While bodies are on their way: others come in, too many do not, and afterwards all is as before."""

    async def beside(app: Any, first: dict[str, str], others: list[tuple[Identity, dict[str, str]]]) -> list[Answer]:
        go, came = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            came.set()
            await go.wait()

        path, headers = wire.MESSAGES_PATH, {**TYPE, **first}
        slow = asyncio.create_task(asked(app, "POST", path, [frame(head())], headers, wait=wait))
        await came.wait()
        answers = [await asked(app, "POST", path, [frame(head())], {**TYPE, **own}, who=who) for who, own in others]
        go.set()
        return [await slow, *answers]

    two = create_app(keeper, ApiLimits(bodies=2))
    found = asyncio.run(beside(two, {}, [(DESK, {}), (OTHER_SITE, {})]))
    assert [one.status for one in found] == [202, 429, 202]
    assert 1 <= int(found[1].headers["retry-after"]) <= 5
    large = {"content-length": "1500"}
    small = create_app(keeper, ApiLimits(body=2000, bodies_bytes=3000))
    found = asyncio.run(beside(small, large, [(DESK, large), (OTHER_SITE, large), (OTHER_SITE, {})]))
    assert [one.status for one in found] == [202, 429, 202, 202]
    for app in (two, small):
        assert post(app, frame(head())).status == 202
        assert "sightdesk_cloud_bodies 0.0" in ask(app, "GET", "/metrics").body.decode()


def test_a_body_that_ends_early_leaves_nothing(app: Any, keeper: Keeper) -> None:
    answer = ask(app, "POST", wire.MESSAGES_PATH, [frame(head())], TYPE, cut=True)
    refused(answer, 400)
    assert not keeper.figures()["messages"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(DiskFull("full", "x"), 507), (DatabaseAway("pg:secret@db", "x"), 503), (CloudError("other", "x"), 503)],
)
def test_what_the_keeper_can_not_do_is_said_without_its_secrets(error: CloudError, status: int) -> None:
    class Ill:
        def take(self, *_of: object) -> None:
            raise error

        check = figures = trace = message = file = take

    app = create_app(Ill())  # type: ignore[arg-type]  # fails whatever it is asked
    for answer in (post(app, frame(head())), ask(app, "GET", "/v1/items/a"), ask(app, "GET", "/v1/files/" + "0" * 64)):
        assert error.what not in refused(answer, status)
        assert status == 507 or 1 <= int(answer.headers["retry-after"]) <= 5
    health = ask(app, "GET", "/healthz", who=None)
    assert health.status == 503
    assert health.json["ok"] is False
    page = ask(app, "GET", "/metrics").body.decode()
    assert "sightdesk_cloud_database_up 0.0" in page
    assert "kept_messages" not in page


def test_a_fault_inside_is_said_and_raised_for_the_log() -> None:
    class Broken:
        def message(self, *_of: object) -> None:
            raise ZeroDivisionError("a secret")

    answer: list[Answer] = []
    with pytest.raises(ZeroDivisionError):
        answer.append(ask(create_app(Broken()), "GET", "/v1/messages/a"))  # type: ignore[arg-type]
