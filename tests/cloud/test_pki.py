"""`sightdesk pki`: what is issued, renewed and revoked, what is refused, and what a crash leaves."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from typer.testing import CliRunner

from console.cli.pki import VARIABLE, app
from console.cloud.pki.authority import Authority
from console.cloud.pki.crl import PkiError, read_crl
from console.cloud.pki.identity import Revoked, identity_of
from console.cloud.pki.minting import Subject
from console.errors import HomeError, UsageError
from console.settings.disk import write_whole

PHRASE = "correct horse battery"


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    one = Authority(tmp_path / "pki", lambda: "")
    one.init("Test CA", None)
    return one


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, PHRASE)
    monkeypatch.setenv("SIGHTDESK_PKI", str(tmp_path / "pki"))
    return tmp_path / "pki"


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, list(words))
    assert PHRASE not in result.output
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def test_from_the_first_certificate_to_its_end(folder: Path) -> None:
    made = told("init", "--name", "Plant 1 CA")
    assert made == {"ca": str(folder / "ca.pem"), "crl": str(folder / "crl.pem"), "locked": True}
    server = told("issue", "cloud", "--host", "cloud.example.com", "--host", "10.0.0.5", "--days", "30")
    assert (server["kind"], server["hosts"]) == ("server", ["cloud.example.com", "10.0.0.5"])
    desk = told("issue", "desk-3", "--site", "plant-1")
    assert (desk["kind"], desk["site"], desk["state"]) == ("desk", "plant-1", "valid")
    who = identity_of(ssl.PEM_cert_to_DER_cert(Path(desk["certificate"]).read_text()))
    assert (who.site, who.desk, f"{who.serial:x}") == ("plant-1", "desk-3", desk["serial"])
    renewed = told("renew", "desk-3")
    assert renewed["serial"] != desk["serial"]
    assert renewed["certificate"] == desk["certificate"]
    gone = told("revoke", "desk-3")["revoked"]
    assert {one["serial"] for one in gone} == {desk["serial"], renewed["serial"]}
    states = [(one["name"], one["state"]) for one in told("list")["issued"]]
    assert states == [("cloud", "valid"), ("desk-3", "revoked"), ("desk-3", "revoked")]
    assert told("issue", "desk-3", "--site", "plant-1")["state"] == "valid"
    revoked = Revoked(folder / "crl.pem", folder / "ca.pem")
    assert revoked.is_revoked(int(desk["serial"], 16))
    assert not revoked.is_revoked(int(server["serial"], 16))


def test_words_for_people(folder: Path) -> None:
    assert "Keep a copy of the folder" in run("init").stderr
    assert "Nothing was issued yet" in run("list").stderr
    said = run("issue", "desk-3", "--site", "plant-1")
    assert said.stdout.splitlines() == [
        str(folder / one) for one in ("issued/desk-3.pem", "issued/desk-3.key", "ca.pem")
    ]
    assert "the desk desk-3 of plant-1" in said.stderr
    assert "396 days left" in run("list").stdout
    assert "within a minute, without a restart" in run("revoke", "desk-3").stderr
    assert "revoked" in run("list").stdout
    assert "It ends on" in run("crl").stderr


def test_the_cas_key_is_locked_and_nothing_is_for_others(folder: Path) -> None:
    run("init")
    run("issue", "desk-3", "--site", "plant-1")
    assert b"ENCRYPTED" in (folder / "ca.key").read_bytes()
    if os.name == "posix":
        modes = {path: path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")] if path.name != ".lock"}
        assert {modes.pop(folder), modes.pop(folder / "issued")} == {0o700}
        assert set(modes.values()) == {0o600}


def test_a_wrong_or_missing_passphrase_issues_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    for phrase in ("another phrase", ""):
        monkeypatch.setenv(VARIABLE, phrase)
        with pytest.raises(PkiError, match="passphrase is wrong"):
            run("issue", "desk-3", "--site", "plant-1")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(UsageError, match="is needed"):
        run("revoke", "desk-3")
    assert told("list") == {"issued": []}


def test_a_passphrase_is_long_enough_or_left_out_plainly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(UsageError, match="at least 8"):
        run("init")
    assert not (folder / "ca.key").exists()
    assert "not locked" in run("init", "--no-passphrase").stderr
    monkeypatch.delenv(VARIABLE)
    run("issue", "desk-3", "--site", "plant-1")


@pytest.mark.parametrize("rest", ["ca.key", "ca.pem", "issued.json"])
def test_a_ca_is_never_written_over(ca: Authority, rest: str) -> None:
    parts = ("ca.key", "ca.pem", "issued.json")
    for name in parts:
        if name != rest:
            (ca.folder / name).unlink()
    before = (ca.folder / rest).read_bytes()
    with pytest.raises(UsageError, match="already"):
        ca.init("Another", None)
    assert (ca.folder / rest).read_bytes() == before
    assert not any((ca.folder / name).exists() for name in parts if name != rest)


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "a b", "x" * 65, "naïve", "a\n"])
def test_names_that_would_mean_something_else_are_refused(ca: Authority, name: str) -> None:
    for who in (Subject(name, "plant-1"), Subject("desk-1", name), Subject(name, hosts=("a.example",))):
        with pytest.raises(UsageError):
            ca.issue(who)
    assert ca.issued() == []


@pytest.mark.parametrize("host", ["", "a b", "https://a.example", "a.example:8443", "a..b", "-*-.x/y", "1.2.3.4/8"])
def test_hosts_that_are_none_are_refused(ca: Authority, host: str) -> None:
    with pytest.raises(UsageError, match="no name of a host"):
        ca.issue(Subject("cloud", hosts=(host,)))


def test_hosts_stand_in_the_certificate_as_clients_look_for_them(ca: Authority) -> None:
    made = ca.issue(Subject("cloud", hosts=("bücher.example", "10.0.0.5", "[::1]", "*.plant.example", "gate_1")))
    names = x509.load_pem_x509_certificate(made.certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    texts = [str(one.value) for one in names.value]
    assert texts == ["xn--bcher-kva.example", "10.0.0.5", "::1", "*.plant.example", "gate_1"]


def test_one_name_has_one_certificate_that_counts(ca: Authority) -> None:
    ca.issue(Subject("desk-1", "plant-1"))
    for name in ("desk-1", "DESK-1"):  # they would share a file where case means nothing
        with pytest.raises(UsageError, match="still counts"):
            ca.issue(Subject(name, "plant-2"))
    ca.revoke("desk-1")
    with pytest.raises(UsageError, match="was revoked"):
        ca.renew("desk-1")
    for act in (ca.renew, ca.revoke):
        with pytest.raises(UsageError, match="issued nothing"):
            act("desk-2")


def test_what_has_ended_is_renewed(ca: Authority) -> None:
    past = Authority(ca.folder, lambda: "", lambda: datetime.now(UTC) - timedelta(days=30))
    past.issue(Subject("desk-1", "plant-1"), days=10)
    now = datetime.now(UTC)
    assert [one.state(now) for one in ca.issued()] == ["ended"]
    ca.renew("desk-1")
    assert [one.state(now) for one in ca.issued()] == ["ended", "valid"]


def test_one_of_a_name_goes_by_its_serial(ca: Authority) -> None:
    old, new = ca.issue(Subject("desk-1", "plant-1")), ca.renew("desk-1")
    serial = f"{old.issued.serial:x}".upper()
    assert [one.serial for one in ca.revoke("00" + serial)] == [old.issued.serial]
    assert read_crl(ca.crl, ca.certificate).serials == {old.issued.serial}
    assert new.issued.state(datetime.now(UTC)) == "valid"


def test_a_certificate_ends_with_its_ca_and_none_comes_after(ca: Authority) -> None:
    ends = x509.load_pem_x509_certificate(ca.certificate.read_bytes()).not_valid_after_utc
    late = Authority(ca.folder, lambda: "", lambda: ends - timedelta(days=5))
    assert late.issue(Subject("desk-1", "plant-1")).issued.ends == ends
    too_late = Authority(ca.folder, lambda: "", lambda: ends)
    with pytest.raises(PkiError, match="This CA ended"):
        too_late.issue(Subject("desk-2", "plant-1"))
    for days in (0, -1, 3651):
        with pytest.raises(UsageError, match="from 1 to"):
            ca.issue(Subject("desk-2", "plant-1"), days)


def test_a_crash_while_issuing_leaves_nothing_that_can_not_be_revoked(
    ca: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Path] = []

    def full(path: Path, content: bytes) -> None:
        if path.suffix in {".key", ".pem"}:
            left.append(path)
            raise HomeError("The disk is full.")
        write_whole(path, content)

    monkeypatch.setattr("console.cloud.pki.authority.write_whole", full)
    with pytest.raises(HomeError):
        ca.issue(Subject("desk-1", "plant-1"))
    assert left
    monkeypatch.undo()
    assert not list((ca.folder / "issued").iterdir())
    assert [one.name for one in ca.issued()] == ["desk-1"]
    made = ca.renew("desk-1")
    ca.revoke("desk-1")
    assert made.issued.serial in read_crl(ca.crl, ca.certificate).serials


def test_a_revocation_whose_list_was_not_written_is_made_good(ca: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ca.issue(Subject("desk-1", "plant-1"))

    def full(_path: Path, _content: bytes) -> None:
        raise HomeError("The disk is full.")

    monkeypatch.setattr("console.cloud.pki.authority.write_whole", full)
    with pytest.raises(HomeError):
        ca.revoke("desk-1")
    monkeypatch.undo()
    assert not read_crl(ca.crl, ca.certificate).serials
    first = ca.issued()[0].revoked_at
    assert [one.revoked_at for one in ca.revoke("desk-1")] == [first]
    assert read_crl(ca.crl, ca.certificate).serials == {made.issued.serial}


def test_lists_count_up(ca: Authority) -> None:
    numbers = [read_crl(ca.crl, ca.certificate).number]
    for _ in range(2):
        ca.write_crl()
        numbers.append(read_crl(ca.crl, ca.certificate).number)
    assert numbers == [1, 2, 3]


def test_damaged_or_missing_files_are_named(ca: Authority, tmp_path: Path) -> None:
    nowhere = Authority(tmp_path / "nowhere", lambda: "")
    for act in (nowhere.issued, nowhere.write_crl, lambda: nowhere.revoke("x")):
        with pytest.raises(PkiError, match="There is no CA"):
            act()
    assert not (tmp_path / "nowhere").exists()
    register, key = ca.folder / "issued.json", ca.folder / "ca.key"
    kept = register.read_text()
    for damaged in ("{", "[]", '{"v": 1}', kept.replace("[]", '[{"name": 1}]')):
        register.write_text(damaged)
        with pytest.raises(PkiError, match="can't be read"):
            ca.issue(Subject("desk-1", "plant-1"))
    register.write_text(kept.replace('"v": 1', '"v": 2'))
    with pytest.raises(PkiError, match="newer"):
        ca.issued()
    register.write_text(kept)
    other = Authority(tmp_path / "other", lambda: "")
    other.init("Other", None)
    for content, words in (
        ((other.folder / "ca.key").read_bytes(), "is not its CA's"),
        (b"nothing", "can't be opened"),
    ):
        key.write_bytes(content)
        with pytest.raises(PkiError, match=words):
            ca.issue(Subject("desk-1", "plant-1"))
    assert ca.issued() == []


def test_a_desk_has_a_site(folder: Path) -> None:
    run("init")
    with pytest.raises(UsageError, match="names its site"):
        run("issue", "desk-1")
    with pytest.raises(UsageError, match="already"):
        run("init")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
def test_openssl_finds_nothing_to_object_to(ca: Authority) -> None:
    desk, server = ca.issue(Subject("desk-1", "plant-1")), ca.issue(Subject("cloud", hosts=("localhost",)))

    def verify(made: Path, purpose: str) -> bool:
        words = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-crl_check"]
        files = ["-CRLfile", str(ca.crl), "-CAfile", str(ca.certificate), str(made)]
        return subprocess.run([*words, *files], capture_output=True, check=False).returncode == 0

    assert verify(desk.certificate, "sslclient")
    assert verify(server.certificate, "sslserver")
    assert not verify(desk.certificate, "sslserver")
    assert not verify(server.certificate, "sslclient")
    ca.revoke("desk-1")
    assert not verify(desk.certificate, "sslclient")
    assert verify(server.certificate, "sslserver")
