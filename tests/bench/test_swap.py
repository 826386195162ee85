"""Models exchanged under live cameras, again and again, half of the time for broken ones.

Run it with: uv run pytest -m soak tests/bench/test_swap.py -s     (SIGHTDESK_SWAPS, 50 by default)
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from console.errors import ModelError, SecretError
from console.settings.inference import InferenceSettings
from console.settings.schema import CameraSettings, Settings
from console.site.running import RunningSite
from console.site.site import Site
from models.results import Result
from tests.console.fakes import wait_until

pytestmark = pytest.mark.shared

SETTLE_S = 1.0
MOMENT_NS = 300_000_000
"""An exchange is over so long after it: what comes later is not its doing."""
GOOD = (
    {"model": "yolox_nano.onnx", "backend": "openvino"},
    {"model": "yolox_nano.onnx", "backend": "onnxruntime"},
    {"model": "yolox_nano.onnx", "backend": "openvino", "precision": "f32"},
    {"model": "person-vehicle-bike-detection-2002.xml", "backend": "openvino"},
)
"""Another runtime, another precision, another model with other labels."""


def broken_ones(folder: Path, models: Path) -> list[dict[str, str]]:
    """What can't be loaded, each for a reason of its own."""
    whole = (models / "yolox_nano.onnx").read_bytes()
    (folder / "cut.onnx").write_bytes(whole[: len(whole) // 3])
    (folder / "garbage.onnx").write_bytes(bytes(range(256)) * 4096)
    (folder / "empty.onnx").write_bytes(b"")
    return [
        {"model": str(folder / "cut.onnx"), "backend": "openvino"},
        {"model": str(folder / "garbage.onnx"), "backend": "onnxruntime"},
        {"model": str(models / "yolox_nano.onnx"), "backend": "openvino", "device": "GPU.7"},
        {"model": str(folder / "empty.onnx"), "backend": "openvino"},
        {"model": str(folder / "missing.onnx"), "backend": "openvino"},
        {"model": str(models / "yolox_nano.onnx"), "backend": "no-such-runtime"},
    ]


@dataclass
class Watch:
    """When each camera's results came, and that they came in order."""

    came: dict[str, list[int]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    disordered: int = 0

    def take(self, result: Result) -> None:
        self.disordered += result.seq <= self.last.get(result.camera_id, -1)
        self.last[result.camera_id] = result.seq
        if not result.gaps:
            self.came.setdefault(result.camera_id, []).append(result.published_ns)

    def gaps_s(self, begin_ns: int, end_ns: int) -> list[float]:
        """Seconds between results of one camera, for all: the gap at `begin_ns` and those that begin by `end_ns`."""
        found: list[float] = []
        for times in self.came.values():
            first = max(np.searchsorted(times, begin_ns) - 1, 0)
            found += [(b - a) / 1e9 for a, b in pairwise(times[first:]) if a <= end_ns]
        return found


def no_secret(name: str) -> str:
    raise SecretError(name)


def exchange(shared: Path, folder: Path, *, cameras: int, swaps: int, settle_s: float) -> dict[str, Any]:
    """Exchange models under live cameras, every second time for a broken one; what came of it."""
    models, clip = shared / "models", shared / "media/vtest.avi"
    site = RunningSite(Site(lambda name: (models / name, None), no_secret, cache=folder / "cache"))
    watch, broken = Watch(), broken_ones(folder, models)
    site.subscribe(watch.take)
    lined_up = tuple(CameraSettings(id=f"c{n}", source=str(clip), loop=True, mirror=n % 2 == 1) for n in range(cameras))
    memory, process = [], psutil.Process()
    longest, usual, calmest, exchanging, refused, unchanged = [], [], [], [], 0, 0
    try:
        site.apply(Settings(cameras=lined_up, inference=InferenceSettings(**GOOD[0]))).result(60)
        meters = {camera.id: site.meter(camera.id) for camera in lined_up}
        lanes = {camera.id: site.lane(camera.id) for camera in lined_up}
        wait_until(lambda: all(meter is not None and meter.inferred > 5 for meter in meters.values()), 60)
        begin = time.monotonic_ns()
        time.sleep(2 * settle_s)
        for number in range(swaps):
            calm = watch.gaps_s(begin, time.monotonic_ns())
            usual.append(float(np.median(calm)))
            calmest.append(max(calm))
            begin = time.monotonic_ns()
            before = [site.ran(camera.id) for camera in lined_up]
            wanted = broken[number // 2 % len(broken)] if number % 2 else GOOD[(number // 2 + 1) % len(GOOD)]
            try:
                site.apply(Settings(cameras=lined_up, inference=InferenceSettings(**wanted))).result(120)
                exchanging.append(time.monotonic_ns())
            except ModelError:
                refused += 1
                unchanged += [site.ran(camera.id) for camera in lined_up] == before
            at = {camera: len(times) for camera, times in watch.came.items()}
            wait_until(lambda at=at: all(len(watch.came[camera]) > had for camera, had in at.items()), 30)
            longest.append(max(watch.gaps_s(begin, time.monotonic_ns())))
            begin = time.monotonic_ns()
            time.sleep(settle_s)
            memory.append(process.memory_info().rss / 2**20)
        same = all(site.meter(c) is meters[c] and site.lane(c) is lanes[c] for c in meters)
    finally:
        assert site.close() == []
    around = [max(watch.gaps_s(at - MOMENT_NS // 3, at + MOMENT_NS), default=0.0) for at in exchanging]
    errors = {what for meter in meters.values() if meter is not None for what in meter.errors}
    unaccounted = sum(m.frames - m.inferred - m.dropped.total() for m in meters.values() if m is not None)
    failed = sum(m.dropped["error"] + m.dropped["no model"] for m in meters.values() if m is not None)
    cycles = [float(np.mean(memory[at : at + 2 * len(GOOD)])) for at in range(0, len(memory), 2 * len(GOOD))]
    cycles = cycles[len(cycles) // 2 :] if len(memory) % (2 * len(GOOD)) == 0 else cycles[len(cycles) // 2 : -1]
    return {
        "cameras": cameras,
        "swaps": swaps,
        "refused": refused,
        "refused_and_unchanged": unchanged,
        "pictures": sum(m.frames for m in meters.values() if m is not None),
        "inferred": sum(m.inferred for m in meters.values() if m is not None),
        "pictures_lost": unaccounted + failed - before_the_model(meters),
        "out_of_order": watch.disordered,
        "errors": sorted(errors),
        "same_connection": same,
        "usual_interval_s": round(float(np.median(usual)), 4),
        "longest_calm_gap_s": round(max(calmest), 4),
        "longest_gap_at_an_exchange_s": round(max(around), 4),
        "longest_gap_while_loading_too_s": round(max(longest), 4),
        "gap_over_usual": round(max(gap / usual_s for gap, usual_s in zip(longest, usual, strict=True)), 2),
        "memory_mb": [round(memory[0]), round(memory[len(memory) // 2]), round(memory[-1])],
        "memory_slope_mb_per_swap": round((cycles[-1] - cycles[0]) / max(len(cycles) - 1, 1) / (2 * len(GOOD)), 3)
        if cycles
        else None,
    }


def before_the_model(meters: dict[str, Any]) -> int:
    """Pictures that came before the very first model was there."""
    return sum(meter.dropped["no model"] for meter in meters.values())


def test_a_few_exchanges_under_four_cameras(shared: Path, tmp_path: Path) -> None:
    told = exchange(shared, tmp_path, cameras=4, swaps=6, settle_s=0.5)
    assert (told["refused"], told["refused_and_unchanged"]) == (3, 3), told
    assert (told["pictures_lost"], told["out_of_order"], told["errors"]) == (0, 0, []), told
    assert told["same_connection"], told


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_exchanges_under_eight_cameras(shared: Path, tmp_path: Path) -> None:
    swaps = int(os.environ.get("SIGHTDESK_SWAPS", "50"))
    told = exchange(shared, tmp_path, cameras=8, swaps=swaps, settle_s=SETTLE_S)
    print(json.dumps(told, indent=1))
    assert told["refused"] == told["refused_and_unchanged"] == swaps // 2
    assert (told["pictures_lost"], told["out_of_order"], told["errors"]) == (0, 0, [])
    assert told["same_connection"]
    assert told["memory_slope_mb_per_swap"] < 1.0
