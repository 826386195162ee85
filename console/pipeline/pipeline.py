"""The pipeline: cameras in, results out. Every thread it starts it also ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from console.errors import ModelError, SightdeskError, UsageError
from console.health.watchdog import Watchdog
from console.pipeline.capture import Capture, Opener
from console.pipeline.costs import Costs, NoCosts
from console.pipeline.covered_display import AnyDisplay
from console.pipeline.finisher import Finisher, Sink
from console.pipeline.inference import InferenceLoop
from console.pipeline.lane import Lane
from console.pipeline.loader import LoadedModel
from console.pipeline.memory import keep_freed_memory
from console.pipeline.meters import CameraMeter
from console.pipeline.work import StagePlan, Stages
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings
from models.decoders import thresholds_for
from models.results import Result
from models.states import CameraStatus
from models.words import _

log = logging.getLogger(__name__)

Wanted = Sequence[tuple[str, StageSettings]]
"""A camera's stages in order, each with the key its model was added under."""
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

    Attributes:
        model_changed: called on the finisher's thread when a model gets into trouble or out of it; must return at once.
    """

    def __init__(self, watchdog: Watchdog | None = None, costs: Costs | None = None, *, keep_s: float = 0.0) -> None:
        self._keep_s = keep_s
        self.model_changed: Callable[[], None] = _nobody
        keep_freed_memory()
        self._watchdog = watchdog or Watchdog()
        self._costs = costs or NoCosts()
        self._sinks: tuple[Sink, ...] = ()
        self._finisher = Finisher(self._publish, self._watchdog.watch("finisher", STALLED_S), self._costs)
        self._models: dict[str, InferenceLoop] = {}
        self._cameras: dict[str, tuple[Lane, Capture]] = {}
        self._wanted: dict[str, Wanted] = {}
        self._leaving: list[Capture] = []
        self._leaving_models: list[InferenceLoop] = []

    def subscribe(self, sink: Sink) -> None:
        """Hand every result to `sink`, on the finisher's thread: it must return soon."""
        self._sinks = (*self._sinks, sink)

    def add_model(self, key: str, loaded: LoadedModel) -> None:
        """Serve a loaded model under `key`; the pipeline owns and closes it."""
        self._models[key] = self._loop(loaded)

    def replace_model(self, key: str, loaded: LoadedModel) -> None:
        """Have another loaded model serve under `key`, for every camera that uses it; the old one is released.

        Make before break: captures, figures and screens go on, and what the old one has under way is finished.

        Raises:
            KeyError: there is no model of that key.
            UsageError, ModelError: a camera's stages don't fit the new model, which is closed; nothing else changed.
        """
        old, self._models[key] = self._models[key], self._loop(loaded)
        users = [camera for camera, wanted in self._wanted.items() if key in {used for used, _stage in wanted}]
        try:
            planned = {camera_id: self._plan(self._wanted[camera_id]) for camera_id in users}
        except SightdeskError:
            self._retire(self._models[key])
            self._models[key] = old
            raise
        for camera_id, stages in planned.items():
            self._swap(self._cameras[camera_id][0], stages)
        self._retire(old)

    def _loop(self, loaded: LoadedModel) -> InferenceLoop:
        return InferenceLoop(
            loaded,
            self._finisher.put,
            self._tell_changed,
            self._watchdog.watch(f"inference {loaded.detector.manifest.name}", STALLED_S),
            self._costs,
        )

    def _tell_changed(self) -> None:
        self.model_changed()

    @property
    def models(self) -> list[str]:
        """Keys of the models that serve."""
        return list(self._models)

    def model(self, key: str) -> InferenceLoop:
        """What serves under a key, for how it stands. Raises KeyError."""
        return self._models[key]

    def remove_model(self, key: str) -> None:
        """Release a model that no camera uses any more. Returns at once; what it is running ends first."""
        self._retire(self._models.pop(key))

    def _retire(self, loop: InferenceLoop) -> None:
        loop.retire(lambda: self._finisher.waits_for(loop))
        self._leaving_models = [left for left in [*self._leaving_models, loop] if left.join(0)]

    def check(self, stages: Wanted) -> None:
        """See that stages fit together. Raises what `add_camera` raises about them."""
        self._plan(stages)

    def add_camera(
        self, camera: CameraSettings, stages: Wanted | None, opener: Opener, display: AnyDisplay | None = None
    ) -> None:
        """Start a camera. A stage comes with the key its model was added under.

        Without stages (None) its models are not here yet: it shows pictures, and `set_stages` brings the models.

        Args:
            camera: which one.
            stages: in order, or None.
            opener: connects to it.
            display: where its pictures wait for the screen, from the first one on; None: shown as they are.

        Raises:
            UsageError: a camera of that id runs already, or a stage looks into a label no earlier stage has.
            ModelError: a stage names a model that is not loaded, or a threshold for a label it does not have.
        """
        if camera.id in self._cameras:
            raise UsageError(_("A camera with the id {id} runs already.").format(id=camera.id))
        planned = self._plan(stages) if stages is not None else Stages()
        lane = Lane(camera, planned.plans, planned.labels, display)
        lane.remember(self._keep_s)
        capture = Capture(lane, opener, self._costs)
        self._cameras[camera.id] = (lane, capture)
        self._wanted[camera.id] = stages or ()
        self._finisher.watch(lane)
        if lane.plans:
            lane.plans[0].loop.add(lane)
        capture.start()

    def set_stages(self, camera_id: str, stages: Wanted) -> None:
        """Give a camera its stages, or others than it has; all else of it goes on. Raises as `add_camera`.

        Frames that the old models have under way are finished by them; the frame that waits goes to the new ones.
        """
        lane, _capture = self._cameras[camera_id]
        planned = self._plan(stages)
        self._wanted[camera_id] = stages
        self._swap(lane, planned)

    @staticmethod
    def _swap(lane: Lane, stages: Stages) -> None:
        """Between the two loops nobody serves the lane; its slot keeps what comes in."""
        if lane.plans:
            lane.plans[0].loop.remove(lane)
        lane.stages = stages
        if stages.plans:
            stages.plans[0].loop.add(lane)

    def remove_camera(self, camera_id: str) -> None:
        """Stop a camera. Returns at once; its thread, should it hang in a read, ends by itself within its limit."""
        lane, capture = self._cameras.pop(camera_id)
        del self._wanted[camera_id]
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
        """What really runs for a camera, stage by stage; `fell_back` says what was asked where that does not run."""
        loops = [plan.loop for plan in self._cameras[camera_id][0].plans]
        return [{"model": loop.name, **loop.backend.info.told(), "fell_back": loop.fell_back} for loop in loops]

    def trouble(self, camera_id: str) -> str:
        """Why a camera has no boxes now although it has models, in words; empty when all is well."""
        plans = self._cameras[camera_id][0].plans
        return next((plan.loop.standing.trouble for plan in plans if plan.loop.standing.trouble), "")

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

    def _plan(self, stages: Wanted) -> Stages:
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
        return Stages(tuple(plans), tuple(labels))


def _nobody() -> None:
    """Nobody wants to know."""
