"""The installed program, really built and really started: `pytest -m soak tests/installer` (about two minutes)."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer import build
from tests.conftest import ROOT


@pytest.mark.soak
@pytest.mark.shared
@pytest.mark.timeout(900)
def test_the_installed_program_does_its_job_for_a_stranger(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="uv sync --group installer")
    made = build.build(tmp_path / "dist", tmp_path / "build")
    moved = tmp_path / "somewhere else" / "Sightdesk"
    moved.parent.mkdir()
    made.rename(moved)
    print({"MB": round(build.size(moved) / 1e6), "heaviest": build.heaviest(moved, 6)})
    command = [sys.executable, str(ROOT / "installer/smoke.py"), str(moved), "--models", str(shared), "--json"]
    if shutil.which("Xvfb") and shutil.which("xwininfo"):
        command.append("--window")
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    print(done.stdout)
    assert all(found["ok"] for found in json.loads(done.stdout).values())
    named = [file for file in moved.rglob("*.dist-info/*") if str(ROOT).encode() in _bytes(file)]
    assert not named, "they name the machine it was built on"


def test_its_size_is_counted_without_links(tmp_path: Path) -> None:
    inside = tmp_path / "_internal"
    (inside / "cv2").mkdir(parents=True)
    (inside / "opencv_python_headless.libs").mkdir()
    (tmp_path / "sightdesk").write_bytes(b"123")
    (inside / "cv2" / "cv2.so").write_bytes(b"1" * 10)
    (inside / "opencv_python_headless.libs" / "libav.so").write_bytes(b"1" * 5)
    (inside / "cv2.so").symlink_to("cv2/cv2.so")
    assert build.size(tmp_path) == 18
    assert build.heaviest(tmp_path) == [("cv2", 15), ("sightdesk", 3)]


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""
