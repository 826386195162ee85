"""What a run is to run: from what was typed, or from the home's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from console.cli.options import say
from console.cli.sources import cameras_from
from console.errors import UsageError
from console.settings.file import SettingsFile
from console.settings.home import Home, find_home
from console.settings.inference import InferenceSettings
from console.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes:
        settings: cameras and the rest.
        passwords: typed on the command line, by the name of their secret.
        whole_site: True when this is the home's own site, of which only one may run.
    """

    settings: Settings
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    whole_site: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """The options of `run` that say what is run; None: not typed.

    Attributes:
        inference: model, backend, device, precision and scaling, for cameras typed and those of the settings alike.
        cameras: conf, paced, loop, watch and track, which make cameras of what is typed as SOURCE.
    """

    inference: Mapping[str, Any]
    cameras: Mapping[str, Any]


_SPELLED = {
    "conf": "--conf", "paced": "--paced", "loop": "--loop", "watch": "--watch", "track": "--track/--no-track",
}  # fmt: skip
_UNTYPED = {"conf": 0.3, "paced": False, "loop": False, "watch": False, "track": True}


def plan(sources: Sequence[str], *, home: Path | None, typed: Typed) -> Plan:
    """The cameras typed, or those of the home; inference options typed are laid over the home's `inference`.

    Raises:
        UsageError: a source that can't be, an option that can't apply, or no camera at all.
    """
    base = _own_settings(home, keep=not sources)
    given = {key: value for key, value in typed.inference.items() if value is not None}
    try:
        inference = InferenceSettings.model_validate({**base.inference.model_dump(), **given})
    except ValidationError as error:
        raise _in_words(error) from None
    options = {key: value for key, value in typed.cameras.items() if value is not None}
    if sources:
        try:
            cameras, passwords = cameras_from(sources, model=inference.model, **{**_UNTYPED, **options})
        except ValidationError as error:
            raise _in_words(error) from None
        return Plan(Settings(cameras=cameras, inference=inference), passwords)
    if not any(camera.enabled for camera in base.cameras):
        file = Home.look(find_home(home)).settings_file
        raise UsageError("There is no camera to run.", f"Name a SOURCE (see --help), or put cameras into {file}.")
    _refuse_idle(base, options, model="model" in given)
    return Plan(base.model_copy(update={"inference": inference}), whole_site=True)


def _in_words(error: ValidationError) -> UsageError:
    """Without the value, which may hold a password."""
    first = error.errors(include_input=False, include_url=False)[0]
    return UsageError(f"{first['msg']}.".replace("..", "."))


def _refuse_idle(base: Settings, options: Mapping[str, Any], *, model: bool) -> None:
    """Options that would do nothing are refused: somebody who typed one expects it to matter."""
    if options:
        names = ", ".join(_SPELLED[key] for key in options)
        raise UsageError(
            f"{names} can't apply to the cameras of the settings, which say that themselves.",
            "Name a SOURCE, or change the settings.",
        )
    own = [camera.id for camera in base.cameras if camera.enabled and camera.stages]
    if model and own:
        raise UsageError(
            f"--model can't apply where the settings name models in `stages`: {', '.join(own)}.",
            "Name a SOURCE, or change the settings.",
        )


def _own_settings(home: Path | None, *, keep: bool) -> Settings:
    loaded = SettingsFile(Home.look(find_home(home)).settings_file).load(keep=keep)
    if loaded.problem:
        say(f"sightdesk: {loaded.problem}")
    return loaded.settings
