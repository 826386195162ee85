"""A running site: settings in, cameras and models running, results out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import ModelError, SightdeskError
from console.pipeline.durations import Durations
from console.pipeline.finisher import Sink
from console.pipeline.lane import Lane
from console.pipeline.loader import Finder, LoadedModel, Surroundings, is_served, load_model
from console.pipeline.loading import Loading, Loads
from console.pipeline.pipeline import Pipeline
from console.privacy.policies import policy_for
from console.settings.inference import InferenceSettings, RemoteSettings, StageSettings
from console.settings.schema import CameraSettings, Settings
from console.site.cover_models import CoverModels
from console.site.live_redaction import LiveRedaction
from console.site.recovery import Choice, Recovery, choices, reason
from console.site.stages import stages_of
from console.sources.base import Source
from console.sources.factory import open_source
from models.policy import Cover, PublishedFootage
from models.states import CameraState
from models.words import _

if TYPE_CHECKING:
    from console.privacy.audit.record import Audit
    from console.privacy.remote import Rules

log = logging.getLogger(__name__)

SecretReader = Callable[[str], str]
"""From a secret's name to the secret. Raises SecretError."""
_PATIENCE_S = 2.5
_EXCHANGED = ("name", "group", "stages", "privacy", "keep", "published_as")
_Wanted = tuple[CameraSettings, list[tuple[str, StageSettings]]]


class Site:
    """Reconciles what runs with what the settings ask for.

    All methods belong to one thread, its owner's, but for `loading`, `cancel_loading` and `close`.

    Args:
        find: finds models.
        secret: reads the cameras' passwords.
        pipeline: what runs them; a new one by default.
        cache: folder for compiled models, or None.
        home: folder in which it is recorded what models on servers were sent; None: none of them is used.
        covers: the face and plate models; None: found by `find`.

    Attributes:
        pipeline: what runs the cameras and models.
        covers: the face and plate models.
        redactor: covers pictures that are to be kept, sent or shown; from any thread.
        live: the live pictures of cameras that are covered.
    """

    def __init__(
        self,
        find: Finder,
        secret: SecretReader,
        pipeline: Pipeline | None = None,
        cache: Path | None = None,
        home: Path | None = None,
        *,
        covers: CoverModels | None = None,
    ) -> None:
        self._find = find
        self._secret = secret
        self._cache = cache
        self.pipeline = pipeline or Pipeline()
        self._running: dict[str, _Wanted] = {}
        self._changing = threading.RLock()
        self._remote = RemoteSettings()
        self._policies: dict[str, Cover | PublishedFootage] = {}
        self._home = home
        self.covers = covers or CoverModels(find, cache)
        self.redactor = self.covers.redactor
        self.live = LiveRedaction(self._lane_of, self.redactor, self.pipeline.subscribe)
        durations = Durations(cache)
        self._loads = Loads(durations)
        self._recovery = Recovery(self.pipeline, self._changing, self._load, Loads(durations))

    def subscribe(self, sink: Sink) -> None:
        """Hand every result to `sink`; see `Pipeline.subscribe`."""
        self.pipeline.subscribe(sink)

    def apply(self, settings: Settings, *, pictures_first: bool = False, taken_on: bool = False) -> None:
        """Bring what runs in line with the settings.

        Cameras that did not change are not touched, nor is one that was only renamed; one that has given up is started
        anew. A model file that changed is loaded anew. One that only gets other models keeps its connection, its
        figures and, where the labels are the same, its tracks.

        New models are compiled and warmed up first; only then are cameras stopped and started, and old models released.
        A change that can't be made leaves everything as it was.

        Args:
            settings: what is wanted.
            pictures_first: start new cameras at once and let their models follow, so that a screen has something to
                show; should the models fail, these cameras run on without.
            taken_on: what is covered live and may be sent was taken on from these settings, or later ones, already.

        Raises:
            ModelError, CatalogError: a model can't be had or run, or `cancel_loading` was called.
            UsageError: the stages of a camera don't fit together.
        """
        wanted = {
            camera.id: (camera, stages_of(camera, settings.inference)) for camera in settings.cameras if camera.enabled
        }
        self.covers.take_on(settings)
        if not taken_on:  # first: whatever else of it fails, nothing plain is shown of a covered camera
            self.live.take_on(settings)
            self.hold_to(settings)
        if pictures_first:
            with self._changing:
                self._show(wanted)
        with self._loads.together():
            loaded = self._load_missing(wanted, settings.inference)
        with self._changing:
            self._take_over(wanted, loaded)
            used = {key: stage.model for _, stages in self._running.values() for key, stage in stages}
            self._recovery.watch({key: choices(model, settings.inference.of(model)) for key, model in used.items()})

    def _take_over(self, wanted: dict[str, _Wanted], loaded: dict[str, LoadedModel]) -> None:
        """From what runs to what is wanted, now that its models are here. Raises UsageError, ModelError."""
        for key, model in loaded.items():
            self.pipeline.add_model(key, model)
        try:
            for _, stages in wanted.values():
                self.pipeline.check(stages)
        except SightdeskError:
            self._release_unused()
            raise
        for camera_id in [c for c in self._running if not self._goes_on(c, wanted.get(c))]:
            self.pipeline.remove_camera(camera_id)
            self.live.forget(camera_id)
            del self._running[camera_id]
        for camera_id, (camera, stages) in wanted.items():
            if camera_id not in self._running:
                self._start(camera, stages)
            elif self._running[camera_id][1] != stages:
                self.pipeline.set_stages(camera_id, stages)
            self._running[camera_id] = camera, stages
        self._release_unused()

    @property
    def loading(self) -> tuple[Loading, ...]:
        """Models on their way now; from any thread."""
        return (*self._loads.loading, *self._recovery.loads.loading)

    def cancel_loading(self) -> None:
        """Have the `apply` that is loading models fail with a ModelError, at once; from any thread. What ran goes on.

        A compile that is under way ends on a thread of its own, and what it brings is closed.
        """
        self._loads.cancel()

    def give_up_loading(self) -> None:
        """Load nothing any more, for good; from any thread, and returns at once."""
        self._loads.close()
        self._recovery.stop()

    def _show(self, wanted: dict[str, _Wanted]) -> None:
        """Start cameras that are new, without their models."""
        for camera_id, (camera, _stages) in wanted.items():
            if camera_id not in self._running:
                self._start(camera, None)
                self._running[camera_id] = camera, []

    def _start(self, camera: CameraSettings, stages: list[tuple[str, StageSettings]] | None) -> None:
        """Start a camera, covered from its first picture on where it has to be. Raises as `Pipeline.add_camera`."""
        with self.live.starting(camera.id) as display:
            self.pipeline.add_camera(camera, stages, lambda: self._open(camera), display)

    def _lane_of(self, camera_id: str) -> Lane | None:
        try:
            return self.pipeline.lane(camera_id)
        except KeyError:
            return None

    def close(self) -> list[str]:
        """Stop everything; names of what is stuck in a read or in compiling a model, and ends by itself."""
        deadline = time.monotonic() + _PATIENCE_S
        self.give_up_loading()
        self.live.close()
        looking = self.covers.close()
        with self._changing:
            left = self.pipeline.close(_PATIENCE_S)
        left += [*self._recovery.join(deadline), *self._loads.join(deadline), *self.live.join(deadline)]
        return [*left, *looking]

    def _goes_on(self, camera_id: str, wanted: _Wanted | None) -> bool:
        """Whether a running camera keeps its connection: names are only shown, models are exchanged."""
        if wanted is None or self.pipeline.status(camera_id).state is CameraState.FAILED:
            return False
        now, camera = self._running[camera_id][0], wanted[0]
        exchanged = {name: getattr(camera, name) for name in _EXCHANGED}
        return now.model_copy(update=exchanged) == camera

    def _load_missing(self, wanted: dict[str, _Wanted], inference: InferenceSettings) -> dict[str, LoadedModel]:
        """Load what is not loaded yet; on a failure nothing stays behind.

        Where nothing serves yet, at a start, the operator's order of fallbacks is gone through at once; what runs is
        never left for a fallback of something new.
        """
        loaded: dict[str, LoadedModel] = {}
        try:
            for _camera, stages in wanted.values():
                for key, stage in stages:
                    if key not in loaded and key not in self.pipeline.models:
                        log.info("loading the model %s", stage.model)
                        wishes = choices(stage.model, inference.of(stage.model))
                        loaded[key] = self._load_first(wishes[:1] if self.pipeline.models else wishes)
        except BaseException:
            for model in loaded.values():
                model.backend.close()
            raise
        return loaded

    def _load_first(self, wishes: list[Choice]) -> LoadedModel:
        """The first of these that can be had. Raises what the first one raised where none can."""
        failure: SightdeskError | None = None
        for choice in wishes:
            try:
                loaded = self._load(choice, self._loads, reason(wishes[0], failure.what) if failure else "")
            except SightdeskError as error:
                if self._loads.given_up:
                    raise
                log.info("%s can't run: %s", choice, error)
                failure = failure or error
            else:
                if loaded.fell_back:
                    log.warning("%s runs instead: %s", choice, loaded.fell_back)
                return loaded
        raise failure or ModelError(_("There is no model to load."))

    def _load(self, choice: Choice, loads: Loads, fell_back: str) -> LoadedModel:
        """Load a model where somebody can watch and cancel it; see `Recovery`. Raises SightdeskError."""
        beside = loads is self._loads and bool(self.pipeline.models)
        audit = self._audit if is_served(choice.model) else None
        around = Surroundings(self._find, self._cache, self._remote, audit, beside, self._rules)
        loaded = loads.load(
            choice.model,
            choice.inference,
            lambda told: load_model(choice.model, self._find, choice.inference, around=around, told=told),
        )
        return replace(loaded, fell_back=fell_back) if fell_back else loaded

    @cached_property
    def _rules(self) -> Rules:
        """What holds for servers, as the settings have it at any time: a word taken back is taken back at once."""
        from console.privacy.covering import Coverer  # noqa: PLC0415  # only where there is a server
        from console.privacy.remote import Rules  # noqa: PLC0415

        return Rules(lambda: self._remote, Coverer(lambda: self.redactor, self._policy_of))

    def hold_to(self, settings: Settings) -> None:
        """From now on send pictures to servers only as these settings allow; at once, and from any thread."""
        self._policies = {camera.id: policy_for(camera, settings.privacy) for camera in settings.cameras}
        self._remote = settings.remote

    def _policy_of(self, camera_id: str) -> Cover | PublishedFootage | None:
        """What holds for a camera now; from any thread."""
        return self._policies.get(camera_id)

    @cached_property
    def _audit(self) -> Audit | None:
        """The home's record of what leaves it."""
        from console.privacy.audit.record import Audit  # noqa: PLC0415  # only where there is a server

        return Audit(self._home) if self._home is not None else None

    def _release_unused(self) -> None:
        used = {key for _, stages in self._running.values() for key, _ in stages}
        for key in [key for key in self.pipeline.models if key not in used]:
            self.pipeline.remove_model(key)

    def _open(self, camera: CameraSettings) -> Source:
        """A fresh connection, with the password read at that moment, so that a changed one needs no restart."""
        login = None
        if camera.login is not None:
            login = camera.login.user, self._secret(camera.login.password.secret)
        return open_source(camera, login)
