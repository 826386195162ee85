"""What Sightdesk knows of a picture and a box beyond what a format has words for, as one JSON object each.

A format that lets such an object stand beside its own words carries it under the name `KEY`; for the others
it is kept in a file beside (`side`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from console.datasets.formats.notes import FormatError, is_plain, mapping_in, number
from console.datasets.formats.values import Annotation, Sample
from models.words import _

KEY = "sightdesk"
NOTHING: Mapping[str, Any] = {}
"""Shared by all that have no attributes; nobody changes it."""


class SampleExtra(TypedDict, total=False):
    """Arguments of `Sample`."""

    id: str
    taken_at: datetime | None
    camera_id: str
    exhaustive: bool
    attributes: Mapping[str, Any]


def of_sample(sample: Sample) -> dict[str, Any]:
    """What is to be kept of a sample; JSON values."""
    kept: dict[str, Any] = {"id": sample.id}
    if sample.taken_at is not None:
        kept["taken_at"] = sample.taken_at.isoformat()
    if sample.camera_id:
        kept["camera_id"] = sample.camera_id
    if not sample.exhaustive:
        kept["exhaustive"] = False
    if sample.attributes:
        kept["attributes"] = dict(sample.attributes)
    return kept


def of_annotation(annotation: Annotation, *, native: tuple[str, ...] = ()) -> dict[str, Any]:
    """What is to be kept of a box beside what the format holds itself; empty where that is all."""
    kept: dict[str, Any] = {}
    if annotation.id:
        kept["id"] = annotation.id
    if annotation.score is not None:
        kept["score"] = annotation.score
    if annotation.track is not None:
        kept["track"] = annotation.track
    if annotation.attributes:
        kept["attributes"] = dict(annotation.attributes)
    return {key: value for key, value in kept.items() if key not in native}


def sample_extra(value: Any, place: str, own_id: str) -> SampleExtra:
    """Arguments of `Sample` from what `of_sample` kept.

    Args:
        value: as read; None where the set is not from this program.
        place: file and place in it.
        own_id: the format's own id of the picture, where none was kept.

    Raises:
        FormatError: it is something else than `of_sample` makes.
    """
    if value is None:
        return {"id": own_id, "attributes": NOTHING}
    kept = mapping_in(value, place)
    taken_at = kept.get("taken_at")
    return {
        "id": _text(kept, "id", place) or own_id,
        "taken_at": None if taken_at is None else moment(taken_at, place),
        "camera_id": _text(kept, "camera_id", place),
        "exhaustive": kept.get("exhaustive") is not False,
        "attributes": mapping_in(kept["attributes"], place) if kept.get("attributes") else NOTHING,
    }


def annotation_extra(kept: Mapping[str, Any], place: str) -> tuple[float | None, int | None, str, Mapping[str, Any]]:
    """Score, track, id and attributes of a box from what `of_annotation` kept. Raises FormatError: it is none."""
    if not kept:
        return None, None, "", NOTHING
    attributes = mapping_in(kept["attributes"], place) if kept.get("attributes") else NOTHING
    return score_in(kept.get("score"), place), track_in(kept.get("track"), place), _text(kept, "id", place), attributes


def score_in(value: Any, place: str) -> float | None:
    """A score, or None. Raises FormatError: it is not in 0..1."""
    if value is None:
        return None
    score = number(value, place)
    if not 0 <= score <= 1:
        raise FormatError(_("{place}: a score is between 0 and 1, not {value}.").format(place=place, value=score))
    return score


def track_in(value: Any, place: str) -> int | None:
    """The number of a track, or None. Raises FormatError: it is no whole number."""
    if value is None:
        return None
    track = number(value, place)
    if track != int(track):
        raise FormatError(_("{place}: a track has a whole number, not {value}.").format(place=place, value=value))
    return int(track)


def moment(value: Any, place: str) -> datetime:
    """A moment with its time zone, of ISO 8601. Raises FormatError: it is none."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise FormatError(
            _("{place}: {value} is no moment with a time zone.").format(place=place, value=repr(value)[:60])
        )
    return found


def _text(kept: Mapping[str, Any], key: str, place: str) -> str:
    value = kept.get(key, "")
    if not isinstance(value, str) or not is_plain(value):
        raise FormatError(_("{place}: {value} can't be an id.").format(place=place, value=repr(value)[:60]))
    return value
