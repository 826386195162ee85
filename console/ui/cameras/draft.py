"""A camera on its way into the settings: what was typed, whether it will do, and the change it comes to. No Qt here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from console.settings.imports import Credentials, free_id, name_of
from console.settings.order import plain
from console.settings.parse import Parsed, parse
from console.settings.schema import CameraSettings, Settings
from console.settings.words import problems
from models.words import _

KEYS = ("seal_plates_for", "seal_doubtful_for")
"""Public keys: with a wrong letter one seals nothing, and nobody would know before it is needed."""
_NOWHERE = "x: y"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the dialog holds.

    Attributes:
        values: by the field names of `CameraSettings`; without id, login.
        user: as typed.
        password: as typed; empty: the stored one stays.
        original: the camera that is changed; None for a new one.
    """

    values: Mapping[str, Any]
    user: str = ""
    password: str = field(default="", repr=False)
    original: CameraSettings | None = None

    @property
    def login(self) -> Credentials:
        """As typed."""
        return Credentials(self.user, self.password)


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a draft.

    Attributes:
        camera: None while something is wrong.
        errors: why, by field.
        secret: name under which the typed password is to be stored; empty for none.
    """

    camera: CameraSettings | None
    errors: Mapping[str, str]
    secret: str = ""


def judge(draft: Draft, settings: Settings, stored: Collection[str] = ()) -> Judged:
    """Whether a draft is a camera.

    Args:
        draft: what the dialog holds.
        settings: in force.
        stored: names of secrets that are there; a new one takes another, since an undo may bring its camera back.
    """
    values = {name: value for name, value in draft.values.items() if value is not None}
    errors: dict[str, str] = {}
    if not values.get("source"):
        errors["source"] = _("Say where its pictures come from.")
    taken = [camera.id for camera in settings.cameras]
    source = str(values.get("source", ""))
    original = draft.original
    values["id"] = original.id if original else free_id(str(values.get("name") or "") or name_of(source), taken)
    login, secret = _login(draft, settings, values["id"], stored)
    if login is None and draft.password:
        errors["user"] = _("A password needs a user.")
    if login is not None and not login["password"]:
        errors["password"] = _("The camera's password is needed.")
        login = None
    values["login"] = login
    try:
        camera = CameraSettings.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        for problem in problems(error, Parsed(values, parse(_NOWHERE).root), CameraSettings):
            where = problem.key.partition(".")[0]
            where = ".".join(problem.key.split(".")[:2]) if where in ("privacy", "keep") else where
            hint = problem.hint if where in ("source", "login") else ""  # elsewhere the field's help says it
            sentence = f"{problem.what[:1].upper()}{problem.what[1:]}. {hint}".strip()
            errors.setdefault("confidence" if problem.key.endswith("confidence") else where, sentence)
        return Judged(None, errors)
    errors |= _wrong_keys(camera)
    return Judged(None if errors else camera, errors, secret if draft.password else "")


def _wrong_keys(camera: CameraSettings) -> dict[str, str]:
    """What is wrong with its public keys, by field."""
    wrong: dict[str, str] = {}
    for name in KEYS:
        if text := getattr(camera.privacy, name):
            from console.privacy.sealing import PublicKey, SealError  # noqa: PLC0415  # only where there is a key

            try:
                PublicKey.of(text)
            except SealError as error:
                wrong[f"privacy.{name}"] = f"{error.what} {error.hint}".strip()
    return wrong


def _login(
    draft: Draft, settings: Settings, camera_id: str, stored: Collection[str]
) -> tuple[dict[str, Any] | None, str]:
    """The login as settings hold it, and the secret's name; the password's place is empty where none is known."""
    if not draft.user:
        return None, ""
    kept = draft.original.login.password.secret if draft.original and draft.original.login else ""
    if not draft.password:
        return {"user": draft.user, "password": {"secret": kept} if kept else None}, kept
    name = (
        kept
        if kept and _users(settings, kept, camera_id) == 0
        else free_secret(f"{camera_id}-camera", settings, camera_id, stored)
    )
    return {"user": draft.user, "password": {"secret": name}}, name


def free_secret(wanted: str, settings: Settings, camera_id: str, stored: Collection[str]) -> str:
    """A secret's name that no other camera uses or may come to use again: their passwords must not change."""
    name, number = wanted, 2
    while name in stored or _users(settings, name, camera_id):
        name, number = f"{wanted}-{number}", number + 1
    return name


def _users(settings: Settings, secret: str, but: str) -> int:
    """How many other cameras use a secret."""
    return sum(
        camera.login is not None and camera.login.password.secret == secret and camera.id != but
        for camera in settings.cameras
    )


def changes_for(camera: CameraSettings, original: CameraSettings | None) -> dict[str, object]:
    """The change of the settings that makes `camera` of `original`; a new camera is added at the end."""
    now = as_written(camera)
    if original is None:
        return {f"cameras.{camera.id}": now}
    before = as_written(original)
    return {
        f"cameras.{camera.id}.{name}": now.get(name)
        for name in CameraSettings.model_fields
        if now.get(name) != before.get(name)
    }


def as_written(camera: CameraSettings) -> dict[str, Any]:
    """A camera as plain values, without what is as by default."""
    dumped = camera.model_dump(mode="python", exclude_defaults=True)
    return {"id": camera.id, **plain(dumped)}
