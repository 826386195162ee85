"""`sightdesk backends`, and the doctor's word on ONNX Runtime's builds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from backends import registry
from backends.base import BackendError, Device
from console.cli.backends import backends
from console.health import builds, runtimes
from console.health.findings import Finding, State
from console.settings.home import Home
from tests.conftest import ROOT

app = typer.Typer()
app.command()(backends)


def test_it_lists_what_is_here() -> None:
    result = CliRunner().invoke(app, ["--json"])
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert said["ok"] is True
    found = {runtime["name"]: runtime for runtime in said["runtimes"]}
    assert {"openvino", "onnxruntime"} <= set(found)
    assert found["openvino"]["version"].startswith("20")
    assert any(device["name"] == "CPU" and device["available"] for device in found["openvino"]["devices"])
    assert all(device["available"] or device["why"] for r in said["runtimes"] for device in r["devices"])
    plain = CliRunner().invoke(app, [])
    assert "yes  CPU" in plain.stdout


def _entry(monkeypatch: pytest.MonkeyPatch, name: str, load: Callable[[], object]) -> None:
    """An installed plug-in."""
    dist = SimpleNamespace(name=f"{name}-for-sightdesk", version="0.3")
    point = SimpleNamespace(name=name, load=load, dist=dist)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    registry.runtime.cache_clear()


def test_a_broken_plug_in_is_a_row_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> object:
        raise ImportError("no libtoy.so")

    _entry(monkeypatch, "toy", load)
    toy = next(runtime for runtime in runtimes.survey() if runtime.name == "toy")
    assert (toy.package, toy.version, toy.plug_in, toy.usable) == ("toy-for-sightdesk", "0.3", True, False)
    assert "no libtoy.so" in toy.what
    said = CliRunner().invoke(app, []).stdout
    assert "toy (plug-in, toy-for-sightdesk 0.3)" in said
    assert "no   The backend toy can't be loaded" in said
    registry.runtime.cache_clear()


def test_one_that_fails_when_asked_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def devices() -> list[Device]:
        raise RuntimeError("driver gone")

    runtime = SimpleNamespace(api_version=1, devices=devices)
    _entry(monkeypatch, "toy", lambda: lambda: runtime)
    toy = runtimes.survey()[-1]
    assert "driver gone" in toy.what
    assert toy.hint
    registry.runtime.cache_clear()


def test_nothing_that_can_run_a_model_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> object:
        raise BackendError("It is not installed.", "Install it.")

    monkeypatch.setattr(registry, "runtime", nothing)
    result = CliRunner().invoke(app, ["--json"])
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["ok"] is False
    assert said["runtimes"][0]["hint"] == "Install it."
    assert "no   It is not installed." in CliRunner().invoke(app, []).stdout


def test_nothing_heavy_is_imported_to_say_absent() -> None:
    hide = "import sys; from importlib import machinery; find = machinery.PathFinder.find_spec\n"
    hide += "def hidden(name, *rest): return None if name in ('openvino', 'onnxruntime') else find(name, *rest)\n"
    hide += "machinery.PathFinder.find_spec = hidden\n"
    run = "from console.health.runtimes import survey; found = survey(); assert not found[0].usable, found\n"
    check = "heavy = {'scipy', 'PySide6', 'openvino', 'onnxruntime', 'psutil', 'av'} & set(sys.modules)\n"
    check += "assert not heavy, heavy"
    done = subprocess.run(
        [sys.executable, "-c", hide + run + check], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("installed", "nvidia", "state", "said"),
    [
        ([], False, State.MISSING, ("No build", "--group cpu")),
        ([], True, State.MISSING, ("No build", "--no-group cpu --group cuda")),
        (["onnxruntime", "onnxruntime-gpu"], True, State.PROBLEM, ("share one folder", "--group cuda")),
        (["onnxruntime", "onnxruntime-directml"], False, State.PROBLEM, ("share one folder", "pip uninstall -y")),
        (["onnxruntime"], True, State.PROBLEM, ("can't use it with CUDA", "pip install onnxruntime-gpu")),
        (["onnxruntime-gpu"], False, State.PROBLEM, ("no NVIDIA driver", "Install NVIDIA's driver")),
        (["onnxruntime"], False, State.OK, ("dependency group cpu", "")),
    ],
)
def test_the_doctor_names_the_build_for_this_machine(  # noqa: PLR0917
    own_home, monkeypatch: pytest.MonkeyPatch, installed: list[str], nvidia: bool, state: State, said: tuple[str, str]
) -> None:
    monkeypatch.setattr(builds.sys, "platform", "linux")
    monkeypatch.setattr(builds, "nvidia_here", lambda: nvidia)
    monkeypatch.setattr(builds, "installed_builds", lambda: installed)
    monkeypatch.setattr(builds, "version", lambda _name: "1.2")
    (finding,) = builds.onnxruntime_build(Home.look(own_home))
    assert isinstance(finding, Finding)
    assert finding.state is state
    assert said[0] in finding.what
    assert said[1] in finding.hint
    assert finding.broken is (len(installed) > 1)


def test_windows_takes_directml(own_home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds.sys, "platform", "win32")
    monkeypatch.setattr(builds, "nvidia_here", lambda: False)
    monkeypatch.setattr(builds, "installed_builds", lambda: ["onnxruntime"])
    (finding,) = builds.onnxruntime_build(Home.look(own_home))
    assert "DirectML" in finding.what
    assert "--no-group cpu --group directml" in finding.hint
    monkeypatch.setattr(builds.sys, "frozen", True, raising=False)
    assert "built with directml" in builds.way_to("directml", [])
