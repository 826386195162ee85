"""The wall under load: real RTSP cameras on loopback, inference on, and what reaches the screen.

What is measured, in one process and one window of 1920 x 1080:

* **fps** of each tile: pictures painted, not received;
* **GUI thread**: its share of a core; **cores**: the whole process, the camera server excluded;
* **decode to paint**: from the decoder's hand-over of a picture to the end of its painting;
* **click**: from a mouse press posted from another thread to its effect, every 200 ms;
* **boxes**: from the capture of a picture to the painting of the boxes found in it, beside the model's own time;
* **inferences** a second in all, and the least camera's share of the best one's.

`other_cores` says what else kept the machine busy meanwhile: with much of that, the figures are no verdict.

`paint_cost_s` burns time in every painting of the first tile, and a camera is added that never answers: the age of what
is on the screen and the memory must stay as they are, since there are slots and no queues.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np

from console.bench.clip import write_h264
from console.bench.rtsp_server import RtspServer
from console.bench.wall_outbox import FullOutbox
from console.health.watchdog import Watchdog
from console.pipeline.lane import Lane
from console.settings.home import Home
from console.settings.inference import InferenceSettings
from console.settings.schema import CameraSettings, Settings
from console.site.open import open_site
from console.site.running import RunningSite
from console.sources.factory import open_source
from console.sources.file import FileSource
from console.ui.live.probe import Probe, Sample
from models.states import CameraStatus

WIDTH, HEIGHT, FPS, CLIP_S = 1280, 720, 30, 10
SETTLE_S = 4.0
STARTS_WITHIN_S = 60.0
KEEP_S = 30.0
TARGETS: dict[str, float] = {
    "fps_min": 29.0,
    "gui_thread": 0.12,
    "to_paint_p50_ms": 12.0,
    "to_paint_p95_ms": 25.0,
    "click_p95_ms": 20.0,
    "inferences_a_second": 50.0,
    "least_to_best": 0.8,
    "cores_without_inference": 1.25,
}
"""What the product promises of sixteen 720p30 cameras on two cores."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run.

    Attributes:
        cameras: how many, from the loopback server.
        sources: run these instead.
        model: catalogue name or file; None: no inference.
        seconds: length of the measurement, after it has settled.
        paint_cost_s: see the module.
        review_s: somebody judges items on the Review page meanwhile, one in so many seconds; 0: nobody does.
        outbox: measured again with so many messages waiting, see `console.bench.wall_outbox`; 0: it isn't.
    """

    cameras: int = 16
    sources: Sequence[str] = ()
    model: str | None = "yolox_nano"
    seconds: float = 20.0
    paint_cost_s: float = 0.0
    review_s: float = 0.0
    outbox: int = 0


class _NoModel:
    """Cameras without a model: what a site is while its models load."""

    busy = False

    def __init__(self, home: Home, cameras: Sequence[CameraSettings]) -> None:
        self._site = open_site(home, Watchdog(), keep_s=KEEP_S)
        for camera in cameras:
            self._site.pipeline.add_camera(camera, None, lambda camera=camera: open_source(camera))  # type: ignore[misc]

    def lane(self, camera_id: str) -> Lane | None:
        """See `RunningSite.lane`."""
        return self._site.pipeline.lane(camera_id)

    def status(self, camera_id: str) -> CameraStatus | None:
        """See `RunningSite.status`."""
        return self._site.pipeline.status(camera_id)

    def close(self) -> list[str]:
        """See `Site.close`."""
        return self._site.close()


def measure(home: Home, clip: Path, wanted: Wanted, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the wall and report.

    Args:
        home: where models are found.
        clip: a video file; its first seconds are what the cameras send.
        wanted: what to run.
        folder: for the prepared clip.
        say: told what happens.

    Raises:
        SightdeskError: no server, no encoder, no model.
    """
    with ExitStack() as stack:
        sources, server = list(wanted.sources), None
        outbox = stack.enter_context(FullOutbox(folder / "outbox", wanted.outbox, say)) if wanted.outbox else None
        if not sources:
            say("preparing the cameras' clip")
            write_h264(folder / "camera.h264", _pictures(clip), FPS)
            server = stack.enter_context(RtspServer(folder / "camera.h264", wanted.cameras, FPS))
            sources = [server.url(number) for number in range(wanted.cameras)]
        if wanted.paint_cost_s:
            sources.append(stack.enter_context(_Silent()).url)
        cameras = tuple(CameraSettings(id=f"camera{n + 1}", source=source) for n, source in enumerate(sources))
        site = _started(home, cameras, wanted.model)
        stack.callback(site.close)
        probe = Probe(site, [camera.id for camera in cameras], wanted.paint_cost_s)
        stack.callback(probe.close)
        verdicts = stack.enter_context(_reviewing(folder / "review", wanted.review_s)) if wanted.review_s else []
        answering = [camera.id for camera in cameras if not wanted.paint_cost_s or camera is not cameras[-1]]
        say(f"waiting for {len(answering)} cameras")
        probe.wait(lambda: all(_shows(site.lane(camera), wanted.model) for camera in answering), STARTS_WITHIN_S)
        settle_s = SETTLE_S + (
            KEEP_S if wanted.paint_cost_s else 0.0
        )  # the memory of the last half minute is full by then
        probe.wait(_after(settle_s), settle_s + 1)

        def window() -> dict[str, Any]:
            verdicts.clear()
            return _window(site, probe, server, wanted, answering)

        say(f"measuring for {wanted.seconds:g} s")
        report = window()
        if verdicts:
            p50, p99 = np.percentile(verdicts, [50, 99])
            report["review"] = {"verdicts": len(verdicts), "ms": {"p50": round(p50, 1), "p99": round(p99, 1)}}
        if outbox is not None:
            report["outbox"] = outbox.measure(window, probe.wait)
        return report


def _window(
    site: RunningSite | _NoModel, probe: Probe, server: RtspServer | None, wanted: Wanted, cameras: Sequence[str]
) -> dict[str, Any]:
    """Watch the wall for so long."""
    inferred = {camera: _inferred(site.lane(camera)) for camera in cameras}
    came_in = sum(_came_in(site.lane(camera)) for camera in cameras)
    served = server.cpu_s() if server else 0.0
    sample = probe.measure(wanted.seconds)
    rates = {camera: (_inferred(site.lane(camera)) - before) / sample.seconds for camera, before in inferred.items()}
    came_in = sum(_came_in(site.lane(camera)) for camera in cameras) - came_in
    report = _report(sample, rates if wanted.model else {}, cameras)
    report["captured_fps"] = round(came_in / sample.seconds / len(cameras), 2)
    report["tile"] = list(probe.size)
    serving = (server.cpu_s() - served) / sample.seconds if server else 0.0
    report["server_cores"] = round(serving, 3)
    report["other_cores"] = round((sample.machine_cpu_s - sample.cpu_s) / sample.seconds - serving, 3)
    return report


@contextmanager
def _reviewing(folder: Path, every_s: float) -> Iterator[list[float]]:
    """Somebody at the Review page, in a window of its own beside the wall; how long each next picture took, ms."""
    from console.bench import review  # noqa: PLC0415  # only where somebody does
    from console.store.store import Store  # noqa: PLC0415
    from console.ui.review.probe import Probe as ReviewProbe  # noqa: PLC0415

    with Home.open(folder) as home, Store.open(home) as store:
        review.fill(home, store, review.Wanted(items=2000, pictures=200), lambda _words: None)
        page = ReviewProbe(home, store, (1280, 800))
        try:
            yield page.judge(every_s)
        finally:
            page.close()


def _started(home: Home, cameras: tuple[CameraSettings, ...], model: str | None) -> RunningSite | _NoModel:
    if model is None:
        return _NoModel(home, cameras)
    site = RunningSite(open_site(home, Watchdog(), keep_s=KEEP_S))
    try:
        site.apply(Settings(cameras=cameras, inference=InferenceSettings(model=model))).result()
    except BaseException:
        site.close()
        raise
    return site


def _shows(lane: Lane | None, model: str | None) -> bool:
    return lane is not None and lane.display.latest is not None and (model is None or lane.latest is not None)


def _came_in(lane: Lane | None) -> int:
    return lane.meter.frames if lane is not None else 0


def _inferred(lane: Lane | None) -> int:
    return lane.meter.inferred if lane is not None else 0


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _pictures(clip: Path) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Ten seconds of a clip as a 720p camera would send it; each picture stands for three, as in a 10 fps clip."""
    source, pictures = FileSource("clip", clip, paced=False, loop=True), []
    for frame in source.frames():
        small = frame.picture.view(*frame.size)
        pictures += [np.asarray(cv2.resize(small, (WIDTH, HEIGHT)), np.uint8)] * 3
        if len(pictures) >= FPS * CLIP_S:
            break
    source.close()
    return pictures


def _report(sample: Sample, rates: dict[str, float], cameras: Sequence[str]) -> dict[str, Any]:
    fps = [sample.pictures.get(camera, 0) / sample.seconds for camera in cameras]
    memory = np.array(sample.memory_mb[len(sample.memory_mb) // 3 :]).reshape(-1, 2)
    slope = float(np.polyfit(memory[:, 0], memory[:, 1], 1)[0]) if len(memory) > 2 else 0.0
    return {
        "targets": TARGETS,
        "seconds": round(sample.seconds, 2),
        "fps": {"min": round(min(fps), 2), "max": round(max(fps), 2)},
        "gui_thread": round(sample.gui_cpu_s / sample.seconds, 4),
        "cores": round(sample.cpu_s / sample.seconds, 3),
        "to_paint_ms": _quantiles(sample.to_paint_s),
        "click_ms": _quantiles(sample.clicks_s),
        "boxes_ms": _quantiles(sample.boxes_s),
        "model_ms": _quantiles(sample.model_s),
        "inferences_a_second": round(sum(rates.values()), 2),
        "least_to_best": round(min(rates.values()) / max(*rates.values(), 1e-09), 3) if rates else None,
        "memory_mb": {"last": round(float(memory[-1, 1]), 1) if len(memory) else None, "a_second": round(slope, 3)},
        "beat_ms": sample.stretched_ms,
        "core_share_by_thread": {
            name: round(cpu / sample.seconds, 4) for name, cpu in list(sample.by_thread.items())[:8]
        },
    }


def _quantiles(seconds: Sequence[float]) -> dict[str, float] | None:
    if not seconds:
        return None
    p50, p95, p99, most = np.percentile(seconds, (50, 95, 99, 100)) * 1e3
    return {"p50": round(p50, 1), "p95": round(p95, 1), "p99": round(p99, 1), "max": round(most, 1)}


class _Silent:
    """A camera that takes connections and never says a word."""

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._socket.getsockname()[1]}/silent"
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def in_words(report: dict[str, Any]) -> str:
    """The report for a person."""
    rows = [
        ("pictures a second, least tile", report["fps"]["min"], TARGETS["fps_min"]),
        ("GUI thread, share of a core", report["gui_thread"], TARGETS["gui_thread"]),
        ("cores", report["cores"], ""),
        ("decode to paint, ms", json.dumps(report["to_paint_ms"]), "p50 12, p95 25"),
        ("click served, ms", json.dumps(report["click_ms"]), "p95 20"),
        ("capture to boxes painted, ms", json.dumps(report["boxes_ms"]), ""),
        ("of that the model's own, ms", json.dumps(report["model_ms"]), ""),
        ("inferences a second", report["inferences_a_second"], TARGETS["inferences_a_second"]),
        ("least camera to best", report["least_to_best"], TARGETS["least_to_best"]),
        ("memory, MB", json.dumps(report["memory_mb"]), "flat"),
    ]
    return "\n".join(f"{what:32} {value!s:60} {target}" for what, value, target in rows)
