"""Sixteen cameras for a long while: shares stay fair, memory stays flat, every frame is accounted for.

Run it with: uv run pytest -m soak tests/bench/test_soak.py -s     (SIGHTDESK_SOAK_MINUTES, 10 by default)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
import pytest

from tests.servers.clips import X264_LIVE, encode
from tests.servers.rtsp_server import RtspServer, need_gstreamer

CAMERAS = 16
SETTLE_S = 120.0
pytestmark = [pytest.mark.soak, pytest.mark.shared, pytest.mark.services]


def street_720p(shared: Path, path: Path) -> Path:
    """Ten seconds of vtest.avi as a 1280 x 720, 30 fps camera sends it."""
    with av.open(str(shared / "media/vtest.avi")) as source:
        pictures = [
            frame.to_ndarray(format="bgr24") for _, frame in zip(range(100), source.decode(video=0), strict=False)
        ]

    def draw(width: int, height: int, number: int) -> np.ndarray:
        return cv2.resize(pictures[number // 3], (width, height))

    return encode(
        path, codec="libx264", size=(1280, 720), frames=300, fps=30, container="h264", options=X264_LIVE, draw=draw
    )


@pytest.mark.timeout(7200)
def test_sixteen_cameras(shared: Path, tmp_path: Path) -> None:
    need_gstreamer()
    seconds = float(os.environ.get("SIGHTDESK_SOAK_MINUTES", "10")) * 60
    with RtspServer(street_720p(shared, tmp_path / "street.h264"), mounts=CAMERAS) as server:
        urls = [server.url(number) for number in range(CAMERAS)]
        model = str(shared / "models/yolox_nano.onnx")
        command = [
            sys.executable,
            "-m",
            "console",
            "run",
            *urls,
            "--model",
            model,
            "--seconds",
            f"{seconds:g}",
            "--json",
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        memory = psutil.Process(process.pid)
        begin, samples = time.monotonic(), []
        while process.poll() is None and time.monotonic() - begin < seconds + 60:
            samples.append((time.monotonic() - begin, memory.memory_info().rss / 2**20))
            time.sleep(2.0)
            if process.stdout and time.monotonic() - begin > seconds - 2:
                break
        output, _ = process.communicate(timeout=60)
        server_cores = server.cpu_s() / (time.monotonic() - begin)
    summary = json.loads(output)
    rates = [camera["fps"]["inferred"] for camera in summary["cameras"].values()]
    incoming = [camera["fps"]["in"] for camera in summary["cameras"].values()]
    late = np.array([sample for sample in samples if SETTLE_S < sample[0] < seconds - 5])
    slope = float(np.polyfit(late[:, 0] / 60, late[:, 1], 1)[0]) if len(late) > 10 else float("nan")
    print(
        f"\n{CAMERAS} cameras, {summary['seconds']:.0f} s: in {min(incoming):.1f}-{max(incoming):.1f} fps, "
        f"inferred {min(rates):.2f}-{max(rates):.2f} a second (min/max {min(rates) / max(rates):.3f}, "
        f"{sum(rates):.1f} in all), RSS {samples[len(samples) // 2][1]:.0f} MB, slope {slope:.3f} MB/min, "
        f"{summary['process']['cpu_s'] / summary['seconds']:.2f} cores, server {server_cores:.2f} cores, "
        f"latency {summary['total']['latency']['end to end']}, dropped {summary['total']['dropped']}"
    )
    assert process.returncode == 0
    assert min(rates) / max(rates) >= 0.8
    assert not slope >= 1.0
    for camera in summary["cameras"].values():
        assert camera["frames"] == camera["inferred"] + sum(camera["dropped"].values())
        assert camera["errors"] == {}
