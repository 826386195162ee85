"""A synthetic camera: simple figures that move over a street whose every box is known.

For trying a wall of cameras without one, for soaks and benches, and for tests that need the truth: `truth` says where
everything is in any picture.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import cv2
import numpy as np
from numpy.typing import NDArray

from console.errors import UsageError
from console.sources.stamp import FrameCounter, Pace
from models import scenes
from models.detections import Detections
from models.frames import ArrayPicture, Frame
from models.traces import Trace
from models.words import _

SCENES: dict[str, tuple[scenes.Kind, ...]] = {"street": scenes.KINDS, **{kind: (kind,) for kind in scenes.KINDS}}
"""What `synthetic:` may name: everything at once, or one way of moving."""

_SHIFT = 4  # cv2 takes points in sixteenths of a pixel, so that slow figures glide
_COATS = np.array(
    [[70, 62, 120], [120, 86, 52], [60, 96, 66], [46, 104, 150], [130, 118, 110], [44, 44, 52], [150, 150, 160]]
)


@dataclass(frozen=True, slots=True)
class _Options:
    fps: float = 30.0
    width: int = 1280
    height: int = 720
    seed: int = 1
    count: int = 16
    seconds: float = math.inf


_LIMITS = {
    "fps": (0.1, 240),
    "width": (100, 8192),
    "height": (100, 8192),
    "seed": (0, 2**32),
    "count": (0, 500),
    "seconds": (0, math.inf),
}


class SyntheticSource:
    """A scene, drawn on the spot at its own pace or as fast as the reader takes it.

    Args:
        camera_id: goes into every frame.
        spec: SCENE?OPTION=VALUE&..., such as ``street?fps=30&width=1280&height=720&seed=1&seconds=10``; an earlier
            ``synthetic:`` may stay. Scenes are those of `SCENES`; `count` is the number of objects; without `seconds`
            the scene never ends. The same spec gives the same pictures.
        paced: True: a live camera, in real time; False: every frame, as fast as possible.

    Raises:
        UsageError: the scene or an option is unknown, or its value makes no sense.
    """

    live: bool

    def __init__(self, camera_id: str, spec: str, *, paced: bool = True) -> None:
        name, self._options = _parse(spec)
        self.live = paced
        self._camera_id = camera_id
        self._closed = threading.Event()
        options = self._options
        self._scene = scenes.street(options.seed, (options.width, options.height), options.count, SCENES[name])

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """See `Source.frames`; `pts` counts from 0 by the frame rate."""
        options = self._options
        counter, pace = FrameCounter(self._camera_id, first_seq), Pace(self._closed)
        ground = _ground(options.width, options.height, options.seed)
        number = 0
        while (pts := number / options.fps) < options.seconds and not self._closed.is_set():
            if self.live and not pace.wait(pts, 1 / options.fps):
                return
            begin, trace = time.monotonic_ns(), Trace()
            picture = ground.copy()
            draw(picture, self.truth(pts), pts)
            trace.add("decode", begin, time.monotonic_ns())
            yield counter.frame(ArrayPicture(picture), pts, trace)
            number += 1

    def truth(self, pts: float) -> Detections:
        """What is where in the picture with this `pts`: boxes, classes of `scenes.LABELS`, `track_id` of the object."""
        return self._scene.truth(pts)

    def close(self) -> None:
        """See `Source.close`; waiting ends at once."""
        self._closed.set()


def draw(picture: NDArray[np.uint8], objects: Detections, pts: float) -> None:
    """Draw figures that fill their boxes into a picture (H, W, 3) uint8 BGR, from far to near, at `pts` seconds.

    A box that the picture cuts is drawn as if it were whole and small: the figure stays inside its box.
    """
    for box, class_id, track_id in zip(
        objects.xyxy.tolist(), objects.class_id.tolist(), objects.track_id.tolist(), strict=True
    ):
        coat = tuple(int(part) for part in _COATS[track_id % len(_COATS)])
        figure = {"person": _person, "bicycle": _rider, "car": _car}[scenes.LABELS[class_id]]
        figure(picture, box, coat, math.sin(9 * pts + track_id))


def _person(picture: NDArray[np.uint8], box: list[float], coat: tuple[int, ...], step: float) -> None:
    """Head, trunk, and two legs that swing with `step` in -1..1."""
    x0, y0, x1, y1 = box
    width, height, middle = x1 - x0, y1 - y0, (x0 + x1) / 2
    hip, spread = y0 + 0.55 * height, 0.28 * width * abs(step)
    dark = tuple(part // 2 for part in coat)
    for side in (-1, 1):
        foot = middle + side * (spread + 0.12 * width)
        _fill(picture, [(middle - 0.2 * width, hip), (middle + 0.2 * width, hip), (foot + 0.1 * width, y1),
                        (foot - 0.1 * width, y1)], dark)  # fmt: skip
    _fill(picture, [(x0 + 0.1 * width, y0 + 0.2 * height), (x1 - 0.1 * width, y0 + 0.2 * height), (x1, hip), (x0, hip)],
          coat)  # fmt: skip
    _disc(picture, (middle, y0 + 0.1 * height), (0.26 * width, 0.1 * height), (150, 170, 205))


def _rider(picture: NDArray[np.uint8], box: list[float], coat: tuple[int, ...], step: float) -> None:
    """A person on two wheels, treading with `step` in -1..1."""
    x0, y0, x1, y1 = box
    width, height, middle = x1 - x0, y1 - y0, (x0 + x1) / 2
    for wheel in (x0 + 0.22 * width, x1 - 0.22 * width):
        _disc(picture, (wheel, y1 - 0.2 * height), (0.22 * width, 0.2 * height), (36, 34, 34))
        _disc(picture, (wheel, y1 - 0.2 * height), (0.17 * width, 0.155 * height), (132, 132, 130))
    knee = middle + 0.12 * width * step
    _fill(picture, [(middle - 0.12 * width, y0 + 0.55 * height), (middle + 0.1 * width, y0 + 0.55 * height),
                    (knee + 0.08 * width, y1 - 0.1 * height), (knee - 0.08 * width, y1 - 0.1 * height)],
          tuple(part // 2 for part in coat))  # fmt: skip
    _fill(picture, [(middle - 0.05 * width, y0 + 0.2 * height), (middle + 0.2 * width, y0 + 0.24 * height),
                    (middle + 0.14 * width, y0 + 0.6 * height), (middle - 0.2 * width, y0 + 0.6 * height)],
          coat)  # fmt: skip
    _disc(picture, (middle + 0.1 * width, y0 + 0.1 * height), (0.13 * width, 0.1 * height), (150, 170, 205))


def _car(picture: NDArray[np.uint8], box: list[float], coat: tuple[int, ...], _step: float) -> None:
    """A body with a cabin on two wheels."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    belt = y0 + 0.42 * height
    _fill(picture, [(x0 + 0.22 * width, y0), (x1 - 0.28 * width, y0), (x1 - 0.1 * width, belt),
                    (x0 + 0.1 * width, belt)], (74, 66, 60))  # fmt: skip
    _fill(picture, [(x0, belt), (x1, belt), (x1, y1 - 0.12 * height), (x0, y1 - 0.12 * height)], coat)
    for wheel in (x0 + 0.2 * width, x1 - 0.2 * width):
        _disc(picture, (wheel, y1 - 0.17 * height), (0.11 * width, 0.17 * height), (36, 34, 34))


def _fill(picture: NDArray[np.uint8], corners: list[tuple[float, float]], colour: tuple[int, ...]) -> None:
    points = (np.array(corners) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillConvexPoly(picture, points, colour, cv2.LINE_AA, _SHIFT)


def _disc(
    picture: NDArray[np.uint8], centre: tuple[float, float], radii: tuple[float, float], colour: tuple[int, ...]
) -> None:
    middle = (round(centre[0] * (1 << _SHIFT)), round(centre[1] * (1 << _SHIFT)))
    axes = (max(round(radii[0] * (1 << _SHIFT)), 1), max(round(radii[1] * (1 << _SHIFT)), 1))
    cv2.ellipse(picture, middle, axes, 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _ground(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """Sky, houses and a paved street, (height, width, 3) uint8: enough texture that a video codec has work to do."""
    rng = np.random.default_rng(seed)
    shade = np.interp(np.arange(height), [0, 0.25 * height, 0.3 * height, height], [200, 176, 112, 148])
    picture = np.repeat(np.repeat(shade[:, None, None], width, axis=1), 3, axis=2)
    left = 0
    while left < width:
        right = left + int(rng.integers(max(width // 16, 2), max(width // 7, 3)))
        top = int(height * rng.uniform(0.02, 0.16))
        picture[top : int(0.3 * height), left:right] = rng.uniform(105, 160) + rng.uniform(-12, 12, 3)
        left = right
    picture[int(0.3 * height) :: max(height // 18, 2)] -= 14
    coarse = rng.normal(0, 7, (height // 8 + 1, width // 8 + 1)).astype(np.float32)
    picture += np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))[..., None]
    picture += rng.normal(0, 3, (height, width, 1))
    return np.clip(picture, 0, 255).astype(np.uint8)


def _parse(spec: str) -> tuple[str, _Options]:
    """The scene's name and its options.

    Raises:
        UsageError: see `SyntheticSource`.
    """
    name, _mark, query = spec.removeprefix("synthetic:").partition("?")
    if name not in SCENES:
        raise UsageError(
            _("There is no synthetic scene {name!r}.").format(name=name),
            _("Scenes are {scenes}.").format(scenes=", ".join(SCENES)),
        )
    values: dict[str, Any] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key not in _LIMITS:
            raise UsageError(
                _("A synthetic scene has no option {key!r}.").format(key=key),
                _("Options are {limits}.").format(limits=", ".join(_LIMITS)),
            )
        values[key] = _number(key, text)
    return name, _Options(**values)


def _number(key: str, text: str) -> float:
    """The value of an option, whole where it must be."""
    low, high = _LIMITS[key]
    try:
        value = float(text) if key in {"fps", "seconds"} else int(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        kind = _("a number") if key in {"fps", "seconds"} else _("a whole number")
        raise UsageError(
            _("{key}={text} can't be.").format(key=key, text=text),
            _("{key} is {kind} from {low:g} to {high:g}.").format(key=key, kind=kind, low=low, high=high),
        )
    return value
