"""Sets of annotated pictures for tests: drawn by chance, written with real pictures, compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from hypothesis import strategies as st

from console.datasets.formats import known
from console.datasets.formats.notes import is_plain
from console.datasets.formats.values import Annotation, Dataset, Sample

FORMATS = tuple(known.FORMATS)
LABELS = (
    "person",
    "car & lorry <big>",
    "kerékpár",
    "犬 🐕",
    'a "quoted" one',
    "person (sitting)",
    "aeroplane",
    "no",
    "7",
)
"""Not in the order of the alphabet; with what XML and YAML must escape."""


FIRST, LAST = datetime(2000, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001  # hypothesis asks for those


def _plain(text: str) -> bool:
    return text == text.strip() and is_plain(text)


TEXTS = st.text(min_size=1, max_size=12).filter(_plain)
STEMS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters='/\\<>:"|?*.\ufffe\uffff'),
    min_size=1,
    max_size=12,
).filter(_plain)
VALUES = st.one_of(st.booleans(), st.integers(-9, 9), TEXTS, st.lists(st.integers(0, 9), max_size=3))
ATTRIBUTES = st.dictionaries(STEMS.map(lambda text: "a_" + text), VALUES, max_size=2)


@st.composite
def boxes(draw: Any, labels: tuple[str, ...], size: tuple[int, int]) -> Annotation:
    sides = []
    for length in size:
        low = draw(st.floats(0, length - 1))
        sides.append((low, draw(st.floats(low + 1, length))))
    return Annotation(
        (sides[0][0], sides[1][0], sides[0][1], sides[1][1]),
        draw(st.sampled_from(labels)),
        draw(st.none() | st.floats(0, 1)),
        draw(st.none() | st.integers(0, 10**6)),
        draw(st.just("") | STEMS),
        draw(ATTRIBUTES),
    )


@st.composite
def sets(draw: Any, most: int = 4) -> Dataset:
    labels = tuple(draw(st.lists(st.sampled_from(LABELS) | TEXTS, min_size=1, max_size=6, unique=True)))
    stems = draw(st.lists(STEMS, max_size=most, unique_by=lambda stem: stem.casefold().encode()))
    split = draw(st.booleans())
    return Dataset(draw(TEXTS), labels, [draw(_samples(labels, f"{stem}.jpg", split)) for stem in stems])


@st.composite
def _samples(draw: Any, labels: tuple[str, ...], picture: str, split: bool) -> Sample:
    size = draw(st.integers(2, 4000)), draw(st.integers(2, 4000))
    zone = timezone(timedelta(minutes=draw(st.sampled_from([0, 90, -300]))))
    return Sample(
        id=draw(TEXTS),
        picture=picture,
        size=size,
        annotations=tuple(draw(st.lists(boxes(labels, size), max_size=4))),
        split=draw(st.sampled_from(["train", "val", "test"])) if split else "",
        taken_at=draw(st.none() | st.datetimes(FIRST, LAST).map(lambda t: t.replace(tzinfo=zone))),
        camera_id=draw(st.just("") | STEMS),
        exhaustive=draw(st.booleans()),
        attributes=draw(ATTRIBUTES),
    )


def some_set(splits: bool = False, partial: bool = False) -> Dataset:
    """A set of four pictures, one of them without objects."""
    when = datetime(2026, 11, 3, 12, 30, 5, tzinfo=UTC)
    samples = [
        Sample("0192f0c1-0000-7000-8000-000000000001", "first gate.jpg", (320, 240), (
            Annotation((10.25, 20.5, 110.75, 220.25), LABELS[0], 0.875, 12, "b1", {"occluded": True, "kind": "é"}),
            Annotation((0, 0, 320, 240), LABELS[1]),
        ), taken_at=when, camera_id="gate"),
        Sample("0192f0c1-0000-7000-8000-000000000002", "leer.jpg", (200, 100), ()),
        Sample("0192f0c1-0000-7000-8000-000000000003", "写真.jpg", (64, 48), (
            Annotation((1, 2, 3.5, 4.5), LABELS[3]),
        )),
        Sample("0192f0c1-0000-7000-8000-000000000004", "árvíz.jpg", (640, 480), tuple(
            Annotation((10.0 * n, 5.0 * n, 10.0 * n + 30, 5.0 * n + 40), LABELS[n]) for n in range(len(LABELS))
        ), exhaustive=not partial, attributes={"rejected": [[1, 2, 3, 4, "person"]]} if partial else {}),
    ]  # fmt: skip
    if splits:
        samples = [replace(s, split=split) for s, split in zip(samples, ("train", "train", "val", "test"), strict=True)]
    return Dataset("Tor 7, Nord", LABELS, samples)


def pictures(folder: Path, samples: Iterable[Sample]) -> dict[str, Path]:
    """A real JPEG for each sample, below a folder, by its name."""
    made = {}
    for sample in samples:
        path = folder / sample.picture
        path.parent.mkdir(parents=True, exist_ok=True)
        seed = int.from_bytes(hashlib.sha256(sample.picture.encode()).digest()[:4], "big")
        tile = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
        path.write_bytes(cv2.imencode(".jpg", cv2.resize(tile, sample.size))[1].tobytes())
        made[sample.picture] = path
    return made


def same(one: Dataset, other: Dataset, pixels: float = 0.5, prefix: str = "") -> None:
    """See that two sets say the same, boxes within so many pixels."""
    assert other.labels == one.labels
    assert other.name == one.name
    there = {sample.picture: sample for sample in other.samples}
    assert set(there) == {prefix + sample.picture for sample in one.samples}
    for sample in one.samples:
        found = there[prefix + sample.picture]
        for field in ("id", "size", "split", "taken_at", "camera_id", "exhaustive"):
            assert getattr(found, field) == getattr(sample, field), field
        assert dict(found.attributes) == dict(sample.attributes)
        assert len(found.annotations) == len(sample.annotations)
        for a, b in zip(sample.annotations, found.annotations, strict=True):
            assert (b.label, b.track, dict(b.attributes)) == (a.label, a.track, dict(a.attributes))
            assert a.score is None if b.score is None else abs(a.score - b.score) < 1e-9
            assert max(abs(p - q) for p, q in zip(a.xyxy, b.xyxy, strict=True)) <= pixels + 1e-6, (a, b)
            assert not a.id or a.id == b.id
