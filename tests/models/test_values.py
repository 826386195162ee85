from __future__ import annotations

import numpy as np
import pytest

from models.boxes import clip, iou
from models.detections import NO_TRACK, Detections
from models.frames import ArrayPicture
from models.states import CameraState, CameraStatus
from models.traces import Trace


def test_detections_must_agree_about_their_number() -> None:
    with pytest.raises(ValueError, match=r"expected xyxy \(2, 4\)"):
        Detections(np.zeros((1, 4), np.float32), np.zeros(2, np.float32), np.zeros(2, np.int32), np.zeros(2, np.int64))


def test_detections_start_untracked_and_concat_keeps_order() -> None:
    a, b = Detections.of([[0, 0, 1, 1]], [0.5], [3]), Detections.of([[2, 2, 3, 3]], [0.7], [4], [9])
    both = Detections.concat([a, b])
    assert both.track_id.tolist() == [NO_TRACK, 9]
    assert both.class_id.tolist() == [3, 4]
    assert len(Detections.concat([])) == 0


def test_iou_of_known_boxes() -> None:
    a = np.array([[0, 0, 10, 10], [5, 5, 5, 5], [10, 10, 0, 0]], np.float32)
    np.testing.assert_allclose(iou(a[:1], np.array([[5, 0, 15, 10]], np.float32)), [[1 / 3]], rtol=1e-6)
    assert np.isfinite(iou(a, a)).all()
    assert clip(np.array([[-5, -5, 50, 50]], np.float32), 20, 10).tolist() == [[0, 0, 20, 10]]


def test_pictures_are_read_only_and_keep_the_frame_contract() -> None:
    picture = ArrayPicture(np.zeros((40, 60, 3), np.uint8))
    for size in ((60, 40), (30, 20), (120, 80)):
        view = picture.view(*size)
        assert view.shape == (size[1], size[0], 3)
        assert view.dtype == np.uint8
        with pytest.raises(ValueError, match="read-only"):
            view[0, 0, 0] = 1
        tile = picture.view(*size, "rgb32")
        assert tile.shape == (size[1], size[0], 4)
        assert (tile[..., 3] == 255).all()


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be"):
        ArrayPicture(pixels)


def test_a_trace_adds_up_what_comes_several_times() -> None:
    trace = Trace()
    trace.add("infer", 0, 1_000_000_000)
    trace.add("infer", 2_000_000_000, 2_500_000_000)
    assert trace.seconds() == {"infer": 1.5}
    assert len(list(trace)) == 2


def test_states_speak_in_words() -> None:
    assert str(CameraStatus(CameraState.LIVE)) == "live"
    assert str(CameraStatus(CameraState.RECONNECTING, "The network is down.", 3.2)) == (
        "reconnecting in 3 s: The network is down."
    )
