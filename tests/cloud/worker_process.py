"""`sightdesk cloud worker` as a process of its own, and the store it works on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from console.cloud.keeping.keeper import Keeper
from console.cloud.tasks import read_tasks
from tests.cloud.worker_cases import KEY
from tests.conftest import ROOT

VEHICLES, PLATES = "person-vehicle-bike-detection-2002", "vehicle-license-plate-detection-barrier-0106"
WORDS = {"WORDS": "open sesame"}


class Process:
    """A worker.

    Attributes:
        ready: what it said when it worked.
    """

    def __init__(self, folder: Path, shared: Path, *more: str, **variables: str) -> None:
        environment = WORDS | os.environ | {"SIGHTDESK_MODEL_PATH": str(shared), "SIGHTDESK_HOME": str(folder / "home")}
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "console", "cloud", "worker", "--folder", str(folder), "--json", *more]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT,
                env=environment | {"SIGHTDESK_CLOUD_TASKS": str(folder / "tasks.yaml")} | variables,
            )  # fmt: skip
        self.ready: dict[str, Any] = {}

    def wait(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.ready = json.loads(line)
        return self.ready

    def end(self, how: int = signal.SIGTERM) -> dict[str, Any]:
        """Its last line."""
        self.process.send_signal(how)
        assert self.process.stdout is not None
        said = self.process.stdout.read()
        assert self.process.wait(20) == (0 if how == signal.SIGTERM else -how), self.log.read_text()
        return dict(json.loads(said)) if said.strip() else {}

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def process(*given: Any, **variables: str) -> Iterator[Process]:
    made = Process(*given, **variables)
    try:
        yield made
    finally:
        made.close()


def write_tasks(folder: Path, *stages: dict[str, Any], takes: str = "sealed", **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "plates.key").write_bytes(KEY.pem("open sesame"))
    written = {
        "tasks": [{"name": "plates", "takes": takes, "stages": stages}],
        "keys": [{"file": str(folder / "plates.key"), "passphrase_from": "WORDS"}],
        "inference": {"precision": "f32"}, **more,
    }  # fmt: skip
    (folder / "tasks.yaml").write_text(json.dumps(written))
    return folder / "tasks.yaml"


@contextmanager
def kept(folder: Path, tasks: Path, url: str = "") -> Iterator[Keeper]:
    keeper = Keeper(url or f"sqlite:///{folder}/cloud.db", folder, reserve_bytes=0, tasks=read_tasks(tasks))
    try:
        yield keeper
    finally:
        keeper.close()
