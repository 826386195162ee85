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
from console.settings.schema import InferenceSettings, Settings


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


def plan(
    sources: Sequence[str],
    *,
    home: Path | None,
    model: str | None,
    backend: str | None,
    device: str | None,
    precision: str | None,
    scaling: str | None,
    **cameras: Any,
) -> Plan:
    """The cameras typed, or those of the home; options that were typed are laid over the settings' inference.

    Raises:
        UsageError: a source that can't be, or no camera at all.
    """
    base = Settings() if sources else _own_settings(home)
    typed = {"model": model, "backend": backend, "device": device, "precision": precision, "scaling": scaling}
    given = {key: value for key, value in typed.items() if value is not None}
    inference = InferenceSettings.model_validate({**base.inference.model_dump(), **given})
    passwords: Mapping[str, str] = {}
    wanted = base.cameras
    if sources:
        try:
            wanted, passwords = cameras_from(sources, model=model, **cameras)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise UsageError(f"{first['msg']}.".replace("..", ".")) from None
    if not any(camera.enabled for camera in wanted):
        file = Home.look(find_home(home)).settings_file
        raise UsageError("There is no camera to run.", f"Name a SOURCE (see --help), or put cameras into {file}.")
    return Plan(base.model_copy(update={"cameras": wanted, "inference": inference}), passwords, whole_site=not sources)


def _own_settings(home: Path | None) -> Settings:
    loaded = SettingsFile(Home.look(find_home(home)).settings_file).load()
    if loaded.problem:
        say(f"sightdesk: {loaded.problem}")
    return loaded.settings
