"""The preview of a camera whose live picture is redacted: before the camera runs it can't be, so it is asked for.

A camera that runs is seen through `RunningView`, as covered as on the wall.
"""

from __future__ import annotations

from collections.abc import Callable

from console.privacy.policies import is_live_covered
from console.settings.schema import CameraSettings
from console.ui.workplace import Workplace
from models.words import _


class Unredacted:
    """Whether one dialog may show such a picture.

    Args:
        workplace: where a supervisor is asked for, and where it is recorded.
        original: the camera that is changed; None for a new one.
    """

    def __init__(self, workplace: Workplace, original: CameraSettings | None) -> None:
        self._workplace = workplace
        self._original = original
        self._allowed = False

    @property
    def words(self) -> str:
        """Why there is no picture."""
        return _("Until it is saved its picture can only be seen unredacted. That is for a supervisor, and recorded.")

    def withholds(self, camera: CameraSettings) -> bool:
        """Whether the picture of what is filled in may not be shown yet: it is redacted so, or as it runs now."""
        privacy = self._workplace.settings.privacy
        either = (camera, self._original or camera)
        return not self._allowed and any(is_live_covered(one, privacy) for one in either)

    def ask(self, camera: CameraSettings, again: Callable[[], None], then: Callable[[], None]) -> None:
        """Ask for it.

        Args:
            camera: as it is filled in.
            again: done once a supervisor has said the PIN.
            then: done once it may be shown, which is recorded by then.
        """
        if not self._workplace.may(_("Seeing this picture unredacted"), again):
            return

        def seen(_recorded: None) -> None:
            self._allowed = True
            then()

        self._workplace.jobs.start(
            _("Recording a look at {camera}").format(camera=camera.title),
            lambda _job: self._workplace.record("preview shown unredacted", camera=camera.id),
            seen,
        )
