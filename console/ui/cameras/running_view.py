"""A running camera seen as a preview: many cameras take one connection only, so no second is opened to change one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.errors import SightdeskError
from console.pipeline.display import contained
from console.settings.schema import CameraSettings
from console.site.preview import Facts
from console.site.running import RunningSite
from console.sources.orientation import Orientation, oriented
from models.frames import Frame, Picture
from models.states import CameraState

_SHOWING = {CameraState.LIVE, CameraState.CONNECTING, CameraState.ENDED}


class RunningView:
    """What `Preview` offers, from a camera that runs; its pictures come as fast as the model sees them.

    See `console.site.preview.Preview` for the attributes.
    """

    def __init__(self, site: RunningSite, camera: CameraSettings) -> None:
        self.size: tuple[int, int] | None = None
        self.orientation = Orientation(camera.rotation, camera.mirror)
        self.ended = False
        self._site = site
        self._camera = camera
        self._drawn: tuple[object, ...] = ()
        self._pixels: NDArray[np.uint8] | None = None

    @property
    def alive(self) -> bool:
        """It has no thread."""
        return False

    def close(self) -> None:
        """Nothing to close."""

    def redraw(self) -> None:
        """Nothing to do: `pixels` looks for itself."""

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The newest picture, drawn when it is asked for."""
        frame = self._frame()
        if frame is None or self.size is None:
            return self._pixels
        key = (frame.seq, self.size, self.orientation)
        if key != self._drawn:
            picture = oriented(_as_taken(frame.picture, self._camera), self.orientation)
            self._pixels = picture.view(*contained((picture.width, picture.height), self.size), "rgb32")
            self._drawn = key
        return self._pixels

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
