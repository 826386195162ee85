"""How much of the hardware is used: what can't be read is left out, and nothing raises."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.health import hardware
from console.health.hardware import Hardware

needs_links = pytest.mark.skipif(sys.platform != "linux", reason="Linux's driver files")


def test_the_machine_itself() -> None:
    use = Hardware().read()
    assert 0 <= use.cpu <= 1
    assert 0 < use.memory < 1
    assert use.whole_bytes > 10**8


class NoAnswer(Exception):
    """What NVML raises."""


def _nvml(**more: object) -> SimpleNamespace:
    def no(*_args: object) -> None:
        raise NoAnswer("not supported")

    return SimpleNamespace(**{
        "NVMLError": NoAnswer,
        "NVML_TEMPERATURE_GPU": 0,
        "NVML_CLOCK_SM": 1,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda n: n,
        "nvmlDeviceGetName": lambda _h: b"Big GPU",
        "nvmlDeviceGetUtilizationRates": lambda _h: SimpleNamespace(gpu=40),
        "nvmlDeviceGetMemoryInfo": lambda _h: SimpleNamespace(used=2, total=8),
        "nvmlDeviceGetTemperature": lambda _h, _kind: 61,
        "nvmlDeviceGetClockInfo": no,
    } | more)  # fmt: skip


def test_nvidia_through_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", _nvml())
    (gpu,) = Hardware().read().accelerators
    assert (gpu.name, gpu.busy, gpu.used_bytes, gpu.whole_bytes, gpu.celsius) == ("Big GPU", 0.4, 2, 8, 61)
    assert gpu.mhz is None


def test_a_driver_that_is_taken_away_is_asked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lost(_handle: object) -> bytes:
        asked.append(1)
        raise OSError("driver gone")

    monkeypatch.setitem(sys.modules, "pynvml", _nvml(nvmlDeviceGetName=lost))
    reader = Hardware()
    assert reader.read().accelerators == ()
    assert reader.read().accelerators == ()
    assert len(asked) == 1


def test_no_driver_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise NoAnswer("driver not loaded")

    monkeypatch.setitem(sys.modules, "pynvml", _nvml(nvmlInit=absent))
    assert Hardware().read().accelerators == ()


@needs_links
def test_intel_through_the_drivers_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "pci" / "0000:00:02.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text("0x8086\n")
    card = tmp_path / "drm" / "card0"
    card.mkdir(parents=True)
    (card / "device").symlink_to(device)
    (card / "gt_act_freq_mhz").write_text("1150\n")
    info = tmp_path / "fdinfo"
    info.mkdir()
    client = "pos:\t0\ndrm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t7\ndrm-engine-compute:\t{} ns\n"
    for file in ("4", "5"):  # two descriptors of one client count once
        (info / file).write_text(client.format(0))
    (info / "6").write_bytes(b"\xff\xfe not text: at all\n")
    monkeypatch.setattr(hardware, "DRM", tmp_path / "drm")
    monkeypatch.setattr(hardware, "FDINFO", info)
    clock = SimpleNamespace(monotonic_ns=lambda: 0)
    monkeypatch.setattr(hardware, "time", clock)
    reader = Hardware()
    for file in ("4", "5"):
        (info / file).write_text(client.format(300))
    clock.monotonic_ns = lambda: 1000
    (gpu,) = reader.read().accelerators
    assert (gpu.name, gpu.busy, gpu.mhz) == ("Intel GPU 0000:00:02.0", 0.3, 1150)
    (card / "gt_act_freq_mhz").unlink()
    clock.monotonic_ns = lambda: 2000
    (gpu,) = reader.read().accelerators
    assert (gpu.busy, gpu.mhz) == (0.0, None)


@needs_links
def test_other_makers_cards_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "DRM", tmp_path / "none")
    monkeypatch.setattr(hardware, "FDINFO", tmp_path / "none")
    assert Hardware().read().accelerators == ()
    (tmp_path / "none" / "card1" / "device").mkdir(parents=True)
    (tmp_path / "none" / "card1" / "device" / "vendor").write_text("0x1002\n")
    assert Hardware().read().accelerators == ()
    assert os.access(tmp_path, os.R_OK)
