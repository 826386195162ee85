"""A camera plugged into this machine, by index or name."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from console.errors import SourceLost
from console.sources.limits import check_size, hush_opencv
from console.sources.orientation import Orientation, oriented
from console.sources.stamp import FrameCounter
from console.sources.usb_names import UsbCamera, find_camera, list_cameras
from models.frames import ArrayPicture, Frame
from models.traces import Trace
from models.words import _

_LOOK_NS = 100_000_000
_BAD_IN_A_ROW = 30


class Device(Protocol):
    """What is used of an opened camera; `cv2.VideoCapture` has it."""

    def isOpened(self) -> bool:  # noqa: N802  # OpenCV's name
        """Whether it could be opened."""

    def grab(self) -> bool:
        """Take the next picture; blocks until there is one."""

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        """Decode the picture taken last."""

    def release(self) -> None:
        """Let the camera go."""


class UsbSource:
    """Reads a camera through the system's own interface: V4L2, Media Foundation or AVFoundation.

    On Linux it looks every 0.1 s whether a picture is there, so `close` and the read limit hold; elsewhere a read
    blocks as long as the system's interface lets it.

    Attributes:
        skipped: pictures the camera delivered that could not be decoded.
    """

    live = True

    def __init__(
        self,
        camera_id: str,
        wanted: str,
        *,
        orientation: Orientation | None = None,
        read_timeout_s: float = 2.5,
        cameras: Callable[[], list[UsbCamera]] = list_cameras,
        opener: Callable[[int], Device] | None = None,
        ready: Callable[[Device], bool] | None = None,
    ) -> None:
        self.skipped = 0
        self._camera_id = camera_id
        self._wanted = wanted
        self._orientation = orientation or Orientation()
        self._read_timeout_s = read_timeout_s
        self._cameras = cameras
        self._opener = opener or _open
        self._ready = ready or _ready
        self._closed = threading.Event()

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """See `Source.frames`; `pts` is None.

        Raises:
            SourceLost: no such camera, in use by another program, unplugged, or silent; `retry` is True.
        """
        hush_opencv()
        device = self._opener(find_camera(self._wanted, self._cameras()))
        try:
            if not device.isOpened():
                raise SourceLost(
                    _("The camera {wanted} can't be opened.").format(wanted=self._wanted),
                    _("Check that it is plugged in and that no other program uses it."),
                )
            yield from self._read(device, FrameCounter(self._camera_id, first_seq))
        finally:
            device.release()

    def close(self) -> None:
        """See `Source.close`."""
        self._closed.set()

    def _read(self, device: Device, counter: FrameCounter) -> Iterator[Frame]:
        asked = time.monotonic()
        bad_in_a_row = 0
        while not self._closed.is_set():
            if not self._ready(device):
                if time.monotonic() - asked > self._read_timeout_s:
                    raise SourceLost(
                        _("The camera {wanted} sends no pictures for {read_timeout_s:g} s.").format(
                            wanted=self._wanted, read_timeout_s=self._read_timeout_s
                        ),
                        _("Plug it out and in again."),
                    )
                continue
            grabbed = device.grab()
            begin = time.monotonic_ns()
            decoded, pixels = device.retrieve() if grabbed else (False, None)
            asked = time.monotonic()
            if not decoded or pixels is None or pixels.size == 0:
                self.skipped += 1
                bad_in_a_row += 1
                if bad_in_a_row >= _BAD_IN_A_ROW:
                    raise SourceLost(
                        _("The camera {wanted} was unplugged or gave out.").format(wanted=self._wanted),
                        _("Plug it in again."),
                    )
                self._closed.wait(0.01)
                continue
            bad_in_a_row = 0
            check_size(pixels.shape[1], pixels.shape[0], _("The camera {wanted}").format(wanted=self._wanted))
            trace = Trace()
            trace.add("decode", begin, time.monotonic_ns())
            # OpenCV may reuse its buffer for the next picture; a frame's pixels never change.
            picture = ArrayPicture(pixels if pixels.base is None else pixels.copy())
            yield counter.frame(oriented(picture, self._orientation), None, trace)


def _open(index: int) -> Device:
    interface = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}
    return cast("Device", cv2.VideoCapture(index, interface.get(sys.platform, cv2.CAP_ANY)))


def _ready(device: Device) -> bool:
    """Whether a picture is there, waiting 0.1 s at most; where the system can't tell, True."""
    if sys.platform != "linux":
        return True
    there, _ = cv2.VideoCapture.waitAny([device], _LOOK_NS)  # type: ignore[list-item]
    return bool(there)
