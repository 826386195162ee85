"""A camera's picture before it is a camera: opened, shown, judged in words, written nowhere."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.errors import SightdeskError
from console.pipeline.display import contained
from console.settings.schema import CameraSettings
from console.sources.base import Source
from console.sources.factory import open_source
from console.sources.orientation import Orientation, oriented
from models.frames import Frame
from models.words import _

log = logging.getLogger(__name__)

LoginReader = Callable[[], tuple[str, str] | None]
"""Answers with (user, password), on the preview's thread: a keyring or an encrypted file may take its time."""
LEAST_GAP_S = 1 / 16
"""A preview answers "is it the right camera, the right way up?": sixteen pictures a second are plenty."""
_WINDOW_S = 2.0
_BURST_S = 0.4
"""Servers send what they held back at once; that says nothing of the camera's rate."""
_NAMES = {
    "h264": "H.264",
    "hevc": "H.265",
    "mjpeg": "MJPEG",
    "mpeg4": "MPEG-4",
    "av1": "AV1",
    "vp9": "VP9",
    "vp8": "VP8",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a source.

    Attributes:
        size: (width, height) of its pictures in pixels, before turning.
        fps: frames a second as they came in over the last 2 s; None before that can be said.
        codec: how the video is coded, as people write it; empty where it isn't coded or not known.
    """

    size: tuple[int, int]
    fps: float | None = None
    codec: str = ""

    def __str__(self) -> str:
        """In one line: 1280 x 720, 25 fps, H.264."""
        words = [f"{self.size[0]} x {self.size[1]}"]
        if self.fps is not None:
            words.append(_("{fps} fps").format(fps=f"{self.fps:.3g}"))
        return ", ".join([*words, self.codec] if self.codec else words)


class Preview:
    """One attempt to see a camera, on a thread of its own, until `close` or the source's end.

    It never tries again by itself: a wrong password asked again and again locks an account.

    Reading any attribute never blocks. A closed preview's thread ends within the source's read limit.

    Args:
        camera: as the settings would have it; turning and mirroring are left to `orientation`.
        login: asked once, on the preview's thread; None: no login.
        opener: makes the source; `open_source` but for tests.

    Attributes:
        size: (width, height) to draw for, in physical pixels, set by the screen; None: nobody looks.
        orientation: how the picture is turned and mirrored; may be replaced at any time, without connecting anew.
        pixels: the newest picture, (height, width, 4) in memory order B, G, R, 255, read-only; None before the first.
        facts: None before the first picture.
        trouble: why there is no picture, or no further one; None while all is well.
        ended: nothing more will come.
    """

    def __init__(
        self,
        camera: CameraSettings,
        login: LoginReader | None = None,
        opener: Callable[[CameraSettings, tuple[str, str] | None], Source] = open_source,
    ) -> None:
        self.size: tuple[int, int] | None = None
        self.orientation = Orientation(camera.rotation, camera.mirror)
        self.pixels: NDArray[np.uint8] | None = None
        self.facts: Facts | None = None
        self.trouble: SightdeskError | None = None
        self.ended = False
        self._camera = camera.model_copy(update={"rotation": 0, "mirror": False, "paced": True})
        self._login = login
        self._opener = opener
        self._source: Source | None = None
        self._frame: Frame | None = None
        self._stop = threading.Event()
        self._came: deque[float] = deque(maxlen=240)
        self._drawn: tuple[object, ...] = ()
        self._thread = threading.Thread(target=self._run, name=f"preview {camera.id}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread still runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop; returns at once. Harmless when called twice."""
        self._stop.set()
        source = self._source
        if source is not None:
            source.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for its end, for at most so many seconds; whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def redraw(self) -> None:
        """Draw the last picture anew, after `size` or `orientation` changed and no further one comes (a file's end)."""
        frame = self._frame
        if frame is not None and self.ended:
            self._draw(frame)

    def _run(self) -> None:
        try:
            login = self._login() if self._login is not None else None
            self._source = self._opener(self._camera, login)
            if not self._stop.is_set():
                self._read(self._source)
            if self.facts is None and not self._stop.is_set():
                self.trouble = SightdeskError(_("There was no picture in it."))
        except SightdeskError as error:
            if not self._stop.is_set():
                self.trouble = error
        except Exception as error:  # the thread's outermost frame: the dialog says so and goes on
            log.exception("a preview failed")
            self.trouble = SightdeskError(
                _("Opening it failed in a way that should not happen ({error}).").format(error=type(error).__name__),
                _("The log has the details."),
            )
        finally:
            self.ended = True
            if self._source is not None:
                self._source.close()

    def _read(self, source: Source) -> None:
        last = began = 0.0
        for frame in source.frames():
            if self._stop.is_set():
                return
            now = time.monotonic()
            began = began or now
            if now - began > _BURST_S:
                self._came.append(now)
            self._frame = frame
            self.facts = Facts(frame.size, self._fps(now), _codec(frame))
            if now - last >= LEAST_GAP_S:
                last = now
                self._draw(frame)

    def _fps(self, now: float) -> float | None:
        if not self._came:
            return None
        while now - self._came[0] > _WINDOW_S:
            self._came.popleft()
        lasted = self._came[-1] - self._came[0]
        return (len(self._came) - 1) / lasted if lasted > _WINDOW_S / 2 else None

    def _draw(self, frame: Frame) -> None:
        size = self.size
        if size is None:
            return
        picture = oriented(frame.picture, self.orientation)
        self.pixels = picture.view(*contained((picture.width, picture.height), size), "rgb32")


def _codec(frame: Frame) -> str:
    """How a frame was coded, as people write it."""
    encoded = getattr(frame.picture, "encoded", None)
    name = encoded.coding.codec if encoded is not None else ""
    return _NAMES.get(name, name.upper())


def probe(
    camera: CameraSettings, login: LoginReader | None, stop: threading.Event, patience_s: float = 12.0
) -> Facts | SightdeskError | None:
    """Whether a camera shows a picture: its facts, or why not; None when `stop` was set. Blocks its caller.

    Waits a moment after the first picture, to say how many come.
    """
    preview = Preview(camera, login)
    seen_at: float | None = None
    begin = time.monotonic()
    try:
        while not stop.wait(0.05):
            now = time.monotonic()
            if preview.facts is not None and seen_at is None:
                seen_at = now
            if preview.facts is not None and (preview.ended or now - (seen_at or now) > 1.6):
                return preview.facts
            if preview.ended:
                return preview.trouble
            if now - begin > patience_s:
                return SightdeskError(_("No picture came within {s} s.").format(s=f"{patience_s:g}"))
        return None
    finally:
        preview.close()
