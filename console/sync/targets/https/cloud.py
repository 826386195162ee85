"""The Sightdesk cloud as a target: messages and their files over HTTPS with mutual TLS, many to a request."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from console.settings.sync import TargetSettings
from console.sync import wire
from console.sync.targets.base import Denied, Parcel, Receipt, Refused, Secret, WrongAnswer
from console.sync.targets.https.answers import failure
from console.sync.targets.https.way import Answer, Limits, Way
from console.sync.targets.tls import Tls, describe
from models.words import _

_YES = (200, 202)
_TOO_LARGE = 413
_NOT_SO = (400, 422)
_LEAST_TOGETHER = 50_000


class CloudTarget:
    """See `console.sync.targets.base.Target`; the protocol is `console.sync.wire`'s.

    Args:
        settings: of this target.
        secret: where the passphrase of its key is, if the settings name one.
        limits: of time and size.
    """

    at_once = 64

    def __init__(self, settings: TargetSettings, secret: Secret, limits: Limits | None = None) -> None:
        self.name = settings.name
        self.at_once_bytes = 1_500_000  # 64 pictures of 20 kB; beyond that nothing gets faster
        self._way = way_to(settings, secret, settings.concurrency, limits)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Receipt | Refused]:
        """See the protocol. What is not taken together goes in halves, down to the one that will never be."""
        if not parcels:
            return []
        answer = self._way.ask("POST", wire.MESSAGES_PATH, wire.encode(parcels), {"Content-Type": wire.CONTENT_TYPE})
        if answer.status in _YES:
            return wire.read_answer(answer.content, parcels)
        if answer.status == _TOO_LARGE or (answer.status in _NOT_SO and self._is_the_clouds(answer)):
            if len(parcels) == 1:
                return [_refused(answer)]
            if answer.status == _TOO_LARGE:  # so that not all that follows is sent twice, too
                self.at_once_bytes = max(sum(parcel.size for parcel in parcels) // 2, _LEAST_TOGETHER)
            half = len(parcels) // 2
            return [*self.send(parcels[:half]), *self.send(parcels[half:])]
        raise failure(answer, self._way.place)

    def settle(self) -> None:
        """Nothing here sums up."""

    def check(self) -> str:
        """See the protocol."""
        begun = time.monotonic()
        answer = self._way.ask("GET", wire.HELLO_PATH)
        took = round((time.monotonic() - begun) * 1000)
        if answer.status not in _YES:
            raise failure(answer, self._way.place)
        values = _json(answer)
        if values.get("service") != wire.SERVICE or not isinstance(values.get("version"), int):
            raise WrongAnswer(
                _("{place} answers, but it is not the Sightdesk cloud.").format(place=self._way.place),
                _("Check the target's address."),
            )
        if values["version"] < wire.VERSION:
            raise WrongAnswer(
                _("The Sightdesk cloud at {place} is older than this desk.").format(place=self._way.place),
                _("It must be brought up to date by whoever runs it."),
            )
        found = _("The Sightdesk cloud at {place} answered within {took} ms.").format(place=self._way.place, took=took)
        return f"{found} {_certified(self._way.peer)}"

    def close(self) -> None:
        """See the protocol."""
        self._way.close()

    def _is_the_clouds(self, answer: Answer) -> bool:
        """Whether it was the cloud that finds fault with what was sent, in its own manner, and not something before it.

        A web server in front says 400 where it wants another certificate; no message must be set aside for that.

        Raises:
            Denied: it was something else.
        """
        if "why" in _json(answer):
            return True
        raise Denied(
            _("Something before the cloud at {place} turns this desk away ({status}).").format(
                place=self._way.place, status=answer.status
            ),
            _("Most often it wants another certificate; ask who runs it."),
        )


def way_to(settings: TargetSettings, secret: Secret, size: int, limits: Limits | None = None) -> Way:
    """The way to a cloud, with mutual TLS where the settings name a certificate.

    Args:
        settings: of the target.
        secret: where the passphrase of its key is, if the settings name one.
        size: so many requests at once.
        limits: of time and size.
    """
    ref = settings.secret
    tls = Tls(settings, None if ref is None else lambda: secret(ref.secret))
    return Way(settings.url, tls, size, limits or Limits())


def _refused(answer: Answer) -> Refused:
    if answer.status == _TOO_LARGE:
        return Refused(
            _("The cloud does not take anything as large as this."),
            _("Ask who runs it to allow more; then send it again."),
        )
    return Refused(
        _("The cloud will not take it: {why}").format(why=str(_json(answer).get("why"))[:500]),
        _("Send it again once the cause is gone, or take it out of the outbox."),
    )


def _json(answer: Answer) -> dict[str, Any]:
    try:
        values = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _certified(der: bytes) -> str:
    if not der:
        return _("It is on this machine, without TLS.")
    try:
        name, ends = describe(der)
    except ValueError:
        return _("Its certificate is accepted, but can't be described.")
    return _("Its certificate is for {name} and ends on {day}.").format(name=name, day=f"{ends:%Y-%m-%d}")
