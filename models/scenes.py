"""Synthetic scenes: the truth of moving objects, known at any moment, and how a detector would report them.

A scene is what the tracker is measured against where no labelled video can say the truth: every object has a box at
every moment, for ever, from a seed. Objects walk on a ground plane seen by a fixed camera, so they grow as they come
nearer; up and down the picture they move at half the pace, as on real ground. They go straight, turn, stop and start
again, and cross one another in pairs. Persons' boxes also swing in width with their steps, as a detector's do.

`observe` adds what a detector adds. Its default jitter is measured, not chosen: between neighbouring frames of the
public vtest.avi, yolox_nano's person edges scatter by 2.9 % of the box's width (median deviation; 4.9 % RMS, so with
heavy tails) and 1.1 % of its height (2 % RMS). Here every edge scatters by 3 % of its side with Student's t of four
degrees of freedom (4.2 % RMS): as heavy-tailed, and rougher upright than the real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models.boxes import area, clip
from models.detections import Detections

Kind = Literal["straight", "turning", "stopping", "crossing"]
KINDS: tuple[Kind, ...] = get_args(Kind)

STEP_S = 1 / 60
"""Seconds between the stored points of a path; `Scene.truth` interpolates."""
LONGEST_S = 60.0
"""No path lasts longer, seconds."""
NEAR, FAR = 200 / 720, 60 / 720
"""Height of an object at the bottom and at the top of the ground, as a share of the picture's height."""
VISIBLE = 0.25
"""An object counts as soon as this share of its box is in the picture."""
LABELS = ("person", "bicycle", "car")
_ASPECT = ((0.34, 0.5), (0.5, 0.8), (1.3, 1.8))
"""Width over height, from and to, by class."""
_HORIZON = 0.3
"""Where the ground begins, as a share of the picture's height."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """M objects that come, go and come again, each in its own period.

    Attributes:
        size: (width, height) of the picture in pixels.
        paths: (M, T, 4) float32 boxes, uncut by the picture, `STEP_S` apart from the start of each object's life.
        life_s: (M,) float64, how long each path is.
        period_s: (M,) float64, after which the object comes again, as a new one.
        start_s: (M,) float64, in the object's period at time 0.
        class_id: (M,) int32, index into `LABELS`.
        kind: what each object does, (M,).
    """

    size: tuple[int, int]
    paths: NDArray[np.float32]
    life_s: NDArray[np.float64]
    period_s: NDArray[np.float64]
    start_s: NDArray[np.float64]
    class_id: NDArray[np.int32]
    kind: tuple[Kind, ...]

    def truth(self, time_s: float) -> Detections:
        """Every object in the picture at `time_s` seconds: boxes cut to the picture, score 1, `track_id` the object's.

        An object that comes again has a new `track_id`; `track_id % M` is its index. Sorted from far to near.
        """
        index, whole, lap = self._alive(time_s)
        cut = clip(whole, *self.size)
        seen = area(cut) >= VISIBLE * area(whole)
        index, cut, lap = index[seen], cut[seen], lap[seen]
        order = np.argsort(cut[:, 3], kind="stable")
        track_id = lap * len(self.life_s) + index
        return Detections.of(cut, np.ones(len(cut)), self.class_id[index], track_id).select(order)

    def _alive(self, time_s: float) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.int64]]:
        """Indices of the objects alive, their whole boxes, and how often each has come before."""
        lap, phase = np.divmod(time_s + self.start_s, self.period_s)
        alive = np.nonzero(phase < self.life_s)[0]
        point = phase[alive] / STEP_S
        low = np.minimum(point.astype(np.intp), self.paths.shape[1] - 2)
        part = (point - low).astype(np.float32)[:, None]
        boxes = self.paths[alive, low] * (1 - part) + self.paths[alive, low + 1] * part
        return alive, boxes, lap[alive].astype(np.int64)


def street(seed: int, size: tuple[int, int] = (1280, 720), count: int = 16, kinds: tuple[Kind, ...] = KINDS) -> Scene:
    """A scene of about `count` objects, `kinds` in turn; the same for the same arguments.

    Heights run from 60 to 200 px in a picture 720 px high, paces from 0.3 to 1.5 of the object's widths a second. Six
    in ten are persons, the others bicycles and cars. Crossing objects come in pairs that walk through one another on
    the same line from both sides, so a crossing pair makes two of the `count`.

    Raises:
        ValueError: no kinds, or a picture too small to hold an object.
    """
    if not kinds or min(size) < 100:
        raise ValueError(f"a scene needs a kind of movement and a picture of 100 px or more, got {kinds} and {size}")
    rng = np.random.default_rng(seed)
    walks: list[_Walk] = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        if kind == "crossing":
            walks.extend(_crossing(rng, size))
        else:
            walks.append(_walk(rng, size, kind))
    walks = walks[:count]
    paths = np.zeros((len(walks), max([len(walk.path) for walk in walks], default=2), 4), np.float32)
    for row, walk in zip(paths, walks, strict=True):
        row[: len(walk.path)] = walk.path
        row[len(walk.path) :] = walk.path[-1]
    life = np.array([(len(walk.path) - 1) * STEP_S for walk in walks])
    return Scene(
        size,
        paths,
        life,
        life + [walk.pause_s for walk in walks],
        np.array([walk.start_s for walk in walks]),
        np.array([walk.class_id for walk in walks], np.int32),
        tuple(walk.kind for walk in walks),
    )


def observe(
    truth: Detections, rng: np.random.Generator, size: tuple[int, int], *, jitter: float = 0.03, missing: float = 0.1
) -> Detections:
    """What a detector would report of `truth`: edges scattered, some objects missed, scores below 1, in score order.

    Args:
        truth: boxes as `Scene.truth` gives them; their `track_id` is kept, so that a test knows who is who.
        rng: the only source of chance.
        size: (width, height) of the picture; boxes are cut to it, as a detector's are.
        jitter: scatter of every edge as a share of the side it ends, Student's t with four degrees of freedom.
        missing: the share of objects missed, independent of one another and of the frame before.
    """
    kept = truth.select(rng.random(len(truth)) >= missing)
    sides = kept.xyxy[:, 2:] - kept.xyxy[:, :2]
    noise = rng.standard_t(4, (len(kept), 4)) * jitter * np.concatenate([sides, sides], axis=1)
    noisy = clip(kept.xyxy + noise, *size)
    boxes = np.concatenate([np.minimum(noisy[:, :2], noisy[:, 2:]), np.maximum(noisy[:, :2], noisy[:, 2:])], axis=1)
    # Only an edge inside the picture scatters: a detector puts the edge of a cut object on the picture's edge.
    limits = np.array([0, 0, *size], np.float32)
    boxes = np.where(kept.xyxy == limits, limits, boxes)
    score = rng.uniform(0.5, 0.95, len(kept))
    found = Detections.of(boxes, score, kept.class_id, kept.track_id)
    return found.select(np.argsort(-score, kind="stable"))


def hidden(truth: Detections, share: float = 0.7) -> NDArray[np.bool_]:
    """Which boxes, sorted from far to near, are covered to more than `share` by one nearer box: (N,) bool."""
    low = np.maximum(truth.xyxy[:, None, :2], truth.xyxy[None, :, :2])
    high = np.minimum(truth.xyxy[:, None, 2:], truth.xyxy[None, :, 2:])
    covered = np.prod(np.maximum(high - low, 0), axis=2) / np.maximum(area(truth.xyxy)[:, None], 1e-6)
    nearer = np.triu(np.ones((len(truth), len(truth)), np.bool_), 1)
    behind: NDArray[np.bool_] = np.any((covered > share) & nearer, axis=1)
    return behind


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    kind: Kind
    class_id: int
    path: NDArray[np.float32]
    pause_s: float
    start_s: float


@dataclass(frozen=True, slots=True)
class _Body:
    """Where a figure starts: x of its foot and height in pixels; width over height; class."""

    x: float
    height: float
    aspect: float
    class_id: int


def _walk(rng: np.random.Generator, size: tuple[int, int], kind: Kind) -> _Walk:
    """One object that enters at the left or the right and lives until it has left, or `LONGEST_S`."""
    class_id = int(rng.choice(3, p=(0.6, 0.2, 0.2)))
    aspect = rng.uniform(*_ASPECT[class_id])
    height = size[1] * rng.uniform(FAR, NEAR)
    leftward = bool(rng.integers(2))
    x = size[0] + aspect * height / 2 if leftward else -aspect * height / 2
    times = np.arange(0, LONGEST_S, STEP_S)
    heading = np.full(len(times), np.pi * leftward + rng.uniform(-0.35, 0.35))
    pace = np.full(len(times), rng.uniform(0.3, 1.5))
    if kind == "turning":
        heading += _turns(rng, times)
    if kind == "stopping":
        pace *= _stops(rng, times)
    path = _until_gone(_path(rng, size, _Body(x, height, aspect, class_id), heading, pace), size[0])
    life = (len(path) - 1) * STEP_S
    pause = rng.uniform(1, 4)
    return _Walk(kind, class_id, path, pause, rng.uniform(0, life + pause))


def _crossing(rng: np.random.Generator, size: tuple[int, int]) -> list[_Walk]:
    """Two persons who appear a few widths apart and walk through one another and on, for 12 s."""
    height = size[1] * rng.uniform(FAR, NEAR)
    middle, apart = size[0] * rng.uniform(0.25, 0.75), rng.uniform(3, 6)
    times = np.arange(0, 12, STEP_S)
    pause, phase = rng.uniform(1, 4), rng.uniform(0, 12)
    pair = []
    for side in (-1, 1):
        aspect = rng.uniform(*_ASPECT[0])
        heading = np.full(len(times), (np.pi if side > 0 else 0.0) + rng.uniform(-0.03, 0.03))
        pace = np.full(len(times), rng.uniform(0.8, 1.5))
        body = _Body(middle + side * apart * aspect * height / 2, height, aspect, 0)
        pair.append(_Walk("crossing", 0, _path(rng, size, body, heading, pace), pause, phase))
    return pair


def _turns(rng: np.random.Generator, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turns of 40 to 120 degrees, each within 0.6 to 1.2 s, with 1.5 to 4 s of straight walk between: radians."""
    at, angle = [0.0], [0.0]
    while at[-1] < times[-1]:
        walk, turn = rng.uniform(1.5, 4), rng.uniform(0.6, 1.2)
        at += [at[-1] + walk, at[-1] + walk + turn]
        angle += [angle[-1], angle[-1] + rng.choice((-1, 1)) * rng.uniform(0.7, 2.1)]
    return np.interp(times, at, angle)


def _stops(rng: np.random.Generator, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Walks 2 to 4 s, halts within 0.3 to 0.6 s, stands 1 to 3 s, walks on within 0.4 to 0.8 s: factor of the pace."""
    at, factor = [0.0], [1.0]
    while at[-1] < times[-1]:
        for shortest, longest, value in ((2, 4, 1.0), (0.3, 0.6, 0.0), (1, 3, 0.0), (0.4, 0.8, 1.0)):
            at.append(at[-1] + rng.uniform(shortest, longest))
            factor.append(value)
    return np.interp(times, at, factor)


def _path(
    rng: np.random.Generator,
    size: tuple[int, int],
    body: _Body,
    heading: NDArray[np.float64],
    pace: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Boxes (T, 4) of a body along its heading (T,) in radians and its pace (T,) in its own widths a second.

    Height is linear in the foot's y, so along y the path is an exponential and everything is a running sum. A body that
    comes to either end of the ground turns back.
    """
    height = size[1]
    ground = height * (1 - _HORIZON)
    growth = 0.5 * (NEAR - FAR) * height / ground
    rise = np.log(body.height) + np.cumsum(growth * pace * body.aspect * np.sin(heading)) * STEP_S
    low, high = np.log(FAR * height), np.log(NEAR * height)
    tall = np.exp(low + np.abs((rise - high) % (2 * (high - low)) - (high - low)))
    foot = height * _HORIZON + (tall / height - FAR) / (NEAR - FAR) * ground
    x = body.x + np.cumsum(pace * body.aspect * tall * np.cos(heading)) * STEP_S
    steps = np.sin(2 * np.pi * rng.uniform(1.5, 2.2) * STEP_S * np.arange(len(pace)) + rng.uniform(0, 6))
    swing = 0.06 * steps * (body.class_id == 0) * (pace > 0.05)
    half = body.aspect * tall / 2 * (1 + swing)
    return np.stack([x - half, foot - tall, x + half, foot], axis=1).astype(np.float32)


def _until_gone(path: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The path up to where the body, having been in the picture, has left it; at least two points."""
    inside = (path[:, 2] > 0) & (path[:, 0] < width)
    gone = np.nonzero(~inside & (np.arange(len(path)) > np.argmax(inside)))[0]
    return path[: max(int(gone[0]) + 1, 2)] if len(gone) else path
