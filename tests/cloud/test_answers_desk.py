"""A desk fetches what the real cloud answers: of its own files alone, also after the cloud was killed."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from uuid_utils import uuid7

from console.cloud.database.opening import open_repository
from console.cloud.jobs.values import NewJob, Outcome
from console.cloud.pki.identity import Identity
from console.settings.home import Home
from console.settings.schema import Settings
from console.settings.sync import SyncSettings
from console.store.store import Store
from console.sync import routes
from console.sync.uploader import Uploader
from tests.console.answer_cases import cursor, rows, seen
from tests.console.sync_fakes import Bench, wait_until
from tests.servers.cloud_server import CloudServer
from tests.servers.receiver_answers import PLATE

JPEG = bytes(cv2.imencode(".jpg", np.full((8, 8, 3), 90, np.uint8))[1])
SIZES = {"size": [8, 8], "source_size": [8, 8]}


def work(server: CloudServer, who: Identity, *, fails: bool = False) -> int:
    """What workers do with the files that were kept: a job for each, done; how many."""
    database = open_repository(f"sqlite:///{server.kept / 'cloud.db'}", make=False)
    try:
        sql = "SELECT message_id, tracking_id, camera_id FROM messages WHERE kind = 'picture' AND site = ? AND desk = ?"
        jobs = [NewJob(str(uuid7()), *row, "plates") for row in server.rows(sql, (who.site, who.desk))]
        with database.writing(who.site) as db:
            db.add_jobs(who, jobs)
        with database.writing(who.site) as db:
            held = db.claim(["plates"], 100, "worker-1", 60.0)
        done = [
            Outcome(one.job_id, one.attempt, "failed", "It is no picture.")
            if fails
            else Outcome(one.job_id, one.attempt, "done", answer=PLATE)
            for one in held
        ]
        with database.writing(who.site) as db:
            return len(db.settle(who.site, "worker-1", done))
    finally:
        database.close()


def put(bench: Bench, number: int) -> int:
    """Write so many pictures of events; how many."""
    numbers = bench.put_many(["picture"] * number, body=SIZES, content=JPEG, targets=("cloud",))
    of = ", ".join(map(str, numbers))
    with bench.store.read() as db:
        ids = [str(row[0]) for row in db.execute(f"SELECT tracking_id FROM outbox WHERE id IN ({of})")]
    bench.store.write(lambda db: seen(db, *ids)).result(10)
    return len(numbers)


@pytest.mark.timeout(90)
def test_a_desk_has_what_its_cloud_answers(own_home: Path, tmp_path: Path) -> None:
    server = CloudServer(tmp_path / "cloud")
    target = server.target(server.desk("desk-1"))
    settings = Settings(site="Plant 1", sync=SyncSettings(targets=(target,)))
    with Home.open(own_home) as home, Store.open(home) as store, server:
        bench = Bench(home.path, store)
        routes.apply(store, settings)
        number = put(bench, 12)
        uploader = Uploader(home.path, store, settings, secret=lambda name: name, random=Random(1))
        try:
            wait_until(lambda: uploader.empty)
            answered = work(server, Identity("plant-1", "desk-1", 0))
            assert answered == number
            uploader.push()
            wait_until(lambda: len(rows(store)) == answered)
            assert {row["state"] for row in rows(store)} == {"done"}
            assert cursor(store)["number"] == answered
            server.kill()
            put(bench, 3)
            uploader.push()
            wait_until(lambda: (said := uploader.figures["cloud"].answers) is not None and said.problem is not None)
            server.start()
            uploader.push()
            wait_until(lambda: uploader.empty)
            assert work(server, Identity("plant-1", "desk-1", 0), fails=True) == 3
            uploader.push()
            wait_until(lambda: len(rows(store)) == answered + 3)
            assert [row["state"] for row in rows(store)[-3:]] == ["failed"] * 3
            begun = time.monotonic()
        finally:
            assert uploader.close() == []
        assert time.monotonic() - begun < 2
