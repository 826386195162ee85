"""The outbox in one line, for the strip at the foot of the desk. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from console.ui.sync_page.snapshot import Snapshot
from console.ui.sync_page.words import ago, by_kind, since, size, span
from models.words import _

if TYPE_CHECKING:
    from console.sync.uploader import TargetFigures

_FRESH_S = 60.0
"""What has waited for less is on its way."""


def strip_words(shown: Snapshot | None, figures: Mapping[str, TargetFigures], now: datetime) -> tuple[str, str]:
    """What the strip says, and its tooltip; empty where nothing is to leave the site.

    Args:
        shown: as it was read last; None: it was not yet.
        figures: of the uploader of this desk, by target.
        now: UTC.
    """
    if shown is None or not shown.targets:
        return "", ""
    tip = "\n".join(_line(shown, name, now) for name in shown.by_target)
    return _words(shown, figures, now), tip


def _words(shown: Snapshot, figures: Mapping[str, TargetFigures], now: datetime) -> str:
    known = [target for target in shown.targets if target.known]
    queued = sum(target.queued for target in shown.targets)
    n = f"{queued:,}"
    working = [target for target in known if target.enabled]
    if working and all(target.paused for target in working):
        return _("outbox {n}, paused").format(n=n) if queued else _("outbox paused")
    oldest = max((since(target.oldest, now) or 0.0 for target in shown.targets), default=0.0)
    if queued and oldest >= _FRESH_S:
        return _("outbox {n}, oldest {span}").format(n=n, span=span(oldest))
    if queued and any(one.per_second > 0 for one in figures.values()):
        return _("outbox {n}, sending").format(n=n)
    last = max((target.last_sent_at for target in known if target.last_sent_at is not None), default=None)
    if last is None:
        return _("outbox {n}").format(n=n)
    return _("outbox {n}, sent {ago}").format(n=n, ago=ago(last, now))


def _line(shown: Snapshot, name: str, now: datetime) -> str:
    target = shown.by_target[name]
    if target.queued:
        return _("{name}: {kinds}; {size}; the oldest has waited {span}.").format(
            name=name, kinds=by_kind(target.waiting), size=size(target.waiting_bytes),
            span=span(since(target.oldest, now) or 0.0),
        )  # fmt: skip
    if target.last_sent_at is not None:
        return _("{name}: nothing waits; last sent {ago}.").format(name=name, ago=ago(target.last_sent_at, now))
    return _("{name}: nothing waits, and nothing was sent yet.").format(name=name)
