"""Every variant of a model on every device here: pictures a second, latency, memory, agreement with f32, AP.

One variant after the other in one process, each closed before the next. One that can't be had or run is a row with its
reason. What the product reaches is set beside a bare loop of the same runtime on the same pictures in the same run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any, get_args, get_type_hints

from backends import registry
from backends.base import BackendError, LoadOptions
from console.bench import bare, trial
from console.datasets.accuracy import average_precision, read_picture
from console.errors import ModelError, SightdeskError
from console.pipeline.loader import Finder, LoadedModel, Surroundings, load_model
from console.settings.inference import InferenceSettings, StageSettings
from models.decoders import thresholds_for
from models.detections import Detections
from models.frames import Picture

log = logging.getLogger(__name__)

BATCHES = (4, 8)
PAIRS = 3
"""How often product and bare loop are measured in turn; the middle one of the ratios is the figure."""
PRECISIONS: tuple[str, ...] = tuple(reversed(get_args(get_type_hints(LoadOptions)["precision"])))
"""f32 first: the others are compared with its boxes."""
Row = dict[str, Any]
Say = Callable[[int, int, str], None]
"""Told how many variants are done, of how many, and which comes next."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is measured.

    Attributes:
        model: a catalogue name, a file, or the URL of a served model.
        find: finds it.
        pictures: decoded, at least one.
        seconds: length of each part of a measurement.
        annotations: COCO JSON for AP, or None.
        folder: where its pictures are.
        cache: folder for compiled models, or None.
        remote: which servers may be given pictures: the section of the settings; None: none may.
        scaling: how pictures are scaled, as in the settings.
        stop: set to end, with what is measured by then.
    """

    model: str
    find: Finder
    pictures: Sequence[Picture]
    seconds: float
    annotations: Path | None = None
    folder: Path | None = None
    cache: Path | None = None
    remote: Any = None
    scaling: str = "fast"
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class _Reference:
    """The boxes that agreement is measured against."""

    of: str = ""
    boxes: list[Detections] = field(default_factory=list)


def variants(model: str) -> list[tuple[str, str, str]]:
    """(runtime, device, precision) of everything here that may run a model; a served one runs where its server says."""
    if "://" in model:
        return [("kserve", "REMOTE", "default")]
    found = []
    for name in registry.names():
        try:
            devices = [device.name for device in registry.runtime(name).devices() if device.available]
        except BackendError:
            continue  # `sightdesk backends` says why
        found += [(name, device, precision) for device in devices for precision in PRECISIONS if name != "kserve"]
    return found


def measure(wanted: Wanted, say: Say) -> Iterator[Row]:
    """A row for each variant, as it is measured; ends early when `wanted.stop` is set.

    Raises:
        SightdeskError: nothing here can run a model, or the dataset can't be read.
    """
    todo, reference, memory = variants(wanted.model), _Reference(), trial.Memory()
    if not todo:
        raise SightdeskError("Nothing here can run a model.", "See why: sightdesk backends")
    for number, (runtime, device, precision) in enumerate(todo):
        say(number, len(todo), f"{runtime} {device} {precision}")
        row: Row = {"runtime": runtime, "device": device, "precision": precision}
        try:
            row |= _one(wanted, (runtime, device, precision), reference, memory)
        except trial.Cancelled:
            return
        except SightdeskError as error:
            row |= {"error": {"what": error.what, "hint": error.hint}}
        except Exception as error:  # the outermost frame of a variant: a plug-in may raise anything
            log.exception("measuring %s %s %s failed", runtime, device, precision)
            what = f"{runtime} failed in a way it should not: {type(error).__name__}: {error}"
            row |= {"error": {"what": what, "hint": ""}}
        yield row
    say(len(todo), len(todo), "")


def _one(wanted: Wanted, variant: tuple[str, str, str], reference: _Reference, memory: trial.Memory) -> Row:
    """Everything about one variant. Raises ModelError: it can't be had or fails."""
    trial.look(wanted.stop)
    before, begin = memory.now(), time.perf_counter()
    with _loaded(wanted, variant) as loaded:
        load_s, after = time.perf_counter() - begin, memory.now()
        row: Row = {"ran": loaded.backend.info.told(), "load_s": round(load_s, 3)}
        found = trial.boxes(loaded, wanted.pictures, wanted.stop)
        if not reference.of and variant[2] == "f32":
            reference.of, reference.boxes = " ".join(variant), found
        row["agreement"] = trial.agreement(found, reference.boxes) if reference.of else None
        row["agreement_with"] = reference.of
        row["latency_ms"] = trial.latencies(loaded, wanted.pictures, wanted.seconds, wanted.stop)
        if wanted.annotations is not None and wanted.folder is not None:
            row |= average_precision(
                loaded.detector,
                loaded.backend,
                wanted.annotations,
                wanted.folder,
                lambda path: _read(path, wanted.stop),
            )
        batches = [trial.batched(loaded, wanted.pictures, 1, wanted.seconds / 2, wanted.stop)]
        with memory.watched():
            row["fps"] = round(trial.throughput(loaded, wanted.pictures, wanted.seconds, wanted.stop), 1)
        row["memory_mb"] = {"loaded": _mb(after - before), "peak": _mb(memory.peak - before)}
    row |= _beside_a_bare_loop(wanted, variant, loaded, row["fps"])
    return row | {"batches": batches + _batches(wanted, variant)}


@contextmanager
def _loaded(wanted: Wanted, variant: tuple[str, str, str], batch: int = 1) -> Iterator[LoadedModel]:
    """The variant, loaded as the product loads it; closed at the end, whoever else has closed it."""
    runtime, device, precision = variant
    settings = InferenceSettings.model_validate(
        {"backend": runtime, "device": device, "precision": precision, "scaling": wanted.scaling, "batch": batch}
    )
    around = Surroundings(wanted.find, wanted.cache, wanted.remote)
    loaded = load_model(wanted.model, wanted.find, settings, around=around)
    try:
        yield loaded
    finally:
        loaded.backend.close()


def _beside_a_bare_loop(wanted: Wanted, variant: tuple[str, str, str], loaded: LoadedModel, fps: float) -> Row:
    """What a bare loop of the same runtime reaches, and the product's share of it; nothing where there is none.

    `fps` and `ratio` are of a loop that reads boxes too, as the product does; `unread_fps` and `unread_ratio` of one
    that throws the answers away. All in turn, `PAIRS` times: a machine's clock and its neighbours change from one
    second to the next.
    """
    if not bare.fits(variant[0], loaded.detector.picture):
        return {}
    rates: dict[str, list[float]] = {"": [], "unread_": []}
    ratios: dict[str, list[float]] = {"": [], "unread_": []}
    for number in range(PAIRS):
        trial.look(wanted.stop)
        if number:
            with _loaded(wanted, variant) as again:
                fps = trial.throughput(again, wanted.pictures, wanted.seconds, wanted.stop)
        for kind, measured in rates.items():
            try:
                rate = bare.LOOPS[variant[0]](_task(wanted, variant, loaded, reads=kind == ""))
            except Exception as error:  # a runtime's own errors share no base; the product's figures stand without
                said = str(error).strip().splitlines()[0][:200] if str(error) else type(error).__name__
                return {"bare": {"error": said}}
            if rate:
                measured.append(rate)
                ratios[kind].append(fps / rate)
    row: Row = {}
    for kind, measured in rates.items():
        row[f"{kind}fps"] = round(median(measured), 1) if measured else 0.0
        row[f"{kind}ratio"] = round(median(ratios[kind]), 3) if measured else None
    return {"bare": row}


def _task(wanted: Wanted, variant: tuple[str, str, str], loaded: LoadedModel, *, reads: bool) -> bare.Task:
    """What a bare loop does of what the product does."""
    (_runtime, device, precision), detector = variant, loaded.detector
    path, _manifest = wanted.find(wanted.model)
    size = wanted.pictures[0].width, wanted.pictures[0].height
    thresholds = thresholds_for(detector.manifest, StageSettings(model=wanted.model).confidence, {})
    return bare.Task(
        path,
        detector.picture,
        device,
        detector.draw,
        (lambda outputs, box: detector.read(outputs, box, size, thresholds)) if reads else None,
        cycle(wanted.pictures),
        loaded.backend.info.max_in_flight,
        precision == "f32",
        wanted.seconds,
    )


def _batches(wanted: Wanted, variant: tuple[str, str, str]) -> list[Row]:
    """The same with several pictures in each submission, where the model and the runtime take them."""
    rows: list[Row] = []
    for batch in BATCHES:
        trial.look(wanted.stop)
        try:
            with _loaded(wanted, variant, batch) as loaded:
                if loaded.batch < batch:
                    rows.append({"batch": batch, "why": f"takes {loaded.batch} at most"})
                    continue
                rows.append(trial.batched(loaded, wanted.pictures, batch, wanted.seconds / 2, wanted.stop))
        except ModelError as error:
            rows.append({"batch": batch, "why": error.what})
    return rows


def _read(path: Path, stop: threading.Event) -> Picture:
    """A picture of the dataset. Raises Cancelled."""
    trial.look(stop)
    return read_picture(path)


def _mb(size: int) -> float:
    return round(max(size, 0) / 1e6, 1)
