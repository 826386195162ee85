"""Tracks as values: prediction, its bounds, fading."""

from __future__ import annotations

import numpy as np
import pytest

from models.tracks import (
    DAMPING_S,
    FADE_FROM_S,
    FADE_TO_S,
    LOOK_BACK_S,
    Tracks,
    damped,
    opacity,
    predict,
    predict_drawn,
)

MS = 1_000_000


def one(velocity=(0, 0, 0, 0), xyxy=(100, 100, 140, 200), seen_ns=0, size=(640, 480), time_ns=0):
    return Tracks(
        time_ns,
        np.array([xyxy], np.float32),
        np.array([velocity], np.float32),
        np.array([0.7], np.float32),
        np.array([2], np.int32),
        np.array([5], np.int64),
        np.array([seen_ns], np.int64),
        size,
    )


def test_at_their_own_time_tracks_are_where_they_are():
    tracks = one((50, 0, 50, 0))
    now = predict(tracks, 0)
    np.testing.assert_array_equal(now.xyxy, tracks.xyxy)
    assert (now.score[0], now.class_id[0], now.track_id[0]) == (np.float32(0.7), 2, 5)


def test_a_box_moves_with_its_velocity():
    later = predict(one((50, 20, 50, 20)), 200 * MS)
    np.testing.assert_allclose(later.xyxy[0] - [100, 100, 140, 200], [10, 4, 10, 4], rtol=0.03)


def test_growth_goes_half_to_each_side_and_dies_away_first():
    later = predict(one((-20, 0, 20, 0)), 400 * MS)
    grown = later.xyxy[0, 2] - later.xyxy[0, 0] - 40
    assert grown == pytest.approx(40 * damped(0.4, 0.5), rel=1e-4)
    assert later.xyxy[0, 0] + later.xyxy[0, 2] == pytest.approx(240)


def test_prediction_does_not_run_away():
    tracks = one((1000, 0, 1000, 0), size=None, seen_ns=10**16)  # fresh for ever, so that it is not left out
    assert predict(tracks, 3600 * 1000 * MS).xyxy[0, 0] <= 100 + 1000 * DAMPING_S
    assert predict(tracks, -3600 * 1000 * MS).xyxy[0, 0] >= 100 - 1000 * 1.1 * LOOK_BACK_S


def test_boxes_are_cut_to_the_picture_and_left_out_beyond_it():
    tracks = one((200, 0, 200, 0), xyxy=(580, 100, 620, 200))
    np.testing.assert_array_equal(predict(tracks, 200 * MS).xyxy[0, 2], 640)
    assert len(predict(tracks, 400 * MS)) == 0
    assert len(predict(one((200, 0, 200, 0), xyxy=(580, 100, 620, 200), size=None), 400 * MS)) == 1


def test_a_track_fades_after_half_a_second_without_confirmation():
    tracks = one()
    assert opacity(tracks, int(FADE_FROM_S * 1e9)) == [1]
    assert 0 < opacity(tracks, 600 * MS)[0] < 1
    assert opacity(tracks, int(FADE_TO_S * 1e9)) == [0]
    assert opacity(tracks, -500 * MS) == [1]
    assert len(predict(tracks, 740 * MS)) == 1
    assert len(predict(tracks, 750 * MS)) == 0


def test_each_predicted_box_comes_with_its_opacity():
    two = Tracks(
        1000 * MS,
        np.array([[0, 0, 10, 10], [50, 50, 90, 90]], np.float32),
        np.zeros((2, 4), np.float32),
        np.ones(2, np.float32),
        np.zeros(2, np.int32),
        np.array([1, 2]),
        np.array([0, 900 * MS]),
    )
    drawn, firm = predict_drawn(two, 1000 * MS)
    assert drawn.track_id.tolist() == [2]
    assert firm.tolist() == [1]
    assert firm.dtype == np.float32
    _, fading = predict_drawn(two, 1500 * MS)
    assert fading[0] == pytest.approx(0.6)


def test_no_tracks_predict_nothing():
    assert len(predict(Tracks.empty(), 10**9)) == 0
    assert opacity(Tracks.empty(), 10**9).shape == (0,)


def test_predicting_changes_nothing():
    tracks = one((50, 0, 50, 0))
    predict(tracks, 300 * MS)
    np.testing.assert_array_equal(tracks.xyxy, [[100, 100, 140, 200]])
