"""A clip whose faces and plates are QR codes, so that whoever can read one has been shown what must be covered.

Two persons (a green body with a face of a code in a magenta frame) and a vehicle (blue, its plate a code in a cyan
frame) move about; a fourth code hangs on a door, where nothing moves. The frames' colours are for `doubles`, whose
answers are these places and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.servers.clips import encode

SIZE = (640, 480)
FRAMES = 40
MAGENTA, CYAN, GREEN, BLUE = (255, 0, 255), (255, 255, 0), (0, 160, 0), (210, 70, 0)
MODULE, QUIET, FRAME = 4, 3, 8
CODE = (21 + 2 * QUIET) * MODULE + 2 * FRAME  # 124 pixels with its frame
PERSON, VEHICLE = (150, 200), (230, 150)
DOOR = (500, 330)


@dataclass(frozen=True)
class Place:
    """Where something stands in a picture: x0, y0, x1, y1 in pixels, and what its code says ("": it has none)."""

    kind: str
    box: tuple[int, int, int, int]
    says: str = ""


@dataclass(frozen=True)
class World:
    """All pictures of a clip follow from its seed."""

    seed: int = 1

    def says(self, what: str) -> str:
        """What a code says: at most 10 letters, so that it fits into the smallest code at the best correction."""
        return f"{what}-{self.seed:03d}"

    @property
    def secrets(self) -> frozenset[str]:
        """What no code may say anywhere: faces and the plate, and the door where it is covered."""
        return frozenset(self.says(what) for what in ("FACE1", "FACE2", "PLATE", "DOOR"))

    def places(self, number: int) -> list[Place]:
        """What stands where in picture `number`."""
        rng = np.random.default_rng(self.seed)
        step, back = (int(n) for n in rng.integers(4, 10, 2))
        found = []
        for nth, x in enumerate((10, 330)):
            left, top = x + _swing(number * step, 150), 14 + _swing(number, 20)
            face = (left + 13, top + 8)
            found += [
                Place("person", (left, top, left + PERSON[0], top + PERSON[1])),
                Place("face", (*face, face[0] + CODE, face[1] + CODE), self.says(f"FACE{nth + 1}")),
            ]
        left, top = 10 + _swing(number * back, 240), 300 + _swing(number, 20)
        plate = (left + 50, top + 13)
        return [
            *found,
            Place("vehicle", (left, top, left + VEHICLE[0], top + VEHICLE[1])),
            Place("plate", (*plate, plate[0] + CODE, plate[1] + CODE), self.says("PLATE")),
            Place("door", (*DOOR, DOOR[0] + CODE, DOOR[1] + CODE), self.says("DOOR")),
        ]

    def picture(self, number: int) -> NDArray[np.uint8]:
        """Picture `number`, (480, 640, 3) uint8 BGR."""
        rng = np.random.default_rng(self.seed)
        ground = rng.integers(90, 140, (SIZE[1] // 40, SIZE[0] // 40), np.uint8)
        bgr = cv2.cvtColor(cv2.resize(ground, SIZE, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
        colours = {"person": GREEN, "vehicle": BLUE, "face": MAGENTA, "plate": CYAN, "door": (255, 255, 255)}
        for place in self.places(number):
            x0, y0, x1, y1 = place.box
            bgr[y0:y1, x0:x1] = colours[place.kind]
            if place.says:
                bgr[y0 + FRAME : y1 - FRAME, x0 + FRAME : x1 - FRAME] = code(place.says)
        return bgr

    def clip(self, path: Path, frames: int = FRAMES) -> Path:
        """Write the clip as H.264 in an mp4."""
        return encode(
            path, codec="libx264", size=SIZE, frames=frames, fps=20, options={"crf": "14", "preset": "ultrafast"},
            draw=lambda _width, _height, number: self.picture(number),
        )  # fmt: skip

    @property
    def door(self) -> tuple[tuple[float, float], ...]:
        """The door's corners as shares of the picture, a little larger than it."""
        x0, y0 = DOOR[0] - 6, DOOR[1] - 6
        x1, y1 = DOOR[0] + CODE + 6, DOOR[1] + CODE + 6
        return tuple((x / SIZE[0], y / SIZE[1]) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


@cache
def code(says: str) -> NDArray[np.uint8]:
    """A code with its quiet zone, 108 x 108 BGR."""
    params = cv2.QRCodeEncoder_Params()
    params.version, params.correction_level, params.mode = 1, cv2.QRCODE_ENCODER_CORRECT_LEVEL_M, -1
    drawn = cv2.QRCodeEncoder.create(params).encode(says)
    dark = np.argwhere(drawn == 0)
    inner = drawn[dark[:, 0].min() : dark[:, 0].max() + 1, dark[:, 1].min() : dark[:, 1].max() + 1]  # without a margin
    assert inner.shape == (21, 21), inner.shape
    whole = np.pad(inner, QUIET, constant_values=255)
    return cv2.cvtColor(np.kron(whole, np.ones((MODULE, MODULE), np.uint8)), cv2.COLOR_GRAY2BGR)


def _swing(way: int, most: int) -> int:
    """To and fro between 0 and `most`."""
    way %= 2 * most
    return way if way <= most else 2 * most - way
