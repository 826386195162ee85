"""A running site: settings in, cameras and models running, results out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from console.errors import SightdeskError
from console.pipeline.finisher import Sink
from console.pipeline.loader import Finder, LoadedModel, load_model
from console.pipeline.pipeline import Pipeline
from console.settings.schema import CameraSettings, InferenceSettings, Settings, StageSettings
from console.sources.base import Source
from console.sources.factory import open_source
from models.states import CameraState

log = logging.getLogger(__name__)

SecretReader = Callable[[str], str]
"""From a secret's name to the secret. Raises SecretError."""
_Wanted = tuple[CameraSettings, list[tuple[str, StageSettings]]]


class Site:
    """Reconciles what runs with what the settings ask for. All methods belong to one thread, its owner's.

    Args:
        find: finds models.
        secret: reads the cameras' passwords.
        pipeline: what runs them; a new one by default.
        cache: folder for compiled models, or None.
    """

    def __init__(
        self, find: Finder, secret: SecretReader, pipeline: Pipeline | None = None, cache: Path | None = None
    ) -> None:
        self._find = find
        self._secret = secret
        self._cache = cache
        self.pipeline = pipeline or Pipeline()
        self._running: dict[str, _Wanted] = {}

    def subscribe(self, sink: Sink) -> None:
        """Hand every result to `sink`; see `Pipeline.subscribe`."""
        self.pipeline.subscribe(sink)

    def apply(self, settings: Settings, *, pictures_first: bool = False) -> None:
        """Bring what runs in line with the settings.

        Cameras that did not change are not touched, nor is one that was only renamed; one that has given up is started
        anew. A model file that changed is loaded anew.

        New models are compiled and warmed up first; only then are cameras stopped and started. A change that can't be
        made leaves everything as it was.

        Args:
            settings: what is wanted.
            pictures_first: start new cameras at once and let their models follow, so that a screen has something to
                show; should the models fail, these cameras run on without.

        Raises:
            ModelError, CatalogError: a model can't be had or run.
            UsageError: the stages of a camera don't fit together.
        """
        wanted = {
            camera.id: (camera, _stages(camera, settings.inference)) for camera in settings.cameras if camera.enabled
        }
        if pictures_first:
            self._show(wanted)
        for key, loaded in self._load_missing(wanted, settings.inference).items():
            self.pipeline.add_model(key, loaded)
        try:
            for _, stages in wanted.values():
                self.pipeline.check(stages)
        except SightdeskError:
            self._release_unused()
            raise
        for camera_id in [c for c in self._running if not self._goes_on(c, wanted.get(c))]:
            self.pipeline.remove_camera(camera_id)
            del self._running[camera_id]
        for camera_id, (camera, stages) in wanted.items():
            if camera_id not in self._running:
                self.pipeline.add_camera(camera, stages, lambda camera=camera: self._open(camera))  # type: ignore[misc]
            elif not self._running[camera_id][1]:
                self.pipeline.set_stages(camera_id, stages)
            self._running[camera_id] = camera, stages
        self._release_unused()

    def _show(self, wanted: dict[str, _Wanted]) -> None:
        """Start cameras that are new, without their models."""
        for camera_id, (camera, _stages) in wanted.items():
            if camera_id not in self._running:
                self.pipeline.add_camera(camera, None, lambda camera=camera: self._open(camera))  # type: ignore[misc]
                self._running[camera_id] = camera, []

    def close(self) -> list[str]:
        """Stop everything; see `Pipeline.close`."""
        return self.pipeline.close()

    def _goes_on(self, camera_id: str, wanted: _Wanted | None) -> bool:
        """Whether a running camera can be left alone. Name and group are only shown, and not by what runs."""
        if wanted is None or self.pipeline.status(camera_id).state is CameraState.FAILED:
            return False
        (now, stages), (camera, wanted_stages) = self._running[camera_id], wanted
        shown = {"name": camera.name, "group": camera.group}
        return stages in (wanted_stages, []) and now.model_copy(update=shown) == camera

    def _load_missing(self, wanted: dict[str, _Wanted], inference: InferenceSettings) -> dict[str, LoadedModel]:
        """Load what is not loaded yet; on a failure nothing stays behind."""
        loaded: dict[str, LoadedModel] = {}
        try:
            for _camera, stages in wanted.values():
                for key, stage in stages:
                    if key not in loaded and key not in self.pipeline.models:
                        log.info("loading the model %s", stage.model)
                        loaded[key] = load_model(stage.model, self._find, inference, self._cache)
        except BaseException:
            for model in loaded.values():
                model.backend.close()
            raise
        return loaded

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


def _stages(camera: CameraSettings, inference: InferenceSettings) -> list[tuple[str, StageSettings]]:
    """A camera's stages, each with the key of its loaded model: the same model set up otherwise is another one."""
    stages = camera.stages or (StageSettings(model=inference.model),)
    how = f"{inference.backend}/{inference.device}/{inference.precision}/{inference.scaling}"
    return [(f"{stage.model}{_stamp(stage.model)} on {how}", stage) for stage in stages]


def _stamp(model: str) -> str:
    """What tells a model file from a later one at the same path; empty for a name of the catalogue.

    OpenVINO keeps the weights beside the .xml, in a .bin. The catalogue's own files never change.
    """
    stamps = []
    for suffix in ("", ".bin"):
        with suppress(OSError, RuntimeError, ValueError):
            path = Path(model).expanduser()
            if path.is_file():
                found = (path.with_suffix(suffix) if suffix else path).stat()
                stamps.append(f"{found.st_size}/{found.st_mtime_ns}")
    return f" ({', '.join(stamps)})" if stamps else ""
