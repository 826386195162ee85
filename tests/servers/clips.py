"""Clips that tests make themselves: known corner colours, any size, codec and container."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

# BGR of the four corners: top left, top right, bottom left, bottom right.
RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)
CORNERS = (RED, GREEN, BLUE, WHITE)


def scene(width: int, height: int, number: int = 0) -> NDArray[np.uint8]:
    """A grey picture with a coloured quarter of a side in each corner and a bar that moves with `number`."""
    picture = np.full((height, width, 3), 96, np.uint8)
    w, h = max(width // 4, 1), max(height // 4, 1)
    picture[:h, :w], picture[:h, -w:], picture[-h:, :w], picture[-h:, -w:] = CORNERS
    x = w + (number * 4) % max(width - 2 * w - 8, 1)
    picture[height // 2 - 2 : height // 2 + 2, x : x + 8] = (40, 200, 220)
    return picture


def noise(width: int, height: int, number: int = 0) -> NDArray[np.uint8]:
    """A picture that takes many bytes to encode."""
    return np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)


def encode(
    path: Path,
    *,
    codec: str,
    size: tuple[int, int] = (64, 48),
    frames: int = 10,
    fps: int = 25,
    pix_fmt: str = "yuv420p",
    container: str | None = None,
    options: dict[str, str] | None = None,
    rotation: int = 0,
    aspect: Fraction | None = None,
    draw=scene,
) -> Path:
    """Write `frames` pictures of `draw(width, height, number)` into a video file.

    `rotation` is the container's display rotation in degrees clockwise.
    """
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.thread_count = 1
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(-rotation)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(draw(*size, number), format="bgr24")
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return path


X264_LIVE = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "x264-params": "aud=1:repeat-headers=1:keyint=30:min-keyint=30:scenecut=0",
}


def h264_stream(path: Path, size: tuple[int, int] = (320, 240), frames: int = 60, fps: int = 30) -> Path:
    """Raw H.264 as a camera sends it: a key frame a second, headers before each, access units delimited."""
    return encode(path, codec="libx264", size=size, frames=frames, fps=fps, container="h264", options=X264_LIVE)


def jpeg(width: int = 64, height: int = 48, number: int = 0) -> bytes:
    """A JPEG of `scene`."""
    return cv2.imencode(".jpg", scene(width, height, number))[1].tobytes()


def corners(view: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
    """Which of the corner colours stands where in a view of `scene`: top left, top right, bottom left, bottom right."""
    h, w = view.shape[:2]
    y, x = max(h // 10, 0), max(w // 10, 0)
    spots = [view[y, x], view[y, w - 1 - x], view[h - 1 - y, x], view[h - 1 - y, w - 1 - x]]
    return [
        min(CORNERS, key=lambda c, s=spot: sum(abs(int(a) - b) for a, b in zip(s[:3], c, strict=True)))
        for spot in spots
    ]


def turned_corners(rotation: int, mirror: bool) -> list[tuple[int, int, int]]:
    """The corners of `scene` turned clockwise by `rotation` degrees, then mirrored."""
    top_left, top_right, bottom_left, bottom_right = CORNERS
    for _ in range(rotation // 90):
        top_left, top_right, bottom_right, bottom_left = bottom_left, top_left, top_right, bottom_right
    if mirror:
        top_left, top_right, bottom_left, bottom_right = top_right, top_left, bottom_right, bottom_left
    return [top_left, top_right, bottom_left, bottom_right]
