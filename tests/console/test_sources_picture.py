"""AvPicture: colours, sizes, orientation, formats, threads."""

from __future__ import annotations

import threading
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from console.sources.av_picture import AvPicture
from console.sources.orientation import Orientation, OrientedPicture, oriented
from console.sources.scaler import ScalerPool, _known, drawable
from models.frames import ArrayPicture
from tests.servers.clips import corners, scene, turned_corners

TURNS = [(rotation, mirror) for rotation in (0, 90, 180, 270) for mirror in (False, True)]
FORMATS = [
    "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuv420p10le", "yuv422p10le", "gray", "gray10le", "rgb24",
    "bgr24", "rgba", "pal8", "gbrp", "gbrp10le", "rgb48le", "yuva420p", "nv12", "yuyv422", "monob", "rgb565le",
    "p010le", "ya8", "yuv411p", "bayer_rggb8", "rgb8",
]  # fmt: skip


def picture(frame: av.VideoFrame, orientation: Orientation | None = None) -> AvPicture:
    return AvPicture(frame, orientation or Orientation(), ScalerPool())


def yuv(width: int, height: int, colour: tuple[int, int, int], fmt: str = "yuv420p") -> av.VideoFrame:
    """A frame of one colour (Y, Cb, Cr)."""
    frame = av.VideoFrame(width, height, fmt)
    for plane, value in zip(frame.planes, colour, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def test_unscaled_pixels_are_those_of_opencv(shared: Path) -> None:
    path = shared / "media" / "vtest.avi"
    capture = cv2.VideoCapture(str(path))
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == 25:
                break
            expected = capture.read()[1]
            seen = picture(frame).view(frame.width, frame.height)
            assert np.abs(expected.astype(int) - seen).max() <= 1
    capture.release()


def test_scaled_pixels_are_near_those_of_opencv(shared: Path) -> None:
    """Straight from YUV to the model's size looks like the whole BGR picture shrunk by OpenCV."""
    with av.open(str(shared / "media" / "car-detection.mp4")) as container:
        frame = next(container.decode(video=0))
    whole = picture(frame).view(frame.width, frame.height)
    expected = cv2.resize(whole, (416, 234), interpolation=cv2.INTER_AREA)
    assert np.abs(expected.astype(int) - picture(frame).view(416, 234)).mean() < 1.0


@pytest.mark.parametrize(
    ("matrix", "colour_range", "kr", "kb"), [(1, 1, 0.2126, 0.0722), (1, 2, 0.2126, 0.0722), (5, 1, 0.299, 0.114),
    (6, 2, 0.299, 0.114), (2, 1, 0.299, 0.114), (2, 0, 0.299, 0.114), (9, 1, 0.2627, 0.0593), (8, 1, 0.299, 0.114)]
)  # fmt: skip
@pytest.mark.parametrize("size", [(64, 48), (32, 24), (33, 17)])
def test_colours_follow_the_streams_matrix_and_range(
    matrix: int, colour_range: int, kr: float, kb: float, size: tuple[int, int]
) -> None:
    frame = yuv(64, 48, (110, 90, 180))
    frame.colorspace, frame.color_range, frame.color_trc = matrix, colour_range, 3
    full = colour_range == 2
    y = 110 if full else (110 - 16) * 255 / 219
    cb, cr = ((c - 128) * (1 if full else 255 / 224) for c in (90, 180))
    red = y + 2 * (1 - kr) * cr
    blue = y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    expected = np.clip([blue, green, red], 0, 255)
    seen = picture(frame).view(*size)
    assert np.abs(seen.reshape(-1, 3) - expected).max() <= 3


def test_yuvj_is_full_range() -> None:
    assert picture(yuv(32, 32, (255, 128, 128), "yuvj420p")).view(16, 16).min() >= 254
    assert picture(yuv(32, 32, (235, 128, 128))).view(16, 16).min() >= 254


@pytest.mark.parametrize(("rotation", "mirror"), TURNS)
@pytest.mark.parametrize("kind", ["frame", "array"])
def test_orientation(rotation: int, mirror: bool, kind: str) -> None:
    orientation = Orientation(rotation, mirror)
    pixels = scene(80, 60)
    seen: AvPicture | OrientedPicture
    if kind == "frame":
        seen = picture(av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuv420p"), orientation)
    else:
        seen = OrientedPicture(ArrayPicture(pixels), orientation)
    assert (seen.width, seen.height) == ((60, 80) if rotation in {90, 270} else (80, 60))
    for size in [(seen.width, seen.height), (40, 30), (31, 47), (160, 120)]:
        for pixel_format in ("bgr24", "rgb32"):
            view = seen.view(*size, pixel_format)
            assert view.shape == (size[1], size[0], 3 if pixel_format == "bgr24" else 4)
            assert corners(view) == turned_corners(rotation, mirror)
            assert not view.flags.writeable
            assert view.flags.c_contiguous


def test_pixel_aspect_widens_before_turning() -> None:
    frame = av.VideoFrame(80, 60, "yuv420p")
    assert (picture(frame, Orientation(0, False, 2.0)).width, picture(frame, Orientation(0, False, 2.0)).height) == (
        160,
        60,
    )
    turned = picture(frame, Orientation(90, False, 2.0))
    assert (turned.width, turned.height) == (60, 160)
    assert turned.view(60, 160).shape == (160, 60, 3)
    narrow = picture(frame, Orientation(0, False, 0.5))
    assert narrow.width == 40


def test_orientation_takes_the_streams_word_where_the_camera_has_none() -> None:
    assert Orientation().with_stream(1.5, 90) == Orientation(90, False, 1.5)
    assert Orientation(270, True, 1.0).with_stream(1.5, 90) == Orientation(0, True, 1.0)
    assert Orientation().with_stream(1e9, 0) == Orientation()
    plain = ArrayPicture(scene(8, 8))
    assert oriented(plain, Orientation()) is plain
    assert oriented(plain, Orientation(pixel_aspect=2.0)).width == 16


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("size", [(64, 48), (33, 17), (3, 3), (1, 2)])
def test_every_pixel_format_at_odd_sizes(fmt: str, size: tuple[int, int]) -> None:
    frame = av.VideoFrame(*size, fmt)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    assert drawable(frame)
    seen = picture(frame)
    for width, height in [size, (1, 1), (16, 16), (5, 7), (100, 80)]:
        assert seen.view(width, height).shape == (height, width, 3)
        assert (seen.view(width, height, "rgb32")[..., 3] == 255).all()


def test_what_would_abort_the_process_is_not_drawable() -> None:
    assert not drawable(av.VideoFrame(4, 1, "bayer_rggb8"))
    assert not drawable(av.VideoFrame(4, 4, "yaf32le"))
    assert not drawable(av.VideoFrame(4, 4, "rgb4"))
    assert _known["rgb4"] is False


def test_alpha_of_the_source_does_not_shine_through() -> None:
    frame = av.VideoFrame.from_ndarray(np.full((8, 8, 4), 7, np.uint8), format="rgba")
    assert (picture(frame).view(8, 8, "rgb32") == (7, 7, 7, 255)).all()


def test_sizes_the_scaler_refuses_are_drawn_all_the_same() -> None:
    assert picture(yuv(2, 2, (81, 90, 240))).view(12_000, 9_000).shape == (9_000, 12_000, 3)
    assert picture(yuv(16_000, 2, (81, 90, 240))).view(2, 1).shape == (1, 2, 3)


def test_a_view_has_at_least_one_pixel() -> None:
    with pytest.raises(ValueError, match="1 x 1"):
        picture(av.VideoFrame(4, 4, "yuv420p")).view(0, 4)


def test_views_from_many_threads_at_once_are_those_of_one() -> None:
    rng = np.random.default_rng(5)
    frame = av.VideoFrame.from_ndarray(rng.integers(0, 256, (240, 320, 3), np.uint8), format="bgr24")
    frame = frame.reformat(format="yuv420p")
    frame.colorspace, frame.color_trc = 5, 16
    seen = picture(frame)
    sizes = [(320, 240), (160, 120), (96, 72), (33, 17), (400, 300)]
    expected = {size: seen.view(*size) for size in sizes}
    wrong: list[tuple[int, int]] = []

    def draw(offset: int) -> None:
        for i in range(60):
            size = sizes[(i + offset) % len(sizes)]
            if not np.array_equal(seen.view(*size), expected[size]):
                wrong.append(size)

    threads = [threading.Thread(target=draw, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_idle_scalers_do_not_pile_up() -> None:
    pool = ScalerPool()
    seen = AvPicture(av.VideoFrame(64, 48, "yuv420p"), Orientation(), pool)
    for width in range(16, 60):
        seen.view(width, 16)
    assert len(pool._idle) <= 6
