"""`sightdesk settings`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli.settings import app
from console.errors import SettingsError, UsageError
from console.settings.describe import commented
from console.settings.fields import takes_text
from console.settings.file import SettingsFile
from console.settings.schema import Settings


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def file(own_home: Path) -> Path:
    own_home.mkdir()
    return own_home / "settings.yaml"


def test_path(own_home: Path) -> None:
    assert run("path").stdout.strip() == str(own_home / "settings.yaml")
    assert json.loads(run("path", "--json").stdout) == {"path": str(own_home / "settings.yaml"), "exists": False}
    assert not own_home.exists()


def test_show_is_yaml_that_reads_back(file: Path) -> None:
    file.write_text("site: 'Plant: 1'\ncameras:\n  - {id: gate, source: usb:0}\n")
    shown = run("show").stdout
    assert 'site: "Plant: 1"' in shown
    assert "id: gate" in shown
    other = file.with_name("shown.yaml")
    other.write_text(shown)
    assert SettingsFile(other).load(keep=False).settings == SettingsFile(file).load(keep=False).settings
    said = json.loads(run("show", "--json").stdout)
    assert said["origin"] == "file"
    assert Settings.model_validate(said["settings"]).site == "Plant: 1"


def test_check(file: Path, tmp_path: Path) -> None:
    assert "not there yet" in run("check").stderr
    file.write_text(commented())
    assert "is right" in run("check").stderr
    other = tmp_path / "other.yaml"
    other.write_text("log:\n  level: loud\n  kep: 1\n")
    result = run("check", str(other))
    assert result.exit_code == 1
    assert f"{other}:2: log.level: must be one of" in result.stderr
    assert f"{other}:3: log.kep: is not a key that is known here. Did you mean keep?" in result.stderr
    said = json.loads(run("check", str(other), "--json").stdout)
    assert [problem["line"] for problem in said["problems"]] == [2, 3]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["other.yaml"]
    with pytest.raises(UsageError, match="no file"):
        run("check", str(tmp_path / "none.yaml"))


def test_edit(file: Path) -> None:
    run("edit", "site=12", "log.level=debug", "cameras.yard={source: 'rtsp://10.0.0.8/stream1', stages: [{model: m}]}")
    run("edit", "cameras.yard.name=no", "cameras.yard.fps_cap=2.5", "cameras.yard.stages.1.thresholds={person: 0.4}")
    settings = SettingsFile(file).load().settings
    assert (settings.site, settings.log.level) == ("12", "debug")
    (camera,) = settings.cameras
    assert (camera.id, camera.name, camera.fps_cap) == ("yard", "no", 2.5)
    assert camera.stages[0].thresholds == {"person": 0.4}
    assert "# Name of the site" in file.read_text()
    run("edit", "cameras.yard.fps_cap=", "site=", "--json")
    settings = SettingsFile(file).load().settings
    assert (settings.site, settings.cameras[0].fps_cap) == ("", None)


@pytest.mark.parametrize("words", ["site", "=x", "log.keep=[", "log.keep=&a"])
def test_edits_that_make_no_sense(file: Path, words: str) -> None:
    with pytest.raises(UsageError):
        run("edit", words)


def test_an_edit_that_would_break_the_settings(file: Path) -> None:
    file.write_text("site: a\n")
    with pytest.raises(SettingsError, match=r"log\.level"):
        run("edit", "log.level=loud")
    assert file.read_text() == "site: a\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("site", True),
        ("log.level", False),
        ("log.keep", False),
        ("cameras.gate.name", True),
        ("cameras.gate", False),
        ("cameras.1.stages.2.on", True),
        ("cameras.gate.login.user", True),
        ("cameras.gate.stages.1.thresholds", False),
        ("nope", False),
        ("", False),
    ],
)
def test_what_takes_text(path: str, text: bool) -> None:
    assert takes_text(path) is text
