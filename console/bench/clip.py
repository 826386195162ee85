"""Writes raw H.264 the way a camera sends it, for benches that need a camera of known size and rate."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from console.errors import SightdeskError
from models.words import _

_LIKE_A_CAMERA = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "x264-params": "aud=1:repeat-headers=1:keyint={fps}:min-keyint={fps}:scenecut=0",
}


def write_h264(path: Path, pictures: Iterable[NDArray[np.uint8]], fps: int) -> int:
    """Encode BGR pictures (H, W, 3), all of one even size; a key frame a second, access units delimited.

    Returns:
        How many pictures were written.

    Raises:
        SightdeskError: this FFmpeg has no H.264 encoder.
    """
    count = 0
    try:
        with av.open(str(path), "w", format="h264") as out:
            stream = None
            for picture in pictures:
                if stream is None:
                    options = {key: value.format(fps=fps) for key, value in _LIKE_A_CAMERA.items()}
                    stream = out.add_stream("libx264", rate=Fraction(fps), options=options)
                    stream.height, stream.width = picture.shape[:2]
                    stream.pix_fmt = "yuv420p"
                    stream.codec_context.thread_count = 1
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
                count += 1
            if stream is not None:
                out.mux(stream.encode(None))
    except (FFmpegError, ValueError) as error:
        raise SightdeskError(_("The bench's clip can't be encoded here."), str(error)) from error
    return count
