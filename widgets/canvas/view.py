"""Where the picture stands in its room: the way from source pixels to the screen's and back. Pure: no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from widgets.canvas.marks import Corners, Size

MOST = 32.0
"""Physical pixels of the screen to one of the source, at the most."""
STEP = 1.25
"""One step of zooming."""
CLOSE = 4
"""A picture that misses its place by so many pixels is shown as it is: nothing is gained by scaling it."""


def fitted(source: Size, room: Size) -> Size:
    """The size at which a picture fills its room without being cut, in the room's pixels."""
    factor = min(room[0] / max(source[0], 1), room[1] / max(source[1], 1))
    return max(int(source[0] * factor), 1), max(int(source[1] * factor), 1)


@dataclass(frozen=True, slots=True)
class View:
    """How a picture is seen.

    Attributes:
        room: (width, height) there is, in physical pixels.
        source: (width, height) of the source picture.
        sx, sy: physical pixels to a source pixel; they differ by a rounding where all of the picture is shown.
        left, top: where the source's corner is in the room.
        whole: all of the picture is shown, as large as it goes.
    """

    room: Size
    source: Size
    sx: float
    sy: float
    left: float
    top: float
    whole: bool = True

    @staticmethod
    def fit(room: Size, source: Size, picture: Size | None = None) -> View:
        """All of the picture. `picture`: its size as it comes, taken as it is where it nearly fits."""
        width, height = fitted(source, room)
        if picture is not None and _nearly(picture, (width, height), room):
            width, height = picture
        left, top = (room[0] - width) // 2, (room[1] - height) // 2
        return View(room, source, width / max(source[0], 1), height / max(source[1], 1), left, top)

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """A point of the source in the room."""
        return self.left + x * self.sx, self.top + y * self.sy

    def to_source(self, x: float, y: float) -> tuple[float, float]:
        """A point of the room in the source; outside the picture too."""
        return (x - self.left) / self.sx, (y - self.top) / self.sy

    def place(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the whole picture in the room."""
        return self.left, self.top, self.source[0] * self.sx, self.source[1] * self.sy

    def seen(self) -> Corners:
        """What of the source is seen."""
        x0, y0 = self.to_source(0, 0)
        x1, y1 = self.to_source(*self.room)
        return max(x0, 0.0), max(y0, 0.0), min(x1, float(self.source[0])), min(y1, float(self.source[1]))

    def zoomed(self, factor: float, x: float, y: float) -> View:
        """Nearer or farther, with what is at (x, y) in the room staying there; never farther than all of it."""
        fit = View.fit(self.room, self.source)
        scale = min(self.sx * factor, max(MOST, fit.sx))
        if scale <= fit.sx * 1.001:
            return fit
        at = self.to_source(x, y)
        return replace(self, sx=scale, sy=scale, left=x - at[0] * scale, top=y - at[1] * scale, whole=False).held()

    def moved(self, dx: float, dy: float) -> View:
        """Moved by pixels of the room, as far as there is picture."""
        return self if self.whole else replace(self, left=self.left + dx, top=self.top + dy).held()

    def at(self, box: Corners, context: float) -> View:
        """A box in the middle, with room around it: `context` times its longer side, all in all."""
        fit = View.fit(self.room, self.source)
        side = max(box[2] - box[0], box[3] - box[1], 1.0) * context
        scale = min(self.room[0] / side, self.room[1] / side, MOST)
        if scale <= fit.sx * 1.001:
            return fit
        left = self.room[0] / 2 - (box[0] + box[2]) / 2 * scale
        top = self.room[1] / 2 - (box[1] + box[3]) / 2 * scale
        return replace(self, sx=scale, sy=scale, left=left, top=top, whole=False).held()

    def in_room(self, room: Size) -> View:
        """The same middle and nearness in another room."""
        if self.whole:
            return View.fit(room, self.source)
        middle = self.to_source(self.room[0] / 2, self.room[1] / 2)
        left, top = room[0] / 2 - middle[0] * self.sx, room[1] / 2 - middle[1] * self.sy
        return replace(self, room=room, left=left, top=top).zoomed(1.0, room[0] / 2, room[1] / 2)

    def held(self) -> View:
        """No gap beside the picture where it is larger than its room; else in the middle. On whole pixels."""
        left = _held(self.left, self.source[0] * self.sx, self.room[0])
        top = _held(self.top, self.source[1] * self.sy, self.room[1])
        return replace(self, left=left, top=top)


def _held(at: float, length: float, room: int) -> float:
    if length <= room:
        return float(round((room - length) / 2))
    return float(round(min(max(at, room - length), 0.0)))


def _nearly(picture: Size, place: Size, room: Size) -> bool:
    inside = picture[0] <= room[0] and picture[1] <= room[1]
    return inside and abs(picture[0] - place[0]) <= CLOSE and abs(picture[1] - place[1]) <= CLOSE
