"""Whatever a model, a clock or a camera does, the tracker neither raises nor lies."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.boxes import clip
from models.detections import NO_TRACK, Detections
from models.tracking import Tracker
from models.tracks import opacity, predict

sane = st.floats(-50, 700, width=32)
wild = st.one_of(sane, st.floats(width=32), st.sampled_from([0.0, 640.0, 480.0]))
boxes = st.lists(
    st.tuples(
        st.one_of(st.tuples(sane, sane, sane, sane), st.tuples(wild, wild, wild, wild)),
        st.floats(0, 1, width=32),
        st.integers(0, 2),
    ),
    max_size=12,
)
pause_ns = st.one_of(
    st.integers(16_000_000, 1_000_000_000), st.integers(-(10**9), 10**10), st.just(0), st.integers(-(2**60), 2**60)
)
sizes = st.sampled_from([(640, 480), (640, 480), (640, 480), (1920, 1080), (1, 1)])
frames = st.lists(st.tuples(boxes, pause_ns, sizes), max_size=12)


def detections(rows):
    return Detections.of(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        [row[1] for row in rows],
        [row[2] for row in rows],
    )


@settings(max_examples=150, deadline=None)
@given(frames, st.sampled_from([0.0, 0.5]))
def test_any_input_is_survived_and_answered_truly(steps, start_score):
    tracker, now, highest, alive = Tracker(start_score=start_score), 0, 0, set()
    for rows, pause, size in steps:
        now = max(min(now + pause, 2**62), -(2**62))
        found = detections(rows)
        followed, tracks = tracker.update(found, now, size)
        np.testing.assert_array_equal(followed.xyxy, found.xyxy)
        np.testing.assert_array_equal(followed.score, found.score)
        np.testing.assert_array_equal(followed.class_id, found.class_id)
        given_out = followed.track_id[followed.track_id != NO_TRACK].tolist()
        assert len(set(given_out)) == len(given_out)
        assert set(given_out) <= set(tracks.track_id.tolist())
        fresh = set(tracks.track_id.tolist()) - alive
        assert all(number > highest for number in fresh), "a number came again"
        alive, highest = set(tracks.track_id.tolist()), max([highest, *fresh])
        check_tracks(tracks, now)


def check_tracks(tracks, now):
    assert tracks.time_ns == now
    assert np.isfinite(tracks.xyxy).all()
    assert np.isfinite(tracks.velocity).all()
    assert (tracks.xyxy[:, 2:] > tracks.xyxy[:, :2]).all()
    assert (tracks.seen_ns <= now).all()
    own = predict(tracks, now)
    index = [tracks.track_id.tolist().index(number) for number in own.track_id.tolist()]
    np.testing.assert_array_equal(own.xyxy, clip(tracks.xyxy[index], *tracks.size))
    for later in (0, 10**7, 3 * 10**8, 6 * 10**8, -(10**8), -(10**12), 10**15):
        drawn, firm = predict(tracks, now + later), opacity(tracks, now + later)
        assert np.isfinite(drawn.xyxy).all()
        assert ((firm >= 0) & (firm <= 1)).all()
        assert set(drawn.track_id.tolist()) <= set(tracks.track_id[firm > 0].tolist())
        assert len(drawn) == 0 or drawn.xyxy.min() >= 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_the_same_frames_give_the_same_tracks(seed, count):
    def run():
        rng, tracker, answers = np.random.default_rng(seed), Tracker(), []
        for k in range(6):
            corner = rng.uniform(0, 400, (count, 2))
            found = Detections.of(np.concatenate([corner, corner + 60], axis=1), rng.random(count), np.zeros(count))
            answers.append(tracker.update(found, k * 10**8, (640, 480))[1].xyxy)
        return np.concatenate(answers)

    np.testing.assert_array_equal(run(), run())
