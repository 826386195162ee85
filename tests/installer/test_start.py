"""The frozen program's own beginning."""

import os
import subprocess
import sys

import pytest

from installer.start import have_a_locale, let_others_be
from tests.conftest import ROOT


@pytest.mark.parametrize("before", ["/usr/local/lib", None])
def test_programs_we_start_get_the_systems_libraries(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/sightdesk/_internal")
    monkeypatch.setenv("PYINSTALLER_RESET_ENVIRONMENT", "")  # so that the test's end takes it away again
    if before is None:
        monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    else:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    let_others_be()
    assert os.environ.get("LD_LIBRARY_PATH") == before
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system has no such names")
def test_a_bare_session_gets_utf8_and_a_chosen_language_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.setenv(name, "")
    have_a_locale()
    assert os.environ["LC_CTYPE"] == "C.UTF-8"
    monkeypatch.setenv("LC_CTYPE", "")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    have_a_locale()
    assert os.environ["LC_CTYPE"] == ""


def test_a_crash_of_native_code_is_said_at_the_terminal() -> None:
    """In a process of its own, since it ends there."""
    lines = "import os, signal; from installer.start import say_where_it_crashed as say; say()"
    crash = "os.kill(os.getpid(), signal.SIGSEGV)"
    ended = subprocess.run(
        [sys.executable, "-c", f"{lines}; {crash}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "Segmentation fault" in ended.stderr
    assert "Current thread" in ended.stderr
