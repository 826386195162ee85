"""A face model that really takes 10 s for every answer, on a site at work as it is set up by default."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from console.pipeline.covered_display import CoveredDisplay
from console.privacy.policies import policy_for
from console.site import cover_models
from console.site import site as sites
from models.findings import Unanswered, seen_in
from tests.privacy.codes import World
from tests.privacy.doubles import Boxes, FixedBackend, bodies, fixed_loader, fixed_model, vehicles
from tests.privacy.headless import Work, at_work
from tests.privacy.reading import Reader

pytestmark = pytest.mark.soak
TAKES_S, RUNS_S, CLOSES_WITHIN_S = 10.0, 40.0, 3.0
SETTINGS = """\
inference: {{model: street}}
privacy: {{face_model: faces, plate_model: plates, live: true}}
cameras:
  - {{id: gate, source: {clip}, loop: true, fps_cap: 10}}
"""
WORLD = World(12)
COVER = 24
"""The grey of a solid cover."""


def whole(covered: NDArray[np.uint8], boxes: Boxes) -> bool:
    """Whether nothing but a solid cover stands in all of these boxes."""
    for x0, y0, x1, y1 in boxes:
        if np.abs(covered[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3].astype(int) - COVER).max() > 12:
            return False
    return True


def test_a_face_model_that_takes_ten_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[FixedBackend] = []

    def load(name: str, *arguments: Any, around: Any = None, **more: Any) -> Any:
        if name != "faces":
            return fixed_loader(name, *arguments, around=around, **more)
        made = fixed_model(name, around.size, TAKES_S)
        assert isinstance(made.backend, FixedBackend)
        slow.append(made.backend)
        return made

    for module in (sites, cover_models):
        monkeypatch.setattr(module, "load_model", load)
    clip = WORLD.clip(tmp_path / "clip.mp4")
    reader = Reader(WORLD.secrets - {WORLD.says("DOOR")})
    try:
        with at_work(tmp_path / "home", SETTINGS.format(clip=clip)) as work:
            kept, refused, shown, said = _watch(work, reader)
            began = time.monotonic()
            stuck = work.site.close()
            took = time.monotonic() - began
    finally:
        for backend in slow:
            backend.hurry.set()
    events = list((tmp_path / "home" / "pictures").rglob("*.jpg"))
    for path in events:
        assert not set(reader.picture(cv2.imread(str(path)))) & reader.says, path
    figures = {
        "kept": kept,
        "refused": refused,
        "shown": shown,
        "events": len(events),
        "closed after s": round(took, 2),
    }
    print(figures, stuck, said)
    assert sum(backend.asked for backend in slow) >= 2
    assert kept >= 50
    assert shown >= 50
    assert events
    assert "faces" in said
    assert took < CLOSES_WITHIN_S


def _watch(work: Work, reader: Reader) -> tuple[int, int, int, dict[str, str]]:
    """Keep pictures as fast as it goes and look at each, and at each that the screen gets; how many there were."""
    lane, camera = work.lane("gate"), work.settings.cameras[0]
    policy = policy_for(camera, work.settings.privacy)
    display = lane.display
    assert isinstance(display, CoveredDisplay)
    display.size = (640, 480)
    work.until(lambda: lane.latest, "a result")
    kept = refused = 0
    shown: set[int] = set()
    said: dict[str, str] = {}
    last_ns, end = 0, time.monotonic() + RUNS_S
    while time.monotonic() < end:
        assert lane.latest is not None
        frame, result = lane.latest
        on_screen = display.latest
        if on_screen is not None and on_screen.ready_ns not in shown:
            shown.add(on_screen.ready_ns)
            assert not reader.picture(np.ascontiguousarray(on_screen.pixels[:, :, :3])) & reader.says
            assert "faces" in display.weakened[0]
        if frame.captured_ns == last_ns:
            time.sleep(0.01)
            continue
        last_ns = frame.captured_ns
        try:
            redacted = work.site.redactor.redact(frame.picture, seen_in(result), result.labels, result.gaps, policy)
        except Unanswered:
            refused += 1
            continue
        kept += 1
        plain = frame.picture.view(*frame.size)
        assert whole(redacted.bgr, bodies(plain)), "a person shows"
        assert not vehicles(plain) or not reader.picture(redacted.bgr) & reader.says
        work.writer.write(redacted, camera_id=camera.id, taken_at=frame.taken_at)
        said |= work.site.redactor.problems()
    return kept, refused, len(shown), said
