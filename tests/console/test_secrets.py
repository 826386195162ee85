"""Secrets: in the keyring, in the encrypted file, and never anywhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest

from console.errors import HomeError, SecretError
from console.settings import vault
from console.settings.home import Home
from console.settings.scrub import SCRUBBER
from console.settings.secrets import MAX_LENGTH, Secrets, usable_keyring
from console.settings.vault import Vault

VALUE = "correct horse/battery:staple"
PASSPHRASE = "a long passphrase"


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None

    def _fail(self) -> None:
        if self.error:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._fail()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail()
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keys that cost little, no keyring of the machine's, nothing remembered for the next test."""
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.delenv("SIGHTDESK_PASSPHRASE", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)
    SCRUBBER.forget_all()


@pytest.fixture
def system() -> MemoryKeyring:
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    return backend


@pytest.fixture
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", PASSPHRASE)


@pytest.fixture
def home(own_home: Path) -> Home:
    return Home.look(own_home)


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_goes_to_the_keyring_where_there_is_one(home: Home, system: MemoryKeyring) -> None:
    secrets = Secrets(home)
    assert secrets.set("gate", VALUE) == "keyring"
    assert secrets.get("gate").get_secret_value() == VALUE
    assert secrets.names() == {"gate": "keyring"}
    assert list(system.kept.values()) == [VALUE]
    assert not (home.path / "secrets.bin").exists()
    assert VALUE.encode() not in everything_in(home.path)
    secrets.remove("gate")
    assert system.kept == {}
    assert secrets.names() == {}


def test_two_homes_with_the_same_name_do_not_meet(tmp_path: Path, system: MemoryKeyring) -> None:
    one, two = (Secrets(Home.look(tmp_path / name)) for name in ("one", "two"))
    one.set("gate", "value of one")
    two.set("gate", "value of two")
    assert one.get("gate").get_secret_value() == "value of one"
    two.remove("gate")
    assert one.get("gate").get_secret_value() == "value of one"


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring])
@pytest.mark.usefixtures("passphrase")
def test_a_keyring_that_forgets_is_none(home: Home, backend: type[keyring.backend.KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    assert usable_keyring() is None
    assert Secrets(home).set("gate", VALUE) == "file"
    assert Secrets(home).get("gate").get_secret_value() == VALUE


def test_a_plain_text_keyring_is_none() -> None:
    plain = MemoryKeyring()
    plain.priority = 0.5  # what keyrings.alt gives its plain-text file
    keyring.set_keyring(plain)
    assert usable_keyring() is None


@pytest.mark.usefixtures("passphrase")
def test_the_file_says_nothing(home: Home) -> None:
    secrets = Secrets(home)
    secrets.set("gate", VALUE)
    secrets.set("yard", "another value")
    kept = everything_in(home.path)
    assert VALUE.encode() not in kept
    assert PASSPHRASE.encode() not in kept
    assert b"gate" not in (home.path / "secrets.bin").read_bytes()
    assert Secrets(home).names() == {"gate": "file", "yard": "file"}
    secrets.remove("gate")
    assert Secrets(home).get("yard").get_secret_value() == "another value"
    if os.name != "nt":
        assert (home.path / "secrets.bin").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("passphrase")
def test_a_wrong_passphrase_is_told_from_a_damaged_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    Secrets(home).set("gate", VALUE)
    file = home.path / "secrets.bin"
    good = file.read_bytes()
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "another passphrase")
    with pytest.raises(SecretError, match="passphrase is not the one"):
        Secrets(home).get("gate")
    with pytest.raises(SecretError, match="passphrase is not the one"):
        Secrets(home).set("gate", "new")
    assert file.read_bytes() == good
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", PASSPHRASE)
    for index in range(len(good)):  # every single byte, and both ends
        file.write_bytes(good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])
        with pytest.raises(SecretError, match="damaged"):
            Secrets(home).get("gate")
    for part in (b"", good[:10], good[:-1], good[:-40], good + b"x"):
        file.write_bytes(part)
        with pytest.raises(SecretError, match="damaged"):
            Secrets(home).get("gate")
    file.write_bytes(good)
    assert Secrets(home).get("gate").get_secret_value() == VALUE


@pytest.mark.usefixtures("passphrase")
@pytest.mark.parametrize(("offset", "byte", "words"), [(0, 99, "newer Sightdesk"), (1, 60, "damaged")])
def test_a_forged_header_is_refused_before_any_work(home: Home, offset: int, byte: int, words: str) -> None:
    import hashlib

    Secrets(home).set("gate", VALUE)
    file = home.path / "secrets.bin"
    body = bytearray(file.read_bytes()[:-32])
    body[len(vault.MAGIC) + offset] = byte
    file.write_bytes(bytes(body) + hashlib.sha256(body).digest())
    with pytest.raises(SecretError, match=words):
        Secrets(home).get("gate")


def test_without_a_passphrase_somebody_is_asked_once(home: Home) -> None:
    asked: list[bool] = []

    def ask(new: bool) -> str:
        asked.append(new)
        return PASSPHRASE

    secrets = Secrets(home, ask)
    secrets.set("gate", VALUE)
    secrets.get("gate")
    assert asked == [True]
    assert Secrets(home, ask).get("gate").get_secret_value() == VALUE
    assert asked == [True, False]


def test_without_anybody_to_ask_it_says_what_to_set(home: Home) -> None:
    with pytest.raises(SecretError) as refused:
        Secrets(home).set("gate", VALUE)
    assert "SIGHTDESK_PASSPHRASE" in refused.value.hint
    assert VALUE not in str(refused.value)


def test_a_short_new_passphrase_is_refused(home: Home) -> None:
    with pytest.raises(SecretError, match="too short"):
        Secrets(home, lambda new: "short").set("gate", VALUE)
    assert not (home.path / "secrets.bin").exists()


def test_the_same_passphrase_typed_on_another_system_fits(tmp_path: Path) -> None:
    path = tmp_path / "secrets.bin"
    Vault(path, lambda new: "Zu\u0308rich passphrase").write({"a": "b"})
    assert Vault(path, lambda new: "Z\u00fcrich passphrase").read() == {"a": "b"}


@pytest.mark.usefixtures("passphrase")
def test_missing_secrets_say_how_to_store_them(home: Home) -> None:
    for secrets in (Secrets(home), Secrets(home)):
        with pytest.raises(SecretError, match="no secret named gate") as refused:
            secrets.get("gate")
        assert "sightdesk secrets set gate" in refused.value.hint
    with pytest.raises(SecretError, match="no secret named gate"):
        Secrets(home).remove("gate")
    assert not home.exists, "asking makes nothing"


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "a\n", "ä", "x" * 129])
def test_names_that_will_not_do(home: Home, system: MemoryKeyring, name: str) -> None:
    with pytest.raises(SecretError, match="name won't do"):
        Secrets(home).set(name, VALUE)
    assert system.kept == {}


@pytest.mark.parametrize("value", ["", "x" * (MAX_LENGTH + 1), "a\0b"])
def test_values_that_will_not_do(home: Home, system: MemoryKeyring, value: str) -> None:
    with pytest.raises(SecretError, match="value won't do") as refused:
        Secrets(home).set("gate", value)
    assert not value or value not in str(refused.value)
    assert system.kept == {}


@pytest.mark.parametrize(
    "error",
    [keyring.errors.KeyringLocked(VALUE), keyring.errors.PasswordSetError(VALUE), OSError(VALUE), RuntimeError(VALUE)],
)
def test_what_a_keyring_says_is_not_repeated(home: Home, system: MemoryKeyring, error: Exception) -> None:
    Secrets(home).set("gate", VALUE)
    system.error = error
    for call in (lambda: Secrets(home).get("gate"), lambda: Secrets(home).set("gate", VALUE)):
        with pytest.raises(SecretError, match="keyring refused") as refused:
            call()
        assert VALUE not in str(refused.value)
        assert refused.value.__cause__ is None
    assert Secrets(home).names() == {"gate": "keyring"}


def test_a_secret_in_a_keyring_that_is_gone(home: Home, system: MemoryKeyring) -> None:
    Secrets(home).set("gate", VALUE)
    keyring.set_keyring(keyring.backends.fail.Keyring())
    with pytest.raises(SecretError, match="none in this session") as refused:
        Secrets(home).get("gate")
    assert "--file" in refused.value.hint


@pytest.mark.usefixtures("passphrase")
def test_moving_from_the_keyring_to_the_file_leaves_nothing_behind(home: Home, system: MemoryKeyring) -> None:
    secrets = Secrets(home)
    secrets.set("gate", VALUE)
    assert secrets.set("gate", "new value", "file") == "file"
    assert system.kept == {}
    assert secrets.set("gate", "newer value") == "file", "it stays where it is"
    assert secrets.get("gate").get_secret_value() == "newer value"
    assert secrets.set("gate", VALUE, "keyring") == "keyring"
    assert Vault(home.path / "secrets.bin").path.exists()
    assert b"newer value" not in everything_in(home.path)


def test_a_damaged_list_of_names_is_said(home: Home, system: MemoryKeyring) -> None:
    Secrets(home).set("gate", VALUE)
    for content in (b"", b"{", b"[]", b'{"site": "x"}', b'{"site": "x", "names": []}'):
        (home.path / "secrets.json").write_bytes(content)
        with pytest.raises(SecretError, match="list of secrets"):
            Secrets(home).get("gate")


def test_nothing_prints_a_value(home: Home, system: MemoryKeyring) -> None:
    secrets = Secrets(home)
    secrets.set("gate", VALUE)
    secret = secrets.get("gate")
    for text in (repr(secret), str(secret), f"{secret}", repr(secrets), repr(SCRUBBER), repr(vars(secrets))):
        assert VALUE not in text
    assert SCRUBBER.text(f"log {VALUE} line") == "log *** line"


@pytest.mark.usefixtures("passphrase")
def test_a_full_disk_keeps_the_old_secrets(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    Secrets(home).set("gate", VALUE)

    def refuse(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(HomeError, match="full"):
        Secrets(home).set("yard", "x")
    monkeypatch.undo()
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", PASSPHRASE)
    assert Secrets(home).names() == {"gate": "file"}
    assert Secrets(home).get("gate").get_secret_value() == VALUE


STORE = """
import sys
from pathlib import Path
from console.settings import vault
from console.settings.home import Home
from console.settings.secrets import Secrets
vault.COST = 10
secrets = Secrets(Home.look(Path(sys.argv[1])))
for number in range(10):
    secrets.set(f"{sys.argv[2]}-{number}", f"value {sys.argv[2]} {number}", "file")
"""


@pytest.mark.usefixtures("passphrase")
def test_several_processes_store_at_once_and_lose_nothing(home: Home) -> None:
    Secrets(home).set("first", "value first")
    command = [sys.executable, "-c", STORE, str(home.path)]
    children = [subprocess.Popen([*command, name]) for name in ("a", "b", "c")]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    secrets = Secrets(home)
    assert len(secrets.names()) == 31
    assert secrets.get("c-9").get_secret_value() == "value c 9"
