"""OpenVINO: Intel CPUs, GPUs and NPUs; reads ONNX, IR (.xml), TensorFlow .pb and TFLite.

The picture's conversion (uint8 NHWC BGR to what the weights want) is compiled into the graph.

Compiled models are kept by OpenVINO itself (CACHE_DIR). What is kept goes by a hash of the model and of the properties
its device names in CACHING_PROPERTIES: a CPU's full name; a GPU's architecture, units, driver and precision. OpenVINO's
build number is in the file's head: what another build made is thrown away and compiled anew. So the key is device,
driver, runtime and model. Source: `create_compile_config` and `load_model_from_cache` in OpenVINO's core_impl.cpp,
`ModelCache::compute_hash` in its compilation_context.cpp.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

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
from backends.openvino_placement import TOGETHER, read_back, spread
from backends.openvino_shapes import facts_of, name_of, shape_of, takes_batch
from backends.places import Answer, Places, pixels_of, warmed_up
from models.manifest import ModelFacts, PictureInput
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

    def inspect(self, model: ModelPlace) -> ModelFacts:
        """See `backends.base.Runtime.inspect`."""
        path = file_of(model)
        with _in_words(_("{file} can't be read as a model").format(file=path.name), _(_DAMAGED)):
            network = self._read(path)
            info = network.get_rt_info("model_info") if network.has_rt_info("model_info") else None
            metadata = {str(k): str(v.astype(str)) for k, v in info.items()} if isinstance(info, dict) else {}
            inputs, outputs = (tuple(facts_of(port) for port in ports) for ports in (network.inputs, network.outputs))
        if not inputs or not outputs:
            raise BackendError(
                _("{file} can't be read as a model: there is no network in it.").format(file=path.name), _(_DAMAGED)
            )
        return ModelFacts(inputs, outputs, metadata)

    def load(self, model: ModelPlace, picture: PictureInput, device: str, options: LoadOptions) -> Backend:
        """See `backends.base.Runtime.load`."""
        path = file_of(model)
        device = _checked(device, self._core.available_devices)

        def make(with_options: LoadOptions) -> OpenVinoBackend:
            return self._backend(path, picture, device, with_options)

        backend = cast("OpenVinoBackend", warmed_up(make, picture, options))
        try:
            with _in_words(_("OpenVINO does not say what runs on {device}").format(device=device), ""):
                backend.read_back()
        except BackendError:
            backend.close()
            raise
        return backend

    def takes_batch(self, path: Path, picture: PictureInput) -> bool:
        """Whether a model answers each of several pictures that it is given at once.

        Raises:
            BackendError: it can't be read.
        """
        with _in_words(_("{file} can't be read as a model").format(file=path.name), _(_DAMAGED)):
            return takes_batch(self._read(path), picture, 2) > 1

    def save(self, path: Path, picture: PictureInput, target: Path) -> bool:
        """Write a model of any kind that is read as OpenVINO's own, its size that of the picture, its weights as is.

        Args:
            path: of the model.
            picture: its input.
            target: a name that ends in .xml; the weights come beside it, in .bin.

        Returns:
            Whether what was written takes any number of pictures at once; else it takes one.

        Raises:
            BackendError: it can't be read, or not written.
        """
        with _in_words(_("{file} can't be written in OpenVINO's format").format(file=path.name), ""):
            model = self._read(path)
            import openvino

            free = takes_batch(model, picture, 2) > 1
            if free:
                model.reshape({picture.name: openvino.PartialShape(shape_of(picture, openvino.Dimension()))})
            openvino.save_model(model, str(target), compress_to_fp16=False)
            return free

    def _backend(self, path: Path, picture: PictureInput, device: str, options: LoadOptions) -> OpenVinoBackend:
        config: dict[str, Any] = {"PERFORMANCE_HINT": options.hint.upper()}
        if options.precision == "f32":
            config["INFERENCE_PRECISION_HINT"] = "f32"
        if options.cache is not None:
            config["CACHE_DIR"] = str(options.cache)
        if device.startswith("AUTO") and device != "AUTO:CPU":  # it refuses both for a list of nothing but the CPU
            # on the CPU until another device is ready, or once that fails: both without a word
            config |= {"ENABLE_STARTUP_FALLBACK": False, "ENABLE_RUNTIME_FALLBACK": False}
        with _in_words(_("{file} can't be read as a model").format(file=path.name), _(_DAMAGED)):
            model = self._read(path)
        with _in_words(
            _("OpenVINO can't run {file} on {device}").format(file=path.name, device=device),
            _("Try another device or backend."),
        ):
            names = [name_of(port) for port in model.outputs]
            batch = takes_batch(model, picture, options.batch)
            drawn = _with_picture(model, picture)
            given = spread(self._core, drawn, device)
            compiled = options.below(lambda: self._core.compile_model(drawn, device, config))
            info = BackendInfo("openvino", self.version, device, "unknown", 1, asked=device, max_batch=batch)
            return OpenVinoBackend(compiled, picture, names, info, given)

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
    """The device in OpenVINO's spelling: CPU, GPU.1, or one of the `TOGETHER` with its list, such as MULTI:GPU,CPU.

    Raises:
        BackendError: it, or one that is listed, is not here.
    """
    kinds = {name.partition(".")[0] for name in available}
    together, _mark, rest = device.upper().partition(":")
    listed = [device.upper()]
    if together in TOGETHER:
        listed = [part.strip() for part in rest.split(",") if part.strip()]
        if not listed and together != "AUTO":
            raise BackendError(
                _("{device} names no devices.").format(device=device),
                _("List them, such as {together}:{available}.").format(
                    together=together, available=",".join(available)
                ),
            )
    for name in listed:  # -GPU leaves a device out; CPU(2) states its requests
        plain = name.partition("(")[0] if together in TOGETHER else name
        if not plain.startswith("-") and plain.partition(".")[0] not in kinds:
            raise BackendError(
                _("OpenVINO finds no device {name} here.").format(name=name if together in TOGETHER else device),
                _("It finds: {available}, AUTO.").format(available=", ".join(available)),
            )
    return f"{together}:{','.join(listed)}" if together in TOGETHER and listed else device.upper()


def _with_picture(model: Any, picture: PictureInput) -> Any:
    """Compile the picture's conversion into the graph of a model whose size is fixed."""
    import openvino
    from openvino.preprocess import ColorFormat, PrePostProcessor

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


class OpenVinoBackend:
    """A compiled model with as many infer requests as the device asks for. See `backends.base.Backend`."""

    def __init__(
        self, compiled: Any, picture: PictureInput, names: list[str], info: BackendInfo, given: Mapping[str, str]
    ) -> None:
        self._compiled, self._given = compiled, given
        self._picture = picture
        self._names = names
        in_flight = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        self.info = replace(info, max_in_flight=in_flight)
        requests = [compiled.create_infer_request() for _ in range(in_flight)]
        self._places: Places[Any] = Places("openvino", requests)

    def read_back(self) -> None:
        """Say what ran in the warm-up, and where."""
        ran = read_back(self._compiled, self.info.asked, self._given)
        self.info = replace(
            self.info,
            device=",".join(ran.devices),
            precision=ran.precision,
            precisions=ran.precisions,
            placement=ran.placement,
            astray=ran.astray,
        )
        self._given = {}

    def submit(self, inputs: Mapping[str, NDArray[Any]], done: Done) -> None:
        """See `backends.base.Backend.submit`."""
        import openvino

        pixels = pixels_of(inputs, self._picture, self.info.max_batch)

        def start(request: Any) -> Answer:
            try:
                tensor = openvino.Tensor(pixels, shared_memory=True)
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
        self._compiled = None

    def _wait(self, request: Any, _kept: Any) -> Outputs:
        """Wait for the answer with the input kept alive. No callback is set: there is none for an inference that fails.

        Raises:
            BackendError: it failed.
        """
        with _in_words(_("The inference failed"), ""):
            request.wait()
            # copied: the request's own memory is written again by the next inference
            return {name: np.array(request.get_output_tensor(i).data) for i, name in enumerate(self._names)}
