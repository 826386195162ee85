"""Environments for server programs whose libraries can't live beside the product's, kept between runs.

They are made with Debian's own Python (Triton's stub links against its library) in the user's cache folder. Where
services are required a missing one is installed: 450 MB for Triton, 400 MB for MLServer, half a minute each. Azurite
comes from npm: 190 MB.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from tests.conftest import REQUIRED

SYSTEM_PYTHON = Path("/usr/bin/python3.11")
INSTALL_S = 420.0
NEEDS = {
    "pytriton": ("nvidia-pytriton==0.7.0", "onnxruntime==1.32.0", "numpy<2"),
    "mlserver": ("mlserver==1.7.1", "onnxruntime==1.32.0"),
    "onnx": ("onnx==1.23.2",),
    "schemathesis": ("schemathesis==4.32.5",),
}
NODE_NEEDS = {"azurite": ("azurite@3.37.0",)}


def folder(name: str) -> Path:
    """Where an environment is, or would be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "sightdesk-tests" / name


def why_not(name: str) -> str:
    """Why the environment is not there and will not be made; empty where it is or will be. Cheap."""
    if _made(name):
        return ""
    if not SYSTEM_PYTHON.is_file():
        return f"the server runs on Debian's own Python, and there is no {SYSTEM_PYTHON}"
    if "services" not in REQUIRED:
        return f"{name} is not installed in {folder(name)} (SIGHTDESK_REQUIRE=services installs it)"
    return ""


def python_of(name: str) -> Path:
    """The environment's Python; made first where it is missing.

    Raises:
        RuntimeError: pip could not install it; says what pip said.
    """
    place = folder(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{place}.lock", timeout=INSTALL_S):
        if not _made(name):
            shutil.rmtree(place, ignore_errors=True)
            _run([str(SYSTEM_PYTHON), "-m", "venv", str(place)])
            _run([str(place / "bin" / "pip"), "install", "-q", *NEEDS[name]])
            _stamp(name).write_text("\n".join(NEEDS[name]))
    return place / "bin" / "python"


def why_no_node(name: str) -> str:
    """Why packages of npm are not there and will not be installed; empty where they are or will be. Cheap."""
    if shutil.which("node") is None:
        return f"{name} runs on Node.js, and there is no node"
    if _made(name):
        return ""
    if shutil.which("npm") is None:
        return f"{name} comes from npm, and there is no npm"
    if "services" not in REQUIRED:
        return f"{name} is not installed in {folder(name)} (SIGHTDESK_REQUIRE=services installs it)"
    return ""


def node_modules(name: str) -> Path:
    """The folder of packages of npm; installed first where they are missing.

    Raises:
        RuntimeError: npm could not install them; says what npm said.
    """
    place = folder(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{place}.lock", timeout=INSTALL_S):
        if not _made(name):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            _run(["npm", "install", "--prefix", str(place), "--no-audit", "--no-fund", "--silent", *NODE_NEEDS[name]])
            _stamp(name).write_text("\n".join(NODE_NEEDS[name]))
    return place / "node_modules"


def _stamp(name: str) -> Path:
    return folder(name) / "sightdesk-needs.txt"


def _made(name: str) -> bool:
    """Whether it is there whole, with what is needed now."""
    try:
        return _stamp(name).read_text() == "\n".join({**NEEDS, **NODE_NEEDS}[name])
    except OSError:
        return False


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")


if __name__ == "__main__":  # ahead of the tests, whose time is limited: python -m tests.servers.environments
    for each in NEEDS:
        print(python_of(each))
    for each in NODE_NEEDS:
        print(node_modules(each))
