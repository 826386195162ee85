"""`sightdesk cloud serve` with tasks and a worker of its own: a picture in, what a model found in it out."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import cv2
import psutil
import pytest

from console.cli import app as commands
from console.cloud.pki.authority import Made
from console.sync import wire
from tests.cloud.api_cases import frame, head
from tests.servers.cloud_server import CloudServer

pytestmark = pytest.mark.services
_PATIENCE_S = 120.0
TASKS = "tasks: [{name: people, takes: pictures, stages: [{model: person-vehicle-bike-detection-2002}]}]\n"


def ask(server: CloudServer, made: Made, path: str, body: bytes | None = None) -> Any:
    """What it answers to a desk."""
    request = urllib.request.Request(server.url + path, body, {"content-type": wire.CONTENT_TYPE})
    with urllib.request.urlopen(request, timeout=20, context=server.client(made)) as answer:
        return json.load(answer)


def pictures(film: Path, number: int) -> list[tuple[dict[str, Any], bytes]]:
    """Heads of messages, with pictures of a street."""
    source, found = cv2.VideoCapture(str(film)), []
    for _n in range(number):
        _ok, pixels = source.read()
        high, wide = pixels.shape[:2]
        file = cv2.imencode(".jpg", pixels)[1].tobytes()
        about = {"of": "event", "size": [wide, high], "source_size": [wide * 2, high * 2]}
        found.append((head(file, body=about), file))
    source.release()
    return found


def workers_of(server: CloudServer) -> list[psutil.Process]:
    return psutil.Process(server.pid).children()


def test_what_a_model_finds_comes_back_to_the_desk_that_sent_it(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared / "models"))
    (tmp_path / "tasks.yaml").write_text(TASKS)
    sent = pictures(shared / "media" / "vtest.avi", 4)
    more = ("--tasks", str(tmp_path / "tasks.yaml"), "--workers", "1")
    with CloudServer(tmp_path / "cloud", *more) as server:
        made, other = server.desk(), server.desk("desk-2")
        taken = ask(server, made, wire.MESSAGES_PATH, b"".join(frame(*one) for one in sent))
        assert [one["state"] for one in taken["taken"]] == ["received"] * 4
        deadline = time.monotonic() + _PATIENCE_S
        while len(page := ask(server, made, wire.ANSWERS_PATH)["answers"]) < len(sent):
            assert time.monotonic() < deadline, "".join(server.words)
            time.sleep(0.2)
        nothing = {"store": "", "last": 4, "takes": ["picture"], "answers": []}
        assert ask(server, other, wire.ANSWERS_PATH) | {"store": ""} == nothing
        for (about, _file), answer in zip(sent, sorted(page, key=lambda one: one["message_id"]), strict=True):
            assert answer["message_id"] == about["message_id"]
            assert (answer["state"], answer["task"], answer["camera_id"]) == ("done", "people", "gate")
            body = answer["body"]
            assert (body["space"], body["size"]) == ("source", about["body"]["source_size"])
            assert len([one for one in body["found"] if one["label"] == "person"]) > 2
            assert body["ran"][0]["model"] == "person-vehicle-bike-detection-2002"
            item = ask(server, made, f"/v1/items/{about['tracking_id']}")
            assert (item["state"], item["jobs"][0]["answer"]) == ("done", body)
        monkeypatch.setattr("sys.argv", ["sightdesk", "cloud", "jobs", "list", "--folder", str(server.kept), "--json"])
        with pytest.raises(SystemExit):
            commands.main()
        assert json.loads(capsys.readouterr().out)["all"]["done"] == 4
        (worker,) = workers_of(server)
        server.kill()
        worker.wait(20)  # it notices that the server is gone
        server.start()
        (worker,) = workers_of(server)
        assert server.stop() == 0
        assert not worker.is_running()
