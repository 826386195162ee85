"""Really installs a plug-in's package, without a network: its wheel is put together here and installed by pip."""

from __future__ import annotations

import atexit
import base64
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from backends import registry

HERE = Path(__file__).resolve().parent


def wheel(project: Path, folder: Path) -> Path:
    """The wheel of a project of plain Python, as the binary distribution format (PEP 427) has it.

    Its build backend would make the same one, but may not be installed where the tests run.
    """
    about = tomllib.loads((project / "pyproject.toml").read_text())
    facts, packages = about["project"], about["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    name, version = facts["name"].replace("-", "_"), facts["version"]
    described = f"{name}-{version}.dist-info"
    points = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in several.items())
        for group, several in facts["entry-points"].items()
    )
    needs = "".join(f"Requires-Dist: {need}\n" for need in facts["dependencies"])
    files = {
        str(path.relative_to(project)): path.read_bytes()
        for package in packages
        for path in sorted((project / package).rglob("*.py"))
    } | {
        f"{described}/METADATA": f"Metadata-Version: 2.4\nName: {facts['name']}\nVersion: {version}\n{needs}".encode(),
        f"{described}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{described}/entry_points.txt": points.encode(),
    }
    record = "".join(f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in files.items())
    made = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(f"{described}/RECORD", f"{record}{described}/RECORD,,\n")
    return made


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


@cache
def installed(name: str) -> Path:
    """The folder that pip has installed a project of this folder into; once a run, gone at its end."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check"]
    made = wheel(HERE / name, folder)
    done = subprocess.run(
        [*command, "--quiet", "--target", str(folder / "site"), str(made)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "site"


@contextmanager
def on_path(name: str) -> Iterator[Path]:
    """Have an installed project seen, by this process and those it starts, for as long as this lasts."""
    site = installed(name)
    before, modules = os.environ.get("PYTHONPATH"), set(sys.modules)
    sys.path.append(str(site))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(site), before]))
    importlib.invalidate_caches()
    registry.runtime.cache_clear()
    try:
        yield site
    finally:
        registry.runtime.cache_clear()
        sys.path.remove(str(site))
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
        for module in set(sys.modules) - modules:
            if str(getattr(sys.modules[module], "__file__", "") or "").startswith(str(site)):
                del sys.modules[module]
