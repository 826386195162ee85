"""Lists of the settings in another order: what stays keeps its comments, what goes takes them along."""

from __future__ import annotations

import time
from itertools import permutations
from pathlib import Path

import pytest

from console.errors import SettingsError
from console.settings.edit import changed
from console.settings.file import SettingsFile
from console.settings.order import Arranged, order_cameras
from console.settings.parse import parse

MINE = """\
# mine

# --- cameras ---
cameras:
# the gate, mended in May
- id: gate # g
  # above source
  source: rtsp://10.0.0.5/a   # beside source
  # end of gate

# set apart

-
  id: yard
  source: "b"
# the shop's
- {id: shop, source: c.mp4} # in brackets
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


def test_each_entry_takes_its_comments_along(file: SettingsFile) -> None:
    settings = file.edit(order_cameras(["shop", "gate", "yard"]))
    assert [camera.id for camera in settings.cameras] == ["shop", "gate", "yard"]
    text = file.path.read_text()
    assert "cameras:\n# the shop's\n- {id: shop, source: c.mp4} # in brackets\n" in text
    assert "# the gate, mended in May\n- id: gate # g\n  # above source\n" in text
    assert "# beside source\n  # end of gate\n" in text
    assert '-\n  id: yard\n  source: "b"\n# --- logs ---\nlog: # lg' in text
    assert text.count("# set apart") == 1
    file.edit(order_cameras(["gate", "yard", "shop"]))
    assert file.path.read_text() == MINE + "\n"


@pytest.mark.parametrize("ids", list(permutations(["gate", "yard", "shop"])))
def test_every_order_keeps_every_line_and_leads_back(file: SettingsFile, ids: tuple[str, ...]) -> None:
    settings = file.edit(order_cameras(ids))
    assert tuple(camera.id for camera in settings.cameras) == ids
    assert sorted(file.path.read_text().splitlines()) == sorted(MINE.splitlines())
    file.edit(order_cameras(["gate", "yard", "shop"]))
    assert file.path.read_text().rstrip() == MINE


def test_entries_come_and_go_in_one_change(file: SettingsFile) -> None:
    new = [{"id": f"new-{n}", "source": f"rtsp://10.0.1.{n}/a", "login": {"user": "u", "password": {"secret": "s"}}}
           for n in range(2)]  # fmt: skip
    settings = file.edit({"cameras": Arranged(["yard", *new, "gate"])})
    assert [camera.id for camera in settings.cameras] == ["yard", "new-0", "new-1", "gate"]
    assert "shop" not in file.path.read_text()
    assert "# --- logs ---" in file.path.read_text()


def test_an_empty_list_takes_many(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.yaml")
    file.load()
    before = file.path.read_text()
    file.edit({"cameras": Arranged([{"id": "a", "source": "x.mp4"}, {"id": "b", "source": "y.mp4"}])})
    assert [camera.id for camera in file.load().settings.cameras] == ["a", "b"]
    file.edit({"cameras": Arranged([])})
    assert file.path.read_text() == before


@pytest.mark.parametrize("ids", [["gate", "nobody"], ["gate", "gate"]])
def test_an_id_that_is_not_there_is_refused(file: SettingsFile, ids: list[str]) -> None:
    with pytest.raises(SettingsError):
        file.edit(order_cameras(ids))
    assert file.path.read_text() == MINE


def test_many_changes_at_once_are_those_one_by_one() -> None:
    changes = {
        "cameras.gate.name": "Gate", "cameras.gate.fps_cap": 5, "cameras.yard.stages": [{"model": "m"}],
        "cameras.yard.source": "z.mp4", "cameras.yard.login": {"user": "u", "password": {"secret": "s"}},
        "log.keep": 9, "log.level": "debug", "inference.device": "GPU", "cameras.shop.loop": True,
        "cameras.gate.source": None,
    }  # fmt: skip
    text = MINE
    for path, value in changes.items():
        text = changed(text, {path: value})
    together = changed(MINE, changes)
    assert parse(together).data == parse(text).data
    assert sorted(together.splitlines()) == sorted(text.splitlines())


def test_hundreds_of_changes_stay_quick() -> None:
    text = changed(MINE, {"cameras": Arranged([{"id": f"c{n}", "source": f"rtsp://10.0.1.{n}/a"} for n in range(60)])})
    begin = time.thread_time()
    made = changed(text, {f"cameras.c{n}.{key}": value for n in range(60)
                          for key, value in {"rotation": 90, "fps_cap": 5, "mirror": True}.items()})  # fmt: skip
    assert time.thread_time() - begin < 5  # one by one it is half a minute
    assert all(camera["fps_cap"] == 5 for camera in parse(made).data["cameras"])
