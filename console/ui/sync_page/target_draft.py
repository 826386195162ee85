"""A target on its way into the settings: what was typed, whether it will do, and the change it comes to. No Qt here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from console.settings.order import plain
from console.settings.parse import Parsed, parse
from console.settings.schema import Settings
from console.settings.sync import TargetKind, TargetSettings
from console.settings.words import problems
from models.words import _

Way = Literal["cloud", "s3", "gs", "az", "folder", "mqtt", "webhook"]
"""Kinds of targets as somebody chooses among them: each object store is one."""
KIND_OF: dict[Way, TargetKind] = {
    "cloud": "cloud", "s3": "objects", "gs": "objects", "az": "objects", "folder": "objects", "mqtt": "mqtt",
    "webhook": "webhook",
}  # fmt: skip
FIELDS: dict[Way, tuple[str, ...]] = {
    "cloud": ("url", "certificate", "key", "ca"),
    "s3": ("url", "endpoint", "region", "user", "secret", "layout", "ca"),
    "gs": ("url", "key", "layout"),
    "az": ("url", "user", "secret", "endpoint", "layout", "ca"),
    "folder": ("url", "layout"),
    "mqtt": ("url", "user", "secret", "ca", "certificate", "key"),
    "webhook": ("url", "secret", "ca"),
}
"""The fields of each way, in the order they are asked for; all others stay as by default."""
_SCHEMES: dict[str, Way] = {"s3": "s3", "gs": "gs", "az": "az", "file": "folder"}
_NOWHERE = "x: y"
_EVERYWHERE = (
    "name", "sends", "cameras", "hours", "picture_hours", "kilobytes_per_second", "concurrency", "enabled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """What the dialog holds.

    Attributes:
        way: which kind was chosen.
        values: by the field names of `TargetSettings`; without kind, secret.
        secret: as typed; empty: the stored one stays.
        original: the target that is changed; None for a new one.
    """

    way: Way
    values: Mapping[str, Any]
    secret: str = field(default="", repr=False)
    original: TargetSettings | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a draft.

    Attributes:
        target: None while something is wrong.
        errors: why, by field.
        secret: name under which the typed secret is to be stored; empty for none.
    """

    target: TargetSettings | None
    errors: Mapping[str, str]
    secret: str = ""


def way_of(target: TargetSettings) -> Way:
    """The way a target of the settings goes."""
    if target.kind != "objects":
        return target.kind
    return _SCHEMES[urlsplit(target.url).scheme]


def shown_url(target: TargetSettings) -> str:
    """Its address as the dialog shows it: a folder by its path."""
    parts = urlsplit(target.url)
    return unquote(parts.path) if parts.scheme == "file" else target.url


def judge(draft: Draft, settings: Settings, stored: Collection[str] = ()) -> Judged:
    """Whether a draft is a target.

    Args:
        draft: what the dialog holds.
        settings: in force.
        stored: names of secrets that are there; a new one takes another, since an undo may bring its target back.
    """
    values = _values(draft)
    errors: dict[str, str] = {}
    name = str(values.get("name", ""))
    others = [target.name for target in settings.sync.targets if target != draft.original]
    if not name:
        errors["name"] = _("Give it a short name, such as cloud or archive.")
    elif name in others:
        errors["name"] = _("There is a target of that name already.")
    if not values.get("url"):
        errors["url"] = _("Say which folder.") if draft.way == "folder" else _("Say where it is.")
        values["url"] = (
            "file:///" if draft.way == "folder" else f"{_scheme(draft.way)}://x"
        )  # so that the rest is judged
    if not values.get("sends"):
        errors["sends"] = _("Say what goes there; else there is no need for it.")
    secret = _secret(draft, settings, name, stored)
    if secret:
        values["secret"] = {"secret": secret}
    elif draft.way == "webhook":
        errors["secret"] = _("Type a secret: what the webhook gets is signed with it, so that it can tell it is you.")
        values["secret"] = {"secret": "x"}
    try:
        target = TargetSettings.model_validate(values)
    except ValidationError as error:
        for problem in problems(error, Parsed(values, parse(_NOWHERE).root), TargetSettings):
            where = problem.key.partition(".")[0]
            hint = problem.hint if where in ("url", "endpoint", "hours", "picture_hours") else ""
            errors.setdefault(where, _sentence(problem.what, hint))
        return Judged(None, errors)
    return Judged(None if errors else target, errors, secret if draft.secret else "")


def changes_for(target: TargetSettings, settings: Settings, original: TargetSettings | None) -> dict[str, object]:
    """The change of the settings that makes `target` of `original`; a new target is added at the end."""
    now = as_written(target)
    path = path_of(settings, original.name) if original is not None else ""
    if original is None or not path:
        return {f"sync.targets.{len(settings.sync.targets) + 1}": now}
    before = as_written(original)
    return {
        f"{path}.{name}": now.get(name) for name in TargetSettings.model_fields if now.get(name) != before.get(name)
    }


def path_of(settings: Settings, name: str) -> str:
    """Where a target stands in the settings; empty: it does not."""
    for number, target in enumerate(settings.sync.targets, 1):
        if target.name == name:
            return f"sync.targets.{number}"
    return ""


def as_written(target: TargetSettings) -> dict[str, Any]:
    """A target as plain values, without what is as by default."""
    dumped: dict[str, Any] = plain(target.model_dump(mode="python", exclude_defaults=True))
    return dumped


def _values(draft: Draft) -> dict[str, Any]:
    """What is filled in, of the fields that this way has, as settings hold it."""
    wanted = (*_EVERYWHERE, *FIELDS[draft.way])
    values = {name: value for name, value in draft.values.items() if name in wanted and value not in (None, "")}
    values["kind"] = KIND_OF[draft.way]
    url = str(values.get("url", "")).strip()
    if url and draft.way == "folder" and "://" not in url:
        values["url"] = Path(url).expanduser().absolute().as_uri()
    if draft.original is not None and draft.original.by_camera:
        values["by_camera"] = plain(draft.original.by_camera)
    return values


def _secret(draft: Draft, settings: Settings, name: str, stored: Collection[str]) -> str:
    """The name of the secret that goes with it; empty: it has none."""
    if "secret" not in FIELDS[draft.way]:
        return ""
    kept = draft.original.secret.secret if draft.original is not None and draft.original.secret is not None else ""
    if not draft.secret or (kept and _users(settings, kept) == 1):
        return kept or (_proposed(name, stored) if draft.secret else "")
    return _proposed(name, stored)


def _proposed(name: str, stored: Collection[str]) -> str:
    wanted, number = f"{name or 'target'}-target", 2
    found = wanted
    while found in stored:
        found, number = f"{wanted}-{number}", number + 1
    return found


def _users(settings: Settings, secret: str) -> int:
    """How many use a secret: targets and cameras."""
    targets = sum(one.secret is not None and one.secret.secret == secret for one in settings.sync.targets)
    return targets + sum(
        camera.login is not None and camera.login.password.secret == secret for camera in settings.cameras
    )


def _scheme(way: Way) -> str:
    return {"cloud": "https", "webhook": "https", "mqtt": "mqtts"}.get(way, way)


def _sentence(what: str, hint: str) -> str:
    return f"{what[:1].upper()}{what[1:]}. {hint}".strip()
