"""How `sightdesk cloud worker` begins and ends: killed, ended, without its parent, without what it needs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from console.cli import app as commands
from console.cloud.working import beside
from console.cloud.working.beside import Beside
from tests.cloud.jobs_cases import keeping as jobs_keeping
from tests.cloud.keeping_cases import DESK
from tests.cloud.worker_cases import (
    TASKS,
    answers,
    picture,
    planned,
    sealed,
    settled,
    squares_of,
    states,
    until,
    working,
)
from tests.cloud.worker_process import PLATES, kept, process, write_tasks
from tests.servers.postgres import serving


@pytest.mark.shared
def test_workers_that_are_killed_leave_their_jobs_to_others(tmp_path: Path, shared: Path) -> None:
    folder = tmp_path / "store"
    tasks = write_tasks(folder, {"model": PLATES})
    photo = np.random.default_rng(5).integers(0, 255, (300, 400, 3), np.uint8)
    with kept(folder, tasks) as keeper:
        options = ("--lease", "1", "--batch", "16", "--with-parent")
        with process(folder, shared, *options) as first, process(folder, shared, *options) as second:
            first.wait()
            second.wait()
            keeper.take(DESK, [sealed(photo) for _n in range(80)])
            until(lambda: sum(state == "processing" for state in states(keeper).values()) > 10)
            assert first.end(signal.SIGKILL) == {}
            assert "processing" in states(keeper).values()  # it was in the middle
            until(settled(keeper, 80), 40)
            assert second.process.stdin is not None
            second.process.stdin.close()  # as by the end of a parent, however it ended
            assert second.process.wait(20) == 0
        assert set(states(keeper).values()) == {"done"}
        assert [answer["number"] for answer in answers(keeper)] == list(range(1, 81))  # each was answered once


@pytest.mark.shared
def test_what_is_missing_is_said_at_once(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "store"
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    monkeypatch.setenv("SIGHTDESK_HOME", str(tmp_path / "home"))

    def fails(said: str, *more: str, words: str = "open sesame", code: int = 1) -> None:
        monkeypatch.setenv("WORDS", words)
        command = ["sightdesk", "cloud", "worker", "--folder", str(folder), "--tasks", str(folder / "tasks.yaml")]
        monkeypatch.setattr(sys, "argv", [*command, *more])
        with pytest.raises(SystemExit) as end:
            commands.main()
        assert (end.value.code, said in (told := capsys.readouterr().err)) == (code, True), told

    tasks = write_tasks(folder, {"model": PLATES})
    fails("can't be opened")  # there is no database yet
    with kept(folder, tasks):
        pass
    fails("passphrase is another", words="close")
    fails("do not belong together", "--database", f"sqlite:///{folder}/cloud.db", "--folder", str(tmp_path))
    fails("The figures can't be shown at nowhere", "--metrics", "nowhere")
    fails("The address of the broker", "--broker", "http://x")
    for name in ("w" * 201, "w\n", "\udcff"):
        fails("The worker's name is longer than 200 letters", "--name", name)
    write_tasks(folder, {"model": "no-such-model"}, takes="pictures")
    fails("The task plates can't be worked on")
    write_tasks(folder, {"model": PLATES, "on": "vehicle"})
    fails("the first stage looks at the whole picture")
    write_tasks(folder, {"model": PLATES}, keys=[])
    fails("no key opens them")
    write_tasks(folder, {"model": "grpc://203.0.113.7:8001/plates"})
    fails("Pictures may not be sent to 203.0.113.7:8001")
    allowed = {"address": "203.0.113.7:8001", "purpose": "plates"}
    write_tasks(folder, {"model": "grpc://203.0.113.7:8001/plates"}, remote={"allowed": [allowed]})
    fails("may not go to 203.0.113.7:8001 in the clear")
    write_tasks(folder, {"model": PLATES}, remote={"allowed": [{**allowed, "pictures": "covered"}]})
    fails("remote.allowed.1.pictures: workers cover nothing")
    write_tasks(folder, {"model": PLATES}, inference={"fallback": [{"backend": "onnxruntime"}]})
    fails("inference.fallback: workers don't know this setting")
    (folder / "tasks.yaml").write_text(json.dumps({"tasks": []}))
    fails("There is no task to work on")


@pytest.mark.shared
def test_a_task_whose_models_are_missing_waits_for_another_worker(tmp_path: Path, shared: Path) -> None:
    folder = tmp_path / "store"
    write_tasks(folder, {"model": PLATES})
    told = json.loads((folder / "tasks.yaml").read_text())
    told["tasks"].append({"name": "other", "takes": "pictures", "stages": [{"model": str(tmp_path / "gone.onnx")}]})
    (folder / "tasks.yaml").write_text(json.dumps(told))
    with kept(folder, folder / "tasks.yaml") as keeper, process(folder, shared) as worker:
        keeper.take(DESK, [picture(), sealed()])
        said = worker.wait()
        assert said["tasks"] == ["plates"]
        assert "There is no model file" in said["left_out"]["other"]
        until(settled(keeper, 1))
        assert sorted(states(keeper).values()) == ["done", "queued"]
        assert worker.end()["done"] == 1


@pytest.mark.services
def test_a_database_server_that_crashes_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving() as server, jobs_keeping(server.url, tmp_path, TASKS) as keeper, planned() as plans:
        begun, go_on = threading.Event(), threading.Event()
        squares_of(plans["crops"]).before = lambda _pixels: (begun.set(), go_on.wait(20))
        keeper.take(DESK, [sealed() for _n in range(6)])
        with working(keeper.repository, tmp_path, plans, batch=2, lease_s=60.0) as worked:
            assert begun.wait(10)
            server.stop("immediate")
            go_on.set()
            time.sleep(1.5)
            assert (worked.alive, worked.totals) == (True, {})
            server.start()
            until(settled(keeper, 6))
            assert worked.totals == {"done": 6}
        assert len(answers(keeper)) == 6
        assert sum("can't be reached" in record.message for record in caplog.records) <= 4  # not at every try


COUNTS = r"""
import os, signal, sys, time
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\n")
if sys.argv[2] == "dies":
    sys.exit(3)
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[2] == "deaf" else lambda *_: sys.exit(0))
sys.stdin.read()
time.sleep(60 if sys.argv[2] == "deaf" else 0)
"""


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or ") Z " in Path(f"/proc/{pid}/stat").read_text()


def test_workers_beside_a_server_are_kept_alive_and_end_with_it(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    workers = Beside([sys.executable, "-c", COUNTS, str(file), "lives"], 2)
    try:
        until(lambda: len(pids(file)) == 2)
        begin = time.monotonic()
        assert workers.alive == 2
        subprocess.run(["kill", "-9", str(pids(file)[0])], check=True)
        until(lambda: len(pids(file)) == 3)
        assert time.monotonic() - begin < 8
        until(lambda: workers.alive == 2)
    finally:
        workers.close()
    assert workers.alive == 0
    assert all(map(gone, pids(file)))
    workers.close()


def test_one_that_dies_again_and_again_is_started_ever_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "pids"
    workers = Beside([sys.executable, "-c", COUNTS, str(file), "dies"], 1)
    try:
        time.sleep(3)
        assert 2 <= len(pids(file)) <= 4
        assert "ended with status 3" in caplog.text
    finally:
        workers.close()


def test_one_that_hears_nothing_is_killed_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "END_S", 1.0)
    file = tmp_path / "pids"
    workers = Beside([sys.executable, "-c", COUNTS, str(file), "deaf"], 1)
    until(lambda: pids(file))
    begin = time.monotonic()
    workers.close()
    assert time.monotonic() - begin < 4
    assert all(map(gone, pids(file)))
    assert threading.active_count() < 20
