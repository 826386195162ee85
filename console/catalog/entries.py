"""What the catalogue holds: models and clips, the files they are made of, and where each file can be had."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.labels import COCO80
from models.manifest import ModelManifest
from models.words import _

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""A plain file or entry name: no folder, nothing that a file system or a shell would read in its own way."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UrlSpec(_Value):
    """The address its makers publish a file at."""

    url: str = Field(pattern=r"^https?://[^/]+/.+")

    @property
    def words(self) -> str:
        """Where that is, for an operator."""
        return _("upstream at {hostname}").format(hostname=urlsplit(self.url).hostname)


class WheelSpec(_Value):
    """A member of a Python wheel, by its pinned requirement. `download`: bytes of the wheel, about."""

    wheel: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!]+$")
    member: str
    download: int = Field(gt=0)

    @property
    def words(self) -> str:
        """Where that is, for an operator."""
        return _("the wheel {wheel}").format(wheel=self.wheel.replace("==", " "))


class DebSpec(_Value):
    """A member of a Debian package of whatever version: the sha256 decides. `download`: bytes of the package, about."""

    deb: str = Field(pattern=r"^[a-z0-9][a-z0-9.+-]+$")
    member: str
    download: int = Field(gt=0)

    @property
    def words(self) -> str:
        """Where that is, for an operator."""
        return _("the Debian package {deb}").format(deb=self.deb)


class CatalogFile(_Value):
    """One file of an entry.

    Attributes:
        name: its name on disk, here and in mirrors; unique in the catalogue.
        size: bytes.
        sha256: of its content, lower-case hex.
        sources: where it can be had, the preferred first; mirror folders come before all of them.
    """

    name: Name
    size: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sources: tuple[UrlSpec | WheelSpec | DebSpec, ...] = Field(min_length=1)


class Entry(_Value):
    """A model or a clip.

    Attributes:
        name: what settings and commands call it.
        title: what a screen calls it.
        good_for: what to expect of it, for somebody who has to choose.
        licence: of the content, as an SPDX id where there is one.
        origin: who made it.
        attribution: what its licence wants shown with it; may be empty.
        files: the first is the one that is opened; the others lie beside it.
    """

    name: Name
    title: str
    good_for: str
    licence: str = Field(min_length=1)
    origin: str
    attribution: str = ""
    files: tuple[CatalogFile, ...] = Field(min_length=1)

    @property
    def kind(self) -> Literal["model", "clip"]:
        """The word a list shows."""
        return "model" if isinstance(self, ModelEntry) else "clip"

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


class ModelEntry(Entry):
    """A model. `manifest` is None where no decoder family of ours reads it."""

    manifest: ModelManifest | None = None

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """In the YAML the manifest goes without a name, and `coco80` stands for those labels."""
        manifest = data.get("manifest")
        if not isinstance(manifest, dict):
            return data
        labels = COCO80 if manifest.get("labels") == "coco80" else manifest.get("labels", ())
        return {**data, "manifest": {"name": data.get("name"), **manifest, "labels": labels}}


class ClipEntry(Entry):
    """A video to try things on."""


class Demo(_Value):
    """What the demo takes, best first, by name."""

    models: tuple[str, ...]
    clips: tuple[str, ...]


class Book(_Value):
    """The whole catalogue."""

    demo: Demo
    models: tuple[ModelEntry, ...]
    clips: tuple[ClipEntry, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Models, then clips."""
        return (*self.models, *self.clips)

    @model_validator(mode="after")
    def _consistent(self) -> Book:
        names = [entry.name for entry in self.entries]
        # folded: two names that differ only in case are one file on Windows and macOS
        files = [file.name.lower() for entry in self.entries for file in entry.files]
        if twice := {name for name in names if names.count(name) > 1} | {f for f in files if files.count(f) > 1}:
            raise ValueError(f"named twice: {', '.join(sorted(twice))}")
        if unknown := {*self.demo.models} - {m.name for m in self.models} | {*self.demo.clips} - {
            c.name for c in self.clips
        }:
            raise ValueError(f"the demo names what the catalogue does not have: {', '.join(sorted(unknown))}")
        return self
