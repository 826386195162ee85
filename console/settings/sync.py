"""Settings of what leaves the site: which targets there are, and what goes to each of them when."""

from __future__ import annotations

import re
from datetime import time
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from console.settings.address import carries_password
from console.settings.section import MOVE_LOGIN, CameraId, SecretRef, Section, mistake
from models.words import _

TargetKind = Literal["cloud", "objects", "mqtt", "webhook"]
Sends = Literal["events", "verdicts", "items", "pictures", "sealed", "audit"]
SCHEMES: dict[TargetKind, tuple[str, ...]] = {
    "cloud": ("https", "http"),
    "objects": ("s3", "gs", "az", "file"),
    "mqtt": ("mqtts", "mqtt"),
    "webhook": ("https", "http"),
}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CLEAR = ("http", "mqtt")
_HOURS = re.compile(r"^\s*([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]|24):([0-5]\d)\s*$")


def hours_of(text: str) -> tuple[tuple[time, time], ...]:
    """Times of the day from text such as ``22:00-06:00, 12:00-13:00``; empty text: none, which means always.

    The end 24:00 is given as 00:00; a span whose end is not after its begin goes over midnight.

    Raises:
        ValueError: it is no such text; names the part.
    """
    spans = []
    for part in (part for part in text.split(",") if part.strip()):
        found = _HOURS.match(part)
        if found is None or (found[3] == "24" and found[4] != "00"):
            raise ValueError(part.strip())
        begin, end = time(int(found[1]), int(found[2])), time(int(found[3]) % 24, int(found[4]))
        spans.append((begin, end))
    return tuple(spans)


class TargetSettings(Section):
    """Where reviewed data goes: the Sightdesk cloud, an object store, a broker, a webhook."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="Short name without spaces, as it appears on the Sync page."
    )
    kind: TargetKind = Field(
        description="cloud: Sightdesk's; objects: S3, GCS, Azure or a folder; mqtt: a broker; webhook: an address."
    )
    url: str = Field(
        min_length=1,
        description=(
            "https://host:port (cloud, webhook); s3://bucket/prefix, gs://bucket/prefix, az://container/prefix, "
            "file:///folder (objects); mqtts://host:8883/prefix (mqtt). Never with a password."
        ),
    )
    sends: tuple[Sends, ...] = Field(
        default=("events", "verdicts", "pictures"),
        description=(
            "What goes there: events, verdicts, items (what is in doubt, before anybody judged it), pictures "
            "(redacted, of those), sealed (crops for a key's holder), audit (seals of the record)."
        ),
    )
    cameras: tuple[CameraId, ...] = Field(default=(), description="Ids of the cameras it is about; empty: all.")
    by_camera: dict[CameraId, tuple[Sends, ...]] = Field(
        default_factory=dict, description="What goes of some cameras, where not as above: yard: [verdicts]."
    )
    hours: str = Field(
        default="", max_length=200, description="When anything is sent, such as 22:00-06:00; empty: at any time."
    )
    picture_hours: str = Field(
        default="", max_length=200, description="When pictures are sent, where that is less often; empty: as the rest."
    )
    kilobytes_per_second: float | None = Field(
        default=None, gt=0, le=10_000_000, description="Send no faster than this; empty: as fast as it goes."
    )
    concurrency: int = Field(default=4, ge=1, le=32, description="Requests under way at once.")
    ca: str = Field(default="", description="File of the CA that vouches for it; empty: whom the system trusts.")
    certificate: str = Field(default="", description="File of the certificate this desk shows (mutual TLS).")
    key: str = Field(
        default="", description="File of that certificate's private key; for gs://, of the service account (JSON)."
    )
    user: str = Field(
        default="", description="Who logs in: MQTT user, access key id (s3), storage account (az); empty: nobody."
    )
    secret: SecretRef | None = Field(
        default=None,
        description="Password (mqtt), secret key (s3), account key (az), or what webhooks are signed with.",
    )
    endpoint: str = Field(
        default="", description="Address of an S3 or Azure store that is not Amazon's or Microsoft's own."
    )
    region: str = Field(default="", description="Region of an S3 store; empty: us-east-1.")
    layout: Literal["yolo", "coco"] = Field(
        default="yolo", description="How an object store is laid out, so that training tools read it as it is."
    )
    enabled: bool = Field(default=True, description="Off: nothing goes there; what waits for it goes on waiting.")

    @field_validator("url", "endpoint")
    @classmethod
    def _no_password(cls, url: str) -> str:
        if carries_password(url):
            raise mistake(
                _("the address has a password in it, and a password never stands in this file"), _(MOVE_LOGIN)
            )
        return url

    @field_validator("hours", "picture_hours")
    @classmethod
    def _are_hours(cls, text: str) -> str:
        try:
            hours_of(text)
        except ValueError as error:
            raise mistake(
                _("{part} is no time of day").format(part=str(error)[:40]), _("Write it so: 22:00-06:00, 12:00-13:00.")
            ) from None
        return text

    @model_validator(mode="after")
    def _fits_its_kind(self) -> TargetSettings:
        parts, schemes = urlsplit(self.url), SCHEMES[self.kind]
        if parts.scheme not in schemes:
            raise mistake(
                _("the address of this kind of target begins with {schemes}").format(
                    schemes=_(" or ").join(f"{scheme}://" for scheme in schemes)
                ),
                "",
                ("url",),
            )
        if parts.scheme in _CLEAR and (parts.hostname or "") not in _LOOPBACK:
            raise mistake(
                _("nothing goes to another machine in the clear"),
                _("Use TLS: {scheme}s://").format(scheme=parts.scheme),
                ("url",),
            )
        own = urlsplit(self.endpoint)
        if self.endpoint and (own.scheme not in ("https", "http") or not own.hostname):
            raise mistake(_("the address of the store begins with https:// and names a host"), "", ("endpoint",))
        if own.scheme in _CLEAR and (own.hostname or "") not in _LOOPBACK:
            raise mistake(_("nothing goes to another machine in the clear"), _("Use TLS: https://"), ("endpoint",))
        if not parts.netloc and parts.scheme != "file":
            raise mistake(_("the address names no host or bucket"), "", ("url",))
        if self.kind == "webhook" and self.secret is None:
            raise mistake(
                _("a webhook needs a secret, with which what it gets is signed"),
                _("Store it with: sightdesk secrets set NAME. Then write: secret: {secret: NAME}."),
                ("secret",),
            )
        if bool(self.certificate) != bool(self.key) and self.kind != "objects":
            raise mistake(
                _("certificate and key belong together, and one of them is missing"),
                "",
                ("key",) if self.certificate else ("certificate",),
            )
        return self


class SyncSettings(Section):
    """What leaves the site, and where to."""

    targets: tuple[TargetSettings, ...] = Field(default=(), description="Where data goes; without any, nothing leaves.")
    quota_gigabytes: float = Field(
        default=10.0,
        gt=0,
        le=100_000,
        description="Once so much waits, further pictures wait aside, unprotected; events and verdicts always go in.",
    )
    keep_days: int = Field(
        default=30, ge=1, le=3650, description="What was sent can be traced for so many days; then only figures stay."
    )
    warn_days: int = Field(
        default=30, ge=1, le=365, description="So many days before a certificate ends, the desk begins to say so."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> SyncSettings:
        seen: set[str] = set()
        for index, target in enumerate(self.targets):
            if target.name in seen:
                raise mistake(
                    _("two targets have the name {name}").format(name=target.name),
                    _("Give one another."),
                    ("targets", index, "name"),
                )
            seen.add(target.name)
        return self
