"""What a model on a server is to look at, with faces, plates and areas covered before it leaves.

The server's answer is what would say where persons and vehicles are, so here only that can be covered what the face and
plate models find by themselves, and areas. A policy that wants more (whole vehicles, heads always, classes) is refused:
nothing is sent. Heads that are only covered where no sure face was found are not covered in what is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.base import BackendError
from console.privacy.redactor import Redactor
from models.detections import Detections
from models.detector import Detector
from models.findings import Unanswered
from models.frames import ArrayPicture, Picture, PixelFormat
from models.letterbox import Letterbox
from models.policy import Cover, PublishedFootage
from models.words import _

_KEPT = 1024
"""So many covered pictures may wait to be sent; the oldest are forgotten, and then can't be."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where a picture for a model comes from.

    Attributes:
        camera_id: whose policy holds.
        whole: all of the frame.
        part: x0, y0, x1, y1 of it in whole pixels; None: all.
    """

    camera_id: str
    whole: Picture
    part: tuple[int, int, int, int] | None = None


Draw = Callable[[Detector, Picture, Origin, NDArray[np.uint8]], Letterbox]
"""Draws a picture into a place of a model's input, covered where the model may not see it plain; or BackendError."""


class Coverer:
    """Covers pictures on their way to a server. Any thread may call it; it takes as long as the models do.

    Args:
        redactor: looks and covers; asked for each time, since a site may exchange it.
        policy_of: what holds for a camera now; None: there is no such camera.
    """

    def __init__(
        self, redactor: Callable[[], Redactor], policy_of: Callable[[str], Cover | PublishedFootage | None]
    ) -> None:
        self._redactor, self._policy_of = redactor, policy_of

    def draw(self, detector: Detector, origin: Origin, out: NDArray[np.uint8]) -> Letterbox:
        """Draw a picture into a model's input as `Detector.draw` does, covered.

        Raises:
            Unanswered: it can't be known for certain what to cover; `out` is not to be sent.
        """
        policy = self._policy_of(origin.camera_id)
        if policy is None:
            raise Unanswered(_("nobody knows what is to be covered for the camera {id}").format(id=origin.camera_id))
        return detector.draw(_CoveredPicture(self._redactor(), origin, for_a_server(policy)), out)


def for_a_server(policy: Cover | PublishedFootage) -> Cover | PublishedFootage:
    """What of a policy can be held to without knowing where persons and vehicles are.

    Raises:
        Unanswered: it covers what only the server's answer would show.
    """
    if isinstance(policy, PublishedFootage):
        return policy
    beyond = [
        *([_("heads always")] if policy.heads == "always" else []),
        *([_("whole vehicles")] if policy.plates == "vehicles" else []),
        *policy.classes,
    ]
    if beyond:
        raise Unanswered(
            _(
                "{what} are to be covered, and where they are only the server's answer would show; "
                "use a model on this machine for this camera"
            ).format(what=", ".join(beyond))
        )
    return policy.model_copy(update={"heads": "never"})


class _CoveredPicture:
    """A picture of which nobody sees anything that is not covered. See `models.frames.Picture`."""

    def __init__(self, redactor: Redactor, origin: Origin, policy: Cover | PublishedFootage) -> None:
        self._redactor, self._origin, self._policy = redactor, origin, policy
        x0, y0, x1, y1 = origin.part or (0, 0, origin.whole.width, origin.whole.height)
        self.width, self.height = x1 - x0, y1 - y0

    def view(self, width: int, height: int, pixel_format: PixelFormat = "bgr24") -> NDArray[np.uint8]:
        """See `Picture.view`. Raises Unanswered."""
        origin = self._origin
        covered = self._redactor.redact(
            origin.whole, Detections.empty(), (), (), self._policy, part=origin.part, size=(width, height)
        )
        return ArrayPicture(covered.bgr).view(width, height, pixel_format)


class Vouched:
    """The model inputs that were covered, each good for being sent once. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._covered: dict[bytes, None] = {}

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """This input was covered."""
        with self._lock:
            self._covered[_digest(pixels)] = None
            while len(self._covered) > _KEPT:
                del self._covered[next(iter(self._covered))]

    def take(self, pixels: NDArray[Any]) -> bool:
        """Whether an input may be sent: it was covered, or is all of one colour, as in a warm-up."""
        if pixels.size and not (pixels != pixels[:1, :1]).any():
            return True
        with self._lock:
            return self._covered.pop(_digest(pixels), 0) is None


def _digest(pixels: NDArray[Any]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).digest()


def kept_back(address: str, why: object) -> BackendError:
    """The error for a picture that was not sent."""
    return BackendError(
        _("The picture was not sent to {address}: {why}.").format(address=address, why=str(why).rstrip(".")),
        _("It may only go there covered: see remote.allowed in the settings."),
    )
