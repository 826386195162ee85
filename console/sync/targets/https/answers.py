"""What a status other than yes means, for every target over HTTP."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from console.sync.targets.base import Busy, Denied, Full, TargetError, WrongAnswer
from console.sync.targets.https.way import Answer
from models.words import _

LATER = (408, 425, 429)
"""It would be taken another time."""
_FULL = 507
_WHY_BYTES = 1000


def failure(answer: Answer, place: str) -> TargetError:
    """The error that an answer which is no yes stands for, as far as it is about the whole target.

    Args:
        answer: its status is not that of a yes.
        place: whom this is about.
    """
    status, after_s = answer.status, retry_after(answer)
    if status in {401, 403}:
        words = _("{place} does not let this desk in ({status}).").format(place=place, status=status)
        return Denied(
            f"{words} {_why(answer)}".rstrip(),
            _("Ask who runs it to let this desk in, by its certificate or secret."),
            after_s=after_s,
        )
    if 300 <= status < 400:
        return Denied(
            _("{place} sends elsewhere ({where}), and data never follows.").format(
                place=place, where=urlsplit(answer.headers.get("location", "")).netloc[:100] or status
            ),
            _("If the target has moved, write its new address into the settings."),
        )
    if status == _FULL:
        return Full(
            _("{place} has no room left.").format(place=place),
            _("Whoever runs it has to make room. Everything waits here, and goes by itself then."),
            after_s=after_s,
        )
    if status in LATER or status >= 500:
        return Busy(
            _("{place} can't take anything just now ({status}).").format(place=place, status=status),
            _("It is tried again by itself. Should it stay so, ask who runs it."),
            after_s=after_s,
        )
    if status in {404, 405}:
        return Denied(
            _("{place} answers, but has nothing of this kind at this address ({status}).").format(
                place=place, status=status
            ),
            _("Check the target's address."),
        )
    return WrongAnswer(
        _("{place} gave an answer that means nothing here ({status}), so nothing counts as sent.").format(
            place=place, status=status
        ),
        _("Another service may answer at this address; ask who runs it."),
    )


def _why(answer: Answer) -> str:
    """What the Sightdesk cloud says of it, in its own words; empty where it says nothing, or another server answers."""
    try:
        why = json.loads(answer.content[:_WHY_BYTES])["why"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return ""
    return why if isinstance(why, str) and why.isprintable() else ""


def retry_after(answer: Answer) -> float | None:
    """Seconds that the target wants to be left alone; None: it does not say.

    A time of the day is measured against the answer's own Date, so that this desk's clock does not matter.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        then, now = (parsedate_to_datetime(one) for one in (text, answer.headers.get("date", "")))
        return max((then - now).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
