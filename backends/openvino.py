"""OpenVINO: Intel CPUs, GPUs and NPUs; reads ONNX, IR (.xml), TensorFlow .pb and TFLite.

The picture's conversion (uint8 NHWC BGR to what the weights want) is compiled into the graph.
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.base import API_VERSION, Backend, BackendError, BackendInfo, Device, Done, LoadOptions, Outputs
from backends.places import Answer, Places, warm_up
from models.manifest import ModelFacts, PictureInput, TensorFacts
from models.words import N_, _

_NOT_TELLING = (
    "Exception from",
    "Check '",
    "FrontEnd API failed",
    "While validating",
    "Conversion is failed",
    "Caught exc",
)
_DAMAGED = N_("The file may be damaged or half downloaded: fetch it again and compare its sha256.")
READS = {".onnx": "onnx", ".pb": "tf", ".tflite": "tflite", ".xml": "ir"}
_PRECISIONS = {"f32", "f16", "bf16", "i8", "u8", "i4"}
_TOGETHER = {"AUTO", "MULTI", "HETERO"}
"""OpenVINO's names for several devices as one: the best of them, all side by side, a network spread over them."""
_HEAVY = {"Convolution", "GroupConvolution", "MatMul", "FullyConnected"}


class OpenVinoRuntime:
    """See `backends.base.Runtime`."""

    name = "openvino"
    api_version = API_VERSION

    @cached_property
    def _core(self) -> Any:
        # importing OpenVINO reports the import to its maker over the network; nothing leaves a site unasked, so the
        # reporter is made unimportable first (OpenVINO then takes its own stub)
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        try:
            import openvino
        except ImportError as error:
            raise BackendError(
                _("OpenVINO can't be imported: {error}.").format(error=error),
                _("Install it: pip install openvino, or choose another backend."),
            ) from error
        return openvino.Core()

    def devices(self) -> list[Device]:
        """See `backends.base.Runtime.devices`."""
        if importlib.util.find_spec("openvino") is None:
            return [Device("CPU", "", available=False, why=_("OpenVINO is not installed: pip install openvino."))]
        try:
            core = self._core
            return [Device(name, str(core.get_property(name, "FULL_DEVICE_NAME"))) for name in core.available_devices]
        except (BackendError, RuntimeError) as error:
            return [Device("CPU", "", available=False, why=_words(error))]

    def inspect(self, path: Path) -> ModelFacts:
        """See `backends.base.Runtime.inspect`."""
        with _in_words(_("{file} can't be read as a model").format(file=path.name), _(_DAMAGED)):
            model = self._read(path)
            info = model.get_rt_info("model_info") if model.has_rt_info("model_info") else None
            metadata = {str(k): str(v.astype(str)) for k, v in info.items()} if isinstance(info, dict) else {}
            inputs, outputs = (tuple(_facts(port) for port in ports) for ports in (model.inputs, model.outputs))
        if not inputs or not outputs:
            raise BackendError(
                _("{file} can't be read as a model: there is no network in it.").format(file=path.name), _(_DAMAGED)
            )
        return ModelFacts(inputs, outputs, metadata)

    def load(self, path: Path, picture: PictureInput, device: str, options: LoadOptions) -> Backend:
        """See `backends.base.Runtime.load`."""
        device = _checked(device, self._core.available_devices)
        backend = self._backend(path, picture, device, options)
        warm_up(backend, picture)
        return backend

    def _backend(self, path: Path, picture: PictureInput, device: str, options: LoadOptions) -> OpenVinoBackend:
        config: dict[str, Any] = {"PERFORMANCE_HINT": options.hint.upper()}
        if options.precision == "f32":
            config["INFERENCE_PRECISION_HINT"] = "f32"
        if options.cache is not None:
            config["CACHE_DIR"] = str(options.cache)
        with _in_words(_("{file} can't be read as a model").format(file=path.name), _(_DAMAGED)):
            model = self._read(path)
        with _in_words(
            _("OpenVINO can't run {file} on {device}").format(file=path.name, device=device),
            _("Try another device or backend."),
        ):
            names = [_name(port) for port in model.outputs]
            drawn = _with_picture(model, picture)
            compiled = options.below(lambda: self._core.compile_model(drawn, device, config))
            return OpenVinoBackend(compiled, self.version, picture, names)

    @cached_property
    def version(self) -> str:
        """OpenVINO's release, such as 2026.4.1."""
        from importlib.metadata import version

        return version("openvino")

    def _read(self, path: Path) -> Any:
        if path.suffix.lower() not in READS:
            raise BackendError(
                _("{file} is not a kind of file OpenVINO reads ({reads}).").format(
                    file=path.name, reads=", ".join(sorted(READS))
                )
            )
        if not path.is_file():
            raise BackendError(_("There is no file {path}.").format(path=path))
        core = self._core
        from openvino.frontend import FrontEndManager

        # Opened first by the reader asked for by name: where a file is damaged, guessing OpenVINO tries all of its
        # readers, and some write to the terminal. The reader's own conversion is not used: it keeps Python's lock for
        # seconds (3.0 s for a frozen SSD), and with it every camera; `read_model` lets it go.
        FrontEndManager().load_by_framework(READS[path.suffix.lower()]).load(str(path))
        return core.read_model(str(path))


@contextmanager
def _in_words(what: str, hint: str) -> Iterator[None]:
    """Any failure inside, as a BackendError: OpenVINO's own exceptions share no base class but Exception."""
    try:
        yield
    except BackendError:
        raise
    except Exception as error:
        raise BackendError(f"{what}: {_words(error)}", hint) from error


def runtime() -> OpenVinoRuntime:
    """The entry point."""
    return OpenVinoRuntime()


def _words(error: BaseException) -> str:
    """The telling line of OpenVINO's many: its messages open with source locations."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(_NOT_TELLING)] or lines
    return telling[0][:300] if telling else type(error).__name__


def _checked(device: str, available: list[str]) -> str:
    """The device in OpenVINO's spelling: CPU, GPU.1, or one of the `_TOGETHER` with its list, such as MULTI:GPU,CPU.

    Raises:
        BackendError: it, or one that is listed, is not here.
    """
    kinds = {name.partition(".")[0] for name in available}
    together, _mark, rest = device.upper().partition(":")
    listed = [device.upper()]
    if together in _TOGETHER:
        listed = [part.strip() for part in rest.split(",") if part.strip()]
        if not listed and together != "AUTO":
            raise BackendError(
                _("{device} names no devices.").format(device=device),
                _("List them, such as {together}:{available}.").format(
                    together=together, available=",".join(available)
                ),
            )
    for name in listed:  # -GPU leaves a device out; CPU(2) states its requests
        plain = name.partition("(")[0] if together in _TOGETHER else name
        if not plain.startswith("-") and plain.partition(".")[0] not in kinds:
            raise BackendError(
                _("OpenVINO finds no device {name} here.").format(name=name if together in _TOGETHER else device),
                _("It finds: {available}, AUTO.").format(available=", ".join(available)),
            )
    return f"{together}:{','.join(listed)}" if together in _TOGETHER and listed else device.upper()


def _name(port: Any) -> str:
    """The name the file gives an input or output: a tensor may have several, its node's own is the graph's."""
    given = str(port.get_node().get_friendly_name())
    return given if given in port.get_names() else str(port.get_any_name())


def _facts(port: Any) -> TensorFacts:
    shape = tuple(d.get_length() if d.is_static else None for d in port.get_partial_shape())
    return TensorFacts(_name(port), shape, port.get_element_type().get_type_name())


def _with_picture(model: Any, picture: PictureInput) -> Any:
    """Fix the input's size and compile the picture's conversion into the graph."""
    import openvino
    from openvino.preprocess import ColorFormat, PrePostProcessor

    height, width = picture.height, picture.width
    shape = [1, 3, height, width] if picture.layout == "NCHW" else [1, height, width, 3]
    model.reshape({picture.name: shape})
    steps = PrePostProcessor(model)
    item = steps.input(picture.name)
    item.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    item.tensor().set_color_format(ColorFormat.BGR)
    item.model().set_layout(openvino.Layout(picture.layout))
    if picture.color == "RGB":
        item.preprocess().convert_color(ColorFormat.RGB)
    if picture.dtype == "float32":
        item.preprocess().convert_element_type(openvino.Type.f32)
        if any(picture.mean):
            item.preprocess().mean(list(picture.mean))
        if set(picture.std) != {1.0}:
            item.preprocess().scale(list(picture.std))
    return steps.build()


def _really_runs(compiled: Any) -> tuple[str, dict[str, int]]:
    """Precision of the heavy layers and number of nodes per precision, from the graph the device executes."""
    precisions: Counter[str] = Counter()
    heavy: Counter[str] = Counter()
    for node in compiled.get_runtime_model().get_ops():
        info = {key: str(getattr(value, "value", value)) for key, value in node.get_rt_info().items()}
        precision = info.get("runtimePrecision", "")
        if not precision:
            continue
        # the kernel's own name ends in what it computes; runtimePrecision is also lowered by half-size stored weights
        kernel = info.get("primitiveType", "").rsplit("_", 1)[-1]
        precision = kernel if kernel in _PRECISIONS else precision
        precisions[precision] += 1
        if info.get("layerType") in _HEAVY:
            heavy[precision] += 1
    return (heavy or precisions or Counter(["unknown"])).most_common(1)[0][0], dict(precisions)


class OpenVinoBackend:
    """A compiled model with as many infer requests as the device asks for. See `backends.base.Backend`."""

    def __init__(self, compiled: Any, version: str, picture: PictureInput, names: list[str]) -> None:
        self._picture = picture
        self._names = names
        in_flight = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        precision, nodes = _really_runs(compiled)
        devices = ",".join(compiled.get_property("EXECUTION_DEVICES"))
        self.info = BackendInfo("openvino", version, devices, precision, in_flight, nodes)
        requests = [compiled.create_infer_request() for _ in range(in_flight)]
        self._places: Places[Any] = Places("openvino", requests)

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`."""
        import openvino

        if set(inputs) != {self._picture.name}:
            raise BackendError(
                _("Expected the input {picture}, got {inputs}.").format(
                    picture=self._picture.name, inputs=", ".join(inputs) or _("none")
                )
            )

        def start(request: Any) -> Answer:
            try:
                tensor = openvino.Tensor(inputs[self._picture.name], shared_memory=True)
                request.set_tensor(self._picture.name, tensor)
                request.start_async()
            except (RuntimeError, TypeError, ValueError) as error:
                raise BackendError(
                    _("OpenVINO did not take the input: {reason}").format(reason=_words(error))
                ) from error
            return lambda: self._wait(request, tensor)

        self._places.submit(start, done)

    def close(self) -> None:
        """See `backends.base.Backend.close`."""
        self._places.close()

    def _wait(self, request: Any, _kept: Any) -> Outputs:
        """Wait for the answer with the input kept alive. No callback is set: there is none for an inference that fails.

        Raises:
            BackendError: it failed.
        """
        with _in_words(_("The inference failed"), ""):
            request.wait()
            # copied: the request's own memory is written again by the next inference
            return {name: np.array(request.get_output_tensor(i).data) for i, name in enumerate(self._names)}
