"""Cameras whose doubtful vehicles are sealed for a key: for tests of who looks closer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from console.privacy.sealing import PrivateKey
from console.settings.home import Home
from console.settings.privacy import CameraPrivacy
from console.settings.schema import Settings
from tests.console.review_cases import settings as plain_settings

KEY = PrivateKey.new()


def settings(key: str = KEY.public.text, **privacy: Any) -> Settings:
    """Cameras whose doubtful vehicles are sealed."""
    own = CameraPrivacy(seal_doubtful_for=key, **privacy)
    made = plain_settings()
    return made.model_copy(update={"cameras": tuple(one.model_copy(update={"privacy": own}) for one in made.cameras)})


def files(home: Home) -> list[Path]:
    return sorted(home.pictures.rglob("*.sealed"))
