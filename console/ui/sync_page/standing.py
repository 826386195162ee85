"""How a target stands, in words and a shape; a colour only where a person is needed. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from console.settings.sync import TargetSettings, hours_of
from console.sync.overview.queries import TargetStatus
from console.ui.sync_page.words import span
from models.words import N_, _

if TYPE_CHECKING:
    from console.sync.uploader import TargetFigures

Shape = Literal["sending", "rest", "paused", "hours", "off", "needs you", "stopped"]
Level = Literal["", "needs you", "stopped"]
_PROBLEMS = {
    "unreachable": N_("can't be reached"),
    "busy": N_("asks for time"),
    "full": N_("its room is full"),
    "denied": N_("doesn't let this desk in"),
    "wronganswer": N_("answers wrongly"),
}
_FOR_A_PERSON: dict[str, Level] = {"full": "stopped", "denied": "stopped"}
_NOTICED_S = 1.0


@dataclass(frozen=True, slots=True)
class Face:
    """How a target stands.

    Attributes:
        shape: drawn before the word.
        word: the state.
        detail: what goes with it: when it is tried again, until when it rests; may be empty.
        level: how badly a person is needed.
    """

    shape: Shape
    word: str
    detail: str = ""
    level: Level = ""


def face(
    target: TargetStatus, settings: TargetSettings | None, figures: TargetFigures | None, level: Level, now: datetime
) -> Face:
    """The face of a target.

    Args:
        target: as the database has it.
        settings: its own; None: it is not in them any more.
        figures: of the uploader of this desk; None: it has none for it.
        level: the worst alarm about it.
        now: UTC.
    """
    resting = _resting(target)
    if resting is not None:
        return Face(level or resting[0], resting[1], "", level)
    state = figures.state if figures is not None else target.state
    kind, problem = _problem(target, figures)
    if problem:
        level = _worse(level, _FOR_A_PERSON.get(kind, ""))
        word = _(_PROBLEMS.get(kind, N_("fails")))
        return Face(level or "hours", word, _next_try(target, figures, now), level)
    if state == "hours" and settings is not None:
        return Face(level or "hours", _("outside its hours"), _opens(settings, now), level)
    if state == "sending" or (figures is not None and figures.per_second > 0 and target.queued):
        return Face(level or "sending", _("sending"), "", level)
    return Face(level or "rest", _("waits") if target.queued else _("nothing waits"), "", level)


def next_opening(text: str, now: datetime) -> datetime | None:
    """When sending is allowed next, by hours such as 22:00-06:00 of this desk's clock; None: it is now.

    Args:
        text: as settings have it; empty: always.
        now: any time with a zone.
    """
    spans = hours_of(text)
    here = now.astimezone()
    clock = here.time().replace(tzinfo=None)
    if not spans or any(_within(clock, begin, end) for begin, end in spans):
        return None
    begins = []
    for begin, _end in spans:
        day = here.date() if begin > clock else here.date() + timedelta(days=1)
        begins.append(datetime.combine(day, begin).astimezone())
    return min(begins)


def _within(clock: time, begin: time, end: time) -> bool:
    if begin < end:
        return begin <= clock < end
    return clock >= begin or clock < end


def _opens(settings: TargetSettings, now: datetime) -> str:
    opening = next_opening(settings.hours, now)
    return _("until {time}").format(time=f"{opening.astimezone():%H:%M}") if opening is not None else ""


def _problem(target: TargetStatus, figures: TargetFigures | None) -> tuple[str, str]:
    """Its kind and its words, of what is the matter now."""
    if figures is not None:
        problem = figures.problem
        return (type(problem).__name__.lower(), problem.what) if problem is not None else ("", "")
    return target.problem_kind.lower().replace(" ", ""), target.problem


def _next_try(target: TargetStatus, figures: TargetFigures | None, now: datetime) -> str:
    left = figures.next_try_s if figures is not None else None
    if left is None and figures is None and target.next_try_at is not None:
        left = (target.next_try_at - now).total_seconds()
    if left is None:
        return ""
    return _("next try in {span}").format(span=span(left)) if left >= _NOTICED_S else _("trying now")


def _worse(one: Level, other: Level) -> Level:
    return "stopped" if "stopped" in (one, other) else one or other


def _resting(target: TargetStatus) -> tuple[Shape, str] | None:
    """Shape and word of a target that somebody wants to rest; None: nobody does."""
    if not target.known:
        return "off", _("not in the settings any more")
    if not target.enabled:
        return "off", _("switched off")
    return ("paused", _("paused")) if target.paused else None


def utc_now() -> datetime:
    """The clock, as the database writes times."""
    return datetime.now(UTC)
