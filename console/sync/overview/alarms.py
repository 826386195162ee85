"""What of the outbox a person has to see to, in words, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from console.settings.schema import Settings
from console.settings.sync import TargetSettings, hours_of
from console.sync.overview.certificates import Certificate, Unreadable
from console.sync.overview.queries import Quota, TargetStatus
from console.sync.routes import may_answer
from console.sync.uploading.hours import within
from models.words import _, ngettext

Level = Literal["needs you", "stopped"]
"""needs you: it goes on, and a person has to act before long; stopped: something does not go on until he does."""
NEAR_DAYS = 7
"""So near its end a certificate is the first thing to see to."""
OLD_H = 1.0
"""What waits for longer while nothing says why is worth a look."""
EARLY, LATE = 0.5, 0.8
"""Shares of the quota at which it is said."""
_BACK_S = 60.0
_FORESEEN_S = 90 * 86_400.0
_HOUR_S = 3600.0
_BY_ITSELF = frozenset(("", "unreachable", "busy", "wronganswer", "targeterror", "storeerror"))
"""Kinds of problems that time alone may mend; all others need a person."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person has to see to.

    Attributes:
        level: how bad it is.
        target: which it is about; empty: all of them.
        words: what is the matter and what it means.
        hint: what to do.
        rank: of two of one level the lower comes first.
    """

    level: Level
    target: str
    words: str
    hint: str
    rank: int = 9


def alarms(
    status: Sequence[TargetStatus],
    quota: Quota,
    certificates: Sequence[Certificate | Unreadable],
    settings: Settings,
    now: datetime,
    *,
    set_back_s: float = 0.0,
) -> list[Alarm]:
    """All there are, worst first.

    Args:
        status: of `queries.status`.
        quota: of `queries.quota`.
        certificates: of `certificates.certificates`.
        settings: that are in force.
        now: with its zone; hours are looked up in the local time of this machine.
        set_back_s: seconds by which the clock went back (`Store.set_back_s`).
    """
    named = {target.name: target for target in settings.sync.targets}
    found = [*_of_certificates(certificates, settings.sync.warn_days, now), *_of_quota(quota, now)]
    for one in status:
        found += _of_target(one, named.get(one.name), now)
    if set_back_s >= _BACK_S:
        found.append(_set_back(set_back_s))
    return sorted(found, key=lambda alarm: (alarm.level != "stopped", alarm.rank))


def _of_certificates(found: Iterable[Certificate | Unreadable], warn_days: int, now: datetime) -> Iterator[Alarm]:
    for one in found:
        if isinstance(one, Unreadable):
            hint = _("Bring the file back, or put right where the settings say it is; then: sightdesk outbox check")
            yield Alarm("stopped", one.target, one.why, hint, 1)
            continue
        left = one.days_left(now)
        if left > max(warn_days, NEAR_DAYS):
            continue
        whose = (
            _("The certificate this desk shows to {target}") if one.role == "desk"
            else _("The certificate of the CA that vouches for {target}")
        ).format(target=one.target)  # fmt: skip
        ends = f"{one.ends.astimezone():%Y-%m-%d %H:%M}"
        hint = _("Get a new one, put it at {path}, then: sightdesk outbox check").format(path=one.path)
        if left <= 0:
            words = _("{whose} ended on {ends}: nothing goes there until it is replaced; everything waits.")
            yield Alarm("stopped", one.target, words.format(whose=whose, ends=ends), hint, 0)
            continue
        days = max(int(left), 0)
        words = ngettext("{whose} ends in {n} day, on {ends}.", "{whose} ends in {n} days, on {ends}.", days)
        if left < 1:
            words = _("{whose} ends within a day, on {ends}.")
        words = words.format(whose=whose, n=days, ends=ends)
        if left <= NEAR_DAYS:
            words += " " + _("Then nothing goes there any more.")
        yield Alarm("needs you", one.target, words, hint, 0 if left <= NEAR_DAYS else 6)


def _of_quota(quota: Quota, now: datetime) -> Iterator[Alarm]:
    hint = _("Look why it waits: sightdesk outbox status. Or allow more: sync.quota_gigabytes.")
    if quota.bytes >= quota.limit or quota.later:
        if quota.bytes >= quota.limit:
            words = _("The outbox is full ({used} of {limit}).")
        else:
            words = _("The outbox was full; now {used} of {limit} wait.")
        words = words.format(used=gigabytes(quota.bytes), limit=gigabytes(quota.limit)) + " " + _(
            "Further pictures wait aside and are not protected from going by age; events and verdicts still go in."
        )  # fmt: skip
        if quota.later:
            words += " " + ngettext(
                "{n} picture waits aside so far.", "{n} pictures wait aside so far.", quota.later
            ).format(n=quota.later)
        yield Alarm("stopped" if quota.bytes >= quota.limit else "needs you", "", words, hint, 2)
        return
    if quota.share < EARLY:
        return
    words = _("{percent:.0f} % of what may wait for sending waits ({used} of {limit}).").format(
        percent=int(quota.share * 100), used=gigabytes(quota.bytes), limit=gigabytes(quota.limit)
    )
    if quota.full_in_s is not None and quota.full_in_s < _FORESEEN_S:
        words += " " + _("If it goes on so, it is full {when}; from then on pictures wait aside.").format(
            when=_when(now, quota.full_in_s)
        )
    yield Alarm("needs you", "", words, hint, 1 if quota.share >= LATE else 5)


def _of_target(one: TargetStatus, own: TargetSettings | None, now: datetime) -> Iterator[Alarm]:
    if own is None or not own.enabled:
        left = one.queued + one.refused + one.later
        if left:
            yield _gone(one, left, off=own is not None)
        return
    kind = one.problem_kind.lower()
    if kind not in _BY_ITSELF:
        yield Alarm("stopped", one.name, f"{one.name}: {one.problem}", one.hint, 1)
    if one.refused:
        words = ngettext(
            "{n} message for {target} can't go there as it is: it is set aside.",
            "{n} messages for {target} can't go there as they are: they are set aside.",
            one.refused,
        ).format(target=one.name, n=one.refused)
        hint = _("See why: sightdesk outbox messages --target {target} --state refused. Then retry or drop them.")
        yield Alarm("needs you", one.name, words, hint.format(target=one.name), 3)
    if kind in _BY_ITSELF and not one.paused and one.oldest is not None:
        age_h = (now - one.oldest).total_seconds() / _HOUR_S
        if age_h >= OLD_H and not _only_hours(own, one, now):
            yield _old(one, age_h)
    if not one.problem and not one.paused and may_answer(own):  # one alarm is enough where sending fails, too
        yield from _of_answers(one, own, now)


def _of_answers(one: TargetStatus, own: TargetSettings, now: datetime) -> Iterator[Alarm]:
    """Nobody waits for answers as for what has to be sent: it needs a person, and nothing is stopped."""
    said = one.answers
    if said is None or not said.problem or said.failing_since is None or not is_open(own.hours, now):
        return
    age_s = (now - said.failing_since).total_seconds()
    if said.problem_kind.lower() not in _BY_ITSELF or age_s >= OLD_H * _HOUR_S:
        words = _("{target}: its answers can't be fetched. {problem}").format(target=one.name, problem=said.problem)
        yield Alarm("needs you", one.name, words, said.hint, 7)


def _only_hours(own: TargetSettings, one: TargetStatus, now: datetime) -> bool:
    """Whether what waits does so for its hours alone: they are not now, or have only just begun."""
    files = {"picture", "sealed"}
    texts = (own.hours, own.picture_hours) if one.waiting.keys() <= files else (own.hours,)
    times = [now - timedelta(hours=OLD_H * part / 4) for part in range(5)]
    return not all(is_open(text, moment) for text in texts for moment in times)


def is_open(text: str, moment: datetime) -> bool:
    """Whether a moment lies in hours such as 22:00-06:00, by this machine's local time; without any it always does."""
    return within(hours_of(text), moment.astimezone().time())


def _old(one: TargetStatus, age_h: float) -> Alarm:
    words = _("{target}: the oldest message has waited for {age}, and {n} wait in all.").format(
        target=one.name, age=_long(age_h * _HOUR_S), n=f"{one.queued:,}"
    )
    if one.problem:
        return Alarm("needs you", one.name, f"{words} {one.problem}", one.hint, 4)
    if one.state in ("", "stopped"):
        hint = _("Nothing sends at present: start the desk, or say: sightdesk outbox push")
        return Alarm("needs you", one.name, words, hint, 4)
    hint = _("It goes on, but more comes than leaves: allow it more (kilobytes_per_second, hours), or send less.")
    return Alarm("needs you", one.name, words, hint, 4)


def _gone(one: TargetStatus, left: int, *, off: bool) -> Alarm:
    if off:
        words = ngettext(
            "{target} is switched off, and {n} message for it is left.",
            "{target} is switched off, and {n} messages for it are left.",
            left,
        )
        hint = _("Switch it on again (enabled: true), or let go of them: sightdesk outbox drop {target}")
    else:
        words = ngettext(
            "{target} is not in the settings any more, and {n} message for it is left.",
            "{target} is not in the settings any more, and {n} messages for it are left.",
            left,
        )
        hint = _("Bring it back in the settings, or let go of them: sightdesk outbox drop {target}")
    return Alarm("needs you", one.name, words.format(target=one.name, n=left), hint.format(target=one.name), 5)


def _set_back(seconds: float) -> Alarm:
    words = _("The clock of this machine was set back by {long}; what is sent keeps its order all the same.")
    hint = _("Look whether the time is right now, and let it be set by the network (NTP).")
    return Alarm("needs you", "", words.format(long=_long(seconds)), hint, 6)


def gigabytes(size: int) -> str:
    """A size in the unit that says it, such as 1.25 GB."""
    if size >= 10 * 1000**2:
        return f"{size / 1000**3:.2f} GB"
    return f"{size / 1000**2:.2f} MB" if size >= 10 * 1000 else f"{size / 1000:.1f} kB"


def _long(seconds: float) -> str:
    """How long, in the largest unit that says it."""
    minutes, hours = round(seconds / 60), round(seconds / _HOUR_S)
    if minutes < 120:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    if hours < 48:
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    return ngettext("{n} day", "{n} days", hours // 24).format(n=hours // 24)


def _when(now: datetime, seconds: float) -> str:
    """At which hour; only the day's where that is today."""
    at, today = (now + timedelta(seconds=seconds)).astimezone(), now.astimezone().date()
    if at.date() == today:
        return _("today at about {time}").format(time=f"{at:%H:%M}")
    return _("on {day} at about {time}").format(day=f"{at:%Y-%m-%d}", time=f"{at:%H:00}")
