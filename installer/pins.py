"""Refreshes the pins: resolves everything anew and writes the versions into pyproject.toml.

Run it with: uv run installer/pins.py

The lock file itself stays out of git because it names the registry it was made with; the versions stand in
`[tool.uv] constraint-dependencies` instead. A package that resolves to several versions (by Python or platform) is
left out: uv chooses there.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
_LIST = re.compile(r"constraint-dependencies = \[.*?\]", re.DOTALL)


def main() -> int:
    """Resolve without pins, then write what came of it."""
    before = PYPROJECT.read_text(encoding="utf-8")
    PYPROJECT.write_text(_LIST.sub("constraint-dependencies = []", before), encoding="utf-8")
    done = subprocess.run(["uv", "lock", "--upgrade"], cwd=ROOT, check=False)
    if done.returncode != 0:
        PYPROJECT.write_text(before, encoding="utf-8")
        return done.returncode
    pins = resolved((ROOT / "uv.lock").read_text(encoding="utf-8"))
    listing = "".join(f'    "{pin}",\n' for pin in pins)
    PYPROJECT.write_text(_LIST.sub(f"constraint-dependencies = [\n{listing}]", before), encoding="utf-8")
    print(f"{len(pins)} pins written. Next: uv run pytest")
    return 0


def resolved(lock: str) -> list[str]:
    """`name==version` of every package of a uv.lock that has one version."""
    versions: dict[str, set[str]] = defaultdict(set)
    for package in tomllib.loads(lock)["package"]:
        if "version" in package and "editable" not in package.get("source", {}):
            versions[package["name"]].add(package["version"])
    return [f"{name}=={only.pop()}" for name, only in sorted(versions.items()) if len(only) == 1]


if __name__ == "__main__":
    sys.exit(main())
