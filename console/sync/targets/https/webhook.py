"""A webhook as a target: one message to a request, signed by the Standard Webhooks specification.

The body is JSON: ``{"type": kind, "timestamp": ..., "data": {"tracking_id", "camera_id", "number", "body", "file"}}``;
file (content_type, sha256, base64) only where there is one. The header webhook-id is the message's own ID: a receiver
that has taken it once passes over what comes again. How signatures are checked: `console.sync.targets.https.signing`.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from console.errors import SecretError
from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied, Parcel, Receipt, Refused, Secret, TargetError
from console.sync.targets.https import signing
from console.sync.targets.https.answers import LATER, failure
from console.sync.targets.https.way import Answer, Limits, Way
from console.sync.targets.tls import Tls
from models.words import _

_NOT_FRESH = (400, 401, 403)
"""With these a receiver may say that the signature's time is wrong."""
_NOBODY = (401, 403, 404, 405, 410)
"""It is about the target, not about the message: none may be set aside for that."""


class WebhookTarget:
    """See `console.sync.targets.base.Target`.

    Args:
        settings: of this target; its secret is what messages are signed with.
        secret: where that is.
        limits: of time and size.
    """

    at_once = 1
    at_once_bytes = 1_000_000

    def __init__(self, settings: TargetSettings, secret: Secret, limits: Limits | None = None) -> None:
        self.name = settings.name
        parts = urlsplit(settings.url)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._way = Way(f"{parts.scheme}://{parts.netloc}", Tls(settings), settings.concurrency, limits or Limits())
        self._secret, self._ref = secret, settings.secret
        self._key: bytes | None = None
        self._known_here = False  # something was taken, so its secret is the right one

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Receipt | Refused]:
        """See the protocol."""
        return [self._send(parcel) for parcel in parcels]

    def settle(self) -> None:
        """Nothing here sums up."""

    def check(self) -> str:
        """See the protocol. Whether the signature is accepted can't be tried without giving the receiver something."""
        begun = time.monotonic()
        answer = self._way.ask("HEAD", self._path)
        took = round((time.monotonic() - begun) * 1000)
        if answer.status >= 500 or 300 <= answer.status < 400 or answer.status in LATER:
            raise failure(answer, self._way.place)
        self._signing_key()
        return _(
            "{place} answered within {took} ms. Whether it accepts this desk's signature shows with the first message."
        ).format(place=self._way.place, took=took)

    def close(self) -> None:
        """See the protocol."""
        self._way.close()

    def _send(self, parcel: Parcel) -> Receipt | Refused:
        body, now = body_of(parcel), int(time.time())
        headers = {
            "Content-Type": "application/json",
            signing.ID: parcel.message_id,
            signing.TIMESTAMP: str(now),
            signing.SIGNATURE: signing.sign(self._signing_key(), parcel.message_id, now, body),
        }
        answer = self._way.ask("POST", self._path, body, headers)
        if 200 <= answer.status < 300:
            self._known_here = True
            return Receipt(parcel.message_id, {"status": answer.status})
        if 400 <= answer.status < 500 and answer.status not in LATER:
            self._key = None  # it may have been changed meanwhile
            error = _clock_off(answer, self._way.place) or _about_target(answer, self._way.place)
            if error is None and (answer.status != 400 or self._known_here):
                return _refused(answer, self._way.place)
            if error is None:
                error = _unsigned(answer, self._way.place)
            raise error
        raise failure(answer, self._way.place)

    def _signing_key(self) -> bytes:
        if self._key is None:
            try:
                self._key = signing.key_of(self._secret(self._ref.secret) if self._ref is not None else "")
            except SecretError as error:
                raise Denied(error.what, error.hint) from None
            except ValueError:
                raise Denied(
                    _("The secret that {name} is signed with is not one: behind whsec_ stands base64.").format(
                        name=self.name
                    ),
                    _("Store it again: sightdesk secrets set {secret}").format(
                        secret=self._ref.secret if self._ref is not None else ""
                    ),
                ) from None
        return self._key


def body_of(parcel: Parcel) -> bytes:
    """What is sent of a message; the same each time it is."""
    data: dict[str, Any] = {
        "tracking_id": parcel.tracking_id,
        "camera_id": parcel.camera_id,
        "number": parcel.number,
        "body": dict(parcel.body),
    }
    if parcel.file is not None:
        data["file"] = {
            "content_type": parcel.file.content_type,
            "sha256": parcel.file.sha256,
            "base64": base64.b64encode(parcel.file.content).decode(),
        }
    whole = {"type": parcel.kind, "timestamp": parcel.written_at, "data": data}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _about_target(answer: Answer, place: str) -> TargetError | None:
    if answer.status == 410:
        return Denied(
            _("{place} says that it wants nothing any more (410).").format(place=place),
            _("Ask who runs it; take the target out of the settings if that is so."),
        )
    return failure(answer, place) if answer.status in _NOBODY else None


def _clock_off(answer: Answer, place: str) -> Denied | None:
    """Receivers refuse what was signed long ago: whether this desk's clock and the receiver's are far apart."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
        apart = abs((datetime.now(UTC) - theirs).total_seconds())
    except (ValueError, TypeError):
        return None
    if answer.status not in _NOT_FRESH or apart <= signing.TOLERANCE_S:
        return None
    return Denied(
        _("{place} refuses what is signed now, and its clock and this desk's are {minutes} minutes apart.").format(
            place=place, minutes=round(apart / 60)
        ),
        _("Set this desk's clock."),
    )


def _unsigned(answer: Answer, place: str) -> Denied:
    """Many receivers say 400 to a signature that is wrong: until one was right, it is not the message's fault."""
    return Denied(
        _("{place} will not take it (400): {why}").format(place=place, why=_said(answer)),
        _("It has taken nothing yet that is signed with this secret: see that both sides have the same one."),
    )


def _said(answer: Answer) -> str:
    return answer.content[:300].decode("utf-8", "replace").strip() or "-"


def _refused(answer: Answer, place: str) -> Refused:
    return Refused(
        _("{place} will not take it ({status}): {why}").format(place=place, status=answer.status, why=_said(answer)),
        _("Send it again once the cause is gone, or take it out of the outbox."),
    )
