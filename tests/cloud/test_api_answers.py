"""What the API says of jobs: how far an item is, answers for the desk that sent its files, figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.cloud.api.app import create_app
from console.cloud.api.limits import ApiLimits
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Identity
from console.sync import wire
from tests.cloud.api_cases import DESK, OTHER_SITE, ask, frame, head, jpeg, post, refused
from tests.cloud.jobs_cases import BODY, ONE, Worker, keeping

pytestmark = pytest.mark.services
SECOND = Identity(DESK.site, "desk-2", 9)


@pytest.fixture
def keeper(database_url: str, tmp_path: Path) -> Iterator[Keeper]:
    with keeping(database_url, tmp_path / "kept", ONE) as made:
        yield made


@pytest.fixture
def app(keeper: Keeper) -> Any:
    return create_app(keeper, ApiLimits(figures_s=0))


def send(app: Any, number: int, who: Identity = DESK) -> list[dict[str, Any]]:
    """Pictures; their heads."""
    heads = []
    for n in range(number):
        file = jpeg(n)
        heads.append(head(file))
        assert post(app, frame(heads[-1], file), who=who).states == ["received"]
    return heads


def answers(app: Any, query: str = "", who: Identity = DESK) -> Any:
    found = ask(app, "GET", wire.ANSWERS_PATH + query, who=who)
    assert found.status == 200
    assert found.headers["cache-control"] == "private, no-store"
    return found.json


def test_an_item_says_how_far_its_file_is(app: Any, keeper: Keeper) -> None:
    (picture,) = send(app, 1)
    place = f"/v1/items/{picture['tracking_id']}"
    worker = Worker(keeper.repository)
    item = ask(app, "GET", place).json
    assert (item["state"], item["jobs"][0]["state"], item["jobs"][0]["attempts"]) == ("queued", "queued", 0)
    jobs = worker.claim()
    assert ask(app, "GET", place).json["state"] == "processing"
    worker.settle(jobs, "failed", why="The model is not here.")
    (job,) = ask(app, "GET", place).json["jobs"]
    assert (job["state"], job["why"], job["answer"]) == ("failed", "The model is not here.", None)
    worker.replay(jobs[0].job_id)
    worker.settle(worker.claim())
    item = ask(app, "GET", place).json
    assert item["state"] == "done"
    (job,) = item["jobs"]
    assert (job["message_id"], job["task"], job["answer"], job["why"]) == (picture["message_id"], "cars", BODY, "")
    assert job["queued_at"] <= job["began_at"] <= job["ended_at"]
    assert set(job) == {
        "message_id", "task", "state", "attempts", "why", "queued_at", "began_at", "ended_at", "answer",
    }  # fmt: skip
    post(app, frame(head(kind="erased", body={"tracking_ids": [picture["tracking_id"]]})))
    assert ask(app, "GET", place).json | {"jobs": 0} == {
        "tracking_id": picture["tracking_id"], "state": "erased", "messages": [], "jobs": 0,
    }  # fmt: skip


def test_a_desk_gets_the_answers_to_what_it_sent_page_by_page(app: Any, keeper: Keeper) -> None:
    mine, theirs, elsewhere = send(app, 5), send(app, 1, SECOND), send(app, 1, OTHER_SITE)
    worker = Worker(keeper.repository)
    jobs = worker.claim()
    for site in (DESK.site, OTHER_SITE.site):
        worker.settle(jobs, site=site)
    page = answers(app)
    assert set(page) == {"store", "last", "takes", "answers"}
    assert page["last"] == 6
    assert len(page["store"]) == 32
    assert set(page["answers"][0]) == {
        "number", "message_id", "tracking_id", "camera_id", "task", "state", "why", "at", "body",
    }  # fmt: skip
    assert {one["message_id"] for one in page["answers"]} == {one["message_id"] for one in mine}
    assert page["answers"][0]["body"] == BODY
    paged: list[Any] = []
    while some := answers(app, f"?most=2&after={paged[-1]['number'] if paged else 0}")["answers"]:
        assert len(some) <= 2
        paged += some
    assert paged == page["answers"]
    for who, sent, last in ((SECOND, theirs, 6), (OTHER_SITE, elsewhere, 1)):
        page = answers(app, "?after=0", who)
        assert page["last"] == last
        assert [one["message_id"] for one in page["answers"]] == [one["message_id"] for one in sent]
    nobody = answers(app, who=Identity("plant-3", "desk-1", 10))
    assert (nobody["last"], nobody["answers"]) == (0, [])


def test_what_can_not_be_asked_for_is_said(app: Any) -> None:
    for query in ("after=-1", "after=x", f"after={1 << 63}", "most=0", "most=501", "most=1e3", "after="):
        why = refused(ask(app, "GET", f"{wire.ANSWERS_PATH}?{query}"), 422)
        assert query.partition("=")[0] in why
    assert answers(app, f"?after={(1 << 63) - 1}&most=500")["answers"] == []
    refused(ask(app, "POST", wire.ANSWERS_PATH), 405)
    refused(ask(app, "GET", wire.ANSWERS_PATH, who=None), 403)


def test_figures_count_jobs_by_how_they_stand(app: Any, keeper: Keeper) -> None:
    page = ask(app, "GET", "/metrics").body.decode()
    assert 'sightdesk_cloud_jobs{state="queued"} 0.0' in page
    assert "oldest_queued" not in page
    send(app, 4)
    worker = Worker(keeper.repository)
    jobs = worker.claim(3)
    worker.settle(jobs[:1])
    worker.settle(jobs[1:2], "failed")
    page = ask(app, "GET", "/metrics").body.decode()
    for state in ("queued", "processing", "done", "failed"):
        assert f'sightdesk_cloud_jobs{{state="{state}"}} 1.0' in page
    oldest = next(line for line in page.splitlines() if line.startswith("sightdesk_cloud_jobs_oldest_queued_timestamp"))
    assert float(oldest.split()[1]) > 1.7e9
    assert 'kind="done jobs"' not in page


def test_health_says_what_else_is_wrong(keeper: Keeper) -> None:
    app = create_app(keeper, problem=lambda: "RabbitMQ can't be reached.")
    found = ask(app, "GET", "/healthz", who=None)
    assert (found.status, found.json) == (200, {"ok": True, "why": "RabbitMQ can't be reached."})


def test_examples_are_as_answers_are(app: Any, keeper: Keeper) -> None:
    send(app, 1)
    worker = Worker(keeper.repository)
    worker.settle(worker.claim())
    schemas = ask(app, "GET", "/openapi.json").json["components"]["schemas"]
    assert schemas["Answers"]["examples"][0].keys() == answers(app).keys()
    assert schemas["Answer"]["examples"][0].keys() == answers(app)["answers"][0].keys()
    assert json.dumps(schemas["Item"]["examples"][0]["jobs"][0]["answer"])
