"""Editing the settings file: the value changes, everything else stands."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from console.errors import HomeError, SettingsError
from console.settings import disk
from console.settings.describe import commented
from console.settings.edit import changed
from console.settings.file import SettingsFile, check
from console.settings.parse import parse
from console.settings.render import block, scalar

MINE = """\
# mine
site: 'Plant 1'   # beside site

# --- cameras ---
cameras:
- id: gate # g
  # above source
  source: rtsp://10.0.0.5/a   # beside source
  stages: [{model: q, confidence: 0.2}] # st
  # end of gate
-
  id: yard
  source: "b"

# --- logs ---
log: # lg
    keep: 3
# the end"""


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    made = SettingsFile(tmp_path / "settings.yaml")
    made.path.write_text(MINE)
    made.load()
    return made


def diff(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"site": "Plant 2"}, ["-site: 'Plant 1'   # beside site", "+site: Plant 2   # beside site"]),
        ({"site": None}, ["-site: 'Plant 1'   # beside site", "+site:   # beside site"]),
        ({"log.keep": 7}, ["-    keep: 3", "+    keep: 7"]),
        ({"log.level": "debug"}, ["+    level: debug"]),
        ({"log": {"keep": 9}}, ["-    keep: 3", "+    keep: 9"]),
        ({"inference.device": "GPU"}, ["+inference:", "+  device: GPU"]),
        (
            {"cameras.gate.source": "usb:0"},
            ["-  source: rtsp://10.0.0.5/a   # beside source", "+  source: usb:0   # beside source"],
        ),
        ({"cameras.gate.name": "Gate: 1 # A"}, ['+  name: "Gate: 1 # A"']),
        (
            {"cameras.gate.stages.1.confidence": 0.5},
            ["-  stages: [{model: q, confidence: 0.2}] # st", "+  stages: [{model: q, confidence: 0.5}] # st"],
        ),
        ({"cameras.yard.stages": [{"model": "m"}]}, ["+  stages:", "+  - model: m"]),
        ({"cameras.yard.login.user": "a", "cameras.yard.login.password.secret": "b"},
         ["+  login:", "+    user: a", "+    password:", "+      secret: b"]),
        ({"cameras.yard": None}, ["--", "-  id: yard", '-  source: "b"']),
        ({"cameras.2": None}, ["--", "-  id: yard", '-  source: "b"']),
        ({"cameras.new": {"source": "c.mp4"}}, ["+- id: new", "+  source: c.mp4"]),
        ({"cameras.yard": {"source": "z.mp4", "loop": True}}, ['-  source: "b"', "+  source: z.mp4", "+  loop: true"]),
        ({"cameras.yard.id": "south"}, ["-  id: yard", "+  id: south"]),
    ],
)  # fmt: skip
def test_only_the_lines_of_the_change_differ(file: SettingsFile, changes: dict[str, Any], lines: list[str]) -> None:
    settings = file.edit(changes)
    assert diff(MINE, file.path.read_text()) == lines
    assert SettingsFile(file.path).load().settings == settings
    assert file.good.read_text() == file.path.read_text()


def test_a_list_in_brackets_opens_up_and_keeps_its_comment(file: SettingsFile) -> None:
    file.edit({"cameras.gate.stages.2": {"model": "z"}})
    assert "  stages: # st\n  - model: q\n    confidence: 0.2\n  - model: z\n  # end of gate\n" in file.path.read_text()


def test_the_first_file_takes_a_camera_and_gives_it_back(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.yaml")
    file.load()
    file.edit(
        {"cameras.gate": {"source": "rtsp://10.0.0.5/a", "stages": [{"model": "m", "thresholds": {"person": 0.4}}]}}
    )
    file.edit({"cameras.gate.stages.1.thresholds": {"person": 0.5, "traffic light": 0.2}})
    assert "  - id: gate\n    source: rtsp://10.0.0.5/a\n    stages:\n      - model: m\n" in file.path.read_text()
    file.edit({"cameras.gate": None})
    assert file.path.read_text() == commented()


def test_windows_line_ends_and_mark_stay(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.yaml")
    file.path.write_bytes(b"\xef\xbb\xbf" + MINE.replace("\n", "\r\n").encode())
    file.load()
    file.edit({"log.level": "debug"})
    raw = file.path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf# mine\r\n")
    assert raw.count(b"\r\n") == raw.count(b"\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_mode_of_the_file_stays(file: SettingsFile) -> None:
    file.path.chmod(0o640)
    file.edit({"site": "x"})
    assert file.path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"log.level": "loud"}, "log.level: must be one of: debug"),
        ({"log.levle": "debug"}, "log.levle: is not a key"),
        ({"nope.deep": 1}, "nope: is not a key"),
        ({"cameras.no.name": "x"}, "no entry no"),
        ({"cameras.no": "x"}, "no entry no"),
        ({"cameras.9": {"id": "x", "source": "y"}}, "has 2 entries"),
        ({"site.x": 1}, "single value"),
        ({"": 1}, "not the path"),
        ({"log..level": 1}, "not the path"),
        ({"site": object()}, "can't be set"),
        ({"cameras.gate.priority": float("nan")}, "cameras.gate.priority"),
        ({"cameras.yard.id": "gate"}, "two cameras have the id gate"),
        ({"cameras.gate.source": "rtsp://u:hunter2@h/a"}, "never stands in this file"),
        ({"cameras.gate.login": {"user": "a", "password": "hunter2"}}, "never stands in this file"),
    ],
)
def test_what_would_not_be_right_is_refused_and_nothing_written(
    file: SettingsFile, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        file.edit({"log.keep": 4, **changes})
    assert words in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert file.path.read_text() == MINE


def test_a_file_changed_meanwhile_is_not_overwritten(file: SettingsFile) -> None:
    file.path.write_text(MINE + "\n# by hand\n")
    with pytest.raises(SettingsError, match="changed by someone else"):
        file.edit({"site": "x"})
    with pytest.raises(SettingsError, match="changed by someone else"):
        file.edit({"site": "x"})
    file.load()
    file.edit({"site": "x"})
    assert "# by hand" in file.path.read_text()


def test_a_broken_file_is_not_edited(file: SettingsFile) -> None:
    file.path.write_text("site: [\n")
    with pytest.raises(SettingsError, match="not changed while it is broken"):
        file.edit({"site": "x"})
    assert file.path.read_text() == "site: [\n"


def test_a_full_disk_leaves_the_file_whole(file: SettingsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "_replace", refuse)
    with pytest.raises(HomeError, match="full"):
        file.edit({"site": "x"})
    assert file.path.read_text() == MINE
    monkeypatch.undo()
    file.edit({"site": "x"})


WORDS = st.text(max_size=20)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), WORDS)


@given(VALUES)
def test_a_scalar_reads_back_as_itself(value: object) -> None:
    try:
        text = f"site: {scalar(value)}\n"
        text.encode()
    except UnicodeEncodeError:
        return
    assert parse(text).data == {"site": value}


KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TREES = st.recursive(
    VALUES, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3), max_leaves=8
)


@limits(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), TREES, min_size=1), st.sampled_from([0, 2]))
def test_a_block_reads_back_as_itself(tree: dict[str, Any], dash: int) -> None:
    text = "\n".join(block(tree, 0, dash)) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert parse(text).data == tree


PATHS = {
    "site": st.sampled_from([None, "Plant 2", "a: b", "#x", "über", "", " x ", "- y", "'q'", "null", "12"]),
    "log.level": st.sampled_from([None, "debug", "error"]),
    "log.keep": st.sampled_from([None, 1, 100]),
    "inference.device": st.sampled_from([None, "GPU.0", "AUTO:GPU,CPU"]),
    "inference": st.sampled_from([None, {"device": "NPU"}, {}]),
    "cameras.gate.name": st.sampled_from([None, "Gate", "[1]", "{x}"]),
    "cameras.gate.fps_cap": st.sampled_from([None, 5, 2.5]),
    "cameras.gate.stages": st.sampled_from([None, [], [{"model": "m"}], [{"model": "m", "thresholds": {"a b": 0.5}}]]),
    "cameras.gate.login": st.sampled_from([None, {"user": "u", "password": {"secret": "s"}}]),
    "cameras.new": st.sampled_from([{"source": "a.mp4"}, {"source": "b", "stages": [{"model": "x"}]}]),
    "cameras.yard": st.sampled_from([None, {"source": "y"}]),
}


EDITS = st.sampled_from(sorted(PATHS)).flatmap(lambda path: st.tuples(st.just(path), PATHS[path]))
FIRST = changed(commented(), {"cameras.gate": {"source": "rtsp://10.0.0.5/a"}, "cameras.yard": {"source": "y"}})


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


HELP = frozenset(comments(commented()))
"""What a first file says of each key, in one line or more; it goes with the key."""


@limits(deadline=None, max_examples=40)
@given(st.lists(EDITS, max_size=6), st.sampled_from([MINE, FIRST]))
def test_any_changes_keep_the_comments_and_mean_what_was_asked(edits: list[tuple[str, Any]], text: str) -> None:
    for path, value in edits:
        if path == "cameras.yard" and value is None and "id: yard" not in text:
            continue
        before = comments(text)
        text = changed(text, {path: value})  # reads it again itself, and refuses to mean anything else
        lost = set(before) - set(comments(text))
        inside = {"# above source", "# end of gate", *HELP}
        assert lost <= inside if value is None or isinstance(value, list) else not lost, (path, value)
        settings, found = check(text.encode())
        assert settings is not None, found


def test_a_group_that_is_named_and_empty_takes_a_key() -> None:
    assert changed("inference:  # later\ncameras: []\n", {"inference.device": "GPU"}) == (
        "inference:  # later\n  device: GPU\ncameras: []\n"
    )
    changed("inference:\ncameras: []\n", {"inference.device": None})  # the default, which is there already
