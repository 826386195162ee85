"""`bench outbox` and `bench wall --outbox`: tiny ones quickly, and the whole against its targets when asked for.

Run it with: uv run pytest -m soak tests/bench/test_outbox.py -s     (on a machine with nothing else to do)
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.bench import wall_outbox
from console.bench.outbox import TARGETS, Wanted, _together, in_words, measure
from console.bench.outbox_bare import clients, loop
from console.bench.outbox_cloud import BenchCloud
from console.bench.outbox_home import PICTURE_BYTES, TARGET, fill, parcels_of, settings, waiting_again
from console.errors import SightdeskError
from console.settings.home import Home
from console.store.outbox import waiting_bytes
from console.store.store import Store
from console.sync.wire import encode


def quiet(_words: str) -> None:
    pass


def test_a_tiny_one_says_all_its_figures(tmp_path: Path) -> None:
    wanted = Wanted(messages=40, rounds=2, waiting=300, idle_s=1.0)
    report = json.loads(json.dumps(measure(tmp_path, wanted, quiet)))
    found, idle = report["throughput"], report["idle"]
    assert set(found["per_second"]) == {"sightdesk", *clients(), "http.client, together"}
    assert all(len(rates) == 2 and min(rates) > 0 for rates in found["all_per_second"].values())
    assert found["best_bare"] in clients()
    ours = found["per_second"]["sightdesk"]
    assert found["ratio"] == pytest.approx(ours / found["per_second"][found["best_bare"]], rel=0.01)
    assert found["picture_bytes"] == pytest.approx(PICTURE_BYTES, rel=0.1)
    assert idle["state"] in {"waiting", "sending"}
    assert idle["problem"]
    assert idle["grown_mb"] < TARGETS["idle_mb"]
    assert "ratio to the best" in in_words(report)
    assert "300 waiting" in in_words(report)


def test_what_is_filled_waits_and_can_wait_again(tmp_path: Path) -> None:
    with BenchCloud(tmp_path / "papers") as cloud, Home.open(tmp_path / "home") as home, Store.open(home) as store:
        fill(home, store, settings(cloud.url, cloud.papers), 7, files=3, say=quiet)
        parcels = parcels_of(home, store)
        assert len({parcel.message_id for parcel in parcels}) == 7
        assert len({parcel.file.sha256 for parcel in parcels if parcel.file is not None}) == 3
        with store.read() as db:
            before = waiting_bytes(db)
            (held,) = db.execute("SELECT count(*) FROM holds").fetchone()
        assert before > 7 * PICTURE_BYTES * 0.8
        assert held == 7
        sql = "UPDATE outbox_deliveries SET state = 'sent', sent_at = '2026-01-01' WHERE target = ?"
        store.write(lambda db: (db.execute(sql, (TARGET,)), db.execute("DELETE FROM holds"))).result(5)
        waiting_again(store)
        with store.read() as db:
            assert waiting_bytes(db) == before
            assert db.execute("SELECT count(*) FROM holds").fetchone()[0] == 7


def test_every_loop_is_taken_by_the_same_receiver(tmp_path: Path) -> None:
    with BenchCloud(tmp_path / "papers") as cloud, Home.open(tmp_path / "home") as home, Store.open(home) as store:
        fill(home, store, settings(cloud.url, cloud.papers), 10, files=2, say=quiet)
        parcels = parcels_of(home, store)
        for name in clients():
            assert loop(name, cloud.port, cloud.papers, [encode([parcel]) for parcel in parcels], 3) > 0
        parts = _together(parcels, 4, 70_000)
        assert [len(part) for part in parts] == [3, 3, 3, 1]
        assert [parcel for part in parts for parcel in part] == parcels
        assert loop("http.client", cloud.port, cloud.papers, [encode(part) for part in parts], 2) > 0
        with pytest.raises(SightdeskError, match=r"bare loop with http\.client failed"):
            loop("http.client", cloud.port, cloud.papers, [b"none of a message"], 1)


def test_the_receiver_lets_in_only_who_shows_a_certificate(tmp_path: Path) -> None:
    with BenchCloud(tmp_path / "papers") as cloud:
        context = ssl.create_default_context(cafile=str(cloud.papers.ca))

        class Bare:
            @staticmethod
            def context() -> ssl.SSLContext:
                return context

        with pytest.raises(SightdeskError, match="failed"):
            loop("http.client", cloud.port, Bare, [b""], 1)  # type: ignore[arg-type]  # papers without a certificate


def test_the_wall_is_measured_before_a_dead_and_a_live_target(tmp_path: Path) -> None:
    said: list[str] = []

    def watch() -> dict[str, Any]:
        report: dict[str, Any] = dict.fromkeys(
            ("gui_thread", "cores", "to_paint_ms", "click_ms", "inferences_a_second", "other_cores"), 0.1
        )
        return report | {"fps": {"min": 30.0 if len(said) < 5 else 29.0}}

    def wait(until: object, timeout_s: float) -> bool:
        return True

    with wall_outbox.FullOutbox(tmp_path, 40, said.append) as outbox:
        report = outbox.measure(watch, wait)
    assert report["waiting"] == 40
    assert report["without"]["fps_min"] == 30.0
    assert set(report["fps_share"]) == set(report["grown_mb"]) == {"dead", "live"}
    assert report["dead"]["sent"] == 0
    assert said[-1] == "measuring without an outbox again"
    assert "without again" in wall_outbox.in_words(report)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_it_keeps_what_it_promises() -> None:
    command = [sys.executable, "-m", "console", "bench", "outbox", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
    print(done.stdout)
    report = json.loads(done.stdout)
    assert report["throughput"]["ratio"] >= TARGETS["ratio"]
    assert report["idle"]["grown_mb"] < TARGETS["idle_mb"]
