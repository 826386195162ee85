"""The pipeline: cameras in, results out. Every thread it starts it also ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict

from console.errors import ModelError, UsageError
from console.health.watchdog import Watchdog
from console.pipeline.capture import Capture, Opener
from console.pipeline.costs import Costs, NoCosts
from console.pipeline.finisher import Finisher, Sink
from console.pipeline.inference import InferenceLoop
from console.pipeline.lane import Lane
from console.pipeline.loader import LoadedModel
from console.pipeline.memory import keep_freed_memory
from console.pipeline.meters import CameraMeter
from console.pipeline.work import StagePlan
from console.settings.schema import CameraSettings, StageSettings
from console.sources.recent import Recent
from models.decoders import thresholds_for
from models.results import Result
from models.states import CameraStatus
from models.words import _

log = logging.getLogger(__name__)

STALLED_S = 10.0
"""A thread that serves all cameras and stands still for so long is named in the log, with where it stands."""


class Pipeline:
    """Runs cameras through loaded models.

    Cameras come and go while others run; none is affected by another's end. All methods belong to one thread, its
    owner's.

    Args:
        watchdog: watches the threads that serve all cameras; none by default.
        costs: where CPU time is charged; nowhere by default.
        keep_s: how much of every camera's past is held in memory, in seconds; for a screen.
    """

    def __init__(self, watchdog: Watchdog | None = None, costs: Costs | None = None, *, keep_s: float = 0.0) -> None:
        self._keep_s = keep_s
        keep_freed_memory()
        self._watchdog = watchdog or Watchdog()
        self._costs = costs or NoCosts()
        self._sinks: tuple[Sink, ...] = ()
        self._finisher = Finisher(self._publish, self._watchdog.watch("finisher", STALLED_S), self._costs)
        self._models: dict[str, InferenceLoop] = {}
        self._cameras: dict[str, tuple[Lane, Capture]] = {}
        self._leaving: list[Capture] = []
        self._leaving_models: list[InferenceLoop] = []

    def subscribe(self, sink: Sink) -> None:
        """Hand every result to `sink`, on the finisher's thread: it must return soon."""
        self._sinks = (*self._sinks, sink)

    def add_model(self, key: str, loaded: LoadedModel) -> None:
        """Serve a loaded model under `key`; the pipeline owns and closes it."""
        self._models[key] = InferenceLoop(
            loaded.detector,
            loaded.backend,
            self._finisher.put,
            self._watchdog.watch(f"inference {loaded.detector.manifest.name}", STALLED_S),
            self._costs,
        )

    @property
    def models(self) -> list[str]:
        """Keys of the models that serve."""
        return list(self._models)

    def remove_model(self, key: str) -> None:
        """Release a model that no camera uses any more. Returns at once; what it is running ends first."""
        loop = self._models.pop(key)
        loop.stop()
        self._leaving_models = [left for left in [*self._leaving_models, loop] if left.join(0)]

    def check(self, stages: Sequence[tuple[str, StageSettings]]) -> None:
        """See that stages fit together. Raises what `add_camera` raises about them."""
        self._plan(stages)

    def add_camera(
        self, camera: CameraSettings, stages: Sequence[tuple[str, StageSettings]] | None, opener: Opener
    ) -> None:
        """Start a camera. A stage comes with the key its model was added under.

        Without stages (None) its models are not here yet: it shows pictures, and `set_stages` brings the models.

        Raises:
            UsageError: a camera of that id runs already, or a stage looks into a label no earlier stage has.
            ModelError: a stage names a model that is not loaded, or a threshold for a label it does not have.
        """
        if camera.id in self._cameras:
            raise UsageError(_("A camera with the id {id} runs already.").format(id=camera.id))
        plans, labels = self._plan(stages) if stages is not None else ([], ())
        lane = Lane(camera, plans, labels)
        if self._keep_s:
            lane.recent = Recent(self._keep_s, tracked=camera.track)
        capture = Capture(lane, opener, self._costs)
        self._cameras[camera.id] = (lane, capture)
        self._serve(lane)
        capture.start()

    def set_stages(self, camera_id: str, stages: Sequence[tuple[str, StageSettings]]) -> None:
        """Give a camera that was started without a model its stages; its pictures go on. Raises as `add_camera`."""
        old, capture = self._cameras[camera_id]
        if old.plans:
            raise UsageError(_("The camera {camera_id} has its models already.").format(camera_id=camera_id))
        lane = old.successor(*self._plan(stages))
        self._serve(lane)
        capture.move(lane)
        self._cameras[camera_id] = (lane, capture)

    def _serve(self, lane: Lane) -> None:
        if lane.plans:
            self._finisher.watch(lane)
            lane.plans[0].loop.add(lane)

    def remove_camera(self, camera_id: str) -> None:
        """Stop a camera. Returns at once; its thread, should it hang in a read, ends by itself within its limit."""
        lane, capture = self._cameras.pop(camera_id)
        capture.stop()
        if lane.plans:
            lane.plans[0].loop.remove(lane)
        self._leaving = [left for left in [*self._leaving, capture] if not left.join(0)]

    @property
    def cameras(self) -> list[str]:
        """Ids of the cameras, in the order they were added."""
        return list(self._cameras)

    def status(self, camera_id: str) -> CameraStatus:
        """How a camera stands."""
        return self._cameras[camera_id][1].status

    def meter(self, camera_id: str) -> CameraMeter:
        """A camera's figures."""
        return self._cameras[camera_id][0].meter

    def lane(self, camera_id: str) -> Lane:
        """A camera's place, for its latest frame and result."""
        return self._cameras[camera_id][0]

    def ran(self, camera_id: str) -> list[dict[str, object]]:
        """What really runs for a camera, stage by stage."""
        plans = self._cameras[camera_id][0].plans
        return [{"model": plan.name, **asdict(plan.loop.backend.info)} for plan in plans]

    def idle(self) -> bool:
        """True when no camera will bring another frame and every frame is accounted for."""
        return all(capture.finished and lane.meter.on_the_way() == 0 for lane, capture in self._cameras.values())

    def close(self, patience_s: float = 2.5) -> list[str]:
        """Stop everything within about `patience_s`; returns the names of threads that are stuck in a read or a model.

        Those end by themselves, a read within its limit; nothing they bring is used any more.
        """
        deadline = time.monotonic() + patience_s
        captures = [capture for _, capture in self._cameras.values()]
        loops = [*self._models.values(), *self._leaving_models]
        for capture in captures:
            capture.stop()
        for loop in loops:
            loop.stop()
        stuck = [loop.join(deadline - time.monotonic()) for loop in loops]
        self._finisher.stop()
        stuck.append(self._finisher.join(max(deadline - time.monotonic(), 0.2)))  # it was told only now
        waiting = [*captures, *self._leaving]
        self._leaving = [c for c in waiting if not c.join(max(deadline - time.monotonic(), 0))]
        for lane, _capture in self._cameras.values():  # after the captures, which account for what they still hold
            self._let_go(lane)
        return [*filter(None, stuck), *(capture.name for capture in self._leaving)]

    @staticmethod
    def _let_go(lane: Lane) -> None:
        """Account for frames that were under way when everything stopped."""
        for _frame in range(lane.meter.on_the_way()):
            lane.meter.drop("stopped")

    def _publish(self, result: Result) -> None:
        for sink in self._sinks:
            try:
                sink(result)
            except Exception:  # a sink is somebody else's code: it may fail, the pipeline may not
                log.exception("a receiver of results failed")

    def _plan(self, stages: Sequence[tuple[str, StageSettings]]) -> tuple[list[StagePlan], tuple[str, ...]]:
        plans: list[StagePlan] = []
        labels: list[str] = []
        owner: list[int] = []
        for number, (key, stage) in enumerate(stages):
            if key not in self._models:
                raise ModelError(_("The model {model} is not loaded.").format(model=stage.model))
            loop = self._models[key]
            manifest = loop.detector.manifest
            if not manifest.labels and len(stages) > 1:
                raise ModelError(
                    _("{model} names no labels, so its boxes can't be told from those of another stage.").format(
                        model=manifest.name
                    ),
                    _("Use it alone, or a model whose labels are known."),
                )
            try:
                thresholds = thresholds_for(manifest, stage.confidence, stage.thresholds)
            except ValueError as error:
                raise ModelError(str(error)) from error
            parent_class = labels.index(stage.on) if stage.on in labels else None
            if stage.on is not None and parent_class is None:
                raise UsageError(
                    _("{model} is to look into {on!r}, which no earlier stage of the camera finds.").format(
                        model=stage.model, on=stage.on
                    ),
                    _("Earlier labels: {labels}.").format(labels=", ".join(labels) or _("none")),
                )
            parent = None if parent_class is None else owner[parent_class]
            plans.append(StagePlan(loop, thresholds, len(labels), parent, parent_class))
            labels += manifest.labels
            owner += [number] * len(manifest.labels)
        if not plans:
            raise UsageError(_("A camera needs at least one stage."))
        return plans, tuple(labels)
