"""Tasks: which files are worked on with which models. One YAML file, read by the server and by its workers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from console.cloud.errors import CloudError
from console.cloud.pki.identity import NAME
from console.settings.inference import InferenceSettings, RemoteSettings, StageSettings
from console.settings.parse import Misread, Problem, decode, parse
from console.settings.section import Section, mistake
from console.settings.words import problems
from models.words import N_, _, ngettext

TaskName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
SiteName = Annotated[str, Field(pattern=rf"^(?:{NAME.pattern})$")]


_HINT = N_("sightdesk cloud tasks shows one to begin with.")
_MOST_FAULTS = 5
_TAKES = {"sealed": "sealed", "picture": "pictures"}
"""What a task calls the files of a kind of message."""


class KeySettings(Section):
    """A private key that opens sealed crops."""

    file: str = Field(min_length=1, description="The key's file, as `sightdesk privacy keygen` writes it.")
    passphrase_from: str = Field(default="", description="Name of the environment variable that holds its passphrase.")


class Task(Section):
    """Models working on the files of one kind of message."""

    name: TaskName = Field(
        description="Its name in answers: small letters, digits, - and _. One that is renamed is another task."
    )
    takes: Literal["sealed", "pictures"] = Field(description="sealed: sealed crops; pictures: redacted pictures.")
    sites: tuple[SiteName, ...] = Field(
        default=(), description="Of these sites, as their certificates name them, such as plant-1; empty: of all."
    )
    cameras: tuple[str, ...] = Field(default=(), description="Of the cameras with these ids; empty: of all.")
    stages: tuple[StageSettings, ...] = Field(
        min_length=1, max_length=8, description="Models in order; `on` names a label of an earlier one to look into."
    )
    answer: tuple[str, ...] = Field(default=(), description="Labels that are answered; empty: all.")
    attempts: int = Field(
        default=5, ge=1, le=100, description="A job that was begun so often and never ended has failed."
    )

    @model_validator(mode="after")
    def _sound(self) -> Task:
        if self.stages[0].on is not None:
            raise mistake(_("the first stage looks at the whole picture"), _("Leave `on` out."), ("stages", 0, "on"))
        return self


class CloudTasks(Section):
    """The file."""

    tasks: tuple[Task, ...] = Field(default=(), description="What is done; empty: nothing, all is only kept.")
    inference: InferenceSettings = Field(
        default_factory=lambda: InferenceSettings(batch=8), description="What runs the models of workers."
    )
    remote: RemoteSettings = Field(
        default_factory=RemoteSettings, description="Which model servers workers may send pictures to."
    )
    keys: tuple[KeySettings, ...] = Field(default=(), description="What opens sealed crops; workers alone read it.")

    @model_validator(mode="after")
    def _of_workers(self) -> CloudTasks:
        """What only means something on a desk would be passed over in silence here."""
        for name in ("model", "fallback", "gate"):
            if name in self.inference.model_fields_set:
                raise mistake(_("workers don't know this setting"), _("Leave it out."), ("inference", name))
        for index, server in enumerate(self.remote.allowed):
            if server.pictures == "covered":
                raise mistake(
                    _("workers cover nothing, so pictures that are to be covered can't go there"),
                    _("Say plain, or leave the server out."),
                    ("remote", "allowed", index, "pictures"),
                )
        return self

    @model_validator(mode="after")
    def _each_once(self) -> CloudTasks:
        names = [task.name for task in self.tasks]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise mistake(_("two tasks have the same name"), _("Rename one."), ("tasks", index, "name"))
        return self

    def for_message(self, site: str, kind: str, camera_id: str) -> list[str]:
        """Names of the tasks for the file of a message.

        Args:
            site: that sent it.
            kind: of the message, sealed or picture.
            camera_id: its camera.
        """
        return [
            task.name
            for task in self.tasks
            if task.takes == _TAKES.get(kind)
            and (not task.sites or site in task.sites)
            and (not task.cameras or camera_id in task.cameras)
        ]

    def takes(self, site: str) -> list[str]:
        """Kinds of messages of a site whose files any task takes."""
        wanted = {task.takes for task in self.tasks if not task.sites or site in task.sites}
        return [kind for kind, takes in sorted(_TAKES.items()) if takes in wanted]


def read_tasks(path: Path) -> CloudTasks:
    """Read the file. Key files that it names without a full path are beside it.

    Raises:
        CloudError: it is not there, or wrong; each fault with its place.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CloudError(
            _("The tasks {path} can't be read: {why}").format(path=path, why=error.strerror or error), _(_HINT)
        ) from error
    try:
        parsed = parse(decode(raw))
    except Misread as error:
        raise _wrong(path, (error.problem,)) from None
    try:
        tasks = CloudTasks.model_validate(parsed.data)
    except ValidationError as error:
        raise _wrong(path, problems(error, parsed, CloudTasks)) from error
    keys = tuple(one.model_copy(update={"file": _beside(path, one.file)}) for one in tasks.keys)
    return tasks.model_copy(update={"keys": keys})


def _beside(path: Path, file: str) -> str:
    return file if file.startswith("~") else str(path.absolute().parent / file)


def _wrong(path: Path, found: Sequence[Problem]) -> CloudError:
    """What is wrong in a file, each fault with its line, and what to do where that is known."""
    ends = [one for one in found if not any(other.key.startswith(f"{one.key}.") for other in found)]
    faults = "; ".join(_fault(one) for one in ends[:_MOST_FAULTS])
    if (more := len(ends) - _MOST_FAULTS) > 0:
        faults += ngettext("; and {n} more", "; and {n} more", more).format(n=more)
    return CloudError(_("The tasks {path} can't be used: {faults}").format(path=path, faults=faults), _(_HINT))


def _fault(one: Problem) -> str:
    said = ": ".join(filter(None, (one.key, one.what)))
    if one.line:
        said = _("line {line}, {said}").format(line=one.line, said=said)
    return f"{said} ({one.hint.rstrip('.')})" if one.hint else said
