"""A running camera seen as a preview: many cameras take one connection only, so no second is opened to change one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.errors import SightdeskError
from console.pipeline.covered_display import AnyDisplay, CoveredDisplay
from console.pipeline.display import contained
from console.settings.schema import CameraSettings
from console.site.preview import Facts
from console.site.running import RunningSite
from console.sources.orientation import Orientation, oriented
from models.frames import ArrayPicture, Frame, Picture
from models.states import CameraState
from models.words import _

_SHOWING = {CameraState.LIVE, CameraState.CONNECTING, CameraState.ENDED}


class RunningView:
    """What `Preview` offers, from a camera that runs; its pictures come as fast as the model sees them.

    A camera whose live picture is redacted is seen so here too.

    See `console.site.preview.Preview` for the attributes.
    """

    def __init__(self, site: RunningSite, camera: CameraSettings) -> None:
        self.size: tuple[int, int] | None = None
        self.orientation = Orientation(camera.rotation, camera.mirror)
        self.ended = False
        self._site = site
        self._camera = camera
        self._drawn: tuple[object, ...] = ()
        self._covered = False
        self._pixels: NDArray[np.uint8] | None = None

    @property
    def alive(self) -> bool:
        """It has no thread."""
        return False

    def close(self) -> None:
        """Want no pictures any more."""
        lane = self._site.lane(self._camera.id)
        if lane is not None and isinstance(lane.display, CoveredDisplay):
            lane.display.guest = None

    def redraw(self) -> None:
        """Nothing to do: `pixels` looks for itself."""

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The newest picture, drawn when it is asked for."""
        lane = self._site.lane(self._camera.id)
        covered = lane is not None and lane.display.covered
        if covered != self._covered:  # nothing from before may stay
            self._covered, self._pixels, self._drawn = covered, None, ()
        found = self._redacted(lane.display) if lane is not None and covered else self._plain()
        if found is None or self.size is None:
            return self._pixels
        picture, of = found
        key = (of, self.size, self.orientation)
        if key != self._drawn:
            picture = oriented(_as_taken(picture, self._camera), self.orientation)
            self._pixels = picture.view(*contained((picture.width, picture.height), self.size), "rgb32")
            self._drawn = key
        return self._pixels

    def _plain(self) -> tuple[Picture, int] | None:
        frame = self._frame()
        return (frame.picture, frame.seq) if frame is not None else None

    def _redacted(self, display: AnyDisplay) -> tuple[Picture, int] | None:
        """What its tile shows; where nobody looks at the tile, it is drawn for this view."""
        if not isinstance(display, CoveredDisplay):
            return None
        display.guest = self.size
        shown = display.latest
        return (ArrayPicture(np.ascontiguousarray(shown.pixels[..., :3])), shown.ready_ns) if shown else None

    @property
    def facts(self) -> Facts | None:
        """The size of its pictures; the wall says the rest."""
        frame = self._frame()
        if frame is None:
            return None
        picture = _as_taken(frame.picture, self._camera)
        encoded = getattr(frame.picture, "encoded", None)
        return Facts((picture.width, picture.height), None, encoded.coding.codec.upper() if encoded is not None else "")

    @property
    def trouble(self) -> SightdeskError | None:
        """Why it shows nothing, as the wall says it."""
        lane = self._site.lane(self._camera.id)
        display = lane.display if lane is not None else None
        if isinstance(display, CoveredDisplay) and display.latest is None and display.trouble:
            return SightdeskError(_("No redacted picture: {why}.").format(why=display.trouble.rstrip(".")))
        status = self._site.status(self._camera.id)
        return SightdeskError(str(status)) if status is not None and status.state not in _SHOWING else None

    def _frame(self) -> Frame | None:
        lane = self._site.lane(self._camera.id)
        latest = lane.latest if lane is not None else None
        return latest[0] if latest is not None else None


def _as_taken(picture: Picture, camera: CameraSettings) -> Picture:
    """The picture as it was before the camera's own settings turned and mirrored it."""
    if camera.source.startswith("synthetic:"):  # drawn as it is wanted, never turned
        return picture
    upright = oriented(picture, Orientation(0, mirror=camera.mirror))
    return oriented(upright, Orientation(-camera.rotation % 360))
