"""Under which policy a camera's pictures are kept and sent."""

from __future__ import annotations

from console.settings.privacy import PrivacySettings
from console.settings.schema import CameraSettings
from models.policy import Area, Cover, PublishedFootage


def policy_for(camera: CameraSettings, privacy: PrivacySettings) -> Cover | PublishedFootage:
    """What is covered in a camera's pictures: as for the site where the camera says nothing else.

    Nothing is only where the footage was published anyway.
    """
    own = camera.privacy
    purpose = own.purpose or privacy.purpose
    if camera.published_as:
        return PublishedFootage(published_as=camera.published_as, purpose=purpose)
    return Cover(
        faces=privacy.faces if own.faces is None else own.faces,
        heads=own.heads or privacy.heads,
        plates=own.plates or privacy.plates,
        classes=privacy.cover if own.cover is None else own.cover,
        areas=tuple(Area(points=area.points) for area in own.areas),
        style=own.style or privacy.style,
        seal_plates_for=own.seal_plates_for,
        seal_doubtful_for=own.seal_doubtful_for,
        seal_doubtful_labels=own.seal_doubtful_labels if own.seal_doubtful_for else (),
        purpose=purpose,
    )


def is_live_covered(camera: CameraSettings, privacy: PrivacySettings) -> bool:
    """Whether the live picture of a camera is covered too, as its kept pictures are."""
    return not camera.published_as and (privacy.live if camera.privacy.live is None else camera.privacy.live)
