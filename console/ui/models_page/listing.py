"""The models an operator may choose from: the catalogue's, those the settings name, and who uses each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from console.catalog.catalog import Catalog
from console.catalog.entries import ModelEntry
from console.settings.schema import Settings
from console.site.finding import BEST
from models.words import _, ngettext


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model.

    Attributes:
        name: as settings name it: a catalogue name, a file, an address.
        shown: what its rows are called; also the name that it runs under.
        about: what it is good for, or where it is.
        licence: empty where nobody knows.
        size: bytes; None where nobody knows.
        here: it can be loaded without fetching anything.
        own: it is not the catalogue's.
        cameras: names of the cameras that use it.
    """

    name: str
    shown: str
    about: str
    licence: str
    size: int | None
    here: bool
    own: bool
    cameras: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """Whether a server holds it."""
        return "://" in self.name

    @property
    def state(self) -> str:
        """Whether it is here, and who uses it, in words."""
        if self.cameras:
            count = len(self.cameras)
            return ngettext("{n} camera", "{n} cameras", count).format(n=count)
        if self.served:
            return _("on a server")
        return _("here") if self.here else _("not here")


def held_names(catalog: Catalog) -> frozenset[str]:
    """Names of the catalogue's models that are here and whole. Reads the disk: not for the GUI thread."""
    return frozenset(entry.name for entry in catalog.book.models if catalog.held(entry.name) is not None)


def model_lines(
    catalog: Catalog, held: frozenset[str], settings: Settings, ran: Mapping[str, Iterable[Mapping[str, Any]]]
) -> list[ModelLine]:
    """All models: those in use first, then those that are here, then the rest; catalogue order within.

    Args:
        catalog: what there is.
        held: names of what is here.
        settings: name models of the operator's own.
        ran: what really runs, by camera id.
    """
    titles = {camera.id: camera.title for camera in settings.cameras}
    users: dict[str, list[str]] = {}
    for camera_id, stages in ran.items():
        for stage in stages:
            users.setdefault(str(stage["model"]), []).append(titles.get(camera_id, camera_id))
    lines = [
        _of_catalog(entry, users, here=entry.name in held)
        for entry in catalog.book.models
        if entry.manifest is not None
    ]
    known = {line.name for line in lines} | {BEST}
    lines += [_own(name, users) for name in named(settings) if name not in known]
    return sorted(lines, key=lambda line: (not line.cameras, not (line.here or line.own)))


def named(settings: Settings) -> list[str]:
    """The models that settings name, each once."""
    stages = [stage.model for camera in settings.cameras for stage in camera.stages]
    return list(dict.fromkeys([settings.inference.model, *stages]))


def running_name(name: str) -> str:
    """The name a model of the settings runs under: a file's without its folder and ending."""
    if "://" in name:
        parts = name.partition("://")[2].split("/")
        return parts[1] if len(parts) > 1 else name
    return PurePath(name).stem if PurePath(name).suffix or len(PurePath(name).parts) > 1 else name


def _of_catalog(entry: ModelEntry, users: Mapping[str, list[str]], *, here: bool) -> ModelLine:
    cameras = tuple(dict.fromkeys(users.get(entry.name, ())))
    name, about = entry.name, entry.good_for
    return ModelLine(name, name, about, entry.licence, entry.size, here=here, own=False, cameras=cameras)


def _own(name: str, users: Mapping[str, list[str]]) -> ModelLine:
    shown, size = running_name(name), None
    here = "://" in name
    if not here:
        try:
            size = Path(name).expanduser().stat().st_size
            here = True
        except (OSError, RuntimeError):
            here = False
    return ModelLine(
        name, shown, name, "", size, here=here, own=True, cameras=tuple(dict.fromkeys(users.get(shown, ())))
    )
