"""Sealed crops for a bench, as a desk sends them: each another picture, of the size that crops of vehicles have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from uuid_utils import uuid7

from console.privacy.sealing import PublicKey, seal
from console.privacy.stored import SEALED_TYPE
from console.sync import wire

SIZE = (320, 200)
"""Width and height, pixels."""


def pictures(number: int) -> Iterator[NDArray[np.uint8]]:
    """Pictures with as much in them as a photo has, (200, 320, 3) uint8; the same every time."""
    chance = np.random.default_rng(7)
    for _n in range(number):
        coarse = chance.integers(0, 256, (12, 20, 3), np.uint8)
        smooth = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC).astype(np.int16)
        yield np.clip(smooth + chance.integers(-4, 5, smooth.shape), 0, 255).astype(np.uint8)


def messages(number: int, key: PublicKey) -> Iterator[wire.Received]:
    """Messages that carry them."""
    for count, picture in enumerate(pictures(number), 1):
        about = {"x": 0, "y": 0, "source_width": SIZE[0], "source_height": SIZE[1]}
        yield message(count, seal(picture, about, key).content)


def message(number: int, content: bytes) -> wire.Received:
    """A message that carries a sealed crop."""
    head: dict[str, Any] = {
        "v": wire.VERSION, "number": number, "message_id": str(uuid7()), "tracking_id": str(uuid7()), "kind": "sealed",
        "camera_id": "gate", "written_at": datetime.now(UTC).isoformat(), "body": {"of": "item"},
        "file": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "content_type": SEALED_TYPE},
    }  # fmt: skip
    return wire.Received(head, content)


def body_of(one: wire.Received) -> bytes:
    """It as a request's body."""
    head = wire.canonical(one.head)
    return len(head).to_bytes(4, "big") + head + (one.file or b"")
