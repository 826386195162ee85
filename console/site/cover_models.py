"""The face and plate models of a site: loaded as its own are, but one picture at a time, and never on a server."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from console.errors import ModelError
from console.pipeline.loader import Finder, LoadedModel, Surroundings, is_served, load_model
from console.privacy.core_dumps import refuse_core_dumps
from console.privacy.looking.finders import Finders
from console.privacy.policies import policy_for
from console.privacy.redactor import Redactor
from console.settings.inference import InferenceSettings
from console.settings.privacy import PrivacySettings
from console.settings.schema import Settings
from models.coverage import needs
from models.words import _

log = logging.getLogger(__name__)

_SURE = {"backend": "openvino", "device": "CPU"}
"""What runs every model of the catalogue, at any size of its input."""


class CoverModels:
    """Keeps them, and the redactor that covers what they find. Any thread may call it.

    Args:
        find: finds their files.
        cache: folder for compiled models, or None.
        ending: set by `close`; gives up what `find` fetches.

    Attributes:
        finders: the models, each loaded when the first picture is to be covered.
        redactor: covers pictures.
    """

    def __init__(self, find: Finder, cache: Path | None, ending: threading.Event | None = None) -> None:
        refuse_core_dumps()  # whoever has pictures covered has them plain in memory
        self._find, self._cache, self._ending = find, cache, ending or threading.Event()
        self._inference = InferenceSettings()
        self.finders = Finders(self.load, PrivacySettings())
        self.redactor = Redactor(self.finders)

    def take_on(self, settings: Settings) -> None:
        """From now on look and load as these settings say; returns at once."""
        before, self._inference = self._inference, settings.inference.model_copy(update={"batch": 1})
        self.finders.apply(settings.privacy)
        if any(getattr(before, key) != getattr(self._inference, key) for key in ("backend", "device", "precision")):
            self.finders.reload()

    def want(self, settings: Settings) -> None:
        """Have what the cameras' policies need loaded before the first picture asks for it; returns at once."""
        policies = [policy_for(camera, settings.privacy) for camera in settings.cameras if camera.enabled]
        self.finders.want(frozenset().union(*map(needs, policies)))

    def close(self) -> list[str]:
        """Look at nothing any more; names of threads that still load, or hang in a model, and end by themselves."""
        self._ending.set()
        return self.finders.close()

    def load(self, name: str, size: tuple[int, int] | None) -> LoadedModel:
        """Load a model where the site's run; where that can't be, by OpenVINO on the CPU.

        Args:
            name: a catalogue name or a file.
            size: (width, height) of its input, where it leaves that free; None: its own.

        Raises:
            ModelError, CatalogError: it can't be had or run.
        """
        if is_served(name):
            raise ModelError(
                _("{model} is on a server, and what is to be covered is looked for on this machine.").format(
                    model=name
                ),
                _("Name a model of the catalogue, or a file."),
            )
        around = Surroundings(self._find, self._cache, size=size, soonest=True)
        inference = self._inference
        try:
            return load_model(name, self._find, inference, around=around)
        except ModelError as error:
            if all(getattr(inference, key) == value for key, value in _SURE.items()):
                raise
            log.info("%s runs on the CPU instead: %s", name, error)
            return load_model(name, self._find, inference.model_copy(update=_SURE), around=around)
