"""How much of the hardware is used: processors, memory, and accelerators where they can be read.

NVIDIA through NVML (the package nvidia-ml-py, optional), Intel GPUs through what Linux's drivers write into files. What
can't be read is left out; nothing here raises, and an answer without an NVIDIA GPU costs well under a millisecond.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

DRM = Path("/sys/class/drm")
FDINFO = Path("/proc/self/fdinfo")
_INTEL = "0x8086"


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A GPU or NPU as it stands; None where the driver does not say.

    Attributes:
        name: the maker's name.
        busy: share of the time it computed, 0 to 1; of an Intel GPU: for this program.
        used_bytes, whole_bytes: its own memory.
        celsius: its temperature.
        mhz: its clock.
    """

    name: str
    busy: float | None = None
    used_bytes: int | None = None
    whole_bytes: int | None = None
    celsius: int | None = None
    mhz: int | None = None


@dataclass(frozen=True, slots=True)
class HardwareUse:
    """The machine since it was asked before.

    Attributes:
        cpu: busy share of all processors, 0 to 1.
        memory: share of the memory that is not available, 0 to 1.
        whole_bytes: the machine's memory.
        accelerators: those that can be read.
    """

    cpu: float
    memory: float
    whole_bytes: int
    accelerators: tuple[Accelerator, ...] = ()


class Hardware:
    """Asks the system. Belongs to one thread: shares are of the time since its last answer."""

    def __init__(self) -> None:
        import psutil  # noqa: PLC0415  # 50 ms, and only a running screen asks

        self._psutil = psutil
        self._psutil.cpu_percent()  # the first answer is about the time since this
        self._readers: list[Callable[[], list[Accelerator]]] = [*_nvidia(), *_intel()]

    def read(self) -> HardwareUse:
        """How it stands."""
        memory = self._psutil.virtual_memory()
        found: list[Accelerator] = []
        for reader in [*self._readers]:
            try:
                found += reader()
            except Exception as error:  # a driver that was taken away or updated fails in its own ways, for good
                log.info("an accelerator can't be read any more: %s", error)
                self._readers.remove(reader)
        return HardwareUse(
            cpu=min(max(self._psutil.cpu_percent() / 100, 0.0), 1.0),
            memory=min(max(1 - memory.available / memory.total, 0.0), 1.0) if memory.total else 0.0,
            whole_bytes=int(memory.total),
            accelerators=tuple(found),
        )


def _nvidia() -> Iterator[Callable[[], list[Accelerator]]]:
    """A reader of NVIDIA's GPUs, where NVML is here."""
    try:
        pynvml = import_module("pynvml")  # by name: most machines lack it
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
    except Exception as error:  # not installed, or no driver: its errors share no base with ImportError
        log.debug("NVML can't be used: %s", error)
        return
    if handles:
        yield lambda: [_nvidia_gpu(pynvml, handle) for handle in handles]


def _nvidia_gpu(nvml: Any, handle: Any) -> Accelerator:
    def ask(question: Callable[[], Any]) -> Any:
        try:
            return question()
        except nvml.NVMLError:  # not supported by this GPU
            return None

    name = nvml.nvmlDeviceGetName(handle)
    rates = ask(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    memory = ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    return Accelerator(
        name.decode(errors="replace") if isinstance(name, bytes) else str(name),
        busy=None if rates is None else rates.gpu / 100,
        used_bytes=None if memory is None else int(memory.used),
        whole_bytes=None if memory is None else int(memory.total),
        celsius=ask(lambda: int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))),
        mhz=ask(lambda: int(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))),
    )


def _intel() -> Iterator[Callable[[], list[Accelerator]]]:
    """A reader for each of Intel's GPUs that Linux shows."""
    if sys.platform != "linux":
        return
    for card in sorted(DRM.glob("card[0-9]")):
        if _text(card / "device" / "vendor") == _INTEL:
            yield _IntelGpu(card).read


class _IntelGpu:
    """One of Intel's GPUs, by its driver's files: clock for all, busy time for this program (drm-engine-* in fdinfo).

    Format: Linux, Documentation/gpu/drm-usage-stats.rst.
    """

    def __init__(self, card: Path) -> None:
        self._card = card
        self._address = os.path.basename(os.path.realpath(card / "device"))  # noqa: PTH119  # the link's end: its PCI address
        self._before = time.monotonic_ns(), self._engines()

    def read(self) -> list[Accelerator]:
        """How it stands."""
        now, engines = time.monotonic_ns(), self._engines()
        then, before = self._before
        self._before = now, engines
        busy = None
        if engines and now > then:
            most = max(ns - before.get(engine, ns) for engine, ns in engines.items())
            busy = min(max(most / (now - then), 0.0), 1.0)
        clock = _text(self._card / "gt_act_freq_mhz") or _text(self._card / "gt" / "gt0" / "rps_act_freq_mhz")
        return [Accelerator(f"Intel GPU {self._address}", busy=busy, mhz=int(clock) if clock.isdecimal() else None)]

    def _engines(self) -> dict[str, int]:
        """Nanoseconds this program kept each engine busy, each client counted once."""
        clients: dict[str, dict[str, int]] = {}
        with suppress(OSError):
            for file in FDINFO.iterdir():
                fields = dict(line.split(":", 1) for line in _text(file).splitlines() if ":" in line)
                fields = {key: value.strip() for key, value in fields.items()}
                if fields.get("drm-pdev") == self._address and "drm-client-id" in fields:
                    clients[fields["drm-client-id"]] = {
                        key.removeprefix("drm-engine-"): int(value.split()[0])
                        for key, value in fields.items()
                        if key.startswith("drm-engine-") and value.split()[0:1] and value.split()[0].isdecimal()
                    }
        total: dict[str, int] = {}
        for engines in clients.values():
            for engine, ns in engines.items():
                total[engine] = total.get(engine, 0) + ns
        return total


def _text(path: Path) -> str:
    """What a file says; empty when it can't be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
