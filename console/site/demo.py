"""The demo's site: four cameras on one real clip."""

from __future__ import annotations

from pathlib import Path

from console.catalog.choice import Choice
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.settings.inference import StageSettings
from console.settings.review import ReviewSettings
from console.settings.schema import CameraSettings, Settings
from models.words import _

CAMERAS = 4


def published_as(clip: Choice) -> str:
    """Where the clip was published: what allows its pictures to be kept uncovered."""
    return f"{clip.entry.title}, {clip.entry.origin}, {clip.entry.licence}"


def demo_settings(model: Choice, clip: Choice) -> Settings:
    """Four cameras on one clip, two of them mirrored, so that the pictures differ."""
    return Settings(
        review=ReviewSettings(low=0.4, high=0.6, random_share=0.1),  # so that there is something to judge soon
        cameras=tuple(
            CameraSettings(
                id=f"street-{number}",
                name=_("Street {number}").format(number=number),
                source=str(clip.path),
                loop=True,
                mirror=number % 2 == 0,
                published_as=published_as(clip),
                stages=(StageSettings(model=model.entry.name, confidence=0.4),),
            )
            for number in range(1, CAMERAS + 1)
        ),
    )


def write_demo(home: Home, model: Choice, clip: Choice) -> None:
    """Give the demo's home its cameras, where it has none that can run; what an operator changed in it stays.

    Raises:
        HomeError: the home can't be written.
    """
    file = SettingsFile(home.settings_file)
    now = file.load(keep=False)
    wanted = demo_settings(model, clip)
    mine = {camera.id for camera in wanted.cameras}
    stale = [
        c for c in now.settings.cameras
        if c.id in mine and (not Path(c.source).is_file() or [s.model for s in c.stages] != [model.entry.name])
    ]  # fmt: skip
    if now.problem is not None or (now.origin == "file" and now.settings.cameras and not stale):
        return  # a broken file is its operator's to mend: the desk names the line
    file.load()
    review = wanted.review.model_dump(mode="json", exclude_defaults=True)
    cameras = {f"cameras.{c.id}": c.model_dump(mode="json", exclude_defaults=True) for c in wanted.cameras}
    file.edit(cameras | {f"review.{name}": value for name, value in review.items()})
