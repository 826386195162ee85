"""The table of targets: from what is known of each to the cells that say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.settings.sync import TargetSettings
from console.sync.overview.certificates import Certificate, Unreadable
from console.sync.overview.queries import TargetStatus
from console.ui.sync_page.snapshot import Snapshot
from console.ui.sync_page.standing import face
from console.ui.sync_page.target_words import SENDS
from console.ui.sync_page.words import TARGET_KINDS, ago, by_kind, moment, since, size, span
from models.words import _, ngettext
from widgets.two_line_table import Cell, Column

if TYPE_CHECKING:
    from console.sync.uploader import TargetFigures

NAME, STATE, WAITING, OLDEST, RATE, SENT, ASIDE, CERTIFICATE = range(8)

EARLY, FORETOLD = 0.5, 0.2
"""Shares of the quota: from the first on it needs a person, from the second on it is foretold when it is full."""


def columns() -> tuple[Column, ...]:
    """The columns, in the language of now."""
    return (
        Column(_("Target"), _("Where it goes: its name, and its address."), stretch=True),
        Column(_("State"), _("What it is at, and what goes with it."), stretch=True),
        Column(_("Waiting"), _("Messages that are not with this target yet; below, of which kinds."), stretch=True),
        Column(_("Oldest"), _("How long the oldest of them has waited."), 76, right=True, spare=True),
        Column(
            _("Now"), _("Messages and bytes a second over the last 10 s; the line: the last minute."), 150, right=True
        ),
        Column(_("Sent"), _("Messages that it has confirmed, ever; below, the last one."), 96, right=True, spare=True),
        Column(_("Set aside"), _("Messages it will not take as they are; they wait for you."), 80, right=True),
        Column(
            _("Certificate"), _("How long the certificate that ends first still holds."), 92, right=True, spare=True
        ),
    )


def rows(
    shown: Snapshot,
    settings: Mapping[str, TargetSettings],
    figures: Mapping[str, TargetFigures],
    rates: Mapping[str, Sequence[float]],
    *,
    warn_days: int,
) -> list[tuple[str, tuple[Cell, ...]]]:
    """A row for each target, by its name.

    Args:
        shown: as it stands.
        settings: of the targets, by name.
        figures: of the uploader, by name.
        rates: messages a second of the last minute, by name.
        warn_days: certificates that end in so many days need a person.
    """
    return [
        (
            target.name,
            (
                _name(target),
                _state(target, settings.get(target.name), figures.get(target.name), shown),
                _waiting(target),
                _oldest(target, shown.at),
                _rate(figures.get(target.name), rates.get(target.name, ())),
                _sent(target, shown.at),
                _aside(target),
                _certificate(target.name, shown.certificates, shown.at, warn_days),
            ),
        )
        for target in shown.targets
    ]


def _name(target: TargetStatus) -> Cell:
    if not target.known:
        return Cell(target.name, "", strong=True, quiet=True)
    small = target.url
    tip = "\n".join((target.name, _(TARGET_KINDS[target.kind]), target.url))
    return Cell(target.name, small, strong=True, tip=tip)


def _state(
    target: TargetStatus, settings: TargetSettings | None, figures: TargetFigures | None, shown: Snapshot
) -> Cell:
    now = face(target, settings, figures, shown.level(target.name), shown.at)
    problem, hint = problem_of(target, figures)
    small = now.detail or ("" if problem else _kind_words(target))
    told = [alarm.words for alarm in shown.alarms if alarm.target == target.name]
    tip = "\n".join(dict.fromkeys(filter(None, (now.word, now.detail, problem, hint, *told))))
    return Cell(now.word, small, now.shape, now.level, tip=tip)


def _kind_words(target: TargetStatus) -> str:
    return _(TARGET_KINDS[target.kind]) if target.kind else ""


def problem_of(target: TargetStatus, figures: TargetFigures | None) -> tuple[str, str]:
    """What is the matter with a target now, and what to do about it; empty where nothing is."""
    if figures is not None:
        problem = figures.problem
        return (problem.what, problem.hint) if problem is not None else ("", "")
    return target.problem, target.hint


def goes(target: TargetSettings) -> str:
    """What goes to a target, of which cameras, when and how fast."""
    names = {value: _(words) for value, words, _about in SENDS}
    what = ", ".join(names[value] for value in target.sends) or _("nothing")
    n = len(target.cameras)
    parts = [
        _("Goes there: {what}").format(what=what[:1] + what[1:].lower()),
        ngettext("{n} camera", "{n} cameras", n).format(n=n) if n else _("all cameras"),
        _("{n} with rules of their own").format(n=len(target.by_camera)) if target.by_camera else "",
        target.hours,
        _("pictures {hours}").format(hours=target.picture_hours) if target.picture_hours else "",
        _("at most {n:g} kB/s").format(n=target.kilobytes_per_second) if target.kilobytes_per_second else "",
    ]
    return ", ".join(filter(None, parts))


def comes(target: TargetStatus, figures: TargetFigures | None, now: datetime) -> str:
    """What comes back from a target: how many answers, when it was asked last, and why it can't be."""
    said, live = target.answers, figures.answers if figures is not None else None
    if live is not None and live.none:
        return _("It gives no answers to what it is sent: it is of an older version.")
    problem, hint = (said.problem, said.hint) if said is not None else ("", "")
    if live is not None:
        problem, hint = (live.problem.what, live.problem.hint) if live.problem is not None else ("", "")
    n = said.came if said is not None else 0
    asked = live.fetched_at if live is not None and live.fetched_at is not None else said.fetched_at if said else None
    last = said.came_at if said is not None else None
    parts = [
        ngettext("Answers: {n} came", "Answers: {n} came", n).format(n=f"{n:,}") if n else _("Answers: none came yet"),
        _("the last {ago}").format(ago=ago(last, now)) if last is not None else "",
        _("fetched {ago}").format(ago=ago(asked, now)) if asked is not None else _("not fetched yet"),
    ]
    words = ", ".join(filter(None, parts))
    same = problem in {"", *problem_of(target, figures)}  # what is in the way of sending, too, is said once
    return words if same else f"{words}. {problem} {hint}".rstrip()


def _waiting(target: TargetStatus) -> Cell:
    if not target.queued:
        return Cell(_("nothing"), _later(target), quiet=True)
    text = _("{n}, {size}").format(n=f"{target.queued:,}", size=size(target.waiting_bytes))
    return Cell(text, ", ".join(filter(None, (by_kind(target.waiting), _later(target)))))


def _later(target: TargetStatus) -> str:
    return _("{n} over the quota").format(n=f"{target.later:,}") if target.later else ""


def _oldest(target: TargetStatus, now: datetime) -> Cell:
    seconds = since(target.oldest, now)
    if seconds is None or target.oldest is None:
        return Cell()
    return Cell(span(seconds), tip=_("written {moment}").format(moment=moment(target.oldest, now)))


def _rate(figures: TargetFigures | None, rates: Sequence[float]) -> Cell:
    if figures is None or (not figures.per_second and not any(rates)):
        return Cell()
    text = _("{n:.1f}/s").format(n=figures.per_second)
    return Cell(text, _("{size}/s").format(size=size(figures.bytes_per_second)), spark=tuple(rates))


def _sent(target: TargetStatus, now: datetime) -> Cell:
    if not target.sent:
        return Cell(_("never"), quiet=True)
    tip = ngettext("{n} message, {size}", "{n} messages, {size}", target.sent).format(
        n=f"{target.sent:,}", size=size(target.sent_bytes)
    )
    return Cell(f"{target.sent:,}", ago(target.last_sent_at, now), tip=tip)


def _aside(target: TargetStatus) -> Cell:
    if not target.refused:
        return Cell()
    return Cell(f"{target.refused:,}", level="needs you", tip=_("Look why in the list below; try again, or drop them."))


def _certificate(name: str, certificates: Sequence[Certificate | Unreadable], now: datetime, warn_days: int) -> Cell:
    mine = [one for one in certificates if one.target == name]
    if not mine:
        return Cell()
    bad = next((one for one in mine if isinstance(one, Unreadable)), None)
    if bad is not None:
        return Cell(_("not readable"), level="stopped", tip=bad.why)
    first = min((one for one in mine if isinstance(one, Certificate)), key=lambda one: one.ends)
    left = first.days_left(now)
    tip = "\n".join(_line(one) for one in mine if isinstance(one, Certificate))
    if left <= 0:
        return Cell(_("ended"), f"{first.ends.astimezone():%Y-%m-%d}", level="stopped", tip=tip)
    text = ngettext("{n} day", "{n} days", int(left)).format(n=int(left)) if left >= 1 else span(left * 86_400)
    return Cell(text, f"{first.ends.astimezone():%Y-%m-%d}", level="needs you" if left <= warn_days else "", tip=tip)


def _line(one: Certificate) -> str:
    whose = _("Its authority") if one.role == "ca" else _("This desk's")
    return _("{whose}: {subject}, ends {day}").format(
        whose=whose, subject=one.subject, day=f"{one.ends.astimezone():%Y-%m-%d %H:%M}"
    )
