"""The models of tasks: each loaded once, whichever tasks and stages use it, on what the tasks file says.

A task whose models can't be loaded is left out and said so; its jobs wait for a worker that can.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from backends.base import BackendError
from console.cloud.errors import CloudError
from console.cloud.tasks import CloudTasks, Task
from console.cloud.working.cascade import Plan, StagePlan
from console.cloud.working.looking import Model
from console.errors import CatalogError, ModelError
from console.pipeline.loader import Finder, is_served, load_model
from console.settings.inference import StageSettings
from models.decoders import thresholds_for
from models.words import _

log = logging.getLogger(__name__)

_END_S = 3.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """Tasks that can be worked on, and why others can't.

    Attributes:
        plans: by the task's name.
        left_out: by the task's name, in words.
    """

    plans: Mapping[str, Plan]
    left_out: Mapping[str, str]

    @property
    def models(self) -> list[Model]:
        """Each once."""
        return list({id(model): model for plan in self.plans.values() for model in plan.models}.values())

    def close(self) -> None:
        """Let go of the models; of one that hangs, not."""
        _close(self.models)


def load_tasks(
    tasks: CloudTasks, find: Finder, cache: Path | None, *, batch: int, told: Callable[[str], None] = log.info
) -> Loaded:
    """Load the models of all tasks.

    Args:
        tasks: the file.
        find: finds models by catalogue name or file.
        cache: folder for compiled models, or None.
        batch: pictures a model is given at once, at most.
        told: told of each model that is loaded.

    Raises:
        CloudError: there are no tasks, or none can be worked on; says why.
    """
    if not tasks.tasks:
        raise CloudError(_("There is no task to work on."), _("sightdesk cloud tasks shows a file to begin with."))
    models: dict[str, Model | ModelError | CatalogError | BackendError] = {}
    plans: dict[str, Plan] = {}
    left_out: dict[str, CloudError] = {}
    for task in tasks.tasks:
        for stage in task.stages:
            if stage.model not in models:
                models[stage.model] = _try(stage.model, tasks, find, cache, batch)
                told(_told(stage.model, models[stage.model]))
        try:
            plans[task.name] = plan_of(task, models)
        except CloudError as error:
            left_out[task.name] = error
    loaded = Loaded(plans, {name: str(error) for name, error in left_out.items()})
    _close([model for model in models.values() if isinstance(model, Model) and model not in loaded.models])
    if not plans:
        raise next(iter(left_out.values()))
    return loaded


def _close(models: Sequence[Model]) -> None:
    threads = [Thread(target=model.backend.close, name=f"close {model.name}", daemon=True) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_END_S)


def plan_of(task: Task, models: Mapping[str, Model | ModelError | CatalogError | BackendError]) -> Plan:
    """A task with its models.

    Raises:
        CloudError: one of them could not be loaded, or a stage asks for a label that there is not.
    """
    stages: list[StagePlan] = []
    for stage in task.stages:
        model = models[stage.model]
        if not isinstance(model, Model):
            raise CloudError(
                _("The task {task} can't be worked on: {what}").format(task=task.name, what=model.what), model.hint
            ) from model
        try:
            thresholds = thresholds_for(model.detector.manifest, stage.confidence, stage.thresholds)
        except ValueError as error:
            raise CloudError(_("The task {task} is wrong: {error}.").format(task=task.name, error=error)) from error
        parent, parent_class = _parent(task, stage, stages)
        stages.append(StagePlan(model, thresholds, parent, parent_class))
    return Plan(task, tuple(stages))


def _parent(task: Task, stage: StageSettings, earlier: list[StagePlan]) -> tuple[int | None, int]:
    """The first earlier stage that finds what this one looks into, and its class; None: it looks at whole pictures."""
    if stage.on is None:
        return None, 0
    for number, one in enumerate(earlier):
        labels = one.model.detector.manifest.labels
        if stage.on in labels:
            return number, labels.index(stage.on)
    known = [label for one in earlier for label in one.model.detector.manifest.labels]
    raise CloudError(
        _("The task {task} is wrong: {model} is to look into {on!r}, which no earlier stage finds.").format(
            task=task.name, model=stage.model, on=stage.on
        ),
        _("Earlier labels: {labels}.").format(labels=", ".join(known) or _("none")),
    )


def _try(
    name: str, tasks: CloudTasks, find: Finder, cache: Path | None, batch: int
) -> Model | ModelError | CatalogError | BackendError:
    """A model, or why it can't be loaded."""
    settings = tasks.inference.of(name).model_copy(update={"batch": batch})
    try:
        if is_served(name):
            from console.cloud.working.served import load_served  # noqa: PLC0415  # only where there is one

            return load_served(name, settings, tasks.remote)
        loaded = load_model(name, find, settings, cache)
    except (ModelError, CatalogError, BackendError) as error:
        return error
    return Model(loaded.detector.manifest.name, loaded.detector, loaded.backend, loaded.batch)


def _told(name: str, model: Model | ModelError | CatalogError | BackendError) -> str:
    if not isinstance(model, Model):
        return _("{model} can't be loaded: {what}").format(model=name, what=model.what)
    info = model.backend.info
    if model.served:
        return _("{model} is served by {runtime} {version}: pictures are sent to {device}").format(
            model=model.name, runtime=info.runtime, version=info.version, device=info.device
        )
    return _("{model} runs on {runtime} {version}, {device} ({precision}), {batch} at a time").format(
        model=model.name, runtime=info.runtime, version=info.version, device=info.device, precision=info.precision,
        batch=model.batch,
    )  # fmt: skip
