"""What is said of the outbox: spans and sizes, how a target stands, the strip's line, what to do about an alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import SightdeskError
from console.settings.sync import TargetSettings, hours_of
from console.sync.overview.alarms import Alarm, is_open
from console.sync.targets.base import Busy, Denied, Full, Unreachable, WrongAnswer
from console.ui.sync_page.alarm_words import to_do
from console.ui.sync_page.outbox_words import strip_words
from console.ui.sync_page.snapshot import Snapshot
from console.ui.sync_page.standing import face, next_opening
from console.ui.sync_page.words import ago, by_kind, size, span
from tests.console.sync_cases import NOW, figures, status

OWN = TargetSettings(name="cloud", kind="cloud", url="https://cloud.example.com", hours="22:00-06:00")


def test_spans_and_sizes_as_a_person_says_them() -> None:
    said = [span(s) for s in (-5, 0, 12.7, 119, 120, 7199, 7200, 172_799, 172_800, 10 * 86_400)]
    assert said == ["0 s", "0 s", "12 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days", "10 days"]
    assert [size(n) for n in (0, 999, 1000, 24_300_000, 2.5e9)] == ["0 B", "999 B", "1 kB", "24.3 MB", "2.5 GB"]
    assert by_kind({"event": 1, "verdict": 40, "picture": 1161, "item": 0}) == "1 event, 40 verdicts, 1,161 pictures"
    assert ago(None, NOW) == ""
    assert ago(NOW + timedelta(hours=1), NOW) == "0 s ago"  # a clock that was set back


@pytest.mark.parametrize(
    ("target", "now", "level", "shape", "word"),
    [
        (status(), figures(), "", "rest", "nothing waits"),
        (status(waiting={"event": 3}), figures(), "", "rest", "waits"),
        (status(waiting={"event": 3}), figures(state="sending"), "", "sending", "sending"),
        (status(paused=True), figures(state="paused"), "", "paused", "paused"),
        (status(enabled=False), None, "", "off", "switched off"),
        (status(known=False), None, "needs you", "needs you", "not in the settings any more"),
        (status(), figures(state="hours"), "", "hours", "outside its hours"),
        (status(), figures(state="waiting", problem=Unreachable("x")), "", "hours", "can't be reached"),
        (status(), figures(state="waiting", problem=Busy("x")), "", "hours", "asks for time"),
        (status(), figures(state="waiting", problem=WrongAnswer("x")), "", "hours", "answers wrongly"),
        (status(), figures(state="waiting", problem=Denied("x")), "", "stopped", "doesn't let this desk in"),
        (status(), figures(state="waiting", problem=Full("x")), "needs you", "stopped", "its room is full"),
        (status(), figures(state="waiting", problem=SightdeskError("x")), "", "hours", "fails"),
        (status(state="waiting", problem="x", problem_kind="Denied"), None, "", "stopped", "doesn't let this desk in"),
    ],
)
def test_a_target_has_a_shape_and_a_word_and_a_colour_only_for_a_person(  # a table's columns
    target: Any, now: Any, level: Any, shape: str, word: str
) -> None:
    shown = face(target, OWN, now, level, NOW)
    assert (shown.shape, shown.word) == (shape, word)
    assert (shown.level != "") == (shape in {"needs you", "stopped"})


def test_what_goes_with_a_state() -> None:
    problem = Unreachable("It can't be reached.")
    assert face(status(), OWN, figures(problem=problem, next_try_s=12.4), "", NOW).detail == "next try in 12 s"
    assert face(status(), OWN, figures(problem=problem, next_try_s=0.2), "", NOW).detail == "trying now"
    later = status(state="waiting", problem="x", problem_kind="Busy", next_try_at=NOW + timedelta(seconds=30))
    assert face(later, OWN, None, "", NOW).detail == "next try in 30 s"
    noon = datetime(2026, 3, 4, 12).astimezone()
    assert face(status(), OWN, figures(state="hours"), "", noon).detail == "until 22:00"


def test_when_sending_is_allowed_next() -> None:
    noon = datetime(2026, 3, 4, 12).astimezone()
    assert next_opening("", noon) is None
    assert next_opening("11:00-13:00", noon) is None
    assert next_opening("22:00-06:00, 18:30-19:00", noon).strftime("%d %H:%M") == "04 18:30"
    assert next_opening("06:00-07:00", noon).strftime("%d %H:%M") == "05 06:00"
    assert next_opening("22:00-06:00", noon.replace(hour=23)) is None
    assert next_opening("22:00-24:00", noon.replace(hour=23)) is None


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 1439)), min_size=1, max_size=3), st.integers(0, 1439))
def test_the_next_opening_is_open_and_is_none_where_it_is_now(spans: list[tuple[int, int]], minute: int) -> None:
    text = ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)
    assert hours_of(text)
    now = datetime(2026, 1, 15, minute // 60, minute % 60).astimezone()
    opening = next_opening(text, now)
    assert (opening is None) == is_open(text, now)
    if opening is not None:
        assert is_open(text, opening)
        assert timedelta(0) < opening - now <= timedelta(days=1)


def shown(*targets: Any) -> Snapshot:
    return Snapshot(NOW, targets, by_target={target.name: target for target in targets})


def test_the_strip_says_what_a_shift_leader_asks() -> None:
    sent = {"sent": 3, "last_sent_at": NOW - timedelta(seconds=12)}
    old = {"waiting": {"event": 1204}, "oldest": NOW - timedelta(hours=3)}
    fresh = {"waiting": {"event": 12}, "oldest": NOW - timedelta(seconds=2)}
    assert strip_words(None, {}, NOW) == ("", "")
    assert strip_words(shown(), {}, NOW) == ("", "")  # nothing is to leave: nothing is said
    assert strip_words(shown(status()), {}, NOW)[0] == "outbox 0"
    assert strip_words(shown(status(**sent)), {}, NOW)[0] == "outbox 0, sent 12 s ago"
    assert strip_words(shown(status(**sent, **fresh)), {}, NOW)[0] == "outbox 12, sent 12 s ago"
    assert strip_words(shown(status(**fresh)), {"cloud": figures(per_second=4.0)}, NOW)[0] == "outbox 12, sending"
    words, tip = strip_words(shown(status(**sent, **old)), {}, NOW)
    assert words == "outbox 1,204, oldest 3 h"
    assert tip == "cloud: 1,204 events; 0 B; the oldest has waited 3 h."
    assert strip_words(shown(status(paused=True)), {}, NOW)[0] == "outbox paused"
    assert strip_words(shown(status(paused=True, **old)), {}, NOW)[0] == "outbox 1,204, paused"


def test_at_the_desk_nobody_is_told_to_type_a_command() -> None:
    hint = "See why: sightdesk outbox messages --target cloud --state refused. Then retry or drop them."
    assert "sightdesk" not in to_do(Alarm("needs you", "cloud", "x", hint))
    assert to_do(Alarm("needs you", "cloud", "x", "Call them.")) == "Call them."
