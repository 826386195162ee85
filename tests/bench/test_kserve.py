"""A real detector on a real Triton on this machine: what several requests in flight and the server's batches give.

    uv run pytest -m soak tests/bench/test_kserve.py -s

Prints one JSON object: per way and number in flight, pictures a second, latency and the batches the server formed.
Server and client share this machine's cores, so a second machine's server would do better than this table.
"""

from __future__ import annotations

import json
import queue
import time
from pathlib import Path

import numpy as np
import pytest

from backends import kserve
from backends.base import BackendError, LoadOptions
from models.manifest import PictureInput
from tests.conftest import missing
from tests.servers import pytriton_server
from tests.servers.pytriton_server import Triton

pytestmark = [pytest.mark.soak, pytest.mark.services, pytest.mark.shared]
PICTURE = PictureInput("images", 416, 416, "NCHW")
SECONDS, BATCH, DELAY_US = 10.0, 8, 5000


def measure(server: Triton, scheme: str, in_flight: int) -> dict[str, object]:
    backend = kserve.runtime().load(server.url("yolox_nano", scheme), PICTURE, "REMOTE", LoadOptions())
    pixels = np.random.default_rng(1).integers(0, 255, (1, 416, 416, 3), np.uint8)
    answers: queue.SimpleQueue = queue.SimpleQueue()
    seen = len(server.seen("yolox_nano"))
    begin = time.monotonic()
    starts: list[float] = []
    assert backend.info.max_in_flight == in_flight
    while time.monotonic() - begin < SECONDS:
        number = len(starts)
        backend.submit({"images": pixels}, lambda out, n=number: answers.put((out, n, time.monotonic())))
        starts.append(time.monotonic())  # a picture's clock starts when there is a place for it, as in the product
    count = len(starts)
    got = [answers.get(timeout=60) for _ in range(count)]
    took = time.monotonic() - begin
    backend.close()
    assert not any(isinstance(out, BackendError) for out, _n, _end in got)
    batches = server.seen("yolox_nano")[seen:]
    p50, p95, p99 = np.percentile([1000 * (end - starts[n]) for _out, n, end in got], (50, 95, 99))
    return {
        "way": scheme, "in_flight": in_flight, "per_second": round(count / took, 1),
        "latency_ms": {"p50": round(p50, 1), "p95": round(p95, 1), "p99": round(p99, 1)},
        "batch_mean": round(float(np.mean(batches)), 2), "batch_largest": max(batches),
    }  # fmt: skip


def test_throughput_by_requests_in_flight(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    rows = []
    with Triton(tmp_path) as server:
        server.bind("yolox_nano", shared / "models" / "yolox_nano.onnx", batch=BATCH, delay_us=DELAY_US)
        for scheme in ("grpc", "http"):
            for in_flight in (1, 4, 16):
                monkeypatch.setattr(kserve, "IN_FLIGHT", in_flight)
                rows.append(measure(server, scheme, in_flight))
    print(
        json.dumps({"model": "yolox_nano", "server": "Triton", "max_batch": BATCH, "delay_us": DELAY_US, "rows": rows})
    )
    by = {(row["way"], row["in_flight"]): row for row in rows}
    for scheme in ("grpc", "http"):
        assert by[scheme, 1]["batch_largest"] == 1
        assert by[scheme, 16]["batch_mean"] > by[scheme, 4]["batch_mean"] > 1
