"""First sights: confirmed tracks, once each, also when the camera is started anew."""

from __future__ import annotations

from console.events.sights import Sights
from models.results import Gap
from tests.console.event_cases import CAR, PERSON, STEP_NS, Seen, result


def anything(_label: str) -> str:
    return "rule"


def tracks(found: list[tuple[object, object]]) -> list[int]:
    return [sight.track for sight, _rule in found]  # type: ignore[attr-defined]


def test_a_track_counts_once_when_it_was_seen_three_times() -> None:
    sights = Sights()
    found = [tracks(sights.new(result(seq, Seen(1)), anything)) for seq in range(6)]
    assert found == [[], [], [1], [], [], []]


def test_the_time_is_that_of_the_first_frame_and_the_box_that_of_the_confirming_one() -> None:
    sights = Sights()
    for seq in range(2):
        sights.new(result(seq, Seen(1)), anything)
    ((sight, _rule),) = sights.new(result(2, Seen(1, box=(1, 2, 3, 4))), anything)
    assert sight.first_at == result(0).taken_at
    assert sight.box == (1, 2, 3, 4)
    assert (sight.label, round(sight.score, 3)) == ("person", 0.9)


def test_slow_inference_confirms_by_time_with_two_frames() -> None:
    sights = Sights()
    assert tracks(sights.new(result(0, Seen(1), step_ns=600_000_000), anything)) == []
    assert tracks(sights.new(result(1, Seen(1), step_ns=600_000_000), anything)) == [1]


def test_one_frame_s_flicker_is_no_sight_however_long_its_track_is_kept() -> None:
    sights = Sights()
    sights.new(result(0, Seen(1)), anything)
    assert [sights.new(result(seq, Seen(1, missed=True)), anything) for seq in range(1, 60)] == [[]] * 59


def test_frames_without_an_answer_count_for_nothing() -> None:
    sights = Sights()
    for seq in range(5):
        assert sights.new(result(seq, Seen(1, missed=True), gaps=[Gap("m", "late")]), anything) == []


def test_a_track_nobody_wanted_is_asked_about_again_when_its_class_changes_and_only_then() -> None:
    asked: list[str] = []

    def cars(label: str) -> str | None:
        asked.append(label)
        return "cars" if label == "car" else None

    sights = Sights()
    for seq in range(5):
        assert sights.new(result(seq, Seen(1, PERSON)), cars) == []
    assert tracks(sights.new(result(5, Seen(1, CAR)), cars)) == [1]
    assert sights.new(result(6, Seen(1, PERSON)), cars) == []
    assert asked == ["person", "car"]


def test_a_camera_started_anew_counts_from_one_again() -> None:
    sights = Sights()
    for seq in range(10):
        sights.new(result(seq, Seen(1), Seen(2)), anything)
    found = [tracks(sights.new(result(seq, Seen(1)), anything)) for seq in range(3)]
    assert found == [[], [], [1]]


def test_a_tracker_started_anew_without_a_new_count_of_frames_is_noticed_by_its_numbers() -> None:
    sights = Sights()
    for seq in range(10):
        sights.new(result(seq, Seen(7)), anything)
    found = [tracks(sights.new(result(seq, Seen(1)), anything)) for seq in range(20, 23)]
    assert found == [[], [], [1]]


def test_what_is_known_does_not_grow() -> None:
    sights = Sights()
    for seq in range(3000):
        sights.new(result(seq, Seen(seq + 1), Seen(seq + 2), step_ns=STEP_NS), anything)
    assert len(sights._known) == 2


def test_a_class_without_a_name_is_named_by_its_number() -> None:
    sights = Sights()
    for seq in range(2):
        sights.new(result(seq, Seen(1, class_id=9)), anything)
    ((sight, _rule),) = sights.new(result(2, Seen(1, class_id=9)), anything)
    assert sight.label == "9"
