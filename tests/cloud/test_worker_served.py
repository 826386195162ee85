"""A stage of a task on a real Triton: only where the tasks allow it, said in every answer, and waited for when away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from console.catalog.catalog import Catalog
from console.cloud.errors import CloudError
from console.cloud.tasks import CloudTasks
from console.cloud.working import reading
from console.cloud.working.loading import Loaded, load_tasks
from console.site.finding import ModelFinder
from tests.cloud.jobs_cases import keeping
from tests.cloud.keeping_cases import DESK
from tests.cloud.worker_cases import answers, jpeg_of, picture, settled, states, until, working
from tests.cloud.worker_process import PLATES
from tests.conftest import missing
from tests.servers import pytriton_server
from tests.servers.pytriton_server import Triton

pytestmark = [pytest.mark.services, pytest.mark.shared]


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    if why := pytriton_server.why_not():
        missing("services", why)
    with Triton(tmp_path_factory.mktemp("triton")) as server:
        yield server


def tasks_of(model: str, address: str) -> CloudTasks:
    stages = [{"model": model, "confidence": 0.4}, {"model": PLATES, "on": "car"}]
    return CloudTasks.model_validate({
        "tasks": [{"name": "cars", "takes": "pictures", "stages": stages}], "inference": {"precision": "f32"},
        "remote": {"allowed": [{"address": address, "purpose": "plates"}]},
    })  # fmt: skip


@pytest.fixture
def load(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    find, loaded = ModelFinder(Catalog(tmp_path / "models", tmp_path / "clips")).find, list[Loaded]()

    def one(tasks: CloudTasks) -> Loaded:
        loaded.append(load_tasks(tasks, find, None, batch=8))
        return loaded[-1]

    yield one
    for each in loaded:
        each.close()


def test_a_served_stage_answers_as_the_same_model_here_and_is_waited_for(
    triton: Triton, load: Any, tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOOK_S", 0.1)
    triton.bind("yolox", shared / "models" / "yolox_nano.onnx")
    address = f"127.0.0.1:{triton.grpc}"
    found: dict[str, Any] = {}
    photo = jpeg_of(cv2.imread(str(shared / "datasets" / "plates_mit" / "images" / "dayride_type1_001.mp4#t=85.jpg")))
    for model in (triton.url("yolox"), "yolox_nano"):
        folder, tasks = tmp_path / model[-4:], tasks_of(model, address)
        plans = load(tasks).plans
        with keeping(f"sqlite:///{folder}/cloud.db", folder, tasks) as keeper:
            keeper.take(DESK, [picture(photo)])
            with working(keeper.repository, folder, plans) as worked:
                until(settled(keeper, 1))
                found[model] = answers(keeper)[0]["body"]
                if model == triton.url("yolox"):
                    _away_and_back(triton, keeper, photo)
                    assert set(worked.totals) <= {"done", "again", "given_back"}
    served, here = found.values()
    assert served["ran"][0]["served"] == triton.url("yolox")
    assert (served["ran"][0]["model"], served["ran"][0]["runtime"], here["ran"][0]["served"]) == ("yolox", "kserve", "")
    assert [box["label"] for box in served["found"]] == [box["label"] for box in here["found"]]
    assert "car" in {box["label"] for box in here["found"]}
    for one, other in zip(served["found"], here["found"], strict=True):
        assert np.allclose(one["box"], other["box"], atol=1.0)


def _away_and_back(triton: Triton, keeper: Any, photo: bytes) -> None:
    """The server dies; jobs wait."""
    triton.kill()
    keeper.take(DESK, [picture(photo) for _n in range(3)])
    until(lambda: list(states(keeper).values()).count("queued") == 3)
    triton.start()
    until(settled(keeper, 4), 40)
    with keeper.repository.reading() as db:
        assert max(job["attempts"] for job in db.jobs(None, ["done"], 10)) == 2  # that the outage met it counts once


@pytest.mark.parametrize(
    ("url", "address", "said"),
    [
        ("grpc://127.0.0.1:9/m", "127.0.0.1:8", "may not be sent to 127.0.0.1:9"),
        ("grpc://203.0.113.7:8001/m", "203.0.113.7:8001", "in the clear"),
        ("grpc://127.0.0.1:9/m", "127.0.0.1:9", "connection was refused"),
    ],
)
def test_pictures_go_nowhere_else(load: Any, url: str, address: str, said: str) -> None:
    with pytest.raises(CloudError, match=said):
        load(tasks_of(url, address))
