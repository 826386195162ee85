"""Under which policy a camera's pictures are kept."""

from __future__ import annotations

from console.settings.schema import CameraSettings, PrivacySettings
from models.redaction import PublishedFootage, SolidBoxes


def policy_for(camera: CameraSettings, privacy: PrivacySettings) -> SolidBoxes | PublishedFootage:
    """What is covered in a camera's pictures before they are written: nothing only where they were published anyway."""
    if camera.published_as:
        return PublishedFootage(published_as=camera.published_as, purpose=privacy.purpose)
    return SolidBoxes(classes=privacy.cover, purpose=privacy.purpose)
