"""The cloud of the run: server, workers, broker and database, each of which is killed and started again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from console.privacy.sealing import PrivateKey
from tests.chaos.cloud_side.truth import LEAST, MODEL
from tests.servers import postgres, rabbitmq, tansu
from tests.servers.cloud_server import CloudServer
from tests.servers.cloud_worker import CloudWorker

Kind = Literal["embedded", "rabbitmq", "kafka"]
KINDS: tuple[Kind, ...] = ("embedded", "rabbitmq", "kafka")
WORKERS = 2
_LEASE_S = 5
"""What a killed worker held is taken over after so long; in the product it is longer."""


@dataclass(frozen=True)
class Part:
    """Something that can be killed."""

    name: str
    kill: Callable[[], None]
    start: Callable[[], None]


@dataclass(frozen=True)
class Cloud:
    """It, running.

    Attributes:
        server: for desks.
        workers: those that work.
        database: its address; empty: SQLite in the server's folder.
        parts: what is killed, in turn.
        key: public key that crops are sealed for.
    """

    server: CloudServer
    workers: list[CloudWorker]
    database: str
    parts: list[Part]
    key: str


@contextmanager
def running(folder: Path, shared: Path, kind: Kind) -> Iterator[Cloud]:
    """A cloud: embedded (SQLite, no broker), or PostgreSQL with RabbitMQ or with a broker of Kafka's kind."""
    key = PrivateKey.new()
    (folder / "worker.key").write_bytes(key.pem(None))
    tasks = folder / "tasks.yaml"
    tasks.write_text(json.dumps(_tasks(folder / "worker.key")))  # JSON is YAML
    with ExitStack() as stack:
        url, broker, parts = "", "", []
        more: list[str] = []
        if kind != "embedded":
            database = stack.enter_context(postgres.serving())
            server = stack.enter_context(rabbitmq.serving() if kind == "rabbitmq" else tansu.serving())
            url, broker = database.url, server.url
            parts = [Part("broker", server.kill, server.start), Part("database", database.kill, database.start)]
            more = ["--broker", broker]
        cloud = CloudServer(folder, "--tasks", str(tasks), *more, database=url)
        stack.enter_context(cloud)
        env = {**os.environ, "SIGHTDESK_CLOUD_DATABASE": url, "SIGHTDESK_MODEL_PATH": str(shared)}
        workers = [
            CloudWorker(cloud.kept, tasks, "--lease", str(_LEASE_S), "--name", f"worker-{n}", *more, env=env)
            for n in range(WORKERS)
        ]
        for worker in workers:
            worker.begin()
            stack.callback(worker.stop)
        for worker in workers:
            worker.wait()
        parts = [
            Part("api", cloud.kill, cloud.start), *(Part("worker", one.kill, one.begin) for one in workers), *parts,
        ]  # fmt: skip
        yield Cloud(cloud, workers, url, parts, key.public.text)


def _tasks(key: Path) -> dict[str, object]:
    stages = [{"model": MODEL, "confidence": LEAST}]
    return {
        "tasks": [{"name": "plates", "takes": "sealed", "stages": stages, "attempts": 20}],
        "inference": {"precision": "f32", "scaling": "exact", "batch": 8},
        "keys": [{"file": str(key)}],
    }
