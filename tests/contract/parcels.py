"""Parcels as an outbox hands them out: real files, written redacted or sealed and opened as what may leave."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from uuid_utils import uuid7

from console.privacy.sealed_writer import SealedWriter
from console.privacy.sealing import PrivateKey
from console.privacy.stored import Named, Stored, open_stored
from console.privacy.writer import PictureWriter
from console.settings.home import Home
from console.store.outbox import Kind
from console.store.store import Store, utc_text
from console.sync.targets.base import Parcel
from models.coverage import cover
from models.detections import Detections
from models.findings import Findings
from models.frames import ArrayPicture
from models.policy import Cover
from models.redaction import redact

KINDS: tuple[Kind, ...] = ("event", "item", "verdict", "picture", "sealed", "audit")
"""All but `erased`, which takes away what the others bring; see `erased`."""
CAMERAS = ("gate", "yard-2", "halle_3", "0")
NAMES = ("Gate", "Hof / Süd #2 +", "../../etc/passwd", '駐車場 "A" \\ 🚲')
LABELS = ("person", "Straßenbahn", "自転車", 'a "quoted" / odd #label+', "🚲")
SIZE = (320, 240)
_NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_FACELESS = Findings(Detections.of([], [], []), Detections.of([], [], []))


def parcels(
    home: Home, store: Store, n: int, seed: int, kinds: Sequence[Kind] = KINDS, *, size: tuple[int, int] = SIZE
) -> list[Parcel]:
    """So many parcels, of these kinds in turn; each round is about one event and one item.

    Pictures are of the event in one round and of the item in the next; a verdict is about the item, what is sealed
    about the event. No two files are alike.

    Args:
        home: where files and rows are written.
        store: the home's.
        n: so many.
        seed: what they show; identities are fresh each time.
        kinds: which, in turn.
        size: (width, height) of pictures.
    """
    made = _Making(home, store, random.Random(seed), size)
    return [made.one(number, kinds[number % len(kinds)], number // len(kinds)) for number in range(n)]


def erased(number: int, *tracking_ids: str) -> Parcel:
    """The notice that these are to be erased."""
    body = {"tracking_ids": list(tracking_ids)}
    return Parcel(number, str(uuid7()), str(uuid7()), "erased", "", utc_text(_NOON), body)


class _Making:
    def __init__(self, home: Home, store: Store, chance: random.Random, size: tuple[int, int]) -> None:
        self._home, self._chance, self._size = home, chance, size
        self._pictures, self._sealed = PictureWriter(home, store), SealedWriter(home, store)
        self._key = PrivateKey.new().public
        self._first = chance.randrange(1, 1_000_000)
        self._ids: dict[tuple[str, int], str] = {}

    def one(self, number: int, kind: Kind, round_: int) -> Parcel:
        of = {"event": "event", "sealed": "event", "picture": "item" if round_ % 2 else "event", "audit": "audit"}
        about = of.get(kind, "item")
        tracking_id = self._ids.setdefault((about, round_), str(uuid7()))
        at = round_ % len(CAMERAS)
        taken_at = _NOON + timedelta(seconds=number, microseconds=self._chance.randrange(1_000_000))
        file = None
        label = LABELS[round_ % len(LABELS)]
        if kind == "picture":
            body, file = self._picture(about, label, CAMERAS[at], taken_at)
        elif kind == "sealed":
            body, file = self._seal(CAMERAS[at], taken_at)
        else:
            body = self._body(kind, NAMES[at], label, utc_text(taken_at))
        camera = "" if kind == "audit" else CAMERAS[at]
        return Parcel(
            self._first + number, str(uuid7()), tracking_id, kind, camera, utc_text(taken_at), body, file
        )  # fmt: skip

    def _body(self, kind: Kind, camera: str, label: str, at: str) -> dict[str, Any]:
        box = self._box()
        if kind == "audit":
            return {
                "record": str(uuid7()),
                "n": self._chance.randrange(1, 999),
                "hash": f"{self._chance.getrandbits(256):064x}",
            }
        if kind == "event":
            return {
                "camera": camera, "label": label, "track": self._chance.randrange(1, 99), "rule": "anybody",
                "score": 0.875, "box": box, "size": list(self._size), "seen_at": at,
            }  # fmt: skip
        item: dict[str, Any] = {
            "camera": camera, "label": label, "reason": "doubt", "why": {"low": 0.3, "high": 0.5},
            "box": [*box, label, 0.41, 7], "boxes": [[*box, label, 0.41, 7], [*self._box(), "person", 0.9, None]],
            "size": list(self._size), "model": "yolox_nano", "taken_at": at,
            "ran": [{"model": "yolox_nano", "runtime": "openvino", "device": "CPU", "precision": "f32"}],
        }  # fmt: skip
        if kind == "item":
            return item
        verdict = {
            "key": str(uuid7()), "kind": "accept", "label": "", "boxes": None, "role": "operator", "decided_at": at,
            "replaces": None, "taken_back": False,
        }  # fmt: skip
        return {**item, "verdict": verdict, "state": "done", "truth": [[*box, label]], "exhaustive": False}

    def _picture(self, about: str, label: str, camera: str, taken_at: datetime) -> tuple[dict[str, Any], Stored]:
        policy = Cover(purpose=f"{about}: to try what leaves")
        coverage = cover(policy, self._size, Detections.of([], [], []), LABELS, (), _FACELESS)
        made = redact(ArrayPicture(self._pixels(self._size)), coverage)
        written = self._pictures.write(made, camera_id=camera, taken_at=taken_at)
        path = written.path.relative_to(self._home.path).as_posix()
        file = open_stored(self._home.path, Named(path, written.sha256, policy.model_dump_json()))
        body = {
            "of": about, "sha256": file.sha256, "bytes": len(file), "size": list(self._size),
            "source_size": list(self._size), "taken_at": utc_text(taken_at), "policy": file.policy, "label": label,
            "box": self._box(),
        }  # fmt: skip
        return body, file

    def _seal(self, camera: str, taken_at: datetime) -> tuple[dict[str, Any], Stored]:
        policy = Cover(purpose="plates", seal_plates_for=self._key.text)
        crop = self._pixels((40, 16))
        written = self._sealed.write(crop, camera_id=camera, taken_at=taken_at, event_id=None, policy=policy)
        path = written.path.relative_to(self._home.path).as_posix()
        file = open_stored(self._home.path, Named(path, written.sha256, ""))
        body = {
            "of": "event", "sha256": file.sha256, "bytes": len(file), "key_id": written.key_number,
            "taken_at": utc_text(taken_at), "purpose": policy.purpose,
        }  # fmt: skip
        return body, file

    def _pixels(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Noise over something soft: about 20 kB as JPEG at 320 x 240."""
        rng = np.random.default_rng(self._chance.getrandbits(60))
        wide, high = size
        soft = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), size, interpolation=cv2.INTER_CUBIC)
        depth = 12 if wide < 1000 else 127  # where somebody wants a large file, a dense one is made sooner
        noise = rng.integers(-depth, depth, (high, wide, 3), np.int16)
        return np.asarray(np.clip(soft.astype(np.int16) + noise, 0, 255), np.uint8)

    def _box(self) -> list[float]:
        x, y = self._chance.uniform(0, self._size[0] / 2), self._chance.uniform(0, self._size[1] / 2)
        return [round(x, 2), round(y, 2), round(x + self._size[0] / 4, 2), round(y + self._size[1] / 4, 2)]
