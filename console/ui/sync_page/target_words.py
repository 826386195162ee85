"""What the fields of a target are called, by the way it goes, and what of the site leaves by it."""

from __future__ import annotations

from console.ui.sync_page.target_draft import Way
from models.words import N_, _
from widgets.form_editors import FieldSpec

WAYS: dict[Way, str] = {
    "cloud": N_("Sightdesk cloud"),
    "s3": N_("S3 bucket"),
    "gs": N_("Google Cloud Storage"),
    "az": N_("Azure container"),
    "folder": N_("Folder"),
    "mqtt": N_("MQTT broker"),
    "webhook": N_("Webhook"),
}
ABOUT: dict[Way, str] = {
    "cloud": N_("Over HTTPS. With a certificate of its own, the desk is known there without a password (mutual TLS)."),
    "s3": N_("Amazon's, or any store that speaks S3. Laid out so that training tools read it as it is."),
    "gs": N_("Laid out so that training tools read it as it is. The desk logs in by a service account's key."),
    "az": N_("Laid out so that training tools read it as it is. The desk logs in by the account's key."),
    "folder": N_("On this machine or a mounted share. Laid out so that training tools read it as it is."),
    "mqtt": N_("Topics in Frigate's manner below the prefix: available, events, and one for each camera."),
    "webhook": N_("A POST for each message, signed by HMAC, so that the receiver can tell it comes from here."),
}
SENDS = (
    ("events", N_("Events"), N_("What was seen where and when, and its box. No picture by itself.")),
    ("verdicts", N_("Verdicts"), N_("What people said of items in doubt. Never who said it.")),
    ("items", N_("Items in doubt"), N_("Before anybody has judged them.")),
    ("pictures", N_("Covered pictures"), N_("Those of what is ticked above, as they are kept here.")),
    ("sealed", N_("Sealed crops"), N_("Only the holder of their key can open them.")),
    ("audit", N_("Seals of the record"), N_("So that nobody can change the record of this desk unseen.")),
)
"""Value, name, and what it is."""
NEVER = (
    N_("A picture that is not covered"),
    N_("Live video"),
    N_("Names of persons who work here"),
    N_("Passwords and keys"),
)
_FILE = N_("A file (PEM) on this machine.")
_LAYOUTS = (("yolo", N_("YOLO: a text file beside each picture")), ("coco", N_("COCO: annotations in JSON")))
_URLS: dict[Way, tuple[str, str]] = {
    "cloud": (N_("Address"), "https://cloud.example.com"),
    "s3": (N_("Bucket"), "s3://bucket/site-7"),
    "gs": (N_("Bucket"), "gs://bucket/site-7"),
    "az": (N_("Container"), "az://container/site-7"),
    "folder": (N_("Folder"), "/mnt/archive"),
    "mqtt": (N_("Broker"), "mqtts://broker.example.com:8883/sightdesk"),
    "webhook": (N_("Address"), "https://example.com/hook"),
}
_USERS: dict[Way, str] = {"s3": N_("Access key ID"), "az": N_("Storage account"), "mqtt": N_("User")}
_SECRETS: dict[Way, str] = {
    "s3": N_("Secret access key"), "az": N_("Account key"), "mqtt": N_("Password"), "webhook": N_("Signing secret"),
}  # fmt: skip


def field_of(way: Way, name: str, *, stored: bool) -> FieldSpec:
    """The field of a dialog for a setting of a target.

    Args:
        way: how the target goes.
        name: of the setting.
        stored: its secret is stored already.
    """
    if name == "url":
        label, example = _URLS[way]
        return FieldSpec("url", _(label), placeholder=example)
    if name == "user":
        return FieldSpec("user", _(_USERS[way]))
    if name == "secret":
        help_ = _("Kept in the system's keyring or an encrypted file, never in the settings.")
        kept = _("stored; type to replace it") if stored else ""
        return FieldSpec("secret", _(_SECRETS[way]), help_, "password", placeholder=kept)
    if name == "layout":
        choices = tuple((value, _(words)) for value, words in _LAYOUTS)
        return FieldSpec("layout", _("Layout"), "", "choice", "yolo", choices)
    if name == "key" and way == "gs":
        return FieldSpec("key", _("Key of the service account"), _("The JSON file that Google gives out."))
    specs = {
        "endpoint": FieldSpec(
            "endpoint", _("Endpoint"), _("Of a store that is not Amazon's or Microsoft's own."), placeholder="https://",
        ),
        "region": FieldSpec("region", _("Region"), placeholder="us-east-1"),
        "ca": FieldSpec(
            "ca", _("Its authority"), _("File (PEM) of the CA that vouches for it."),
            placeholder=_("as the system trusts"),
        ),
        "certificate": FieldSpec("certificate", _("This desk's certificate"), _(_FILE)),
        "key": FieldSpec("key", _("This desk's key"), _(_FILE)),
    }  # fmt: skip
    return specs[name]


def common_fields() -> dict[str, FieldSpec]:
    """Fields that every target has, by the setting's name."""
    found = (
        FieldSpec(
            "name", _("Short name"), _("Small letters, digits, dashes. What waits is kept under it."),
            placeholder="cloud",
        ),
        FieldSpec("hours", _("Hours"), _("When anything is sent; empty: at any time."), placeholder="22:00-06:00"),
        FieldSpec(
            "picture_hours", _("Hours of pictures"), _("When pictures are sent; empty: as the rest."),
            placeholder=_("as the rest"),
        ),
        FieldSpec(
            "kilobytes_per_second", _("At most"), _("Empty: as fast as it goes."), "number", None, unit=_("kB/s"),
            optional=True,
        ),
        FieldSpec("concurrency", _("Requests at once"), _("Between 1 and 32."), "whole", 4),
        FieldSpec(
            "enabled", _("Switched on"), _("Off: nothing goes there, and what waits goes on waiting."), "flag",
            default=True,
        ),
    )  # fmt: skip
    return {spec.key: spec for spec in found}
