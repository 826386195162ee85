"""How the shift goes, in three lines: precision, agreement, pace."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.review import figures
from console.review.figures import Agreement, Pace, Precision
from console.ui.review.words import score_words
from models.words import _
from widgets.facts import Fact

SHIFT = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Shift:
    """The last eight hours.

    Attributes:
        precision: of the class in front at all cameras, or else of the class judged most; None: nothing was drawn.
        agreement: over all classes, of all time; None: nothing was judged twice.
        pace: of whoever sits here; None: nobody does.
        took_s: what it took to work them out.
    """

    precision: Precision | None
    agreement: Agreement | None
    pace: Pace | None
    took_s: float = 0.0


def shift_of(who: str, label: str, db: sqlite3.Connection) -> Shift:
    """Read them.

    Args:
        who: sits here; empty: nobody.
        label: the class in front.
        db: from `Store.read`.
    """
    began = time.perf_counter()
    since = datetime.now().astimezone() - SHIFT
    shares = [one for one in figures.precision(db, since=since) if not one.camera_id]
    judged = sorted((one for one in shares if one.share is not None), key=lambda one: -one.judged)
    precision = next((one for one in [*judged, *shares] if one.label == label), judged[0] if judged else None)
    both = next((one for one in figures.agreement(db) if not one.label), None)
    pace = figures.pace(db, who, since) if who else None
    return Shift(precision, both, pace, time.perf_counter() - began)


def shift_facts(shift: Shift | None) -> list[Fact]:
    """The lines; before anything is known: dots."""
    if shift is None:
        return [Fact(_("Precision"), "..."), Fact(_("Agreement"), "..."), Fact(_("Pace"), "...")]
    return [_precision(shift.precision), _agreement(shift.agreement), _pace(shift.pace)]


def _precision(found: Precision | None) -> Fact:
    share = found.share if found is not None else None
    if found is None or share is None:
        words = _("not known yet: no random item was judged")
        return Fact(_("Precision"), f"{found.label}: {words}" if found else words, tip=_(figures.PRECISION))
    words = _("{thing} {share} ({low} to {high}, n {n})").format(
        thing=found.label,
        share=score_words(share.value),
        low=score_words(share.low),
        high=score_words(share.high),
        n=found.judged,
    )
    return Fact(_("Precision"), words, tip=_(figures.PRECISION))


def _agreement(found: Agreement | None) -> Fact:
    if found is None:
        return Fact(_("Agreement"), _("nothing was judged by two yet"))
    if found.kappa is None:
        words = _("{same} of {n} judged alike by two").format(same=found.same, n=found.pairs)
    else:
        words = _("kappa {kappa} between two, n {n}").format(kappa=score_words(found.kappa), n=found.pairs)
    return Fact(_("Agreement"), words, tip=_("Cohen's kappa: 1 always the same, 0 as by chance"))


def _pace(found: Pace | None) -> Fact:
    if found is None or not found.verdicts:
        return Fact(_("Pace"), _("no verdict yet"))
    if found.per_hour is None:
        return Fact(_("Pace"), _("{n} verdict").format(n=found.verdicts))
    return Fact(
        _("Pace"), _("{n} a minute, {all} in all").format(n=f"{found.per_hour / 60:.0f}", all=f"{found.verdicts:,}")
    )
