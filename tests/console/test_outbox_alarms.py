"""What a person is told of the outbox: certificates, quota, targets that say no, what waits too long; worst first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.settings.schema import Settings
from console.sync.overview.alarms import Alarm, alarms, is_open
from console.sync.overview.certificates import Certificate, Unreadable, certificates
from console.sync.overview.queries import Quota, TargetStatus
from tests.servers.authority import Authority

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
WELL = TargetStatus("cloud", "cloud", "https://cloud.example", known=True, enabled=True, state="idle")
EMPTY = Quota(0, 10_000, 0, 0.0, None)


def settings_of(**changed: object) -> Settings:
    target = {"name": "cloud", "kind": "cloud", "url": "https://cloud.example"} | changed
    return Settings.model_validate({"sync": {"targets": [target]}})


def said(
    *status: TargetStatus,
    quota: Quota = EMPTY,
    known: tuple[Certificate | Unreadable, ...] = (),
    now: datetime = NOW,
    set_back_s: float = 0.0,
    **changed: object,
) -> list[Alarm]:
    return alarms(status, quota, known, settings_of(**changed), now, set_back_s=set_back_s)


def ending(days: float) -> Certificate:
    return Certificate("cloud", "desk", Path("/etc/desk.pem"), "CN=desk", NOW + timedelta(days=days))


def test_all_is_well_is_silence() -> None:
    assert said(WELL, known=(ending(31),)) == []
    assert said(replace(WELL, waiting={"event": 3}, oldest=NOW - timedelta(minutes=59))) == []


def test_a_certificate_counts_down() -> None:
    for days, level, words in (
        (29.5, "needs you", "ends in 29 days"),
        (6.9, "needs you", "Then nothing goes there any more"),
        (1.5, "needs you", "ends in 1 day,"),
        (0.5, "needs you", "ends within a day"),
        (0, "stopped", "ended on 2026-03-04"),
        (-400, "stopped", "everything waits"),
    ):
        (one,) = said(WELL, known=(ending(days),))
        assert (one.level, one.target) == (level, "cloud")
        assert words in one.words
        assert "/etc/desk.pem" in one.hint


def test_how_long_before_is_the_settings_to_say() -> None:
    settings = Settings.model_validate({"sync": {"warn_days": 90}})
    assert alarms([], EMPTY, [ending(80)], settings, NOW)
    assert not alarms([], EMPTY, [ending(91)], settings, NOW)
    few = Settings.model_validate({"sync": {"warn_days": 1}})
    assert alarms([], EMPTY, [ending(6)], few, NOW)  # a week before it is always said


def test_certificates_are_read_from_the_files_the_settings_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    ca_file = str(authority.ca)
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)
    own = authority.client("gate-desk", ends=ends)
    text, nowhere = tmp_path / "text.pem", tmp_path / "nowhere.pem"
    text.write_text("no certificate")
    target = {"kind": "cloud", "url": "https://cloud.example"}
    settings = Settings.model_validate(
        {
            "sync": {
                "targets": [
                    target | {"name": "a", "certificate": str(own.certificate), "key": str(own.key), "ca": ca_file},
                    target | {"name": "b", "ca": str(text)},
                    target | {"name": "c", "ca": str(nowhere)},
                    target | {"name": "d", "ca": str(tmp_path)},
                    target | {"name": "off", "ca": str(nowhere), "enabled": False},
                ]
            },
            "remote": {"allowed": [{"address": "host:8001", "purpose": "x", "ca": ca_file}]},
        }
    )  # fmt: skip
    mine, ca, *bad, server = certificates(settings)
    assert isinstance(mine, Certificate)
    assert (mine.target, mine.role, mine.ends) == ("a", "desk", ends)
    assert "gate-desk" in mine.subject
    assert 4.9 < mine.days_left(datetime.now(UTC)) <= 5
    assert isinstance(ca, Certificate)
    assert (ca.target, ca.role) == ("a", "ca")
    assert [(one.target, isinstance(one, Unreadable)) for one in bad] == [("b", True), ("c", True), ("d", True)]
    assert (server.target, server.role) == ("host:8001", "ca")
    found = alarms([], EMPTY, bad, settings, NOW)
    assert [one.level for one in found] == ["stopped"] * 3
    assert str(nowhere) in found[1].words


def test_the_quota_is_said_early_with_the_hour_it_will_be_reached() -> None:
    assert said(WELL, quota=Quota(4_999, 10_000, 0, 100, 3600 * 50.0)) == []
    (half,) = said(WELL, quota=Quota(5_000, 10_000, 0, 100.0, 3600 * 50.0))
    assert half.level == "needs you"
    assert "50 %" in half.words
    assert f"{(NOW + timedelta(hours=50)).astimezone():%Y-%m-%d}" in half.words
    (today,) = said(WELL, quota=Quota(8_100, 10_000, 0, 100.0, 60.0))
    assert "81 %" in today.words
    assert f"{(NOW + timedelta(seconds=60)).astimezone():%H:%M}" in today.words
    assert today.rank < half.rank
    (still,) = said(WELL, quota=Quota(8_100, 10_000, 0, -5.0, None))
    assert "full" not in still.words
    (slow,) = said(WELL, quota=Quota(8_100, 10_000, 0, 1e-9, 1e15))  # no date is so late
    assert "full" not in slow.words


def test_a_reached_quota_says_what_becomes_of_pictures() -> None:
    (one,) = said(WELL, quota=Quota(10_000, 10_000, 3, 0.0, 0.0))
    assert one.level == "stopped"
    assert "3 pictures wait aside" in one.words
    assert "events and verdicts still go in" in one.words
    (after,) = said(WELL, quota=Quota(10, 10_000, 1, 0.0, None))
    assert after.level == "needs you"
    assert "was full" in after.words


@pytest.mark.parametrize("kind", ["Denied", "Full", "SecretError"])
def test_a_target_that_needs_a_person_stops(kind: str) -> None:
    (one,) = said(replace(WELL, state="waiting", problem="It says no.", hint="Look.", problem_kind=kind))
    assert (one.level, one.hint) == ("stopped", "Look.")
    assert one.words == "cloud: It says no."


def test_refused_messages_wait_for_a_decision() -> None:
    (one,) = said(replace(WELL, refused=1))
    assert (one.level, one.target) == ("needs you", "cloud")
    assert "1 message for cloud can't go there as it is" in one.words
    assert "--state refused" in one.hint


def old(**changed: object) -> TargetStatus:
    kept = {"waiting": {"event": 4}, "oldest": NOW - timedelta(hours=30), "state": "waiting"}
    return replace(WELL, **(kept | changed))  # type: ignore[arg-type]  # of its fields


def test_what_waits_too_long_is_said_with_the_reason() -> None:
    (one,) = said(old(problem="Nobody answers.", hint="Check the network.", problem_kind="Unreachable"))
    assert one.level == "needs you"
    assert "30 hours" in one.words
    assert "Nobody answers." in one.words
    (nobody,) = said(old(state=""))
    assert "start the desk" in nobody.hint
    (slow,) = said(old(state="sending"))
    assert "more comes than leaves" in slow.hint


def test_what_waits_because_it_was_told_to_is_no_alarm() -> None:
    assert said(old(paused=True)) == []
    local = NOW.astimezone()
    closed = f"{(local + timedelta(hours=2)):%H:%M}-{(local + timedelta(hours=3)):%H:%M}"
    just_open = f"{(local - timedelta(minutes=10)):%H:%M}-{(local + timedelta(hours=3)):%H:%M}"
    long_open = f"{(local - timedelta(hours=5)):%H:%M}-{(local + timedelta(hours=3)):%H:%M}"
    assert said(old(), hours=closed) == []
    assert said(old(), hours=just_open) == []
    assert said(old(), hours=long_open)
    assert said(old(), picture_hours=closed)  # events may go at any time
    assert said(old(waiting={"picture": 4}), picture_hours=closed) == []
    assert (
        said(old(waiting={"picture": 4}), hours=closed, picture_hours=long_open) == []
    )  # pictures go when both say so


def test_hours_may_go_over_midnight() -> None:
    def at(hour: int) -> datetime:
        return datetime(2026, 3, 4, hour).astimezone()

    assert is_open("22:00-06:00", at(23))
    assert is_open("22:00-06:00", at(5))
    assert not is_open("22:00-06:00", at(6))
    assert is_open("22:00-24:00", at(23))
    assert not is_open("22:00-24:00", at(0))
    assert is_open("", at(3))


def test_a_target_that_is_gone_or_off_with_things_left_is_named() -> None:
    gone = TargetStatus("old", waiting={"event": 2}, later=1, refused=1)
    (one,) = said(gone)
    assert one.target == "old"
    assert "4 messages" in one.words
    assert "outbox drop old" in one.hint
    (off,) = said(replace(WELL, enabled=False, waiting={"event": 1}), enabled=False)
    assert "switched off" in off.words
    assert said(replace(WELL, enabled=False), enabled=False) == []


def test_a_clock_that_was_set_back_is_said() -> None:
    assert said(WELL, set_back_s=30) == []
    (one,) = said(WELL, set_back_s=7200)
    assert "2 hours" in one.words
    future = replace(WELL, waiting={"event": 1}, oldest=NOW + timedelta(days=300))
    assert [alarm.rank for alarm in said(future, set_back_s=7200)] == [one.rank]


def test_the_worst_comes_first() -> None:
    found = said(
        old(refused=2), known=(ending(20), ending(-1), ending(3)), quota=Quota(6_000, 10_000, 0, 0.0, None),
        set_back_s=9000,
    )  # fmt: skip
    assert [one.level for one in found][:2] == ["stopped", "needs you"]
    assert "ended on" in found[0].words
    assert "ends in 3 days" in found[1].words
    assert len(found) == 7
