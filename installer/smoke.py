"""Starts an installed program as a stranger would and sees that it does its job; takes nothing from the checkout.

Run it with: python installer/smoke.py FOLDER [--models MIRROR] [--window] [--json]

FOLDER holds `sightdesk`; it runs from an empty folder, with an empty home and no environment but that. The demo's model
and clip come from MIRROR (or SIGHTDESK_MODEL_PATH), else from their makers. `--window` also opens the desk on a virtual
screen (Xvfb) and measures how long that takes. Exit status 1 when anything is not as it should be.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LIMIT_S = 180
_STARTS_S = ("20", "10", "10")
"""How long each demo of the window's check runs: the first reads everything from the disk, and a machine that has just
built the program, or has other work, needs more than the two seconds of a quiet one."""
_KEPT = ("SYSTEMROOT", "WINDIR", "TEMP", "TMP", "COMSPEC")  # without these nothing starts on Windows
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG")
_TITLE = "Sightdesk"


class Wrong(Exception):
    """Something is not as it should be; says what."""


class Stranger:
    """An empty folder, an empty home, and a program in it.

    Args:
        program: the executable.
        folder: empty; the program runs in `here` and its user is at home in `home`.
        models: a mirror folder; None: none.
    """

    def __init__(self, program: Path, folder: Path, models: str | None) -> None:
        self.here, self.home = folder / "here", folder / "home"
        self.here.mkdir()
        self.home.mkdir()
        self.program = program
        self.environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.environment |= {"HOME": str(self.home), "USERPROFILE": str(self.home)}
        self.environment |= {"LOCALAPPDATA": str(self.home), "APPDATA": str(self.home)}
        if models:
            self.environment["SIGHTDESK_MODEL_PATH"] = models

    def run(self, *words: str) -> tuple[str, float]:
        """What it prints on standard output, and the seconds it took.

        Raises:
            Wrong: another exit status than 0, a traceback, or no end.
        """
        began = time.monotonic()
        try:
            done = subprocess.run(
                [self.program, *words],
                cwd=self.here,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Wrong(f"{' '.join(words)}: no end within {_LIMIT_S} s") from None
        if done.returncode or "Traceback" in done.stderr:
            said = done.stderr[-3000:] + done.stdout[-1000:] + self.faults()
            raise Wrong(f"{' '.join(words)}: status {done.returncode}\n{said}")
        return done.stdout, round(time.monotonic() - began, 2)

    def faults(self) -> str:
        """What crashes of native code left in the logs."""
        return "\n".join(file.read_text(encoding="utf-8")[-3000:] for file in self.home.rglob("faults*.log"))


def check_help(user: Stranger) -> dict[str, Any]:
    """The first thing that is typed."""
    user.run("--help")  # once for the disk
    text, seconds = user.run("--help")
    need("demo" in text, "--help does not name the demo")
    return {"seconds": seconds}


def check_doctor(user: Stranger) -> dict[str, Any]:
    """Is it whole: its packages, both runtimes?"""
    text, seconds = user.run("doctor", "--json")
    found = json.loads(text)
    states = {item["about"]: item["state"] for item in found["findings"]}
    need(found["ok"], f"doctor finds something broken: {states}")
    for about in ("packages", "runtime openvino"):
        need(states.get(about) == "ok", f"doctor finds {about} {states.get(about)}")
    need(not (user.home / ".cache" / "Microsoft").exists(), "ONNX Runtime wrote a report about its user")
    return {"seconds": seconds, "runtimes": [about for about in states if about.startswith("runtime ")]}


def check_demo(user: Stranger) -> dict[str, Any]:
    """The main job on real input, without a screen: cameras decoded, objects found, a picture saved."""
    text, seconds = user.run("demo", "--seconds", "5", "--json")
    said = json.loads(text)
    total = said["total"]
    need(len(said["cameras"]) == 4, f"{len(said['cameras'])} cameras")
    need(total["inferred"] > 0 and total["detections"] > 0 and total["tracks"] > 0, f"nothing was found: {total}")
    need(not total["errors"], f"errors: {total['errors']}")
    picture = Path(said["picture"])
    need(picture.is_relative_to(user.home), f"the picture is not in the home: {picture}")
    need(picture.read_bytes().startswith(_PICTURES), f"no picture: {picture}")
    need(not list(user.here.iterdir()), f"it left something behind: {list(user.here.iterdir())}")
    return {"seconds": seconds, "frames": total["frames"], "detections": total["detections"], "ran": total["ran"]}


def check_window(user: Stranger) -> dict[str, Any]:
    """The desk on a virtual screen: the demo's boxes come, a window opens and ends when told to."""
    with virtual_screen() as display:
        user.environment["DISPLAY"] = display
        starts = [
            json.loads(user.run("demo", "--seconds", seconds, "--json")[0])["seconds_to"] for seconds in _STARTS_S
        ]
        for start in starts:
            need(set(start) == {"window", "first picture", "first box"}, f"it did not get to a box: {start}")
        began = time.monotonic()
        process = subprocess.Popen([user.program], cwd=user.here, env=user.environment, stderr=subprocess.PIPE)
        try:
            wait_for_window(display, process)
            seconds = round(time.monotonic() - began, 2)
            time.sleep(2)
            need(process.poll() is None, "the desk ended by itself")
            process.terminate()
            need(process.wait(timeout=10) in {0, 130, -15, 143}, f"the desk ended with {process.returncode}")
        except subprocess.TimeoutExpired:
            raise Wrong("the desk did not end within 10 s") from None
        finally:
            process.kill()
            process.wait()
    best = {name: round(min(start[name] for start in starts), 2) for name in starts[0]}
    return {"window_s": seconds, "demo_seconds_to": best, "first_demo": starts[0]}


@contextlib.contextmanager
def virtual_screen() -> Iterator[str]:
    """An X server nobody sees; its display."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as said:
            yield f":{said.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def wait_for_window(display: str, process: subprocess.Popen[bytes]) -> None:
    """Until a window of the program's is on the screen.

    Raises:
        Wrong: the program ended, or 30 s went by.
    """
    end = time.monotonic() + 30
    while time.monotonic() < end:
        tree = ["xwininfo", "-root", "-tree", "-display", display]
        seen = subprocess.run(tree, capture_output=True, text=True, check=False).stdout
        for line in seen.splitlines():
            if _TITLE in line and not line.rstrip().endswith("1x1+0+0  +0+0"):
                return
        if process.poll() is not None:
            said = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
            raise Wrong(f"the desk ended with {process.returncode} before its window was there\n{said[-3000:]}")
        time.sleep(0.01)
    raise Wrong("no window within 30 s")


def need(right: bool, otherwise: str) -> None:  # noqa: FBT001  # an assertion that optimising does not remove
    """Raise `Wrong` unless it is right."""
    if not right:
        raise Wrong(otherwise)


def main() -> int:
    """Run the checks; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", default=os.environ.get("SIGHTDESK_MODEL_PATH"))
    parser.add_argument("--window", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    program = next((file for file in asked.folder.resolve().glob("sightdesk*") if file.is_file()), None)
    if program is None:
        parser.error(f"there is no sightdesk in {asked.folder}")
    checks = {"help": check_help, "doctor": check_doctor, "demo": check_demo}
    if asked.window:
        checks["window"] = check_window
    came: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="sightdesk-smoke-") as folder:
        user = Stranger(program, Path(folder), asked.models)
        for name, check in checks.items():
            try:
                came[name] = {"ok": True, **check(user)}
            except (Wrong, OSError, ValueError, KeyError) as error:
                came[name] = {"ok": False, "what": f"{type(error).__name__}: {error}"}
            if not asked.json:
                print(f"{name}: {came[name]}", flush=True)
    if asked.json:
        print(json.dumps(came, indent=2))
    return 0 if all(found["ok"] for found in came.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
