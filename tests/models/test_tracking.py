"""The tracker: identities through jitter, occlusion, crossing, edges, and clocks that misbehave."""

from __future__ import annotations

import numpy as np
import pytest

from models import scenes
from models.detections import NO_TRACK, Detections
from models.tracking import GAP_S, KEEP_S, Tracker
from models.tracks import predict

SIZE = (640, 480)
TICK = 1 / 6


def ns(seconds):
    return round(seconds * 1e9)


def person(x, y=200.0, width=40.0, height=100.0):
    return [x - width / 2, y, x + width / 2, y + height]


def seen(*boxes, score=0.8, class_id=0):
    n = len(boxes)
    return Detections.of(np.array(boxes).reshape(-1, 4), np.broadcast_to(score, n), np.broadcast_to(class_id, n))


def walk(tracker, frames, begin=0.0, tick=TICK):
    """Feed frames, each a list of boxes; the track numbers of each, and the last tracks."""
    numbers, tracks = [], None
    for step, boxes in enumerate(frames):
        found, tracks = tracker.update(seen(*boxes), ns(begin + step * tick), SIZE)
        numbers.append(found.track_id.tolist())
    return numbers, tracks


def test_numbers_count_from_one_and_stay():
    numbers, tracks = walk(Tracker(), [[person(100 + 5 * k), person(400 - 5 * k)] for k in range(12)])
    assert numbers == [[1, 2]] * 12
    assert tracks.track_id.tolist() == [1, 2]
    assert tracks.velocity[0] == pytest.approx([30, 0, 30, 0], abs=2)
    assert tracks.size == SIZE


def test_the_boxes_come_back_as_they_were():
    given = seen(person(100), person(400), score=[0.9, 0.4], class_id=[0, 2])
    found, _ = Tracker().update(given, 0, SIZE)
    assert found.xyxy is given.xyxy
    assert found.score is given.score
    assert found.class_id is given.class_id


def test_an_id_is_never_used_again():
    tracker, used = Tracker(), set()
    for k in range(5):
        found, _ = tracker.update(seen(person(100), person(300)), ns(k * (GAP_S + 1)), SIZE)
        assert not used & set(found.track_id.tolist())
        used |= set(found.track_id.tolist())
    assert used == set(range(1, 11))


def test_an_object_keeps_its_number_through_a_second_behind_another():
    """Two persons cross; the farther one is not seen for a second and a bit."""
    frames = []
    for k in range(30):
        near, far = person(150 + 10 * k, y=210), person(450 - 10 * k)
        frames.append([near] if 13 <= k < 20 else [near, far])
    numbers, _ = walk(Tracker(), frames)
    assert [row[0] for row in numbers] == [1] * 30
    assert [row[1] for row in numbers if len(row) == 2] == [2] * 23


def test_an_unseen_track_waits_and_then_goes():
    tracker = Tracker()
    walk(tracker, [[person(300)]] * 6)
    _, tracks = tracker.update(Detections.empty(), ns(1 + KEEP_S - 0.2), SIZE)
    assert tracks.track_id.tolist() == [1]
    assert tracks.seen_ns.tolist() == [ns(5 * TICK)]
    assert len(predict(tracks, tracks.time_ns)) == 0  # waits, but is not drawn
    _, tracks = tracker.update(Detections.empty(), ns(1 + KEEP_S + 0.2), SIZE)
    assert len(tracks) == 0


def test_a_box_seen_once_is_not_waited_for():
    _, tracks = walk(Tracker(), [[person(300)], []])
    assert len(tracks) == 0


def test_crossing_people_mostly_keep_their_numbers():
    kept = []
    for seed in range(4):
        scene, rng = scenes.street(seed, count=8, kinds=("crossing",)), np.random.default_rng(seed)
        tracker, numbers = Tracker(), {}
        for k in range(240):
            truth = scene.truth(k * TICK)
            found = scenes.observe(truth.select(~scenes.hidden(truth)), rng, scene.size)
            followed, _ = tracker.update(found, ns(k * TICK), scene.size)
            for who, number in zip(found.track_id.tolist(), followed.track_id.tolist(), strict=True):
                numbers.setdefault(who, []).append(number)
        kept += [len(set(given[2:])) == 1 for given in numbers.values() if len(given) > 10]
    assert len(kept) > 60
    assert np.mean(kept) > 0.8


def test_classes_are_followed_apart():
    """A person walks past a parked car; both boxes are nearly the same while it does."""
    tracker, numbers = Tracker(), []
    for k in range(20):
        found = seen([300, 200, 340, 300], person(220 + 10 * k), class_id=[2, 0])
        numbers.append(tracker.update(found, ns(k * TICK), SIZE)[0].track_id.tolist())
    assert numbers == [[1, 2]] * 20


def test_a_track_does_not_pass_to_another_class_nearby():
    tracker = Tracker()
    walk(tracker, [[person(300)]] * 4)
    found, _ = tracker.update(seen(person(315), class_id=2), ns(5 * TICK), SIZE)
    assert found.track_id.tolist() == [2]


def test_a_flickering_class_makes_no_new_tracks():
    tracker = Tracker()
    labels = [2, 2, 7, 2, 7, 2, 2, 7, 2, 2]
    for k, label in enumerate(labels):
        found, tracks = tracker.update(seen([100 + 9 * k, 100, 260 + 9 * k, 200], class_id=label), ns(k * TICK), SIZE)
        assert found.track_id.tolist() == [1]
        assert found.class_id.tolist() == [label]
        assert tracks.class_id.tolist() == [2]


def test_a_class_that_stays_changed_is_believed():
    tracker, classes = Tracker(), []
    for k, label in enumerate([2, 2, 2, 7, 7, 7, 7]):
        _, tracks = tracker.update(seen([100, 100, 260, 200], class_id=label), ns(k * TICK), SIZE)
        classes.append(int(tracks.class_id[0]))
    assert classes == [2, 2, 2, 2, 7, 7, 7]


def test_weak_boxes_carry_a_track_on_and_start_none():
    tracker = Tracker(start_score=0.5)
    found, tracks = tracker.update(seen(person(100), score=0.3), 0, SIZE)
    assert found.track_id.tolist() == [NO_TRACK]
    assert len(tracks) == 0
    for k in range(1, 5):
        found, _ = tracker.update(seen(person(100 + 5 * k), score=0.3 if k == 3 else 0.8), ns(k * TICK), SIZE)
        assert found.track_id.tolist() == [1]


def test_a_fast_object_is_found_again_at_one_frame_in_three_tenths():
    """Boxes that don't touch from one frame to the next, once the velocity is known."""
    numbers, _ = walk(Tracker(), [[person(60 + d)] for d in (0, 30, 70, 115, 165, 220, 280)], tick=0.3)
    assert numbers == [[1]] * 7


def test_an_object_leaving_the_picture_slides_out():
    tracker = Tracker()
    for k in range(10):
        x0, x1 = 520 + 12 * k, 560 + 12 * k
        _, tracks = tracker.update(seen([x0, 200, min(x1, 640), 300]), ns(k * TICK), SIZE)
    assert tracks.xyxy[0, 2] == pytest.approx(668, abs=4)  # its hidden edge is kept in mind
    drawn = predict(tracks, tracks.time_ns + ns(0.1))
    assert drawn.xyxy[0, 0] == pytest.approx(635.2, abs=3)
    assert drawn.xyxy[0, 2] == 640
    assert len(predict(tracks, tracks.time_ns + ns(0.3))) == 0


def test_an_object_entering_has_its_whole_shape_from_others_of_its_class():
    tracker = Tracker()
    walk(tracker, [[person(300)]] * 2, begin=-2 * TICK)
    for k in range(4):
        _, tracks = tracker.update(seen(person(300), [0, 200, 10 + 5 * k, 300]), ns(k * TICK), SIZE)
    assert tracks.xyxy[1] == pytest.approx([-15, 200, 25, 300], abs=2)
    assert tracks.velocity[1] == pytest.approx([30, 0, 30, 0], abs=4)


def test_time_that_stands_still_moves_nothing_and_forgets_at_last():
    tracker = Tracker()
    _, before = walk(tracker, [[person(100 + 5 * k)] for k in range(6)])
    at = before.time_ns
    _, tracks = tracker.update(Detections.empty(), at, SIZE)
    np.testing.assert_array_equal(tracks.xyxy, before.xyxy)
    for _ in range(2100):
        _, tracks = tracker.update(Detections.empty(), at, SIZE)
    assert len(tracks) == 0


def test_time_that_goes_back_leaves_no_track_from_the_future():
    tracker = Tracker()
    _, before = walk(tracker, [[person(300)]] * 6, begin=100)
    found, tracks = tracker.update(seen(person(300)), ns(1), SIZE)
    assert found.track_id.tolist() == [1]
    assert tracks.seen_ns.tolist() == [ns(1)]
    _, tracks = tracker.update(Detections.empty(), ns(1.5), SIZE)
    assert (tracks.seen_ns <= ns(1.5)).all()
    assert before.seen_ns.tolist() == [ns(100 + 5 * TICK)]  # what was published stays as it was


def test_irregular_intervals():
    tracker, at = Tracker(), 0.0
    for gap in (0, 1 / 60, 1, 0.3, 1 / 60, 1 / 60, 0.7, 1):
        at += gap
        found, tracks = tracker.update(seen(person(100 + 40 * at)), ns(at), SIZE)
        assert found.track_id.tolist() == [1]
    assert tracks.velocity[0, 0] == pytest.approx(40, abs=3)


def test_nothing_connects_frames_over_a_long_gap_or_another_size():
    tracker = Tracker()
    walk(tracker, [[person(300)]] * 6)
    assert tracker.update(seen(person(300)), ns(1 + GAP_S + 1), SIZE)[0].track_id.tolist() == [2]
    found, tracks = tracker.update(seen(person(300)), ns(1 + GAP_S + 1.1), (1280, 720))
    assert found.track_id.tolist() == [3]
    assert tracks.track_id.tolist() == [3]


@pytest.mark.parametrize(
    "box",
    [
        [10, 10, 10, 10],
        [50, 50, 10, 10],
        [0, 0, 0.5, 100],
        [np.nan, 0, 10, 10],
        [0, 0, np.inf, 10],
        [-np.inf, 0, np.inf, 10],
        [0, 0, 3e38, 3e38],
    ],
)
def test_a_box_that_makes_no_sense_passes_untracked(box):
    tracker = Tracker()
    for k in range(3):
        found, tracks = tracker.update(seen(box, person(100)), ns(k * TICK), SIZE)
        assert found.track_id.tolist() == [NO_TRACK, 1]
        assert tracks.track_id.tolist() == [1]


def test_five_hundred_boxes():
    rng, tracker = np.random.default_rng(1), Tracker()
    corner = rng.uniform(0, 1800, (500, 2))
    for k in range(4):
        boxes = np.concatenate([corner + 2 * k, corner + 2 * k + 60], axis=1)
        found, tracks = tracker.update(seen(*boxes), ns(k * TICK), (1920, 1920))
    assert len(set(found.track_id.tolist())) == 500
    assert len(tracks) == 500


def test_empty_frames():
    tracker = Tracker()
    for k in range(3):
        found, tracks = tracker.update(Detections.empty(), ns(k), SIZE)
        assert len(found) == len(tracks) == 0
