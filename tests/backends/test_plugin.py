"""A third-party runtime, really installed: seen, stated with its package, and run. Its contract is in the suite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backends import registry
from backends.base import BackendError, Device
from tests.plugins.installing import installed, on_path

NAME = "sightdesk-opencv-runtime"


def test_an_installed_runtime_is_found_by_a_fresh_program() -> None:
    code = """
import json
from backends import registry
print(json.dumps([registry.names(), registry.package("opencv"), registry.package("openvino"),
                  registry.runtime("opencv").api_version]))
"""
    with on_path(NAME):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == [[*registry.BUILT_IN, "opencv"], "sightdesk-opencv-runtime 1.2.0", "", 1]
    assert "opencv" not in registry.names()


def test_its_devices_are_listed_with_the_built_in_ones() -> None:
    with on_path(NAME):
        found = registry.available()
    assert ("opencv", Device("CPU", "OpenCV's network engine")) in found
    assert {name for name, _device in found} >= {"openvino", "onnxruntime"}


def test_pip_knows_it_as_any_other_package() -> None:
    site = installed(NAME)
    command = [sys.executable, "-m", "pip", "list", "--path", str(site), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert [(p["name"], p["version"]) for p in json.loads(done.stdout)] == [(NAME, "1.2.0")]


def test_one_whose_files_are_damaged_says_which_package_to_reinstall() -> None:
    with on_path(NAME) as site:
        file = site / "sightdesk_opencv" / "runtime.py"
        good = file.read_text()
        file.write_text(good[: len(good) // 2] + "(")
        for kept in (site / "sightdesk_opencv").rglob("*.pyc"):
            kept.unlink()
        try:
            with pytest.raises(BackendError, match="opencv can't be loaded") as caught:
                registry.runtime("opencv")
            listed = dict(registry.available())
        finally:
            file.write_text(good)
    assert caught.value.hint == "Reinstall its package sightdesk-opencv-runtime 1.2.0."
    assert not listed["opencv"].available
    assert "can't be loaded" in listed["opencv"].why
    assert Path(site).is_dir()
