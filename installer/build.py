"""Builds the installed program: one folder with everything in it, started by its `sightdesk`.

Run it with: uv run --group installer installer/build.py

It builds for the system it runs on. Signing and packages (.msi, .deb, .dmg) come later. PyAV's wheels hold x264 and
x265, which are GPL: a program that is handed to others needs an FFmpeg without them first.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def main() -> int:
    """Build, then say how large what became. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the program's folder is made")
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="where PyInstaller keeps what is half done")
    parser.add_argument("--smoke", action="store_true", help="start what was built and see that it works")
    asked = parser.parse_args()
    began = time.monotonic()
    folder = build(asked.dist.resolve(), asked.work.resolve())
    print(f"{folder}: {size(folder) / 1e6:.0f} MB, built in {time.monotonic() - began:.0f} s")
    for name, weight in heaviest(folder):
        print(f"  {weight / 1e6:6.1f} MB  {name}")
    if asked.smoke:
        return subprocess.run([sys.executable, str(HERE / "smoke.py"), str(folder)], check=False).returncode
    print(f"Next: {Path('installer/smoke.py')} {folder}")
    return 0


def build(dist: Path, work: Path) -> Path:
    """Run PyInstaller; returns the program's folder. Exits with PyInstaller's status where it fails."""
    options = ["--noconfirm", "--clean", "--log-level", "WARN", "--distpath", str(dist), "--workpath", str(work)]
    recipe = HERE / "sightdesk.spec"
    done = subprocess.run([sys.executable, "-m", "PyInstaller", *options, str(recipe)], cwd=HERE, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    return dist / "sightdesk"


def size(folder: Path) -> int:
    """Bytes on the disk; a link counts nothing."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def heaviest(folder: Path, most: int = 14) -> list[tuple[str, int]]:
    """The packages that weigh most, with their bytes. Libraries beside a package (numpy.libs) count with it."""
    weights: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            inside = file.relative_to(folder).parts
            top = inside[1] if len(inside) > 1 else inside[0]
            weights[_SAME.get(top.removesuffix(".libs"), top.removesuffix(".libs"))] += file.stat().st_size
    return weights.most_common(most)


_SAME = {"opencv_python_headless": "cv2"}

if __name__ == "__main__":
    sys.exit(main())
