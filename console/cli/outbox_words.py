"""How `sightdesk outbox` says what it found: lines for people, JSON for programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, get_args

from console.errors import UsageError
from console.store.answers import Fetched
from console.store.outbox import Kind, State
from console.sync.overview.alarms import Alarm, gigabytes
from console.sync.overview.certificates import Certificate, Unreadable
from console.sync.overview.queries import MessageRow, Quota, Step, TargetStatus, Trace
from console.sync.overview.trace_words import STATES
from models.words import _

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_STANDS = {
    "": "nothing was sent yet",
    "stopped": "nothing sends just now (no desk runs)",
    "hours": "waits for its hours",
}
_MARKS = {"sent": "+", "answered": "+", "unanswered": "!", "failed": "!", "waiting": "."}


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def known_words(state: str, kind: str) -> None:
    """See that there are such states and kinds.

    Raises:
        UsageError: one is unknown.
    """
    for said, known, what in ((state, get_args(State), "state"), (kind, get_args(Kind), "kind")):
        if said and said not in known:
            raise UsageError(f"There is no {what} {said!r}.", f"Known: {', '.join(known)}.")


def status_lines(one: TargetStatus, per_second: float, at: datetime) -> list[str]:
    """A target for people."""
    stands = "paused" if one.paused else _STANDS.get(one.state, one.state)
    if not one.known:
        stands = "not in the settings any more"
    elif not one.enabled:
        stands = "switched off"
    kinds = ", ".join(f"{number} {kind}" for kind, number in one.waiting.items())
    lines = [f"{one.name} ({one.kind} {one.url}): {stands}" if one.known else f"{one.name}: {stands}"]
    waits = f"  {one.queued} wait ({kinds}; {gigabytes(one.waiting_bytes)})" if one.queued else "  nothing waits"
    if one.oldest is not None:
        waits += f", the oldest for {age((at - one.oldest).total_seconds())}"
    lines.append(waits)
    if one.later or one.refused:
        lines.append(f"  {one.refused} refused and set aside, {one.later} aside since the outbox was full")
    last = f", the last {local(one.last_sent_at)}" if one.last_sent_at else ""
    lines.append(f"  {one.sent} sent ever ({gigabytes(one.sent_bytes)}{last}); {per_second:.1f} a second just now")
    if one.problem:
        again = f" Next try: {local(one.next_try_at)}." if one.next_try_at else ""
        lines.append(f"  {one.problem} {one.hint}{again}".rstrip())
    if one.answers is not None:
        lines += _answers_lines(one.answers)
    return lines


def status_json(one: TargetStatus, per_second: float, at: datetime) -> dict[str, Any]:
    """A target for programs."""
    return _plain(asdict(one)) | {
        "queued": one.queued,
        "oldest_age_s": round((at - one.oldest).total_seconds(), 1) if one.oldest else None,
        "per_second": round(per_second, 2),
        "answers": _plain(asdict(one.answers)) if one.answers is not None else None,
    }


def _answers_lines(said: Fetched) -> list[str]:
    asked = f"asked {local(said.fetched_at)}" if said.fetched_at else "never asked"
    last = f", the last {local(said.came_at)}" if said.came_at else ""
    lines = [f"  answers: {said.came} came{last}; {asked}"]
    if said.problem:
        lines.append(f"  answers can't be fetched: {said.problem} {said.hint}".rstrip())
    return lines


def quota_lines(quota: Quota, at: datetime) -> list[str]:
    """The quota for people; nothing while nothing waits."""
    if not quota.bytes and not quota.later:
        return []
    line = f"Outbox: {gigabytes(quota.bytes)} of {gigabytes(quota.limit)} ({quota.share * 100:.0f} %)"
    if quota.full_in_s and quota.full_in_s < 90 * _DAY_S:
        full_at = datetime.fromtimestamp(at.timestamp() + quota.full_in_s, UTC)
        line += f", full at about {local(full_at)[:-3]} if it goes on so"
    return [line]


def quota_json(quota: Quota) -> dict[str, Any]:
    """The quota for programs."""
    return asdict(quota) | {"share": round(quota.share, 4), "bytes_per_hour": round(quota.bytes_per_hour)}


def certificate_lines(found: list[Certificate | Unreadable], at: datetime) -> list[str]:
    """Certificates for people."""
    return [
        f"Certificate for {one.target} ({one.role}): {one.subject}, "
        + (f"{int(left)} days left, until" if (left := one.days_left(at)) > 0 else "ended on")
        + f" {one.ends:%Y-%m-%d}"
        for one in found
        if isinstance(one, Certificate)
    ]


def certificate_json(one: Certificate | Unreadable, at: datetime) -> dict[str, Any]:
    """A certificate for programs."""
    known = {"target": one.target, "role": one.role, "path": str(one.path)}
    if isinstance(one, Unreadable):
        return known | {"error": one.why}
    return known | {"subject": one.subject, "ends": one.ends.isoformat(), "days_left": round(one.days_left(at), 1)}


def alarm_json(one: Alarm) -> dict[str, str]:
    """An alarm for programs."""
    return {"level": one.level, "target": one.target, "words": one.words, "hint": one.hint}


def message_line(one: MessageRow) -> str:
    """A message for people."""
    tries = f"  {one.attempts} tries" if one.attempts else ""
    error = f"  {one.error}" if one.error and one.state != "sent" else ""
    return (
        f"{one.number:8} {local(one.written_at)} {one.kind:8} {one.camera_id or '-':12} {one.tracking_id} "
        f"{one.target:12} {_(STATES[one.state]):8}{tries}{error}"
    )


def message_json(one: MessageRow) -> dict[str, Any]:
    """A message for programs."""
    return _plain(asdict(one))


def step_line(step: Step) -> str:
    """A step of a trace for people."""
    at = local(step.at) if step.at is not None else "-".rjust(19)
    return f"  {at} {_MARKS.get(step.kind, ' ')} {step.what}" + (f" ({step.detail})" if step.detail else "")


def trace_json(found: Trace) -> dict[str, Any]:
    """A trace for programs."""
    return asdict(found) | {"steps": [_plain(asdict(step)) for step in found.steps]}


def age(seconds: float) -> str:
    """How long, in two units at most."""
    whole = max(int(seconds), 0)
    for size, unit, smaller, small in (
        (_DAY_S, "d", _HOUR_S, "h"), (_HOUR_S, "h", _MINUTE_S, "min"), (_MINUTE_S, "min", 1, "s"),
    ):  # fmt: skip
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller} {small}"
    return f"{whole} s"


def local(at: datetime) -> str:
    """A moment by this machine's clock."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
