"""`sightdesk secrets`: values come by hand or pipe and never show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import pytest
from typer.testing import CliRunner

from console.cli import secrets as command
from console.cli.secrets import app
from console.errors import SecretError, UsageError
from console.settings import vault
from console.settings.home import Home
from console.settings.scrub import SCRUBBER
from console.settings.secrets import Secrets

VALUE = "correct horse battery"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "a long passphrase")
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)
    SCRUBBER.forget_all()


def run(*words: str, typed: str | None = None) -> Any:
    result = CliRunner().invoke(app, list(words), input=typed)
    assert VALUE not in result.output
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_piped_in_listed_and_removed(own_home: Path, ending: str) -> None:
    result = run("set", "gate", "--stdin", typed=VALUE + ending)
    assert "Stored gate in the home's encrypted file" in result.stderr
    assert Secrets(Home.look(own_home)).get("gate").get_secret_value() == VALUE
    assert run("list").stdout == "gate  (home's encrypted file)\n"
    assert json.loads(run("list", "--json").stdout) == {"secrets": {"gate": "file"}}
    assert json.loads(run("remove", "gate", "--json").stdout) == {"removed": "gate"}
    assert "No secret is stored yet" in run("list").stderr


def test_typed_hidden_and_twice(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.sys, "stdin", type("Terminal", (), {"isatty": lambda _self: True})())
    asked: list[dict[str, Any]] = []

    def prompt(_text: str, **options: Any) -> str:
        asked.append(options)
        return VALUE

    monkeypatch.setattr(command.typer, "prompt", prompt)
    command.set_secret("gate")
    assert asked == [{"hide_input": True, "confirmation_prompt": True, "err": True}]
    assert Secrets(Home.look(own_home)).get("gate").get_secret_value() == VALUE


def test_nobody_at_the_terminal_is_told_about_stdin() -> None:
    with pytest.raises(UsageError) as refused:
        run("set", "gate", typed=VALUE)
    assert "--stdin" in refused.value.hint


def test_a_passphrase_is_asked_for_only_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGHTDESK_PASSPHRASE")
    with pytest.raises(SecretError) as refused:
        run("set", "gate", "--stdin", typed=VALUE)
    assert "SIGHTDESK_PASSPHRASE" in refused.value.hint


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(SecretError, match="value won't do"):
        run("set", "gate", "--stdin", typed="\n")


def test_removing_what_is_not_there() -> None:
    with pytest.raises(SecretError, match="no secret named gate"):
        run("remove", "gate")
