"""A site at work on a clip of codes that is killed by native code, with a frame in its hands: run as a program.

    python -m tests.privacy.crashing HOME CLIP

Its memory may be dumped as far as the system lets it, into the current folder.
"""

from __future__ import annotations

import ctypes
import logging
import resource
import sys
import threading
from pathlib import Path

from console.pipeline.lane import Lane
from console.site import cover_models
from console.site import site as sites
from tests.privacy.doubles import fixed_loader
from tests.privacy.headless import at_work

SETTINGS = """\
inference: {{model: street}}
log: {{level: debug}}
privacy: {{face_model: faces, plate_model: plates, within_s: 10}}
cameras:
  - {{id: gate, source: {clip}, loop: true, fps_cap: 6, privacy: {{live: true}}}}
"""


def main(home: Path, clip: Path) -> None:
    """Work until there are pictures; then crash."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    sites.load_model = cover_models.load_model = fixed_loader  # type: ignore[assignment]
    with at_work(home, SETTINGS.format(clip=clip)) as work:
        lane = work.lane("gate")
        lane.display.size = (640, 480)
        work.until(lambda: work.recorder.figures.pictures >= 2 and lane.display.latest is not None, "pictures")
        thread = threading.Thread(target=_crash, args=(lane,), name="native code")
        thread.start()
        thread.join()


def _crash(lane: Lane) -> None:
    assert lane.latest is not None
    frame, result = lane.latest
    pixels = frame.picture.view(*frame.size)
    logging.getLogger("console.hunt").warning("about to crash: %r %r", pixels, result)
    ctypes.string_at(0)
    print(pixels.sum())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
