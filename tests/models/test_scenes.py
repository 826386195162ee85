"""Synthetic scenes are what they say: seeded, endless, within their bounds of size and pace."""

from __future__ import annotations

import numpy as np
import pytest

from models import scenes
from models.boxes import iou
from models.detections import Detections


def test_a_seed_says_everything():
    for at in (0.0, 7.3, 1e5):
        a, b, c = (scenes.street(seed).truth(at) for seed in (3, 3, 4))
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        assert a.track_id.tolist() == b.track_id.tolist()
        assert a.xyxy.shape != c.xyxy.shape or (a.xyxy != c.xyxy).any()


@pytest.mark.parametrize("kind", scenes.KINDS)
def test_objects_keep_to_their_size_and_pace(kind):
    scene = scenes.street(5, kinds=(kind,), count=12)
    before = {}
    for k in range(300):
        at = scene.truth(k / 30)
        assert at.xyxy.min() >= 0
        assert (at.xyxy.max(axis=0) <= [1280, 720, 1280, 720]).all()
        for box, who in zip(at.xyxy, at.track_id.tolist(), strict=True):
            inside = box[0] > 0 and box[2] < 1280
            if inside:
                assert 59.9 <= box[3] - box[1] <= 200.1
            if inside and who in before:
                step = abs((box[0] + box[2]) - (before[who][0] + before[who][2])) / 2 * 30
                assert step <= 1.5 * 1.07 * (box[2] - box[0]) + 1
        before = {
            who: box for who, box in zip(at.track_id.tolist(), at.xyxy, strict=True) if box[0] > 0 and box[2] < 1280
        }


def test_the_scene_goes_on_and_nobody_comes_twice():
    scene = scenes.street(1)
    counts = [len(scene.truth(at)) for at in np.linspace(0, 600, 100)]
    assert min(counts) >= 3
    assert max(counts) <= 16
    assert not set(scene.truth(0).track_id.tolist()) & set(scene.truth(200).track_id.tolist())


def test_each_kind_moves_as_it_is_called():
    def headings(kind):
        path = scenes.street(2, kinds=(kind,), count=1).paths[0]
        x = (path[:, 0] + path[:, 2]) / 2
        return np.diff(x[::6])

    assert (np.sign(headings("straight")) == np.sign(headings("straight")[0])).all()
    assert (np.abs(headings("stopping")) < 0.01).any()
    assert np.ptp(headings("turning")) > 2 * np.ptp(headings("straight"))
    pair = scenes.street(2, kinds=("crossing",), count=2).paths
    assert max(float(iou(a[None], b[None])[0, 0]) for a, b in zip(*pair, strict=True)) > 0.6


def test_objects_come_from_far_to_near():
    truth = scenes.street(1).truth(3.0)
    assert (np.diff(truth.xyxy[:, 3]) >= 0).all()


def test_a_detector_scatters_misses_and_orders():
    scene, rng = scenes.street(1), np.random.default_rng(0)
    seen = total = 0
    offsets = []
    for k in range(300):
        truth = scene.truth(k / 6)
        found = scenes.observe(truth, rng, scene.size)
        seen, total = seen + len(found), total + len(truth)
        assert (np.diff(found.score) <= 0).all()
        index = [truth.track_id.tolist().index(who) for who in found.track_id.tolist()]
        box = truth.xyxy[index]
        inside = (box[:, 0] > 1) & (box[:, 2] < 1279)
        offsets.append(((found.xyxy - box) / np.tile(box[:, 2:] - box[:, :2], 2))[inside])
    assert seen / total == pytest.approx(0.9, abs=0.015)
    assert np.concatenate(offsets)[:, :2].std() == pytest.approx(0.03 * 2**0.5, rel=0.1)


def test_edges_cut_by_the_picture_do_not_scatter():
    cut = Detections.of([[0, 100, 40, 200]], [1], [0], [1])
    found = scenes.observe(cut, np.random.default_rng(0), (640, 480), missing=0)
    assert found.xyxy[0, 0] == 0
    assert found.xyxy[0, 2] != 40


def test_who_is_hidden():
    truth = Detections.of([[10, 10, 30, 60], [12, 15, 32, 65], [200, 20, 220, 70]], [1, 1, 1], [0, 0, 0])
    assert scenes.hidden(truth).tolist() == [True, False, False]
    assert scenes.hidden(Detections.empty()).shape == (0,)


def test_an_empty_street_and_an_impossible_one():
    assert len(scenes.street(1, count=0).truth(5.0)) == 0
    with pytest.raises(ValueError, match="kind of movement"):
        scenes.street(1, kinds=())
    with pytest.raises(ValueError, match="100 px"):
        scenes.street(1, (50, 50))
