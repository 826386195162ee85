"""See the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.base import Backend, BackendError, BackendInfo, Device, Done, LoadOptions, ModelPlace, Outputs, file_of
from backends.places import Answer, Places, pixels_of, warm_up
from models.manifest import ModelFacts, PictureInput
from sightdesk_opencv.onnx_facts import facts_of

SIDE_BY_SIDE = 2


class OpenCvRuntime:
    """See `backends.base.Runtime`."""

    name = "opencv"
    api_version = 1  # written for this one: not Sightdesk's own constant, which would follow any change

    def devices(self) -> list[Device]:
        """The CPU."""
        return [Device("CPU", "OpenCV's network engine")]

    def inspect(self, model: ModelPlace) -> ModelFacts:
        """See `backends.base.Runtime.inspect`."""
        path = _onnx(file_of(model))
        try:
            return facts_of(path.read_bytes())
        except (ValueError, IndexError) as error:
            raise BackendError(f"{path.name} can't be read as a model: {error}.", "Fetch the file again.") from error

    def load(self, model: ModelPlace, picture: PictureInput, device: str, options: LoadOptions) -> Backend:
        """See `backends.base.Runtime.load`."""
        path = _onnx(file_of(model))
        if device.upper() != "CPU":
            raise BackendError(f"OpenCV has no device {device} here.", "It has: CPU.")
        outputs = [tensor.name for tensor in self.inspect(path).outputs]
        nets = options.below(lambda: [_net(path) for _ in range(SIDE_BY_SIDE)])
        backend = OpenCvBackend(nets, picture, outputs)
        warm_up(backend, picture)
        return backend


class OpenCvBackend:
    """Networks that run side by side, for one is not made for two threads. See `backends.base.Backend`."""

    def __init__(self, nets: list[Any], picture: PictureInput, outputs: list[str]) -> None:
        import cv2

        self._picture, self._outputs = picture, outputs
        self.info = BackendInfo("opencv", cv2.__version__, "CPU", "f32", len(nets), asked="CPU")
        self._places: Places[Any] = Places("opencv", nets)

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`."""
        pixels = pixels_of(inputs, self._picture, self.info.max_batch)

        def start(net: Any) -> Answer:
            return lambda: self._run(net, pixels)

        self._places.submit(start, done)

    def close(self) -> None:
        """See `backends.base.Backend.close`."""
        self._places.close()

    def _run(self, net: Any, pixels: NDArray[np.uint8]) -> Outputs:
        import cv2

        from backends.pictures import to_tensor

        try:
            net.setInput(to_tensor(pixels, self._picture), self._picture.name)
            answers = net.forward(self._outputs)
        except cv2.error as error:
            raise BackendError(f"The inference failed: {error.err}.") from error
        return {name: np.array(answer) for name, answer in zip(self._outputs, answers, strict=True)}


def _onnx(path: Path) -> Path:
    if path.suffix.lower() != ".onnx":
        raise BackendError(f"{path.name} is not a kind of file this runtime reads (.onnx).")
    if not path.is_file():
        raise BackendError(f"There is no file {path}.")
    return path


def _net(path: Path) -> Any:
    import cv2

    try:
        return cv2.dnn.readNetFromONNX(str(path))
    except cv2.error as error:
        raise BackendError(f"{path.name} can't be read as a model: {error.err}.", "Fetch the file again.") from error
