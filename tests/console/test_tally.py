from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from console.pipeline.tally import ClassCount, Tally
from models.detections import Detections
from models.results import Result
from models.traces import Trace
from models.tracks import Tracks

S = 1_000_000_000
LABELS = ("person", "car")


def result(
    seq: int, at_s: float, tracks: dict[int, int], *, unseen: tuple[int, ...] = (), followed: bool = True
) -> Result:
    """`tracks`: number to class; those `unseen` were last confirmed a second before."""
    now, n = round(at_s * S), len(tracks)
    found = Detections.of(np.zeros((n, 4)), np.ones(n), np.array(list(tracks.values())))
    made = Tracks(
        now,
        np.zeros((n, 4), np.float32),
        np.zeros((n, 4), np.float32),
        np.ones(n, np.float32),
        np.array(list(tracks.values()), np.int32),
        np.array(list(tracks), np.int64),
        np.array([now - S * (number in unseen) for number in tracks], np.int64),
        (64, 64),
    )
    made = made if followed else Tracks.empty(now)
    return Result("cam", seq, now, now, datetime.now(UTC), None, (64, 64), found, made, LABELS, (), Trace())


def rows(tally: Tally, at_s: float) -> list[ClassCount]:
    return tally.counts("cam", round(at_s * S))[0]


def test_an_object_counts_once_and_a_flicker_never() -> None:
    tally = Tally()
    for number in range(10):
        tally.take(result(number, 100 + number / 10, {1: 0, 2: 1} | ({3: 1} if number == 4 else {})))
    assert rows(tally, 101) == [ClassCount("car", 1, 1), ClassCount("person", 1, 1)]


def test_now_is_what_is_in_sight() -> None:
    tally = Tally()
    for number in range(10):
        tally.take(result(number, 100 + number / 10, {1: 0, 2: 0}))
    tally.take(result(10, 101.5, {1: 0, 2: 0}, unseen=(2,)))
    assert rows(tally, 101.5) == [ClassCount("person", 1, 2)]
    assert rows(tally, 110) == [ClassCount("person", 0, 2)]  # no result for long: nothing is in sight


def test_ten_minutes_are_remembered_and_no_more() -> None:
    tally = Tally()
    for minute in range(20):
        for number in range(3):
            tally.take(result(minute * 10 + number, 60 * minute + number, {minute + 1: 0}))
    assert rows(tally, 60 * 19 + 3) == [ClassCount("person", 1, 10)]
    assert rows(tally, 60 * 40) == []


def test_a_restarted_camera_counts_from_track_1_again() -> None:
    tally = Tally()
    for again in range(2):
        for number in range(3):
            tally.take(result(number, 10 * again + number, {1: 0}))
    assert rows(tally, 12) == [ClassCount("person", 1, 2)]
    for number in range(3):
        tally.take(replace(result(number, 20 + number, {1: 0}), labels=("vehicle",)))
    assert rows(tally, 22) == [ClassCount("vehicle", 1, 1)]
    tally.forget("cam")
    assert rows(tally, 22) == []


def test_without_tracks_the_most_in_one_frame() -> None:
    tally = Tally()
    tally.take(result(0, 1, {1: 0, 2: 0, 3: 1}, followed=False))
    tally.take(result(1, 15, {1: 0}, followed=False))
    assert tally.counts("cam", 15 * S) == ([ClassCount("person", 1, 2), ClassCount("car", 0, 1)], False)
