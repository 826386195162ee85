"""Drawing a decoded YUV picture at another size: FFmpeg's scaler, used so that it stays cheap and never aborts."""

from __future__ import annotations

import threading

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from models.frames import PixelFormat

_FFMPEG_NAMES: dict[PixelFormat, str] = {"bgr24": "bgr24", "rgb32": "bgra"}
_CHANNELS: dict[PixelFormat, int] = {"bgr24": 3, "rgb32": 4}
_IDLE_LIMIT = 6
_SMALLEST_TWO_STEP = 16


def drawable(frame: av.VideoFrame) -> bool:
    """Whether FFmpeg's scaler may be given this frame.

    Measured by trying all 267 pixel formats of FFmpeg 8.1 at odd and tiny sizes: Bayer patterns of a single line and
    grey float with alpha end the process in an assertion; those must never get there. Formats that the scaler merely
    does not know raise an error and are tried out on a small blank frame.
    """
    name = frame.format.name
    if name.startswith("yaf") or (name.startswith("bayer") and frame.height < 2):
        return False
    if name not in _known:
        try:
            VideoReformatter().reformat(av.VideoFrame(16, 16, name), 16, 16, "bgr24", threads=1)
        except (FFmpegError, ValueError):
            _known[name] = False
        else:
            _known[name] = True
    return _known[name]


_known: dict[str, bool] = {}


class Scaler:
    """Scalers for one pair of size and format; for one thread at a time.

    A YUV picture that shrinks goes in two steps: scaled by area as YUV 4:2:0, then turned into BGR at its final size,
    both of which FFmpeg does in vector code. Straight to BGR costs 2.2 times as much (0.62 ms against 0.28 from
    768x576 to 416x312 on one core) and lies no nearer to what `cv2.resize` makes of the whole BGR picture.
    """

    def __init__(self) -> None:
        self._resize = VideoReformatter()
        self._convert = VideoReformatter()

    def draw(self, frame: av.VideoFrame, width: int, height: int, pixel_format: PixelFormat) -> NDArray[np.uint8]:
        """`frame` as a new (height, width, 3 or 4) array, C-contiguous.

        Raises:
            av.error.FFmpegError: the scaler refuses these sizes (it limits how much it shrinks in one go).
        """
        small = frame
        if _two_steps_pay(frame, width, height):
            small = self._resize.reformat(frame, width, height, "yuv420p", interpolation=Interpolation.AREA, threads=1)
        shrinks = width < small.width or height < small.height
        how = Interpolation.AREA if shrinks else Interpolation.BICUBIC
        drawn = self._convert.reformat(small, width, height, _FFMPEG_NAMES[pixel_format], interpolation=how, threads=1)
        return _pixels(drawn, _CHANNELS[pixel_format])


class ScalerPool:
    """The scalers of one camera. Any number of threads may draw at once.

    A scaler keeps filter tables for one pair of sizes; using it for another rebuilds them, which is the cost of a new
    one. So each job borrows a scaler that last did the same job, or makes one when all of those are out: no thread
    ever waits for another, and none shares a scaler (they are not thread-safe). The lock guards only the list.
    """

    def __init__(self) -> None:
        self._idle: list[tuple[tuple[object, ...], Scaler]] = []
        self._lock = threading.Lock()

    def draw(self, frame: av.VideoFrame, width: int, height: int, pixel_format: PixelFormat) -> NDArray[np.uint8]:
        """See `Scaler.draw`; sizes the scaler refuses are drawn by way of the whole picture."""
        job = (frame.width, frame.height, frame.format.name, width, height, pixel_format)
        try:
            return self._borrowed(job, frame, width, height, pixel_format)
        except FFmpegError:
            if (width, height) == (frame.width, frame.height):
                raise
            whole = self._borrowed((*job[:3], 0, 0, pixel_format), frame, frame.width, frame.height, pixel_format)
            resized: NDArray[np.uint8] = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
            return resized

    def _borrowed(
        self, job: tuple[object, ...], frame: av.VideoFrame, width: int, height: int, pixel_format: PixelFormat
    ) -> NDArray[np.uint8]:
        with self._lock:
            at = next((i for i in reversed(range(len(self._idle))) if self._idle[i][0] == job), None)
            scaler = Scaler() if at is None else self._idle.pop(at)[1]
        pixels = scaler.draw(frame, width, height, pixel_format)
        with self._lock:
            self._idle.append((job, scaler))
            del self._idle[:-_IDLE_LIMIT]
        return pixels


def _two_steps_pay(frame: av.VideoFrame, width: int, height: int) -> bool:
    """Shrinking colour YUV to an even size that is not tiny: where both steps have vector code."""
    if width % 2 or height % 2 or min(width, height) < _SMALLEST_TWO_STEP:
        return False
    if width > frame.width or height > frame.height or (width, height) == (frame.width, frame.height):
        return False
    return frame.format.name.startswith(("yuv4", "yuvj4", "nv12", "nv21", "yuyv", "uyvy", "p010"))


def _pixels(drawn: av.VideoFrame, channels: int) -> NDArray[np.uint8]:
    """The frame's pixels without the padding FFmpeg may put after each line; no copy where there is none."""
    plane = drawn.planes[0]
    shape, strides = (drawn.height, drawn.width, channels), (plane.line_size, channels, 1)
    return np.ascontiguousarray(np.ndarray(shape, np.uint8, buffer=memoryview(plane), strides=strides))
