"""Measures what cameras whose live picture is covered come to: pictures a second, their age, and processor time.

    python -m tests.privacy.live_rate --clip vtest.avi --home /tmp/rate [--seconds 15] [--json]

A site without a screen runs 1 and 4 cameras at 640x480 and 1080p, with YuNet and with CenterFace, each camera's model
being yolox_nano and each tile 640x480; what a tile would show is counted, as is how old it is when it is ready. On a
machine that does something else too the figures are of no use: the load before each run stands beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import threading
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import psutil

from console.pipeline.covered_display import CoveredDisplay
from tests.privacy.headless import Work, at_work
from tests.servers.clips import encode

SIZES = ((640, 480), (1920, 1080))
CAMERAS = (1, 4)
FACES = {"yunet": "always", "centerface": "unsure"}
"""Face models, and which heads are covered beside the faces they find."""
TILE, FPS, FRAMES = (640, 480), 25, 200
WARM_S = 6.0
SETTINGS = """\
inference: {{model: yolox_nano}}
privacy: {{face_model: {faces}, heads: {heads}, plates: "no", live: true, within_s: 5}}
events: {{rules: []}}
cameras:
"""


def main() -> None:
    """Measure all, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True, help="persons walk about in it")
    parser.add_argument("--home", type=Path, required=True, help="a folder to work in")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    given.home.mkdir(parents=True, exist_ok=True)
    rows = list(_measured(given.clip, given.home, given.seconds, quiet=given.json))
    if given.json:
        print(json.dumps(rows))


def _measured(clip: Path, folder: Path, seconds: float, *, quiet: bool) -> Iterator[dict[str, Any]]:
    for size, faces, count in product(SIZES, FACES, CAMERAS):
        text = SETTINGS.format(faces=faces, heads=FACES[faces])
        scaled = _scaled(clip, folder, size)
        text += "".join(f"  - {{id: c{n}, source: {scaled}, loop: true}}\n" for n in range(count))
        load = os.getloadavg()[0]
        with at_work(folder / "home", text) as work:
            row = {"size": "x".join(map(str, size)), "faces": faces, "cameras": count, **_watch(work, count, seconds)}
        row["load_before"] = round(load, 2)
        if not quiet:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        yield row


def _watch(work: Work, count: int, seconds: float) -> dict[str, Any]:
    displays = []
    for number in range(count):
        display = work.lane(f"c{number}").display
        assert isinstance(display, CoveredDisplay)
        display.size = TILE
        displays.append(display)
    work.until(lambda: all(display.latest for display in displays), "a covered picture of every camera", 120)
    time.sleep(WARM_S)
    ages: list[list[float]] = [[] for _display in displays]
    over = threading.Event()
    process = psutil.Process()
    used, began = sum(process.cpu_times()[:2]), time.monotonic()
    threading.Timer(seconds, over.set).start()
    last = [0] * count
    while not over.wait(0.004):
        for number, display in enumerate(displays):
            shown = display.latest
            if shown is not None and shown.ready_ns != last[number]:
                last[number] = shown.ready_ns
                ages[number].append((shown.ready_ns - shown.frame.captured_ns) / 1e6)
    took = time.monotonic() - began
    cores = (sum(process.cpu_times()[:2]) - used) / took
    every = sorted(age for one in ages for age in one)
    weak = sum(bool(display.weakened) for display in displays)
    return {
        "shown_per_s_each": round(len(every) / took / count, 1),
        "least_per_s": round(min(map(len, ages)) / took, 1),
        "age_ms_p50": round(statistics.median(every)) if every else None,
        "age_ms_p95": round(every[int(len(every) * 0.95)]) if every else None,
        "cores": round(cores, 2),
        "cameras_with_more_covered": weak,
    }


def _scaled(clip: Path, folder: Path, size: tuple[int, int]) -> Path:
    """The clip at a size, as H.264 of 25 pictures a second."""
    made = folder / f"{size[0]}x{size[1]}.mp4"
    if not made.exists():
        video = cv2.VideoCapture(str(clip))

        def draw(width: int, height: int, _number: int) -> Any:
            there, picture = video.read()
            if not there:
                video.set(cv2.CAP_PROP_POS_FRAMES, 0)
                there, picture = video.read()
            return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)

        encode(made, codec="libx264", size=size, frames=FRAMES, fps=FPS, options={"preset": "fast"}, draw=draw)
        video.release()
    return made


if __name__ == "__main__":
    main()
