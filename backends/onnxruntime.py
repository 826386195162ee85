"""ONNX Runtime on whatever its installed build offers: CPU, CUDA, TensorRT, DirectML, CoreML, OpenVINO; reads ONNX.

It falls back to the CPU without a word where a provider's library can't be loaded, even when its fallback is switched
off. So what a session says of itself is compared with what was asked, and what is not there is refused.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backends import onnxruntime_devices as devices
from backends import onnxruntime_placement as placement
from backends import onnxruntime_providers as providers
from backends.base import (
    API_VERSION,
    Backend,
    BackendError,
    BackendInfo,
    Device,
    Done,
    LoadOptions,
    ModelPlace,
    Outputs,
    file_of,
)
from backends.onnxruntime_providers import CPU, Asked
from backends.places import Answer, Places, pixels_of, warmed_up
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
            with warnings.catch_warnings():  # it warns on the terminal of what it can't register; devices() says it
                warnings.simplefilter("ignore")
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
        return devices.listed()

    def inspect(self, model: ModelPlace) -> ModelFacts:
        """See `backends.base.Runtime.inspect`."""
        path = file_of(model)
        settings = self._ort.SessionOptions()
        settings.graph_optimization_level = self._ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = self._session(path, settings, [(CPU, {})])
        return ModelFacts(
            tuple(_facts(node) for node in session.get_inputs()),
            tuple(_facts(node) for node in session.get_outputs()),
            dict(session.get_modelmeta().custom_metadata_map),
        )

    def load(self, model: ModelPlace, picture: PictureInput, device: str, options: LoadOptions) -> Backend:
        """See `backends.base.Runtime.load`."""
        path = file_of(model)
        wanted = providers.asked(device)
        self._must_have(wanted)

        def make(with_options: LoadOptions) -> OnnxRuntimeBackend:
            # whole: its sessions compute on the threads that call them, too
            made = options.below(lambda: self._backend(path, picture, wanted, with_options))
            return cast("OnnxRuntimeBackend", made)

        backend = cast("OnnxRuntimeBackend", warmed_up(make, picture, options))
        try:
            backend.read_back()
        except Exception as error:  # its exceptions share no base class but Exception
            backend.close()
            raise BackendError(
                _("ONNX Runtime does not say what runs on {device}: {reason}").format(
                    device=wanted.name, reason=_words(error)
                )
            ) from error
        return backend

    def _must_have(self, wanted: Asked) -> None:
        """Refuse what the installed build has not; load what a provider's library needs from NVIDIA's packages."""
        available, build = self._ort.get_available_providers(), providers.installed()
        if wanted.kind.provider not in available:
            name = build.name if build else "onnxruntime"
            raise BackendError(
                _("ONNX Runtime has no device {device} here: the installed build is {build}.").format(
                    device=wanted.name, build=name
                ),
                providers.group_hint(wanted.kind),
            )
        if build is not None:
            devices.preload(build, wanted.kind)

    def _backend(self, path: Path, picture: PictureInput, wanted: Asked, options: LoadOptions) -> OnnxRuntimeBackend:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        # several small runs side by side keep a CPU fuller than one run spread over all cores
        most = min(cores, 4) if wanted.kind.provider == CPU else wanted.kind.side_by_side
        in_flight = most if options.hint == "throughput" else 1
        settings = self._ort.SessionOptions()
        settings.intra_op_num_threads = max(cores // in_flight, 1)
        providers.session_settings(settings, wanted, self._ort.ExecutionMode.ORT_SEQUENTIAL)
        told = providers.providers(wanted, options, path, picture, self._valid_for(wanted))
        folder = placement.recorded(settings)
        try:
            session = self._session(path, settings, told)
            self._must_run(session, wanted)
            node = session.get_inputs()[0]
            _check_size(node, picture, path)
        except BaseException:
            placement.forget(folder)
            raise
        info = BackendInfo(
            "onnxruntime",
            self._ort.__version__,
            wanted.name,
            "unknown",
            in_flight,
            asked=wanted.name,
            max_batch=1 if isinstance(node.shape[0], int) and node.shape[0] > 0 else options.batch,
        )
        lower = providers.lower_allowed(wanted, options)
        return OnnxRuntimeBackend(session, picture, info, _Reading(folder, wanted, lower))

    def _valid_for(self, wanted: Asked) -> Mapping[str, str]:
        """What else than the model makes a compiled form of it valid."""
        if wanted.kind.name not in {"TENSORRT", "COREML"}:
            return {}
        driver, number = devices.driver(), int(wanted.which or 0)
        gpu = driver.gpus[number] if driver and number < len(driver.gpus) else ""
        return {"runtime": self._ort.__version__, "driver": driver.cuda if driver else "", "gpu": gpu}

    def _must_run(self, session: Any, wanted: Asked) -> None:
        """Refuse a session that fell back to the CPU."""
        if wanted.kind.provider not in session.get_providers():
            raise BackendError(
                _("ONNX Runtime could not start {device} and would have run on the CPU instead.").format(
                    device=wanted.name
                ),
                next((d.why for d in self.devices() if d.name == wanted.kind.name and d.why), "")
                or _("Check that its driver and libraries are installed, or choose another device."),
            )

    def _session(self, path: Path, settings: Any, told: list[tuple[str, dict[str, str]]]) -> Any:
        if path.suffix.lower() != ".onnx":
            raise BackendError(_("{file} is not a kind of file ONNX Runtime reads (.onnx).").format(file=path.name))
        if not path.is_file():
            raise BackendError(_("There is no file {path}.").format(path=path))
        try:
            # its own fallback would print to the terminal and try the same provider again
            return self._ort.InferenceSession(str(path), settings, providers=told, enable_fallback=0)
        except Exception as error:  # its exceptions share no base class but Exception
            if len(told) > 1:
                raise BackendError(
                    _("ONNX Runtime can't run {file} on {device}: {reason}").format(
                        file=path.name, device=told[0][0].removesuffix("ExecutionProvider"), reason=_words(error)
                    ),
                    _("Try another device or backend."),
                ) from error
            raise BackendError(
                _("{file} can't be read as a model: {reason}").format(file=path.name, reason=_words(error)),
                _("The file may be damaged or half downloaded: fetch it again and compare its sha256."),
            ) from error


def runtime() -> OnnxRuntime:
    """The entry point."""
    return OnnxRuntime()


def _words(error: BaseException) -> str:
    """The telling end of its message, without the places and signatures of its own source."""
    text = str(error).split(" : ")[-1].strip() or type(error).__name__
    line = re.sub(r"/\S+:\d+ .*?\) (?=[A-Z\[])", "", text.splitlines()[0])
    return line.rsplit("failed: ", 1)[-1][:300] if len(line) > 300 else line


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


def _told(info: BackendInfo, wanted: Asked, ran: placement.Ran, lower: str) -> BackendInfo:
    """What really runs. Any provider but the CPU's is an accelerator: what the CPU executes under it is astray."""
    short = {kind.provider: kind.name for kind in providers.KINDS} | {wanted.kind.provider: wanted.name}
    places = {short.get(name, name): tuple(node.name for node in nodes) for name, nodes in ran.nodes.items()}
    order = sorted(places, key=lambda place: (place == "CPU", place != wanted.name))
    return replace(
        info,
        device=",".join(order) or info.device,
        precision=_("{precision}, {lower} allowed").format(precision=ran.precision, lower=lower)
        if lower and wanted.name in places
        else ran.precision,
        precisions=ran.precisions,
        placement={place: places[place] for place in order},
        astray=() if wanted.kind.provider == CPU else places.get("CPU", ()),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is needed to say what ran: the profile's folder, the device asked for, what it may have computed lower."""

    profile: Path | None
    wanted: Asked
    lower: str


class OnnxRuntimeBackend:
    """A session that several threads run side by side. See `backends.base.Backend`."""

    def __init__(self, session: Any, picture: PictureInput, info: BackendInfo, reading: _Reading) -> None:
        from backends.pictures import to_tensor  # with it comes OpenCV, which naming the devices does without

        self._session, self._picture, self._to_tensor = session, picture, to_tensor
        self._names = [node.name for node in session.get_outputs()]
        self._reading = reading
        self.info = info
        self._places: Places[Any] = Places("onnxruntime", [session] * info.max_in_flight)

    def read_back(self) -> None:
        """Say what ran in the warm-up, and where; from here on nothing is recorded."""
        ran = placement.read_back(self._session, self._reading.profile)
        self.info = _told(self.info, self._reading.wanted, ran, self._reading.lower)

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`."""
        pixels = pixels_of(inputs, self._picture, self.info.max_batch)

        def start(session: Any) -> Answer:
            return lambda: self._run(session, pixels)

        self._places.submit(start, done)

    def close(self) -> None:
        """See `backends.base.Backend.close`."""
        self._places.close()
        self._session = None
        placement.forget(self._reading.profile)

    def _run(self, session: Any, pixels: NDArray[np.uint8]) -> Outputs:
        try:
            feed = {self._picture.name: self._to_tensor(pixels, self._picture)}
            return dict(zip(self._names, session.run(self._names, feed), strict=True))
        except Exception as error:  # its exceptions share no base class but Exception
            raise BackendError(_("The inference failed: {reason}").format(reason=_words(error))) from error
