"""The doctor: what it finds on machines and homes in every state, and what its command says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import keyring
import keyring.backends.fail
import psutil
import pytest
import typer
from typer.testing import CliRunner

from backends.base import BackendError, Device
from console.cli.doctor import doctor
from console.health import house, machine, program
from console.health.doctor import CHECKS, examine
from console.health.findings import Finding, State, ok
from console.settings.home import Home
from console.store.migrations import shipped
from console.store.store import Store, utc_text

app = typer.Typer()
app.command()(doctor)


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("SIGHTDESK_PASSPHRASE", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def home(own_home: Path) -> Home:
    return Home.look(own_home)


@pytest.fixture
def lived_in(home: Home) -> Home:
    home.make()
    Store.open(home).close()
    return home


def found(check, home: Home) -> list[Finding]:
    return list(check(home))


def states(check, home: Home) -> list[State]:
    return [finding.state for finding in check(home)]


def test_nothing_needed_is_missing_here(home: Home) -> None:
    findings = examine(home)
    assert [finding for finding in findings if finding.broken] == []
    assert len(findings) >= len(CHECKS) - 1
    assert not home.exists, "looking makes nothing"
    assert all(finding.what.strip() and (finding.state is State.OK or finding.hint) for finding in findings)


def test_a_check_that_fails_does_not_hide_the_others(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_home: Home) -> list[Finding]:
        raise KeyError("hunter2")

    findings = examine(home, [broken, lambda _home: [ok("after", "fine")]])
    assert [finding.about for finding in findings] == ["broken", "after"]
    assert findings[0].broken
    assert "hunter2" not in findings[0].what


def test_packages_that_are_not_installed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "requires", lambda _name: ["nosuch-core>=1", "PySide6<9", "extra-only; extra == 'x'"])
    monkeypatch.setattr(program, "installed", lambda _name: None)
    core, screen = found(program.packages, home)
    assert core.broken
    assert core.hint == "pip install nosuch-core"
    assert screen.state is State.MISSING
    assert not screen.needed


def test_a_frozen_program_has_its_packages_built_in(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> list[str]:
        raise program.PackageNotFoundError(name)

    monkeypatch.setattr(program, "requires", gone)
    assert states(program.packages, home) == [State.OK]


@pytest.mark.parametrize(
    ("versions", "words", "broken"),
    [
        ({"opencv-python-headless": "5", "opencv-python": "5"}, "overwrite each other", True),
        ({"opencv-python": "5"}, "Qt of its own", False),
        ({"pyside6": "6.12.0"}, "aborts on Python 3.11", True),
    ],
)
def test_packages_that_get_in_each_others_way(
    home: Home, monkeypatch: pytest.MonkeyPatch, versions: dict[str, str], words: str, broken: bool
) -> None:
    monkeypatch.setattr(program, "requires", lambda _name: [])
    monkeypatch.setattr(program, "installed", versions.get)
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    _fine, finding = found(program.packages, home)
    assert words in finding.what
    assert "pip" in finding.hint
    assert finding.broken is broken


def test_runtimes_that_load_find_their_devices(home: Home) -> None:
    findings = found(program.runtimes, home)
    assert any(finding.state is State.OK and "CPU" in finding.what for finding in findings)


def test_a_runtime_whose_libraries_do_not_load(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        raise ImportError(f"lib{name}.so: cannot open shared object file")

    monkeypatch.setattr(program.importlib, "import_module", load)
    monkeypatch.setattr(program, "names", lambda: ["onnxruntime"])
    monkeypatch.setattr(program, "runtime", lambda _name: SimpleNamespace(devices=lambda: [Device("CPU", "x")]))
    first, last = found(program.runtimes, home)
    assert "can't be loaded" in first.what
    assert last.broken
    assert "Nothing here can run a model" in last.what


def test_plug_ins_that_are_broken_or_find_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def runtime(name: str) -> SimpleNamespace:
        if name == "broken":
            raise BackendError("It is broken.", "Reinstall it.")
        return SimpleNamespace(devices=lambda: [Device("NPU", "", available=False, why="No driver: install it.")])

    monkeypatch.setattr(program, "names", lambda: ["broken", "blind"])
    monkeypatch.setattr(program, "runtime", runtime)
    broken, blind, last = found(program.runtimes, home)
    assert (broken.what, broken.hint) == ("It is broken.", "Reinstall it.")
    assert "No driver" in blind.what
    assert last.broken


def test_an_old_python(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "OLDEST", (9, 0))
    assert found(program.python, home)[0].broken


def test_little_memory(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=4 * 1024**3, available=2 * 1024**2))
    (finding,) = found(machine.system, home)
    assert finding.state is State.PROBLEM
    assert not finding.needed


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's screens and libraries")
@pytest.mark.parametrize(("variable", "needed"), [("DISPLAY", True), ("WAYLAND_DISPLAY", True), (None, False)])
def test_qt_libraries_that_are_missing_name_their_packages(
    home: Home, monkeypatch: pytest.MonkeyPatch, variable: str | None, needed: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, ":9")
    monkeypatch.setattr(machine, "loads", lambda name: name not in ("libxcb-cursor.so.0", "libEGL.so.1"))
    screen, libraries = found(machine.screen, home)
    assert (screen.state is State.OK) is needed
    assert libraries.broken is needed
    assert "libxcb-cursor.so.0" in libraries.what
    assert libraries.hint.endswith("sudo apt-get install libegl1 libxcb-cursor0")


def test_libraries_are_really_tried() -> None:
    assert not machine.loads("libnosuch-sightdesk.so.9")
    if sys.platform == "linux":
        assert machine.loads("libc.so.6")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/video*")
def test_usb_cameras_this_user_may_not_open(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.Path, "glob", lambda _self, _pattern: [Path("/dev/video1"), Path("/dev/video0")])
    monkeypatch.setattr(os, "access", lambda path, _mode: path == Path("/dev/video0"))
    (finding,) = found(machine.video_devices, home)
    assert "/dev/video1" in finding.what
    assert "/dev/video0" not in finding.what
    assert "usermod -aG video" in finding.hint


def test_a_clock_set_back_is_seen(lived_in: Home) -> None:
    assert states(machine.clock, lived_in) == [State.OK]
    with Store.open(lived_in) as store:
        ahead = utc_text(datetime.now(UTC) + timedelta(days=3))
        store.write(lambda db: db.execute("UPDATE boot SET started_at = ?", [ahead]) and None).result(10)
    (finding,) = found(machine.clock, lived_in)
    assert "One of both was wrong" in finding.what


def test_a_clock_before_this_program(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_BUILT_IN_YEAR", 9000)
    assert found(machine.clock, home)[0].broken


def test_a_home_on_a_network_drive(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "network_drive", lambda _path: "cifs")
    assert "network drive (cifs)" in found(house.folder, home)[0].what
    assert found(house.folder, home)[0].broken


def test_a_home_that_cannot_be_written(lived_in: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(house.tempfile, "TemporaryFile", refuse)
    (finding,) = found(house.folder, lived_in)
    assert finding.broken
    assert "permission denied" in finding.what


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_home_everybody_may_read(lived_in: Home) -> None:
    lived_in.path.chmod(0o755)
    assert states(house.folder, lived_in) == [State.OK, State.PROBLEM]


@pytest.mark.parametrize(
    ("free", "state", "broken"), [(10**12, "ok", False), (10**9, "problem", False), (10**6, "problem", True)]
)
def test_room_on_the_disk(home: Home, monkeypatch: pytest.MonkeyPatch, free: int, state: str, broken: bool) -> None:
    monkeypatch.setattr(house.shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
    (finding,) = found(house.disk, home)
    assert (str(finding.state), finding.broken) == (state, broken)


def test_broken_settings_are_named_by_their_lines(lived_in: Home) -> None:
    lived_in.settings_file.write_text("site: x\nlog:\n  level: loud\n  kep: 3\n")
    first, second = found(house.settings, lived_in)
    assert f"{lived_in.settings_file}:3: log.level: must be one of" in first.what
    assert f"{lived_in.settings_file}:4: log.kep" in second.what
    assert second.hint == "Did you mean keep?"
    assert first.broken


def test_secrets_that_settings_name_and_nobody_stored(lived_in: Home) -> None:
    lived_in.settings_file.write_text(
        "cameras:\n  - id: gate\n    source: rtsp://h/x\n    login: {user: a, password: {secret: gate-camera}}\n"
    )
    settings, secret = found(house.settings, lived_in)
    assert settings.state is State.OK
    assert secret.broken
    assert secret.hint == "sightdesk secrets set gate-camera"


def test_where_secrets_go(lived_in: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (none,) = found(house.keyring, lived_in)
    assert none.state is State.MISSING
    assert not none.needed
    (lived_in.path / "secrets.bin").write_bytes(b"x")
    assert "doesn't know its passphrase" in found(house.keyring, lived_in)[0].what
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "hunter2")
    (known,) = found(house.keyring, lived_in)
    assert known.state is State.OK
    assert "hunter2" not in known.what
    monkeypatch.setattr(house, "usable_keyring", lambda: SimpleNamespace(name="Windows Credential Manager"))
    assert "Windows Credential Manager" in found(house.keyring, lived_in)[0].what


def test_a_damaged_database(lived_in: Home) -> None:
    assert f"Sound; schema {shipped()[-1].number}" in found(house.database, lived_in)[0].what
    lived_in.database.write_bytes(lived_in.database.read_bytes()[:5000])
    (finding,) = found(house.database, lived_in)
    assert finding.broken
    assert "damaged" in finding.what


def test_the_command_says_all_and_fails_only_for_what_is_needed(home: Home) -> None:
    fine = CliRunner().invoke(app, [])
    assert fine.exit_code == 0, fine.output
    assert "python: Python 3" in fine.stdout
    home.make()
    home.settings_file.write_text("log: loud\n")
    broken = CliRunner().invoke(app, [])
    assert broken.exit_code == 1
    assert f"problem    settings: {home.settings_file}:1: log: must be a group of keys" in broken.stdout


def test_the_command_prints_one_json_object(home: Home) -> None:
    result = CliRunner().invoke(app, ["--json"])
    said = json.loads(result.stdout)
    assert said["ok"] is True
    assert said["home"] == str(home.path)
    assert {"about", "state", "what", "hint", "needed"} == set(said["findings"][0])
