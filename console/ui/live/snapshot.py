"""A snapshot: the picture an operator sees, redacted under the camera's policy, through the one writer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from console.errors import PictureError
from console.privacy.policies import policy_for
from console.settings.schema import CameraSettings
from console.sources.past import Past
from console.ui.jobs import Job
from console.ui.workplace import Workplace
from models.coverage import Unanswered
from models.detections import Detections
from models.frames import Picture
from models.policy import Cover, PublishedFootage
from models.results import Gap
from models.words import _


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A picture with what its model found in that very picture: without that it can't be redacted."""

    picture: Picture
    taken_at: datetime
    detections: Detections
    labels: Sequence[str]
    gaps: Sequence[Gap]


def snapshot(workplace: Workplace, camera_id: str, moment: tuple[Past, int] | None = None) -> None:
    """Save what a camera shows, in the background; where it went, or why it was refused, is said as a notice.

    Args:
        workplace: where to.
        camera_id: the camera.
        moment: of a look back (`RewindController.moment`): the picture nearest to it that a model looked at; None: the
            latest one a model looked at.
    """
    camera = next((camera for camera in workplace.settings.cameras if camera.id == camera_id), None)
    if camera is None:
        return
    policy = policy_for(camera, workplace.settings.privacy)
    find = _past(moment, camera) if moment is not None else _latest(workplace, camera)

    def work(_job: Job) -> Path:
        return save(workplace, camera, policy, find())

    def done(path: Path) -> None:
        words = _("Saved a snapshot of {camera}: {file}").format(camera=camera.title, file=path.name)
        workplace.notices.say(words, (_("Open folder"), lambda: open_folder(path)))

    workplace.jobs.start(_("Snapshot of {camera}").format(camera=camera.title), work, done)


def save(workplace: Workplace, camera: CameraSettings, policy: Cover | PublishedFootage, seen: _Seen) -> Path:
    """Redact and write; for a job's thread.

    Raises:
        PictureError: it can't be redacted for certain, or not be written.
    """
    try:
        redacted = workplace.site.redactor.redact(seen.picture, seen.detections, seen.labels, seen.gaps, policy)
    except Unanswered as why:
        raise PictureError(
            _("No snapshot of {camera}: {why}.").format(camera=camera.title, why=why),
            _("A picture in which it can't be known what to cover is not kept."),
        ) from why
    return workplace.writer.write(redacted, camera_id=camera.id, taken_at=seen.taken_at).path


def open_folder(path: Path) -> None:
    """Show a file's folder in the system's own way."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def _latest(workplace: Workplace, camera: CameraSettings) -> Callable[[], _Seen]:
    """The latest picture a model looked at, taken now: what the operator sees when the key is pressed."""
    lane = workplace.site.lane(camera.id)
    latest = lane.latest if lane is not None else None

    def find() -> _Seen:
        if latest is None:
            raise _not_looked_at(camera)
        frame, result = latest
        return _Seen(frame.picture, frame.taken_at, result.detections, result.labels, result.gaps)

    return find


def _past(moment: tuple[Past, int], camera: CameraSettings) -> Callable[[], _Seen]:
    """The picture nearest to a moment of the past that a model looked at; decoded on the job's thread."""
    past, captured_ns = moment

    def find() -> _Seen:
        seen = past.looked_at(captured_ns)
        picture = next(past.pictures(seen.captured_ns), None) if seen is not None else None
        if seen is None or picture is None or picture.captured_ns != seen.captured_ns:
            raise _not_looked_at(camera)
        return _Seen(picture.picture, picture.taken_at, seen.detections, seen.labels, seen.gaps)

    return find


def _not_looked_at(camera: CameraSettings) -> PictureError:
    return PictureError(
        _("No snapshot of {camera}: no model has looked at this picture, so nobody knows what to cover in it.").format(
            camera=camera.title
        ),
        _("Try again when boxes can be drawn."),
    )
