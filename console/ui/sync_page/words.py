"""Spans of time, sizes and kinds as the Sync page and the strip say them. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from models.words import N_, _, ngettext

KINDS = {
    "erased": N_("erasures"),
    "audit": N_("seals of the record"),
    "event": N_("events"),
    "verdict": N_("verdicts"),
    "item": N_("items in doubt"),
    "picture": N_("pictures"),
    "sealed": N_("sealed crops"),
}
"""Kinds of messages, as several of them are called."""
ONE_KIND = {
    "erased": N_("erasure"),
    "audit": N_("seal of the record"),
    "event": N_("event"),
    "verdict": N_("verdict"),
    "item": N_("item in doubt"),
    "picture": N_("picture"),
    "sealed": N_("sealed crop"),
}
STATES = {"waiting": N_("waits"), "later": N_("over the quota"), "sent": N_("sent"), "refused": N_("set aside")}
"""States of a delivery, as a person reads them."""
TARGET_KINDS = {
    "cloud": N_("Sightdesk cloud"),
    "objects": N_("object store"),
    "mqtt": N_("MQTT broker"),
    "webhook": N_("webhook"),
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def span(seconds: float) -> str:
    """A span of time in its largest unit: "12 s", "5 min", "3 h", "2 days"; never under 0."""
    seconds = max(seconds, 0.0)
    if seconds < 2 * _MINUTE:
        return _("{n} s").format(n=int(seconds))
    if seconds < 2 * _HOUR:
        return _("{n} min").format(n=int(seconds // _MINUTE))
    if seconds < 2 * _DAY:
        return _("{n} h").format(n=int(seconds // _HOUR))
    days = int(seconds // _DAY)
    return ngettext("{n} day", "{n} days", days).format(n=days)


def since(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since a moment, 0 where a clock was set back; None: there is none."""
    return None if moment is None else max((now - moment).total_seconds(), 0.0)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago something was; empty: never."""
    seconds = since(moment, now)
    return "" if seconds is None else _("{span} ago").format(span=span(seconds))


def size(n: float) -> str:
    """Bytes as a person reads them."""
    if n >= 1000**3:
        return _("{n:.1f} GB").format(n=n / 1000**3)
    if n >= 1000**2:
        return _("{n:.1f} MB").format(n=n / 1000**2)
    return _("{n:.0f} kB").format(n=n / 1000) if n >= 1000 else _("{n:.0f} B").format(n=n)


def by_kind(waiting: Mapping[str, int]) -> str:
    """How many wait of each kind, in the order they are sent: "2 events, 40 verdicts, 1,161 pictures"."""
    return ", ".join(f"{n:,} {_(KINDS[kind] if n != 1 else ONE_KIND[kind])}" for kind, n in waiting.items() if n)


def moment(at: datetime, now: datetime | None = None) -> str:
    """A moment at this desk's clock: without its day where that is today."""
    own = at.astimezone()
    today = (now.astimezone() if now is not None else datetime.now().astimezone()).date()
    return f"{own:%H:%M:%S}" if own.date() == today else f"{own:%Y-%m-%d %H:%M:%S}"


def short(tracking_id: str) -> str:
    """The end of a tracking ID, which differs from item to item; its begin is a time."""
    return tracking_id[-12:]
