"""The frozen program's own beginning."""

import os

import pytest

from installer.start import let_others_be


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
