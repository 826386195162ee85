"""`sightdesk cloud tasks`: a file of tasks to begin with, and what is wrong in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import JsonOption, print_json, say

if TYPE_CHECKING:
    from console.cloud.tasks import CloudTasks, Task
    from console.settings.inference import RemoteSettings

TASKS_EXAMPLES = """\b
Examples:
  sightdesk cloud tasks > tasks.yaml
  sightdesk cloud tasks --check tasks.yaml
Then: sightdesk cloud serve --tasks tasks.yaml --workers 1 ...
Exit status: 0 it can be used, 1 it can't.
"""


def tasks(
    check: Annotated[Path | None, typer.Option("--check", metavar="FILE", help="Say what is wrong in a file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a commented file of tasks to begin with, or check one."""
    if check is None:
        from importlib import resources

        text = resources.files("resources").joinpath("cloud_tasks.yaml").read_text("utf-8")
        if as_json:
            print_json({"example": text})
        else:
            typer.echo(text, nl=False)
        return
    from console.cloud.errors import CloudError
    from console.cloud.tasks import read_tasks

    found = read_tasks(check.expanduser())
    faults = [fault for task in found.tasks for fault in (*_faults(task), *_not_allowed(task, found.remote))]
    if faults:
        raise CloudError(f"The tasks {check} can't be used: {'; '.join(faults)}", "Correct them, and check it again.")
    notes = _notes(found)
    if as_json:
        print_json({"tasks": [task.model_dump(mode="json") for task in found.tasks], "notes": notes})
        return
    for task in found.tasks:
        models = " > ".join(stage.model for stage in task.stages)
        typer.echo(f"{task.name}: {task.takes} of {_whose(task)}, {models}")
    for note in notes:
        say(note)
    say("It can be used." if found.tasks else "It can be used, but there is no task in it: files are only kept.")


def _whose(task: Task) -> str:
    sites = f"the sites {', '.join(task.sites)}" if task.sites else "all sites"
    return f"{sites}, cameras {', '.join(task.cameras)}" if task.cameras else sites


def _faults(task: Task) -> list[str]:
    """What a worker would refuse, as far as it can be seen without loading a model."""
    faults, seen = [], set[str]()
    known = [_labels(stage.model) for stage in task.stages]
    for number, (stage, labels) in enumerate(zip(task.stages, known, strict=True)):
        where = f"{task.name}, stage {number + 1}"
        if labels is None and _is_no_model(stage.model):
            faults.append(f"{where}: there is no model {stage.model}")
        if stage.on is not None and None not in known[:number] and stage.on not in seen:
            faults.append(f"{where}: no earlier stage finds {stage.on}")
        faults += [f"{where}: {stage.model} does not find {one}" for one in stage.thresholds if _lacks(labels, one)]
        seen |= labels or set()
    if None not in known:
        faults += [
            f"{task.name}: no stage finds {one}, which is to be answered" for one in task.answer if one not in seen
        ]
    return faults


def _not_allowed(task: Task, remote: RemoteSettings) -> list[str]:
    """Served models whose servers workers may not send pictures to."""
    from console.errors import ModelError
    from console.pipeline.loader import is_served
    from console.privacy.remote import check as check_server

    faults = []
    for number, stage in enumerate(task.stages):
        try:
            if is_served(stage.model):
                check_server(stage.model, remote)
        except ModelError as error:
            faults.append(f"{task.name}, stage {number + 1}: {error}")
    return faults


def _notes(found: CloudTasks) -> list[str]:
    """What may be as it should, and should be known."""
    notes = []
    sealed = [task.name for task in found.tasks if task.takes == "sealed"]
    if sealed and not found.keys:
        notes.append(f"No key is named, so nobody can work on {', '.join(sealed)}: they take sealed crops.")
    files = [stage.model for task in found.tasks for stage in task.stages if _is_file(stage.model)]
    away = [f"The model {one}" for one in dict.fromkeys(files)] + [f"The key {one.file}" for one in found.keys]
    notes += [f"{one} is not on this machine; workers need it." for one in away if _away(one.split(" ", 2)[2])]
    return notes


def _away(file: str) -> bool:
    try:
        return not Path(file).expanduser().is_file()
    except (OSError, RuntimeError):
        return True


def _lacks(labels: set[str] | None, one: str) -> bool:
    return labels is not None and one not in labels


def _labels(model: str) -> set[str] | None:
    """What a model of the catalogue finds; None: it is another, and only loading it tells."""
    from console.catalog.book import built_in

    entry = next((one for one in built_in().models if one.name == model), None)
    return None if entry is None or entry.manifest is None else set(entry.manifest.labels)


def _is_file(model: str) -> bool:
    from console.pipeline.loader import is_served

    return not is_served(model) and Path(model).name != model


def _is_no_model(model: str) -> bool:
    """Whether it is neither a served model nor a file; a file may be on workers' machines alone, if it has a path."""
    from console.pipeline.loader import is_served

    return not is_served(model) and Path(model).name == model and _away(model)
