"""What a broker's reason codes mean (MQTT 5, section 2.4), in an operator's words."""

from __future__ import annotations

from console.sync.targets.base import Busy, Denied, Full, Refused, TargetError, Unreachable
from models.words import N_, _

_LOGIN_HINT = N_("Check user and secret of the target: sightdesk secrets set NAME; then: sightdesk outbox check")
_RIGHTS_HINT = N_("Whoever runs the broker must let this user publish and read under the target's prefix.")
_CODES: dict[int, tuple[type[TargetError], str, str]] = {
    0x84: (Denied, N_("{place} does not speak MQTT 5."), N_("It takes a newer broker: Mosquitto from 1.6 on, EMQX.")),
    0x85: (Denied, N_("{place} does not accept the name this desk logs in under."), N_("Give the site another name.")),
    0x86: (Denied, N_("{place} does not let this desk in: user or password are wrong."), _LOGIN_HINT),
    0x87: (Denied, N_("{place} does not allow this desk what it has to do there."), _RIGHTS_HINT),
    0x88: (Busy, N_("{place} says that it can't serve just now."), ""),
    0x89: (Busy, N_("{place} says that it is busy."), ""),
    0x8A: (Denied, N_("{place} has banned this desk."), N_("Ask whoever runs the broker.")),
    0x8B: (Unreachable, N_("{place} is being shut down."), ""),
    0x8C: (Denied, N_("{place} wants another way of logging in than a user and a password."), _LOGIN_HINT),
    0x8E: (
        Denied,
        N_("Another desk has logged in at {place} under the same name, so this one was put out."),
        N_("Two desks may not have the same site name and target name at one broker: change one of them."),
    ),
    0x97: (Full, N_("{place} says that the quota there is used up."), N_("Whoever runs the broker must make room.")),
    0x9A: (Denied, N_("{place} keeps nothing for later (retain), which this target needs."), _RIGHTS_HINT),
    0x9B: (Denied, N_("{place} confirms nothing (QoS 1), so nothing can be handed over for good."), _RIGHTS_HINT),
    0x9C: (Denied, N_("{place} says that it has moved."), N_("Put the new address into the settings.")),
    0x9D: (Denied, N_("{place} says that it has moved."), N_("Put the new address into the settings.")),
    0x9F: (Busy, N_("{place} says that this desk connects too often."), ""),
}  # fmt: skip
_OF_ONE = {
    0x90: N_("The broker does not accept the topic {topic}."),
    0x95: N_("The broker takes no message of this size ({kilobytes:.0f} kB)."),
    0x99: N_("The broker says that the content is not what it is said to be."),
}
"""What a broker has against one message; it would say the same again."""
GOOD, LOGIN_REFUSED, NOT_ALLOWED = 0x80, 0x86, 0x87
"""Codes below the first are of success."""


def failure(code: int, place: str) -> TargetError:
    """What a failure's code means.

    Args:
        code: the reason code, 0x80 or more.
        place: whom this is about.
    """
    known = _CODES.get(code)
    if known is None:
        return Busy(_("{place} refused, with the reason code {code:#04x}.").format(place=place, code=code))
    kind, what, hint = known
    return kind(_(what).format(place=place), _(hint))


def refusal(code: int, topic: str, size: int) -> Refused | None:
    """What a broker has against this one message; None: it is not about the message.

    Args:
        code: the reason code.
        topic: where it was to go.
        size: of its payload, bytes.
    """
    what = _OF_ONE.get(code)
    if what is None:
        return None
    return Refused(
        _(what).format(topic=topic, kilobytes=size / 1000), _("Ask whoever runs the broker; then retry it, or drop it.")
    )
