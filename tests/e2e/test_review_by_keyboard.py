"""From a doubtful track on the live wall to a gold set, its export and a model measured on it, by keys alone."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.servers.xvfb import Screen

pytestmark = [pytest.mark.services, pytest.mark.shared]

SETTINGS = """\
desk: {{theme: dark, keep_awake: false}}
operators: [Ada]
inference: {{model: yolox_nano}}
review: {{low: 0.3, high: 0.7, second_share: 0, random_share: 0.5}}
cameras:
  - {{id: street, source: {clip}, loop: true, published_as: "vtest.avi, OpenCV's samples",
     stages: [{{model: yolox_nano, confidence: 0.25}}]}}
"""


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as made:
        yield made


def told(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """What the desk's database says, read beside it."""
    if not (home / "sightdesk.db").exists():
        return []
    with closing(sqlite3.connect(f"file:{home / 'sightdesk.db'}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def until(
    true: Callable[[], object], what: str, seconds: float = 40, again: Callable[[], object] | None = None
) -> None:
    """Wait for something; keys are pressed again, since a window takes a moment to listen."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        if again is not None:
            again()
        time.sleep(0.4)


def verdicts(home: Path) -> list[str]:
    return [str(kind) for (kind,) in told(home, "SELECT kind FROM verdicts WHERE taken_back_at IS NULL ORDER BY id")]


def command(screen: Screen, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "console", *words, "--json"],
        check=False, cwd=ROOT, env=screen.environment, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_from_doubt_on_the_wall_to_a_model_measured_on_a_gold_set(
    screen: Screen, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    home = tmp_path / "home"
    home.mkdir()
    clip = next(shared.rglob("vtest.avi"))
    (home / "settings.yaml").write_text(SETTINGS.format(clip=clip), encoding="utf-8")
    (home / "desk.json").write_text(json.dumps({"operator": "Ada"}), encoding="utf-8")
    desk = subprocess.Popen([sys.executable, "-m", "console", "--home", str(home)], cwd=ROOT, env=screen.environment)
    try:
        waiting = "SELECT id FROM review_items WHERE state = 'open' AND label <> '' AND picture_id IS NOT NULL"
        until(lambda: len(told(home, waiting)) >= 6, "doubtful tracks")
        flagged = "SELECT id FROM review_items WHERE reason = 'missed'"
        until(lambda: told(home, flagged), "a flag", again=lambda: screen.press("x"))
        page = home / "desk.json"
        until(lambda: '"review"' in page.read_text(encoding="utf-8"), "the page", again=lambda: screen.press("ctrl+2"))
        until(lambda: verdicts(home), "a yes", again=lambda: screen.press("Return"))
        for key, kind in (("BackSpace", "reject"), ("a", "edit"), ("2", "relabel"), ("a", "edit"), ("a", "edit")):
            count = len(verdicts(home))
            screen.press(key)
            until(lambda count=count: len(verdicts(home)) > count, kind)  # type: ignore[misc]
        before = verdicts(home)
        screen.press("ctrl+z")
        until(lambda: len(verdicts(home)) == len(before) - 1, "the undo")
        screen.press("a")
        until(lambda: len(verdicts(home)) == len(before), "the last verdict")
        desk.send_signal(signal.SIGTERM)
        assert desk.wait(15) == 0
    finally:
        desk.kill()
        desk.wait(10)
    said = verdicts(home)
    assert {"accept", "reject", "edit"} <= set(said)
    assert told(home, "SELECT count(*) FROM review_items WHERE state = 'done'") == [(len(said),)]
    at = ("--home", str(home))
    made = command(screen, "gold", "create", "street", "--splits", "0/0/100", *at)
    assert made["members"] == len(said)
    out = tmp_path / "out"
    command(screen, "dataset", "export", str(out), "--gold", "street", "--format", "coco", *at)
    assert list(out.rglob("*.jpg"))
    seen = command(screen, "dataset", "inspect", str(out))
    assert seen["pictures"] == said.count("edit")  # only what is known whole
    measured = command(screen, "gold", "evaluate", "street", "--model", "yolox_nano", *at)
    assert "ap" in json.dumps(measured).casefold()
