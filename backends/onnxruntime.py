"""ONNX Runtime on the CPU; reads ONNX."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.base import API_VERSION, Backend, BackendError, BackendInfo, Device, Done, LoadOptions, Outputs
from backends.places import Answer, Places, warm_up
from models.manifest import ModelFacts, PictureInput, TensorFacts
from models.words import _

# From 1.32 on, importing ONNX Runtime on Linux reports the process (its path, the system, a device id that it leaves in
# the user's folder) to its maker over the network. Nothing leaves a site unasked; its library reads this when loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
_DTYPES = {"tensor(float)": "f32", "tensor(float16)": "f16", "tensor(uint8)": "u8", "tensor(int64)": "i64"}


class OnnxRuntime:
    """See `backends.base.Runtime`."""

    name = "onnxruntime"
    api_version = API_VERSION

    @cached_property
    def _ort(self) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise BackendError(
                _("ONNX Runtime can't be imported: {error}.").format(error=error),
                _("Install one of its builds, such as: uv sync --group cpu."),
            ) from error
        onnxruntime.set_default_logger_severity(4)  # its errors reach us as exceptions; stderr belongs to the operator
        return onnxruntime

    def devices(self) -> list[Device]:
        """See `backends.base.Runtime.devices`."""
        if importlib.util.find_spec("onnxruntime") is None:
            why = _("ONNX Runtime is not installed: uv sync --group cpu.")
            return [Device("CPU", "", available=False, why=why)]
        return [Device("CPU", "CPUExecutionProvider")]

    def inspect(self, path: Path) -> ModelFacts:
        """See `backends.base.Runtime.inspect`."""
        session = self._session(path, self._ort.SessionOptions())
        return ModelFacts(
            tuple(_facts(node) for node in session.get_inputs()),
            tuple(_facts(node) for node in session.get_outputs()),
            dict(session.get_modelmeta().custom_metadata_map),
        )

    def load(self, path: Path, picture: PictureInput, device: str, options: LoadOptions) -> Backend:
        """See `backends.base.Runtime.load`."""
        if device.upper() != "CPU":
            raise BackendError(_("ONNX Runtime has no device {device} here.").format(device=device), _("It has: CPU."))
        # whole: its sessions compute on the threads that call them, too
        backend = cast("OnnxRuntimeBackend", options.below(lambda: self._backend(path, picture, options)))
        warm_up(backend, picture)
        return backend

    def _backend(self, path: Path, picture: PictureInput, options: LoadOptions) -> OnnxRuntimeBackend:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        # several small runs side by side keep a CPU fuller than one run spread over all cores
        in_flight = min(cores, 4) if options.hint == "throughput" else 1
        settings = self._ort.SessionOptions()
        settings.intra_op_num_threads = max(cores // in_flight, 1)
        session = self._session(path, settings)
        _check_size(session.get_inputs()[0], picture, path)
        return OnnxRuntimeBackend(session, self._ort.__version__, picture, in_flight)

    def _session(self, path: Path, settings: Any) -> Any:
        if path.suffix.lower() != ".onnx":
            raise BackendError(_("{file} is not a kind of file ONNX Runtime reads (.onnx).").format(file=path.name))
        if not path.is_file():
            raise BackendError(_("There is no file {path}.").format(path=path))
        try:
            # its own fallback would print to the terminal and try the same provider again
            return self._ort.InferenceSession(
                str(path), settings, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except Exception as error:  # its exceptions share no base class but Exception
            raise BackendError(
                _("{file} can't be read as a model: {reason}").format(file=path.name, reason=_words(error)),
                _("The file may be damaged or half downloaded: fetch it again and compare its sha256."),
            ) from error


def runtime() -> OnnxRuntime:
    """The entry point."""
    return OnnxRuntime()


def _words(error: BaseException) -> str:
    text = str(error).split(" : ")[-1].strip() or type(error).__name__
    return text.splitlines()[0][:300]


def _facts(node: Any) -> TensorFacts:
    shape = tuple(d if isinstance(d, int) and d > 0 else None for d in node.shape)
    return TensorFacts(node.name, shape, _DTYPES.get(node.type, node.type))


def _check_size(node: Any, picture: PictureInput, path: Path) -> None:
    wanted = (3, picture.height, picture.width) if picture.layout == "NCHW" else (picture.height, picture.width, 3)
    for stated, want in zip(node.shape[1:], wanted, strict=False):
        if isinstance(stated, int) and stated != want:
            raise BackendError(
                _("{file} states a fixed input of {shape}, not {width} x {height}.").format(
                    file=path.name, shape=list(node.shape), width=picture.width, height=picture.height
                ),
                _("ONNX Runtime can't change it; OpenVINO can: --backend openvino."),
            )


def _convert(pixels: NDArray[np.uint8], picture: PictureInput) -> NDArray[Any]:
    """(N, H, W, 3) uint8 BGR to what the file wants."""
    swap = picture.color == "RGB"
    if picture.dtype == "uint8":
        turned = pixels[..., ::-1] if swap else pixels
        return np.ascontiguousarray(turned if picture.layout == "NHWC" else turned.transpose(0, 3, 1, 2))
    plain = not any(picture.mean) and set(picture.std) == {1.0}
    if picture.layout == "NCHW" and plain:
        return np.asarray(cv2.dnn.blobFromImages(list(pixels), swapRB=swap))
    scaled: NDArray[Any] = (pixels[..., ::-1] if swap else pixels).astype(np.float32)
    scaled = (scaled - np.asarray(picture.mean, np.float32)) / np.asarray(picture.std, np.float32)
    return np.ascontiguousarray(scaled if picture.layout == "NHWC" else scaled.transpose(0, 3, 1, 2))


class OnnxRuntimeBackend:
    """A session that several threads run side by side. See `backends.base.Backend`."""

    def __init__(self, session: Any, version: str, picture: PictureInput, in_flight: int) -> None:
        self._picture = picture
        self._names = [node.name for node in session.get_outputs()]
        self.info = BackendInfo("onnxruntime", version, "CPU", "f32", in_flight)
        self._places: Places[Any] = Places("onnxruntime", [session] * in_flight)

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`."""
        wanted = (self._picture.height, self._picture.width, 3)
        given = inputs.get(self._picture.name)
        if given is None or len(inputs) > 1 or given.shape[1:] != wanted or given.dtype != np.uint8:
            raise BackendError(
                _("Expected {picture} (N, {wanted}) uint8, got {shapes}.").format(
                    picture=self._picture.name, wanted=wanted, shapes=_shapes(inputs)
                )
            )
        pixels = given

        def start(session: Any) -> Answer:
            return lambda: self._run(session, pixels)

        self._places.submit(start, done)

    def close(self) -> None:
        """See `backends.base.Backend.close`."""
        self._places.close()

    def _run(self, session: Any, pixels: NDArray[np.uint8]) -> Outputs:
        try:
            feed = {self._picture.name: _convert(pixels, self._picture)}
            return dict(zip(self._names, session.run(self._names, feed), strict=True))
        except Exception as error:  # its exceptions share no base class but Exception
            raise BackendError(_("The inference failed: {reason}").format(reason=_words(error))) from error


def _shapes(inputs: Mapping[str, NDArray[Any]]) -> str:
    return ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in inputs.items()) or "nothing"
