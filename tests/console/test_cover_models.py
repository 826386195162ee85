"""A site's face and plate models: loaded as its own are, on this machine, and no reason why anything should wait."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.errors import ModelError, SecretError
from console.settings.privacy import PrivacySettings
from console.settings.schema import CameraSettings, Settings
from console.site.cover_models import CoverModels
from console.site.site import Site
from models.findings import Kind
from models.frames import ArrayPicture
from models.manifest import ModelManifest
from tests.conftest import SHARED
from tests.console.fakes import wait_until

BOTH: frozenset[Kind] = frozenset({"faces", "plates"})
PLATES = "vehicle-license-plate-detection-barrier-0106"


def no_secret(name: str) -> str:
    raise SecretError(f"no secret {name}")


def nothing(name: str) -> tuple[Path, ModelManifest | None]:
    raise ModelError(f"There is no {name} here.")


def test_a_site_without_them_says_so_and_ends_at_once() -> None:
    site = Site(nothing, no_secret)
    site.covers.take_on(Settings())
    grey = ArrayPicture(np.full((90, 160, 3), 120, np.uint8))
    found = site.covers.finders.look(grey, BOTH)
    assert found.faces is None
    assert found.plates is None
    assert "There is no centerface here" in site.redactor.problems()["faces"]
    assert PLATES in site.redactor.problems()["plates"]
    begun = time.monotonic()
    assert site.close() == []
    assert time.monotonic() - begun < 2


def test_a_model_on_a_server_is_not_asked_what_is_to_be_covered() -> None:
    covers = CoverModels(nothing, None)
    with pytest.raises(ModelError, match="on this machine"):
        covers.load("grpcs://models.example:8001/faces", None)
    assert covers.close() == []


def test_real_plates_are_found_by_the_real_model_and_a_picture_of_any_size_is_looked_at(shared: Path) -> None:
    file = SHARED / "models" / f"{PLATES}.xml"
    manifest = ModelManifest(name=PLATES, family="intel-ssd", labels=("background", "vehicle", "plate"))
    site = Site(lambda name: (file, manifest) if name == PLATES else nothing(name), no_secret)
    try:
        camera = CameraSettings(id="a", source="synthetic:street", enabled=False)
        site.apply(Settings(cameras=(camera,), privacy=PrivacySettings(within_s=20)))
        road = cv2.imread(str(shared / "datasets" / "plates_mit" / "images" / "dayride_type1_001.mp4#t=1055.jpg"))
        found = site.covers.finders.look(ArrayPicture(road), BOTH)
        assert found.faces is None
        assert found.plates is not None
        assert len(found.plates) >= 2
        assert found.plates.xyxy[:, 2].max() <= road.shape[1]
        small = site.covers.finders.look(ArrayPicture(road[:40, :60].copy()), BOTH)
        assert small.plates is not None
        wait_until(lambda: "faces" in site.redactor.problems())
        assert "plates" not in site.redactor.problems()
    finally:
        assert site.close() == []
