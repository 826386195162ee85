"""From what was covered in each picture to figures, with how far to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.datasets.privacy_truth import Face, Truth

BOXED = 0.95
"""A plate, or a face that is marked by a box, is covered when so much of it is: a box is drawn a little too large."""
_SAMPLES = 2000
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Row:
    """What a policy did to one picture; pairs are (covered, of).

    Attributes:
        refused: the picture was refused: it is not kept at all.
        points: visible keypoints of faces.
        faces: faces without a bare keypoint, or by `BOXED`.
        face_area: pixels of the faces that are marked by boxes.
        plates: plates, by `BOXED`.
        plate_area: their pixels.
        plate_shares: of each the share that is covered: a near plate has a hundred times the pixels of a far one.
        excess: covered pixels outside of any face or plate, as a share of the picture.
        weakened: more was covered than the policy names, since a model gave no answer.
    """

    refused: bool
    points: tuple[int, int]
    faces: tuple[int, int]
    face_area: tuple[int, int]
    plates: tuple[int, int]
    plate_area: tuple[int, int]
    plate_shares: tuple[float, ...] = ()
    excess: float = 0.0
    weakened: bool = False

    @classmethod
    def of(cls, truth: Truth, mask: NDArray[np.bool_], *, weakened: bool) -> Row:
        """What of `truth` is under `mask`, (H, W)."""
        points = [hits(face.points, mask) for face in truth.faces]
        boxed = [face.box for face in truth.faces if not len(face.points)]
        whole = sum(is_covered(face, mask) for face in truth.faces)
        needed = np.zeros_like(mask)
        for box in [*(face.box for face in truth.faces), *truth.plates]:
            needed[_slices(box, mask)] = True
        return cls(
            refused=False,
            points=(sum(int(hit.sum()) for hit in points), sum(map(len, points))),
            faces=(whole, len(truth.faces)),
            face_area=_area(np.array(boxed, np.float32).reshape(-1, 4), mask),
            plates=(sum(area_in(plate, mask) >= BOXED for plate in truth.plates), len(truth.plates)),
            plate_area=_area(truth.plates, mask),
            plate_shares=tuple(area_in(plate, mask) for plate in truth.plates),
            excess=float((mask & ~needed).mean()),
            weakened=weakened,
        )

    @classmethod
    def of_refused(cls, truth: Truth) -> Row:
        """A picture that is not kept; its marks count nowhere but among what was refused."""
        points = sum(len(face.points) for face in truth.faces)
        return cls(
            refused=True,
            points=(0, points),
            faces=(0, len(truth.faces)),
            face_area=(0, 0),
            plates=(0, len(truth.plates)),
            plate_area=(0, 0),
        )

    @property
    def bare(self) -> int:
        """Faces and plates that can be seen."""
        return self.bare_faces + self.bare_plates

    @property
    def bare_faces(self) -> int:
        """Faces with a keypoint that can be seen, or more than a rim."""
        return self.faces[1] - self.faces[0]

    @property
    def bare_points(self) -> int:
        """Keypoints that can be seen."""
        return self.points[1] - self.points[0]

    @property
    def bare_plates(self) -> int:
        """Plates of which more than a rim can be seen."""
        return self.plates[1] - self.plates[0]


def figures(rows: Sequence[Row]) -> dict[str, Any]:
    """The figures of a trial, ready for JSON. Shares are over the pictures that were kept.

    Intervals hold 95 %. That of a count of faces or plates is Wilson's (JASA 22, 1927), which says something also where
    all are covered. Keypoints of a face and faces of a picture are no independent draws, so that of keypoints and areas
    comes from drawing whole pictures again (bootstrap, 2,000 times, seeded); where no picture has anything bare it can
    say nothing, and is left out.
    """
    kept = [row for row in rows if not row.refused]
    lost = [row for row in rows if row.refused]
    plates = [share for row in kept for share in row.plate_shares]
    return {
        "pictures": len(rows),
        "refused": len(lost),
        "refused_marks": {"faces": sum(row.faces[1] for row in lost), "plates": sum(row.plates[1] for row in lost)},
        "weakened": sum(row.weakened for row in kept),
        "keypoints": _share([row.points for row in kept]),
        "faces": _share([row.faces for row in kept], counted=True),
        "face_area": _share([row.face_area for row in kept]),
        "plates": _share([row.plates for row in kept], counted=True),
        "plate_area": _share([row.plate_area for row in kept]),
        "plate_mean": round(float(np.mean(plates)), 4) if plates else None,
        "excess": round(float(np.mean([row.excess for row in kept])), 4) if kept else None,
    }


def _share(pairs: Sequence[tuple[int, int]], *, counted: bool = False) -> dict[str, Any] | None:
    """Covered, of how many, the share and its interval; None where there is nothing to cover."""
    table = np.array(pairs, np.float64).reshape(-1, 2)
    covered, of = table.sum(0)
    if not of:
        return None
    low, high = wilson(covered, of) if counted else _bootstrap(table)
    return {"covered": int(covered), "of": int(of), "share": round(float(covered / of), 4), "low": low, "high": high}


def wilson(covered: float, of: float) -> tuple[float, float]:
    """95 % interval of a share."""
    share, spread = covered / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * np.sqrt(share * (1 - share) / of + spread / (4 * of))
    return round(max(float(middle - half), 0.0), 4), round(min(float(middle + half), 1.0), 4)


def _bootstrap(table: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """95 % interval of a ratio of sums, from drawing rows (N, 2) again; None twice where all rows say the same."""
    table = table[table[:, 1] > 0]
    if np.ptp(table[:, 0] / table[:, 1]) == 0:
        return None, None
    drawn = np.random.default_rng(1).integers(len(table), size=(_SAMPLES, len(table)))
    sums = table[drawn].sum(1)
    low, high = np.percentile(sums[:, 0] / sums[:, 1], (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


def hits(points: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the points (K, 2) lie in a pixel under the mask; one outside of the picture does not."""
    x, y = np.floor(points).astype(int).reshape(-1, 2).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    hit = np.zeros(len(points), np.bool_)
    hit[inside] = mask[y[inside], x[inside]]
    return hit


def area_in(box: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Share of a box's pixels that lie under the mask; 1 for a box without any."""
    part = mask[_slices(box, mask)]
    return float(part.mean()) if part.size else 1.0


def is_covered(face: Face, mask: NDArray[np.bool_]) -> bool:
    """Whether all visible keypoints of a face are, or `BOXED` of its box where it has none."""
    return bool(hits(face.points, mask).all()) if len(face.points) else area_in(face.box, mask) >= BOXED


def _area(boxes: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[int, int]:
    parts = [mask[_slices(box, mask)] for box in boxes]
    return sum(int(part.sum()) for part in parts), sum(part.size for part in parts)


def _slices(box: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The pixels whose middle is in a box, as far as they are in the picture."""
    x0, y0, x1, y1 = np.clip(np.round(box), 0, [mask.shape[1], mask.shape[0]] * 2).astype(int).tolist()
    return slice(y0, max(y1, y0)), slice(x0, max(x1, x0))
