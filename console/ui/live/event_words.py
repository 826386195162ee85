"""What an event is called where an operator reads it."""

from __future__ import annotations

from datetime import datetime

from console.events.queries import Event
from models.words import _
from widgets.event_lines import EventLine


def line_of(event: Event) -> EventLine:
    """An event as a line of the list."""
    return EventLine(
        id=event.id,
        title=_("{label}, {camera}").format(label=capitalised(event.label), camera=event.camera_name),
        detail=_("track {n}, {time}").format(n=event.track, time=when(event.seen_at)),
        seen_by=event.acknowledged_by,
        picture=event.picture.as_posix() if event.picture else "",
        why=event.picture_why,
        tip=tip_of(event),
    )


def tip_of(event: Event) -> str:
    """All there is to know about an event, line by line."""
    said = [
        _("{label}, {camera}").format(label=capitalised(event.label), camera=event.camera_name),
        _("Seen first {when}, score {score}, track {n}").format(
            when=f"{event.seen_at.astimezone():%Y-%m-%d %H:%M:%S}", score=f"{event.score:.2f}", n=event.track
        ),
        _("Rule: {name}").format(name=event.rule),
    ]
    if event.acknowledged_at is not None:
        moment = f"{event.acknowledged_at.astimezone():%Y-%m-%d %H:%M:%S}"
        said.append(_("Acknowledged by {who}, {when}").format(who=event.acknowledged_by, when=moment))
    if event.picture_why:
        said.append(_("No picture: {why}").format(why=event.picture_why))
    return "\n".join(said)


def capitalised(label: str) -> str:
    """A class's name at the beginning of a line."""
    return label[:1].upper() + label[1:]


def when(moment: datetime) -> str:
    """Local time; with the day when it was not today."""
    here = moment.astimezone()
    today = datetime.now().astimezone().date()
    return f"{here:%H:%M:%S}" if here.date() == today else f"{here:%Y-%m-%d %H:%M}"
