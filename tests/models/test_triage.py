"""Triage: what is worth a look, once a track; and chance, which knows nothing of all that."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from models.results import Gap, Result
from models.triage import AWAY_S, CONFIRMED_BY, PATIENCE_S, Find, Rules, Triage, chance
from tests.console.review_cases import CAR, DOG, STEP_NS, Seen, result

LOW, HIGH = 0.3, 0.45
MIDDLE, EDGE, SURE = 0.37, 0.31, 0.9


def rules(share: float = 0.0, flicker: int = 3) -> Rules:
    return Rules(lambda _label: (LOW, HIGH), flicker, share)


def run(*results: Result, wanted: Rules | None = None, seed: str = "boot/gate") -> list[tuple[int, Find]]:
    triage = Triage(seed)
    return [(one.seq, find) for one in results for find in triage.look(one, wanted or rules())]


def scored(*scores: float, track: int = 1, step_ns: int = STEP_NS) -> list[Result]:
    """A track that scores so from frame to frame."""
    return [result(seq, Seen(track, score=score), step_ns=step_ns) for seq, score in enumerate(scores)]


def test_a_track_in_doubt_is_asked_about_once_when_it_is_confirmed() -> None:
    ((seq, find),) = run(*scored(*[MIDDLE] * 60))
    assert seq == CONFIRMED_BY - 1
    assert (find.track, find.label, find.reason, find.probability) == (1, "car", "doubt", None)
    assert find.why == {"low": LOW, "high": HIGH, "median": pytest.approx(MIDDLE), "frames": CONFIRMED_BY}


def test_slow_inference_confirms_by_time() -> None:
    assert [seq for seq, _ in run(*scored(*[MIDDLE] * 3, step_ns=600_000_000))] == [1]


def test_one_weak_frame_of_a_sure_track_is_no_doubt_and_neither_is_a_sure_frame_of_a_weak_one() -> None:
    assert run(*scored(*([SURE] * 9 + [MIDDLE]) * 6)) == []
    ((seq, _find),) = run(*scored(MIDDLE, MIDDLE, SURE, MIDDLE))
    assert seq == 3


def test_the_frame_nearest_to_the_middle_of_the_band_is_waited_for_a_while() -> None:
    ((seq, _find),) = run(*scored(EDGE, EDGE, EDGE, EDGE, MIDDLE, EDGE))
    assert seq == 4
    ((seq, _find),) = run(*scored(*[EDGE] * 100))
    assert seq * STEP_NS / 1e9 == pytest.approx(PATIENCE_S + (CONFIRMED_BY - 1) * STEP_NS / 1e9, abs=0.05)


def test_an_empty_band_doubts_nothing() -> None:
    assert run(*scored(*[0.4] * 50), wanted=Rules(lambda _label: (0.5, 0.4), 3, 0.0)) == []


def test_the_score_of_another_class_than_the_tracks_is_not_the_tracks_doubt() -> None:
    assert run(*(result(seq, Seen(1, CAR, score=MIDDLE, detected_as=DOG)) for seq in range(50))) == []


def coming_and_going(times: int, away: int) -> list[Result]:
    frames = [Seen(1)] * 3 + ([Seen(1, missed=True)] * away + [Seen(1)] * 3) * times
    return [result(seq, seen) for seq, seen in enumerate(frames)]


def test_a_track_that_comes_and_goes_flickers_at_its_last_return() -> None:
    away = math.ceil(AWAY_S * 1e9 / STEP_NS)
    ((seq, find),) = run(*coming_and_going(5, away))
    assert seq == 3 + 2 * (away + 3) + away
    assert (find.reason, find.why["times"]) == ("flicker", 3)
    assert run(*coming_and_going(2, away)) == []
    assert run(*coming_and_going(20, 1)) == [], "one frame missed at 25 a second proves nothing"


def test_returns_are_forgotten_after_ten_seconds() -> None:
    rare = ([Seen(1, missed=True)] * 6 + [Seen(1)] * 150) * 6
    assert run(*(result(seq, seen) for seq, seen in enumerate([Seen(1)] * 3 + rare))) == []


def test_a_frame_without_an_answer_has_missed_nobody() -> None:
    silent = [Gap("yolox_nano", "no answer in time")]
    frames = []
    for seq in range(60):
        gone = seq > 3 and seq % 8 < 6
        frames.append(result(seq, Seen(1, missed=gone), gaps=silent if gone else ()))
    assert run(*frames) == []


def test_a_change_of_class_is_asked_about_where_it_happens() -> None:
    frames = [result(seq, Seen(1, CAR if seq < 10 else DOG)) for seq in range(20)]
    ((seq, find),) = run(*frames)
    assert (seq, find.reason, find.label, find.why) == (10, "change", "dog", {"from": "car"})


def test_what_a_track_was_before_it_was_confirmed_is_no_change() -> None:
    assert run(*(result(seq, Seen(1, CAR if seq < 2 else DOG)) for seq in range(20))) == []


def test_chance_comes_before_doubt_in_the_same_frame_and_none_follows() -> None:
    found = run(*scored(*[MIDDLE] * 60), wanted=rules(share=1.0))
    assert [(find.reason, find.probability) for _seq, find in found] == [("random", 1.0)]


def test_a_track_drawn_by_chance_may_be_in_doubt_later() -> None:
    found = run(*scored(*[SURE] * 5, *[MIDDLE] * 60), wanted=rules(share=1.0))
    assert [find.reason for _seq, find in found] == ["random", "doubt"]


def test_a_camera_started_anew_counts_anew_and_chance_with_it() -> None:
    triage, drawn = Triage("boot/gate"), []
    for _start in range(400):
        for seq in range(3):
            drawn += triage.look(result(seq, Seen(1)), rules(share=0.25))
    assert 60 <= len(drawn) <= 140, "track 1 is drawn in a quarter of the camera's starts, not always or never"


def test_new_numbers_below_those_known_are_noticed_though_frames_count_on() -> None:
    triage = Triage("boot/gate")
    for seq, track in enumerate([7, 7, 7, 3, 3, 3]):
        found = triage.look(result(seq, Seen(track, score=MIDDLE)), rules())
        assert [find.track for find in found] == ([track] if seq in {2, 5} else [])


def test_untracked_boxes_are_left_alone() -> None:
    loose = result(0, Seen(1))
    assert run(*[result(seq, Seen(-1, score=MIDDLE)) for seq in range(9)], loose) == []


def test_chance_is_the_same_again_and_another_for_every_seed_and_track() -> None:
    assert chance("a", 1, 2) == chance("a", 1, 2)
    assert len({chance(seed, start, track) for seed in "abc" for start in range(3) for track in range(99)}) == 891
    assert chance("boot-1/gate", 1, 1) != chance("boot-1/gate", 11, 1) != chance("boot-1/gate", 1, 11)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_chance_draws_its_share_whatever_the_score(share: float) -> None:
    """Chi-square of drawn against expected, over ten bins of score, of 40,000 tracks."""
    numbers = random.Random(7)
    triage, drawn, all_ = Triage("boot/gate"), Counter[int](), Counter[int]()
    for group in range(1000):
        tracks = {40 * group + n + 1: numbers.random() for n in range(40)}
        for seq in range(3):
            seen = [Seen(track, score=score) for track, score in tracks.items()]
            for find in triage.look(result(3 * group + seq, *seen), rules(share)):
                if find.reason == "random":
                    assert (seq, find.probability) == (2, share)
                    drawn[int(10 * tracks[find.track])] += 1
        all_.update(int(10 * score) for score in tracks.values())
    chi_square = sum((drawn[n] - share * all_[n]) ** 2 / (share * (1 - share) * all_[n]) for n in range(10))
    assert chi_square < 23.2  # ten free bins: exceeded by one in a hundred
    assert sum(drawn.values()) == pytest.approx(40_000 * share, rel=0.12)


seen_or_not = st.sampled_from([None, -1.0, 0.2, 0.31, 0.37, 0.44, 0.6, 0.95])
histories = st.lists(st.lists(seen_or_not, min_size=3, max_size=3), min_size=1, max_size=60)


@tries(max_examples=150, deadline=None)
@given(histories, st.integers(0, 2), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([40, 350]))
def test_any_history_makes_one_item_a_track_and_kind_and_none_unconfirmed(
    history: list[list[float | None]], change_at: int, share: float, step_ms: int
) -> None:
    triage, counted, frames = Triage("boot/gate"), Counter[tuple[int, str]](), Counter[int]()
    first: dict[int, int] = {}
    for seq, scores in enumerate(history):
        seen = [
            Seen(n + 1, CAR if seq % 3 != change_at else DOG, score=max(score, 0.0), missed=score < 0)
            for n, score in enumerate(scores)
            if score is not None
        ]
        gone = {n for n in frames if n - 1 < len(scores) and scores[n - 1] is None}
        if gone:
            break  # numbers never come again: a history ends with its first track
        frames.update(one.track for one in seen if not one.missed)
        for one in seen:
            if not one.missed:
                first.setdefault(one.track, seq)
        moment = Counter[int]()
        for find in triage.look(result(seq, *seen, step_ns=step_ms * 1_000_000), rules(share)):
            track = find.track
            moment[track] += 1
            counted[track, "random" if find.reason == "random" else "asked"] += 1
            seconds = (seq - first[track]) * step_ms / 1000
            assert frames[track] >= 2
            assert frames[track] >= CONFIRMED_BY or seconds >= 0.5
            assert (find.probability is not None) == (find.reason == "random")
        assert all(number == 1 for number in moment.values())
    assert all(number == 1 for number in counted.values())
