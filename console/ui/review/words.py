"""What the Review page says of an item: the question, where it comes from, why it is there, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from console.review.items import Item, Reason, State, Verdict
from models.words import N_, _, ngettext
from widgets.film import Shot

REASONS: dict[Reason, str] = {
    "doubt": N_("doubt band"),
    "flicker": N_("flicker"),
    "change": N_("class change"),
    "wrong": N_("flagged wrong"),
    "missed": N_("flagged missed"),
    "random": N_("random"),
    "import": N_("imported"),
}
"""In a word or two, to be translated when shown."""
STATES: dict[State, str] = {
    "open": N_("open"),
    "second": N_("second look"),
    "disputed": N_("disputed"),
    "skipped": N_("skipped"),
    "done": N_("done"),
}


def score_words(score: float | None) -> str:
    """A score as the desk writes it: .34, 1.0."""
    if score is None:
        return ""
    return f"{score:.2f}".removeprefix("0") if score < 0.995 else "1.0"  # what is rounded to 1.00


def question(item: Item) -> str:
    """What a person is asked."""
    if item.state == "disputed":
        return _("Two differ: which is right?")
    if not item.label or item.box is None:
        asked = {"wrong": _("What is wrong here?"), "missed": _("What was missed?")}.get(
            item.reason, _("Is all of this picture right?")
        )
    else:
        asked = _("Is this a {thing}?").format(thing=item.label)
        if item.label[0].casefold() in "aeiou":
            asked = _("Is this an {thing}?").format(thing=item.label)
    return (
        _("Second look: {question}").format(question=asked[:1].lower() + asked[1:]) if item.state == "second" else asked
    )


def yes_words(item: Item) -> str:
    """The words on the button that agrees."""
    return _("Yes, {thing}").format(thing=item.label) if item.label else _("All is right")


def where_words(item: Item, now: datetime | None = None) -> str:
    """Camera, time, track and score of an item, in one line."""
    parts = [item.camera_name or item.camera_id, time_words(item.taken_at, now)]
    if item.track is not None:
        parts.append(_("track {n}").format(n=item.track))
    if item.score is not None:
        parts.append(_("score {score}").format(score=score_words(item.score)))
    return ", ".join(parts)


def time_words(moment: datetime, now: datetime | None = None) -> str:
    """A moment at this desk's clock: without its day where that is today."""
    own = moment.astimezone()
    today = (now or datetime.now().astimezone()).date()
    return f"{own:%H:%M:%S}" if own.date() == today else f"{own:%Y-%m-%d %H:%M:%S}"


def shot_of(item: Item) -> Shot:
    """An item on the strip; of a second look it doesn't show the first."""
    title = f"{item.label} {score_words(item.score)}".strip() or _("whole picture")
    reason = _(REASONS[item.reason])
    if item.state in ("second", "disputed"):
        reason = _(STATES[item.state])
    detail = _("{camera}, {reason}").format(camera=item.camera_name or item.camera_id, reason=reason)
    if item.state in ("done", "skipped") and item.verdict is not None:
        return Shot(item.id, title, detail, "kept", verdict_words(item.verdict))
    return Shot(item.id, title, detail)


def why_words(item: Item) -> str:
    """Why an item is there, in a sentence."""
    makers: dict[str, Callable[[Item, Mapping[str, Any]], str]] = {
        "doubt": _doubt,
        "flicker": _flicker,
        "change": _change,
        "random": _random,
    }
    if item.reason in makers:
        return makers[item.reason](item, item.why)
    if item.reason == "import":
        source = str(item.why.get("from", ""))
        return _("Imported from {source}.").format(source=source) if source else _("Imported from another tool.")
    who = str(item.why.get("who", ""))
    if item.reason == "wrong":
        return (
            _("{who} flagged this picture on the live wall: something is wrong in it.").format(who=who)
            if who
            else _("Flagged on the live wall: something is wrong in this picture.")
        )
    return (
        _("{who} flagged this picture on the live wall: something was missed.").format(who=who)
        if who
        else _("Flagged on the live wall: something in this picture was missed.")
    )


def _doubt(item: Item, why: Mapping[str, Any]) -> str:
    low, high = why.get("low"), why.get("high")
    if low is None or high is None:
        return _("Its score is in doubt for {thing} on this camera.").format(thing=item.label)
    return _("Score between {low} and {high} for {thing} on this camera.").format(
        low=score_words(float(low)), high=score_words(float(high)), thing=item.label
    )


def _flicker(_item: Item, why: Mapping[str, Any]) -> str:
    times = int(why.get("times", why.get("times_in_10_s", 0)) or 0)
    if times:
        return ngettext(
            "Its track went and came back {n} time within 10 seconds.",
            "Its track went and came back {n} times within 10 seconds.",
            times,
        ).format(n=times)
    return _("Its track goes and comes back again and again.")


def _change(item: Item, why: Mapping[str, Any]) -> str:
    before = str(why.get("from", why.get("before", "")))
    if before:
        return _("Its track was a {before} before, and is a {thing} now.").format(before=before, thing=item.label)
    return _("Its track changed its class.")


def _random(item: Item, _why: Mapping[str, Any]) -> str:
    share = item.probability or 0.0
    return _("Drawn by chance, one track in {n}: precision is worked out from such items alone.").format(
        n=max(round(1 / share), 1) if share else "?"
    )


def verdict_words(verdict: Verdict) -> str:
    """What somebody said, in a word or two."""
    return said_words(verdict.kind, verdict.label)


def said_words(kind: str, label: str) -> str:
    """What was said, in a word or two."""
    words = {"accept": _("right"), "reject": _("no object"), "skip": _("skipped"), "edit": _("put right")}
    return words.get(kind) or _("it is {thing}").format(thing=label)


def history_words(verdict: Verdict) -> str:
    """A verdict as a line of an item's history."""
    role = {"second": _("second look"), "supervisor": _("supervisor"), "import": _("imported")}.get(verdict.role, "")
    parts = [time_words(verdict.decided_at), verdict.who, verdict_words(verdict), role]
    if verdict.taken_back_at is not None:
        parts.append(_("taken back"))
    return ", ".join(filter(None, parts))


def pace_words(seconds: float) -> str:
    """How long the rest takes."""
    if seconds < 90:  # from here on minutes say more
        return _("about a minute") if seconds > 20 else _("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("about {n} min").format(n=minutes)
    return _("about {n} h").format(n=round(minutes / 60))
