"""Reading the settings file: what is in force, what is wrong and where; and that no message repeats a value."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings.describe import commented
from console.settings.file import SettingsFile, check
from console.settings.parse import MAX_BYTES
from console.settings.schema import Settings

GOOD = "site: Plant 1\ncameras:\n  - id: gate\n    source: rtsp://10.0.0.5/live\n"


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "settings.yaml")


def problems(text: str | bytes) -> list[tuple[int | None, str, str]]:
    settings, found = check(text.encode() if isinstance(text, str) else text)
    assert (settings is None) == bool(found)
    return [(problem.line, problem.key, problem.what) for problem in found]


def test_the_first_start_writes_a_file_that_says_every_default(file: SettingsFile) -> None:
    loaded = file.load()
    assert loaded.settings == Settings()
    assert loaded.problem is None
    assert loaded.origin == "file"
    text = file.path.read_text()
    keys = {name for section in (Settings, *_below(Settings)) for name in section.model_fields}
    assert keys - {"secret", "thresholds", "on"} <= set(re.findall(r"^[# ]*-? *(\w+):", text, re.MULTILINE))
    for section in (Settings, *_below(Settings)):
        for field in section.model_fields.values():
            if section.__name__ in ("Settings", "CameraSettings", "InferenceSettings", "LogSettings"):
                assert field.description is not None
                assert field.description.split()[0] in text
    assert max(map(len, text.splitlines())) <= 120
    if os.name != "nt":
        assert file.path.stat().st_mode & 0o777 == 0o600


def _below(section: type) -> list[type]:
    from console.settings.fields import section_of

    found = [section_of(field.annotation) for field in section.model_fields.values()]
    return [each for below in found if below for each in (below, *_below(below))]


def test_the_example_camera_is_right_as_it_stands() -> None:
    lines = commented().replace("cameras: []", "cameras:").splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith("#  - id"))
    uncommented = [line.removeprefix("#") if begin <= index else line for index, line in enumerate(lines)]
    text = "\n".join(uncommented[: lines.index("", begin)] + lines[lines.index("", begin) :])
    settings, found = check(text.encode())
    assert found == ()
    assert settings is not None
    assert settings.cameras[0].login is not None
    assert settings.cameras[0].stages[0].model == "yolox_nano"


def test_a_look_writes_nothing(file: SettingsFile) -> None:
    assert file.load(keep=False).origin == "defaults"
    file.path.write_text(GOOD)
    assert file.load(keep=False).origin == "file"
    assert list(file.path.parent.iterdir()) == [file.path]


BROKEN: dict[str, str | bytes] = {
    "syntax": "site: x\ncameras:\n  - id: gate\n   source: y\n",
    "invalid value": "site: x\nlog:\n  megabytes: 0\n",
    "not UTF-8": b"site: x\nlog:\n  level: \xff\n",
    "UTF-16": GOOD.encode("utf-16"),
    "empty": "",
    "only space": " \n\n",
    "only comments": "# nothing\n",
    "binary": bytes(range(256)),
    "huge": "# " + "x" * MAX_BYTES,
    "alias bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    "deep": "[" * 5000,
    "a list": "- a\n- b\n",
    "a text": "hello\n",
    "python object": "site: !!python/object/apply:os.system ['true']\n",
    "two documents": "site: a\n---\nsite: b\n",
    "NUL": "site: a\0b\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_leaves_the_last_good_copy_in_force(file: SettingsFile, name: str) -> None:
    file.path.write_text(GOOD)
    good = file.load().settings
    text = BROKEN[name]
    file.path.write_bytes(text.encode() if isinstance(text, str) else text)
    loaded = SettingsFile(file.path).load()
    assert loaded.settings == good
    assert loaded.origin == "last good"
    assert loaded.problem is not None
    assert str(file.path) in loaded.problem.what
    assert "last good copy is in force" in loaded.problem.hint
    assert file.good.read_text() == GOOD


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_and_nothing_good_means_the_defaults(file: SettingsFile, name: str) -> None:
    text = BROKEN[name]
    file.path.write_bytes(text.encode() if isinstance(text, str) else text)
    loaded = file.load()
    assert loaded.settings == Settings()
    assert loaded.origin == "defaults"
    assert loaded.problems
    assert not file.good.exists()


def test_a_broken_good_copy_is_no_help_and_no_harm(file: SettingsFile) -> None:
    file.path.write_text("nope: 1\n")
    file.good.write_text("also: [broken\n")
    assert file.load().origin == "defaults"


def test_a_folder_in_its_place(file: SettingsFile) -> None:
    file.path.mkdir()
    loaded = file.load()
    assert loaded.origin == "defaults"
    assert loaded.problem is not None
    assert "can't be read: it is not a file" in loaded.problem.what


def test_a_lost_file_is_not_taken_for_a_first_start(file: SettingsFile) -> None:
    file.path.write_text(GOOD)
    file.load()
    file.path.unlink()
    loaded = SettingsFile(file.path).load()
    assert loaded.origin == "last good"
    assert loaded.settings.site == "Plant 1"
    assert not file.path.exists()
    assert "settings.last-good.yaml" in str(loaded.problem)


def test_good_settings_are_not_refused_because_their_copy_cannot_be_kept(
    file: SettingsFile, caplog: pytest.LogCaptureFixture
) -> None:
    file.path.write_text(GOOD)
    file.good.mkdir()
    assert file.load().origin == "file"
    assert "can't be kept" in caplog.text


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("site: x\nlog:\n  levle: debug\n", 3, "log.levle", "not a key that is known"),
        ("cameras:\n  - id: gate\n    source: a\n    transport: x\n", 4, "cameras.gate.transport", "one of: tcp, udp"),
        ("cameras:\n  - source: a\n", 2, "cameras.1.id", "is missing"),
        ("cameras:\n  - id: gate\n    source: a\n    rotation: 45\n", 4, "cameras.gate.rotation", "one of: 0, 90"),
        ("cameras:\n  - {id: a, source: x}\n  - {id: a, source: y}\n", 3, "cameras.a.id", "two cameras have the id a"),
        ("log:\n  megabytes: many\n", 2, "log.megabytes", "whole number"),
        ("log:\n  megabytes: 5000\n", 2, "log.megabytes", "from 1 to 1000"),
        ("site: 12\n", 1, "site", "must be text"),
        ("site: 2026-01-01x: y\n", 1, "", "colon too many"),
        ("cameras: gate\n", 1, "cameras", "must be a list"),
        ("cameras:\n  gate:\n    source: x\n", 1, "cameras", "must be a list"),
        ("log: loud\n", 1, "log", "group of keys"),
        ("cameras:\n  - id: Gate 1\n    source: a\n", 2, "cameras.Gate 1.id", "characters"),
        ("cameras:\n  - id: g\n    source: a\n    stages:\n      - model: m\n        thresholds: {person: 2}\n", 6,
         "cameras.g.stages.1.thresholds.person", "at most 1"),
        ("site: a\nsite: b\n", 2, "", "the key site stands here twice"),
        ("log:\n\tlevel: debug\n", 2, "", "a tab"),
        ("site: @x\n", 1, "", "keeps for itself"),
        ("site: a\nlog:\n  level: 'debug\n", 4, "", "never closed"),
        ("site: a\nlog: &x\n  level: debug\n", 2, "", "&name"),
        ("site: *x\n", 1, "", "begins with *"),
        ("a: &a {level: debug}\nlog:\n  <<: *a\n", 1, "", "&name"),
        ("a: &x b\nc: &x d\n", 1, "", "&name"),
        ("site: !text a\n", 1, "", "types of values"),
        ("? [a]\n: b\n", 1, "", "a key must be a word"),
    ],
)  # fmt: skip
def test_problems_name_line_and_key(text: str, line: int, key: str, words: str) -> None:
    found = problems(text)
    assert found[0][:2] == (line, key), found
    assert words in found[0][2]


def test_a_misspelled_key_is_answered_with_the_right_one() -> None:
    _, found = check(b"inference:\n  devise: GPU\n")
    assert found[0].hint == "Did you mean device?"


def test_all_problems_are_found_in_the_order_of_the_file() -> None:
    found = problems("log:\n  keep: 0\n  level: loud\nsite: 1\nnope: 2\n")
    assert [line for line, _, _ in found] == [2, 3, 4, 5]


def test_an_empty_key_means_its_default() -> None:
    settings, found = check(b"site:\ncameras:\ninference:\n  device:\nlog:\n")
    assert found == ()
    assert settings == Settings()


def test_yaml_1_2_words_stay_words() -> None:
    text = "site: 'no'\ncameras:\n  - {id: a, source: x, stages: [{model: m, on: car}], loop: on, name: no}\n"
    settings, found = check(text.encode())
    assert found == ()
    assert settings is not None
    assert settings.cameras[0].stages[0].on == "car"
    assert settings.cameras[0].loop is True
    assert settings.cameras[0].name == "no"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_windows_editors_write_is_read(ending: str, mark: str) -> None:
    settings, found = check((mark + GOOD.replace("\n", ending)).encode())
    assert found == ()
    assert settings is not None
    assert settings.site == "Plant 1"


SECRET = "hunter2-swordfish"
LEAKS = [
    f"cameras:\n  - id: gate\n    source: rtsp://admin:{SECRET}@10.0.0.5/live\n",
    f"cameras:\n  - id: gate\n    source: rtsp://admin:x/{SECRET}@10.0.0.5/live\n",
    f"cameras:\n  - id: gate\n    source: http://10.0.0.5/v?user=a&pwd={SECRET}\n",
    f"cameras:\n  - id: gate\n    source: a\n    login: {{user: a, password: {SECRET}}}\n",
    f"cameras:\n  - id: gate\n    source: a\n    login:\n      user: a\n      password: {{secret: 'x {SECRET}'}}\n",
    f"cameras:\n  - id: gate\n    source: a\n    password: {SECRET}\n",
    f"cameras:\n  - id: gate\n    source: a\n    login: {SECRET}\n",
    f"password: {SECRET}\npassword: {SECRET}\n",
    f"password: *{SECRET}\n",
    f"password: &{SECRET}\n",
    f"password: !{SECRET}\n",
    f"password: !!int {SECRET}\n",
    f"password: !{SECRET}!x y\n",
    f"password: @{SECRET}\n",
    f"password: '{SECRET}\n",
    f"site: x: {SECRET}\n",
    f"{SECRET}\n",
    f"- {SECRET}\n",
    f"log:\n  level: {SECRET}\n  megabytes: {SECRET}\n",
    f"site: [{SECRET}]\n",
    f'site: "\\{SECRET}"\n',
    f"cameras:\n  - id: {SECRET}!\n    source: ''\n",
    f"log: {{level: info, {SECRET}\n",
]  # fmt: skip


@pytest.mark.parametrize("text", LEAKS)
def test_no_problem_repeats_a_value(file: SettingsFile, text: str) -> None:
    file.path.write_text(text)
    loaded = file.load()
    assert loaded.problem is not None
    said = f"{loaded.problem}{loaded.problem.what}{loaded.problem.hint}{loaded!r}{loaded.problems!r}"
    if f"- id: {SECRET}" not in text:  # a camera's id is how its problems are named
        assert SECRET not in said


@pytest.mark.parametrize("index", range(4))
def test_a_password_in_plain_text_is_refused_with_the_way_out(index: int) -> None:
    _, found = check(LEAKS[index].encode())
    assert "a password never stands in this file" in found[0].what
    assert "sightdesk secrets set" in found[0].hint
    assert "{secret: NAME}" in found[0].hint
    assert found[0].line == (3 if index < 3 else 4)


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://10.0.0.5:554/a",
        "rtsp://viewer@10.0.0.5/a",
        "clips/a:b@c.mp4",
        "C:\\clips\\a.mp4",
        "usb:0",
        "http://cam/v?user={user}&pwd={password}",
        "http://cam/v?size=1:2",
        "rtsp://[fe80::1]:554/a",
    ],
)
def test_addresses_without_a_password_are_taken(source: str) -> None:
    assert Settings.model_validate({"cameras": [{"id": "a", "source": source}]}).cameras[0].source == source


def test_the_refused_value_is_not_in_pydantics_own_words() -> None:
    with pytest.raises(ValueError, match="password") as refused:
        Settings.model_validate({"cameras": [{"id": "a", "source": f"rtsp://u:{SECRET}@h"}]})
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)


@given(st.text(max_size=300))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_without_an_exception(raw: bytes) -> None:
    check(raw)


PIECES = [
    "site: x", "log:", "  level: debug", "cameras:", "  - id: a", "    source: b", "- c", "  {", "]", "'", '"', "&a",
    "*a", "!t", "\t", "|", "  text", "#", "---", "...", "%YAML 1.1", "? x", ": y", "<<: z", "\\", "1", "~", "null",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["\n", " ", ""]))
def test_any_yaml_like_text_is_judged_without_an_exception(pieces: list[str], between: str) -> None:
    check(between.join(pieces).encode())


def test_a_file_of_nothing_but_mistakes_is_judged_soon() -> None:
    text = "\n".join(f"k{index}: 1" for index in range(5_000))
    _, found = check(text.encode())
    assert len(found) == 50


def test_forty_cameras_are_one_screenful_of_work() -> None:
    camera = textwrap.dedent(commented()).split("#  - id: gate", 1)[1]
    assert "stages:" in camera
    text = "cameras:\n" + "".join(f"  - id: cam{index}\n    source: rtsp://10.0.0.{index}/x\n" for index in range(40))
    settings, found = check(text.encode())
    assert found == ()
    assert settings is not None
    assert len(settings.cameras) == 40
