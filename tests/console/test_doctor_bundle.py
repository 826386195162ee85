"""The bundle: everything a bug report needs, and no secret, wherever one was planted."""

from __future__ import annotations

import base64
import json
import logging
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import keyring
import keyring.backends.fail
import pytest
import typer
from typer.testing import CliRunner

from console.cli.doctor import doctor
from console.errors import HomeError
from console.health import logs
from console.health.bundle import write_bundle
from console.health.findings import ok
from console.settings import vault
from console.settings.home import Home
from console.settings.schema import LogSettings
from console.settings.scrub import SCRUBBER
from console.settings.secrets import Secrets
from console.store.migrations import shipped
from console.store.store import Store

app = typer.Typer()
app.command()(doctor)

# One secret for each place it is planted in, so that a leak says where it came from.
PLANTED = {
    "store": "swordfish/of the:store",
    "passphrase": "swordfish of the passphrase",
    "environment": "swordfish-of-the-environment",
    "yaml-url": "swordfish-of-the-yaml-url",
    "yaml-field": "swordfish-of-the-yaml-field",
    "yaml-comment": "swordfish-of-the-yaml-comment",
    "good-copy-comment": "swordfish-of-the-good-copy",
    "log-url": "swordfish-of-the-log-url",
    "log-query": "swordfish-of-the-log-query",
    "log-header": "swordfish-of-the-log-header",
    "log-pair": "swordfish-of-the-log-pair",
    "database": "swordfish-of-the-database",
    "trace": "swordfish-of-the-trace",
}


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(vault, "COST", 10)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", PLANTED["passphrase"])
    monkeypatch.setenv("CAMERA_API_KEY", PLANTED["environment"])
    monkeypatch.setenv("LANG", f"{PLANTED['environment']}")
    yield
    keyring.set_keyring(before)
    SCRUBBER.forget_all()


@pytest.fixture
def planted(own_home: Path) -> Home:
    """A home with a secret in every place one could get to."""
    home = Home.look(own_home)
    home.make()
    Secrets(home).set("gate", PLANTED["store"])
    home.settings_file.write_text(
        f"# old: rtsp://admin:{PLANTED['yaml-comment']}@10.0.0.5/x\n"
        f"site: Plant\ncameras:\n  - id: gate\n    source: rtsp://admin:{PLANTED['yaml-url']}@10.0.0.5/live\n"
        f"    login: {{user: a, password: {PLANTED['yaml-field']}}}\n"
    )
    good = (
        f"# {PLANTED['good-copy-comment']}\nsite: Plant 7\ncameras:\n  - id: gate\n    source: rtsp://10.0.0.5/live\n"
    )
    (home.path / "settings.last-good.yaml").write_text(good)
    # as other programs, older versions and libraries may have written it, past our own scrubbing
    (home.logs / "sightdesk.log").write_text(
        json.dumps({"event": f"open rtsp://admin:{PLANTED['log-url']}@10.0.0.5/live failed", "level": "error"}) + "\n"
        + json.dumps({"event": "known", "value": PLANTED["store"], "password": PLANTED["log-pair"]}) + "\n"
        + json.dumps({"event": "encoded " + quote(PLANTED["store"], safe="")}) + "\n"
        + json.dumps({"event": "base " + base64.b64encode(PLANTED["store"].encode()).decode()}) + "\n"
        + json.dumps({"event": f"yaml had {PLANTED['yaml-url']} and {PLANTED['yaml-field']}"}) + "\n"
        + json.dumps({"event": f"env {PLANTED['environment']} {PLANTED['passphrase']}"}) + "\n"
        + json.dumps({"event": f"comment {PLANTED['yaml-comment']}"}) + "\n"
        + f"not JSON: GET /v?user=a&pwd={PLANTED['log-query']} Authorization: Digest {PLANTED['log-header']}\n"
        + f"half a line {PLANTED['store']}"
    )  # fmt: skip
    (home.logs / "sightdesk.log.1").write_text(f"token={PLANTED['log-pair']}\n")
    (home.logs / "faults.previous.log").write_text(f"Fatal: rtsp://u:{PLANTED['trace']}@h/x\n")
    with Store.open(home) as store:
        store.write(lambda db: db["meta"].insert({"key": "x", "value": PLANTED["database"]}) and None).result(10)
    SCRUBBER.forget_all()  # as another process would begin
    return home


def members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_no_planted_secret_gets_out(planted: Home, tmp_path: Path) -> None:
    target = tmp_path / "report.zip"
    leak = ok("leak", f"a finding with {PLANTED['store']} and rtsp://u:{PLANTED['log-url']}@h in it")
    names = write_bundle(planted, target, [leak])
    found = members(target)
    assert set(names) == set(found)
    assert {"findings.json", "versions.json", "settings.json", "database.json", "threads.txt"} <= set(found)
    assert {"logs/sightdesk.log", "logs/sightdesk.log.1", "logs/faults.previous.log"} <= set(found)
    raw = target.read_bytes()
    for place, secret in PLANTED.items():
        for spelling in (
            secret,
            quote(secret, safe=""),
            base64.b64encode(secret.encode()).decode(),
            json.dumps(secret)[1:-1],
        ):
            for name, content in found.items():
                assert spelling.encode() not in content, f"the secret of {place} is in {name}"
            assert spelling.encode() not in raw
    if os.name != "nt":
        assert target.stat().st_mode & 0o777 == 0o600


def test_what_a_bug_report_needs_is_there(planted: Home, tmp_path: Path) -> None:
    target = tmp_path / "report.zip"
    write_bundle(planted, target, [ok("python", "Python 3")])
    found = members(target)
    settings = json.loads(found["settings.json"])
    assert settings["origin"] == "last good"
    assert settings["settings"]["site"] == "Plant 7"
    assert settings["problems"][0]["line"] == 5
    rows = json.loads(found["database.json"])["rows"]
    assert rows.items() >= {"boot": 1, "meta": 1, "pictures": 0, "events": 0}.items()
    assert json.loads(found["database.json"])["schema"] == shipped()[-1].number
    assert json.loads(found["versions.json"])["packages"]["pydantic"]
    assert json.loads(found["findings.json"])[0]["about"] == "python"
    assert json.loads(found["about.json"])["secrets_not_opened"] == []
    assert b"MainThread:" in found["threads.txt"]
    assert b"test_what_a_bug_report_needs_is_there" in found["threads.txt"]
    first = json.loads(found["logs/sightdesk.log"].splitlines()[0])
    assert first == {"event": "open rtsp://***@10.0.0.5/live failed", "level": "error"}


def test_secrets_that_cannot_be_opened_are_said(planted: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "not the right one")
    write_bundle(planted, tmp_path / "a.zip", [])
    assert json.loads(members(tmp_path / "a.zip")["about.json"])["secrets_not_opened"] == ["gate"]
    (planted.path / "secrets.json").write_text("{")
    write_bundle(planted, tmp_path / "b.zip", [])
    assert json.loads(members(tmp_path / "b.zip")["about.json"])["secrets_not_opened"] == ["all"]


def test_a_home_that_is_not_there_is_no_obstacle(tmp_path: Path) -> None:
    home = Home.look(tmp_path / "none")
    write_bundle(home, tmp_path / "report.zip", [])
    assert "error" in json.loads(members(tmp_path / "report.zip")["database.json"])
    assert not home.exists


def test_only_the_end_of_a_long_log_is_taken(own_home: Path, tmp_path: Path) -> None:
    home = Home.look(own_home)
    home.make()
    (home.logs / "sightdesk.log").write_text("".join(f'{{"event": "line {n}"}}\n' for n in range(100_000)))
    write_bundle(home, tmp_path / "report.zip", [])
    log = members(tmp_path / "report.zip")["logs/sightdesk.log"]
    assert len(log) < 1_100_000
    assert log.endswith(b'{"event": "line 99999"}\n')


def test_what_our_own_logs_wrote_is_in_it_and_clean(planted: Home, tmp_path: Path) -> None:
    Secrets(planted).get("gate")
    started = logs.start(LogSettings(), planted.logs, words="error")
    logging.getLogger("console.x").warning("login with %s failed", PLANTED["store"])
    started.stop()
    write_bundle(planted, tmp_path / "report.zip", [])
    log = members(tmp_path / "report.zip")["logs/sightdesk.log"].decode()
    assert "login with *** failed" in log


def test_a_bundle_that_cannot_be_written_is_said(planted: Home, tmp_path: Path) -> None:
    with pytest.raises(HomeError):
        write_bundle(planted, tmp_path / "missing" / "report.zip", [])


def test_the_command_writes_it(planted: Home, tmp_path: Path) -> None:
    target = tmp_path / "report.zip"
    result = CliRunner().invoke(app, ["--bundle", str(target), "--json"])
    assert result.exit_code == 1, "the planted settings are broken"
    assert f"Written: {target}" in result.stderr
    json.loads(result.stdout)
    everything = result.output.encode() + b"".join(members(target).values())
    for place, secret in PLANTED.items():
        assert secret.encode() not in everything, place
