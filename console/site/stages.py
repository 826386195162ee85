"""The stages of a camera, each with the key of the loaded model it runs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from console.pipeline.loader import is_served
from console.settings.inference import InferenceSettings, StageSettings
from console.settings.schema import CameraSettings


def stages_of(camera: CameraSettings, inference: InferenceSettings) -> list[tuple[str, StageSettings]]:
    """A camera's stages, each with the key of its loaded model: the same model set up otherwise is another one."""
    stages = camera.stages or (StageSettings(model=inference.model),)
    return [(f"{s.model}{_stamp(s.model)} on {_how(s.model, inference.of(s.model))}", s) for s in stages]


def _how(model: str, inference: InferenceSettings) -> str:
    """What sets a loaded model apart from the same one set up otherwise. A served model's device is its server's."""
    batch = f"{inference.scaling}/{inference.batch}/{inference.batch_wait_ms:g}"
    if is_served(model):
        return batch
    return f"{inference.backend}/{inference.device}/{inference.precision}/{batch}"


def _stamp(model: str) -> str:
    """What tells a model file from a later one at the same path; empty for a name of the catalogue.

    OpenVINO keeps the weights beside the .xml, in a .bin. The catalogue's own files never change.
    """
    if is_served(model):
        return ""
    stamps = []
    for suffix in ("", ".bin"):
        with suppress(OSError, RuntimeError, ValueError):
            path = Path(model).expanduser()
            if path.is_file():
                found = (path.with_suffix(suffix) if suffix else path).stat()
                stamps.append(f"{found.st_size}/{found.st_mtime_ns}")
    return f" ({', '.join(stamps)})" if stamps else ""
