"""What redacting a picture costs, beside the bare networks it needs.

Ours is all that the product does between a decoded picture and a `Redacted` one: the pictures drawn for the face and
plate models, both run, their answers read, the coverage decided, the picture converted to BGR and covered. The peer is
OpenVINO alone on the same networks at the same input sizes, one picture after the other, its inputs drawn beforehand.
The two take turns, so that a machine that slows down slows both.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from console.bench.clip import write_h264
from console.bench.pictures import of_clip
from console.errors import SightdeskError
from console.pipeline.loader import Finder, LoadedModel, Surroundings, load_model
from console.privacy.looking.finders import Finders
from console.privacy.redactor import Redactor
from console.settings.schema import Settings
from models.coverage import cover, needs
from models.detections import Detections
from models.frames import Picture
from models.policy import Cover
from models.redaction import redact

LIMIT = 1.3
"""Redacting costs so much of its detector alone at most."""
_LABELS = ("person", "car")
_PURPOSE = "to measure what it costs"
_POLICIES = {
    "faces": Cover(heads="never", plates="no", purpose=_PURPOSE),
    "faces and unsure heads": Cover(plates="no", purpose=_PURPOSE),
    "faces, heads and plates": Cover(purpose=_PURPOSE),
}
_PICTURES, _WARM = 12, 3


def measure(
    find: Finder,
    settings: Settings,
    clip: Path | str,
    *,
    size: tuple[int, int] = (1920, 1080),
    seconds: float = 5.0,
    say: Callable[[str], None] = lambda _words: None,
) -> dict[str, Any]:
    """Milliseconds of redacting a picture, of the bare networks, and their ratio, for a few policies.

    Args:
        find: finds model files.
        settings: the site's: runtime, device, face and plate model.
        clip: pictures come from its beginning, scaled to `size` and encoded as a camera sends them.
        size: (width, height) of the pictures, both even.
        seconds: length of each policy's measurement.
        say: told what is measured.

    Raises:
        SightdeskError: a model or the clip can't be read, or the models give no answer.
    """
    pictures = _pictures(clip, size)
    models = _Models(find, settings)
    finders = Finders(models.load, settings.privacy)
    rows = []
    try:
        for name, policy in _POLICIES.items():
            say(f"{name}, {size[0]}x{size[1]}, {seconds:g} s")
            rows.append({"policy": name, **_policy(Redactor(finders), policy, pictures, models, seconds)})
    finally:
        finders.close()
    return {"size": list(size), "limit": LIMIT, "policies": rows}


@dataclass(frozen=True, slots=True)
class _Models:
    """What the finders load, remembered, so that the peer runs the same networks at the same inputs."""

    find: Finder
    settings: Settings
    loaded: dict[str, LoadedModel] = field(default_factory=dict)

    def load(self, model: str, size: tuple[int, int] | None) -> LoadedModel:
        """Load a model as the site would."""
        around = Surroundings(self.find, None, size=size, soonest=True)
        self.loaded[model] = load_model(model, self.find, self.settings.inference, around=around)
        return self.loaded[model]

    def wanted(self, policy: Cover) -> list[str]:
        """Those that a policy needs."""
        privacy = self.settings.privacy
        return [privacy.face_model, *([privacy.plate_model] if "plates" in needs(policy) else [])]


def _policy(
    redactor: Redactor, policy: Cover, pictures: Sequence[Picture], models: _Models, seconds: float
) -> dict[str, Any]:
    """One policy: ours and the bare networks in turn."""
    seen, size = _seen(pictures[0]), (pictures[0].width, pictures[0].height)

    def ours(picture: Picture) -> None:
        made = redactor.redact(picture, seen, _LABELS, (), policy, within_s=60.0)
        if made.weakened:
            raise SightdeskError(f"The models give no answer: {'; '.join(made.weakened)}.")

    for picture in pictures[:_WARM]:
        ours(picture)
    wanted = models.wanted(policy)
    peers = [_bare(models, model, pictures[0]) for model in wanted]
    taken: list[tuple[float, float, float]] = []
    begin = time.perf_counter()
    while len(taken) < _WARM or time.perf_counter() - begin < seconds:
        picture = pictures[len(taken) % len(pictures)]
        whole = _timed(partial(ours, picture))
        bare = sum(_timed(peer) for peer in peers)
        coverage = cover(policy, size, seen, _LABELS, (), redactor.look(picture, policy))
        taken.append((whole, bare, _timed(partial(redact, picture, coverage))))
    inputs = [models.loaded[model].detector.picture for model in wanted]
    return {
        "models": [
            {"name": model, "input": [own.width, own.height]} for model, own in zip(wanted, inputs, strict=True)
        ],
        "pictures": len(taken),
        "ms": _ms([whole for whole, _bare_s, _paint in taken]),
        "bare_ms": _ms([bare for _whole, bare, _paint in taken]),
        "covering_ms": _ms([paint for _whole, _bare_s, paint in taken]),
        "ratio": round(statistics.median(whole / bare for whole, bare, _paint in taken), 3),
    }


def _bare(models: _Models, name: str, picture: Picture) -> Callable[[], object]:
    """OpenVINO alone on a network, with a picture drawn for it beforehand."""
    import openvino as ov  # noqa: PLC0415
    from openvino.preprocess import ColorFormat, PrePostProcessor  # noqa: PLC0415

    detector, inference, core = models.loaded[name].detector, models.settings.inference, ov.Core()
    own, model = detector.picture, core.read_model(models.find(name)[0])
    model.reshape([1, 3, own.height, own.width] if own.layout == "NCHW" else [1, own.height, own.width, 3])
    steps = PrePostProcessor(model)
    item = steps.input(own.name)
    item.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_color_format(ColorFormat.BGR)
    item.model().set_layout(ov.Layout(own.layout))
    if own.color == "RGB":
        item.preprocess().convert_color(ColorFormat.RGB)
    item.preprocess().convert_element_type(ov.Type.f32).mean(list(own.mean)).scale(list(own.std))
    config = {"PERFORMANCE_HINT": "LATENCY"}
    config |= {"INFERENCE_PRECISION_HINT": "f32"} if inference.precision == "f32" else {}
    request = core.compile_model(steps.build(), inference.device, config).create_infer_request()
    buffer = detector.buffer()
    detector.draw(picture, buffer)
    return lambda: request.infer({0: buffer}, share_inputs=True)


def _pictures(clip: Path | str, size: tuple[int, int]) -> list[Picture]:
    """Decoded pictures of this size, as a camera's are: YUV, still to be converted."""
    drawn = (
        cv2.resize(p.view(p.width, p.height), size, interpolation=cv2.INTER_CUBIC) for p in of_clip(clip, _PICTURES)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "camera.h264"
        write_h264(path, (np.asarray(pixels, np.uint8) for pixels in drawn for _again in range(5)), 10)
        return of_clip(path, _PICTURES)


def _seen(picture: Picture) -> Detections:
    """Ten persons in a row, as a camera's own model would have found them."""
    side, high = picture.width / 12, picture.height
    boxes = [[n * side + 5, high * 0.3, n * side + side * 0.6, high * 0.8] for n in range(10)]
    return Detections.of(boxes, np.full(10, 0.8), np.zeros(10))


def _timed(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _ms(taken: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(np.array(taken) * 1e3, (50, 95))
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}
