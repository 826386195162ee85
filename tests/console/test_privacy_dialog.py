"""One camera's privacy in dialog and file: nothing at all instead of the site's, and areas taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from console.privacy.policies import policy_for
from console.settings.file import SettingsFile
from console.settings.schema import CameraSettings
from console.ui.cameras.dialog import CameraDialog
from console.ui.cameras.privacy_fields import shown, written
from console.ui.workplace import Workplace
from models.policy import Cover
from tests.console.quiet_workplace import quiet_workplace

SETTINGS = """\
privacy: {cover: [person]}
cameras:
  # the gate
  - {id: gate, source: a.mp4, privacy: {areas: [{name: d, points: [[0, 0], [0.2, 0], [0.2, 0.2]]}], live: true}}  # mine
  - id: yard
    # about its source
    source: clips/a.mp4
    privacy: {areas: [{points: [[0, 0], [0.2, 0], [0.2, 0.2]]}, {points: [[0, 0], [0.6, 0.5], [0.6, 0.6]]}]}   # two
# the end
log: {keep: 3}
"""
COMMENTS = ("# the gate", "# mine", "# about its source", "# two", "# the end")


@pytest.fixture
def workplace(qtbot: QtBot, tmp_path: Path) -> Iterator[Workplace]:
    assert qtbot is not None
    with quiet_workplace(tmp_path, SETTINGS) as made:
        yield made


def camera(workplace: Workplace, camera_id: str) -> CameraSettings:
    settings = SettingsFile(workplace.file.path).load(keep=False).settings
    return next(camera for camera in settings.cameras if camera.id == camera_id)


def opened(qtbot: QtBot, workplace: Workplace, camera_id: str) -> CameraDialog:
    dialog = CameraDialog(workplace, camera(workplace, camera_id))
    qtbot.addWidget(dialog)
    dialog.turn_to("privacy")
    return dialog


@pytest.mark.parametrize("cover", [None, (), ("person",), ("dog", "cat")])
def test_a_form_that_nobody_touched_keeps_whole_objects_as_they_are(cover: tuple[str, ...] | None) -> None:
    one = CameraSettings.model_validate({"id": "a", "source": "x", "privacy": {"cover": cover}})
    again = CameraSettings.model_validate({"id": "a", "source": "x", **written(shown(one), [])})
    assert again.privacy.cover == cover


def test_a_camera_covers_no_whole_objects_though_the_site_does(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "gate")
    row = dialog.privacy.rows["cover_else"]
    assert row.spec.choices[0] == (None, "Site: person")
    assert "person" in dialog.privacy.summary.text()
    row.set_value(False)
    dialog.privacy.changed.emit()
    assert "person" not in dialog.privacy.summary.text().replace("whole persons", "")
    dialog.save()
    after = camera(workplace, "gate")
    assert after.privacy.cover == ()
    policy = policy_for(after, workplace.settings.privacy)
    assert isinstance(policy, Cover)
    assert policy.classes == ()
    dialog = opened(qtbot, workplace, "gate")
    assert dialog.privacy.rows["cover_else"].value is False
    dialog.privacy.rows["cover_else"].set_value(None)
    dialog.save()
    assert camera(workplace, "gate").privacy.cover is None


def test_labels_of_its_own_leave_nothing_to_choose(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "gate")
    dialog.privacy.rows["cover"].set_value(("dog",))
    dialog.privacy.changed.emit()
    assert not dialog.privacy.rows["cover_else"].isEnabled()
    dialog.save()
    assert camera(workplace, "gate").privacy.cover == ("dog",)


@pytest.mark.parametrize(("camera_id", "left"), [("gate", 0), ("yard", 1)])
def test_an_area_is_taken_away_from_a_camera_on_one_line(
    qtbot: QtBot, workplace: Workplace, camera_id: str, left: int
) -> None:
    dialog = opened(qtbot, workplace, camera_id)
    dialog.preview.areas.choose(0)
    dialog.privacy.remove_button.click()
    dialog.save()
    after = camera(workplace, camera_id)
    assert len(after.privacy.areas) == left
    assert after.privacy.live == (True if camera_id == "gate" else None)
    text = workplace.file.path.read_text()
    assert all(comment in text for comment in COMMENTS)
    workplace.undo()
    assert len(camera(workplace, camera_id).privacy.areas) == left + 1


@pytest.mark.parametrize("path", ["privacy", "privacy.areas", "privacy.live", "privacy.areas.1"])
@pytest.mark.parametrize("camera_id", ["gate", "yard"])
def test_anything_is_taken_away_inside_of_brackets(tmp_path: Path, camera_id: str, path: str) -> None:
    file = SettingsFile(tmp_path / "settings.yaml")
    file.path.write_text(SETTINGS)
    file.load()
    file.edit({f"cameras.{camera_id}.{path}": None})
    loaded = SettingsFile(file.path).load(keep=False)
    assert loaded.problem is None
    one, other = sorted(loaded.settings.cameras, key=lambda camera: camera.id != camera_id)
    before = {"gate": 1, "yard": 2}[camera_id]
    assert len(one.privacy.areas) == {"privacy.live": before, "privacy.areas.1": before - 1}.get(path, 0)
    assert len(other.privacy.areas) == 3 - before
    assert all(comment in file.path.read_text() for comment in COMMENTS)
