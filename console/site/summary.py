"""What a run came to, in the form `run` and `demo` print."""

from __future__ import annotations

from typing import Any

from console.pipeline.meters import total
from console.pipeline.pipeline import Pipeline
from models.states import CameraState


def summary(pipeline: Pipeline, seconds: float) -> dict[str, Any]:
    """Figures per camera and in total; `seconds` is how long the cameras ran side by side."""
    cameras: dict[str, Any] = {}
    for camera_id in pipeline.cameras:
        ran = pipeline.ran(camera_id)
        status = pipeline.status(camera_id)
        cameras[camera_id] = {
            **pipeline.meter(camera_id).summary(),
            "ran": ran[0] if ran else None,
            "stages": ran,
            "trouble": pipeline.trouble(camera_id),
            "state": str(status.state),
            "detail": status.detail,
        }
    everything = total([pipeline.meter(camera_id) for camera_id in pipeline.cameras], seconds)
    if cameras:
        everything["ran"] = next(iter(cameras.values()))["ran"]
    return {"seconds": round(seconds, 3), "cameras": cameras, "total": everything}


def failures(pipeline: Pipeline) -> dict[str, str]:
    """Cameras that gave up, with the sentence why."""
    states = {camera_id: pipeline.status(camera_id) for camera_id in pipeline.cameras}
    return {camera_id: status.detail for camera_id, status in states.items() if status.state is CameraState.FAILED}
