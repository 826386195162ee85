"""The camera dialog's privacy part: as for the site or its own, areas over the picture, and no look past the cover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from console.pipeline.covered_display import CoveredDisplay
from console.pipeline.lane import Lane
from console.privacy.sealing import PrivateKey
from console.settings.file import SettingsFile
from console.settings.privacy import CLOSER_LABELS
from console.settings.schema import CameraSettings, Settings
from console.site.preview import Preview
from console.ui.cameras.dialog import CameraDialog
from console.ui.cameras.privacy_fields import shown, specs, written
from console.ui.cameras.running_view import RunningView
from console.ui.workplace import Workplace
from models.states import CameraState, CameraStatus
from tests.console.quiet_workplace import QuietSite, quiet_workplace
from tests.console.test_live_redaction import frame, leaks, result
from tests.console.test_live_screen import redacted

SCENE = "synthetic:street?fps=10&width=160&height=120"
TEXT = f"""\
# my site
cameras:
  # by the road
  - id: gate
    name: Gate
    source: {SCENE}   # drawn
    privacy:
      live: true      # the works council asked for it
      areas:
        - name: bay window
          points: [[0.1, 0.2], [0.3, 0.2], [0.3, 0.5]]
  - id: yard
    source: {SCENE}
"""


class Site(QuietSite):
    """One lane that stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.only: Lane | None = None

    def lane(self, camera_id: str) -> Lane | None:  # type: ignore[override]
        return self.only if camera_id == "gate" else None

    def status(self, _camera_id: str) -> CameraStatus:
        return CameraStatus(CameraState.LIVE)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def workplace(qtbot: QtBot, tmp_path: Path, site: Site) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, TEXT, site) as made:
        yield made


def opened(qtbot: QtBot, workplace: Workplace, camera_id: str, part: str = "privacy") -> CameraDialog:
    camera = next(camera for camera in workplace.settings.cameras if camera.id == camera_id)
    dialog = CameraDialog(workplace, camera)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.turn_to(part)
    return dialog


def saved(workplace: Workplace, camera_id: str) -> CameraSettings:
    """As the file says it, read by somebody else."""
    settings = SettingsFile(workplace.file.path).load(keep=False).settings
    return next(camera for camera in settings.cameras if camera.id == camera_id)


# Fields


def test_a_form_that_nobody_touched_comes_to_what_it_was() -> None:
    camera = CameraSettings.model_validate(
        {
            "id": "a",
            "source": "x",
            "published_as": "a clip",
            "privacy": {"faces": False, "heads": "always", "cover": ["person"], "purpose": "y", "seal_plates_for": "k",
                        "seal_doubtful_for": "l", "seal_doubtful_labels": ["van"]},
            "keep": {"days": 3, "gigabytes": 2.5},
        }
    )  # fmt: skip
    again = CameraSettings.model_validate({"id": "a", "source": "x", **written(shown(camera), [])})
    assert again == camera
    bare = CameraSettings(id="a", source="x")
    assert CameraSettings.model_validate({"id": "a", "source": "x", **written(shown(bare), [])}) == bare


def test_the_first_choice_says_what_the_site_does() -> None:
    settings = Settings.model_validate({"privacy": {"style": "blur", "faces": False, "live": True}})
    made = specs(settings)
    assert made["style"].choices[0] == (None, "Site: blurred (weaker)")
    assert made["faces"].choices[0] == (None, "Site: not covered")
    assert made["live"].choices[0] == (None, "Site: redacted")


def test_its_own_policy_is_saved_and_the_rest_of_the_file_stays(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "yard")
    rows = dialog.privacy.rows
    rows["heads"].set_value("always")
    rows["cover"].set_value(("person", "dog"))
    rows["purpose"].set_value("to see who comes")
    rows["days"].set_value(7)
    dialog.privacy.changed.emit()
    assert "person, dog" in dialog.privacy.summary.text()
    dialog.save()
    camera = saved(workplace, "yard")
    assert (camera.privacy.heads, camera.privacy.cover) == ("always", ("person", "dog"))
    assert camera.privacy.faces is None
    assert camera.keep is not None
    assert camera.keep.days == 7
    text = workplace.file.path.read_text()
    assert "# the works council asked for it" in text
    assert "privacy settings changed" in (workplace.home.path / "audit.jsonl").read_text()
    dialog = opened(qtbot, workplace, "yard")
    dialog.privacy.rows["days"].set_value(None)
    dialog.save()
    assert saved(workplace, "yard").keep is None
    workplace.undo()
    assert saved(workplace, "yard").keep is not None


def test_what_will_not_do_is_said_beside_its_field(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "yard")
    dialog.privacy.rows["days"].set_value(0)
    dialog.privacy.changed.emit()
    assert dialog.privacy.rows["days"].error
    assert not dialog.save_button.isEnabled()
    dialog.privacy.rows["days"].set_value(1)
    dialog.privacy.changed.emit()
    assert not dialog.privacy.rows["days"].error
    assert dialog.save_button.isEnabled()


def test_who_looks_closer_is_named_by_a_sound_key_and_the_classes_are_those_of_vehicles_else(
    qtbot: QtBot, workplace: Workplace
) -> None:
    dialog = opened(qtbot, workplace, "yard")
    rows, key = dialog.privacy.rows, PrivateKey.new().public.text
    assert not rows["seal_doubtful_labels"].isEnabled()
    for wrong in ("plates.key", key[:-4] + "AAAA"):
        rows["seal_doubtful_for"].set_value(wrong)
        dialog.privacy.changed.emit()
        assert "public key" in rows["seal_doubtful_for"].error
        assert not rows["seal_plates_for"].error
        assert not dialog.save_button.isEnabled()
    rows["seal_doubtful_for"].set_value(key)
    dialog.privacy.changed.emit()
    assert not rows["seal_doubtful_for"].error
    assert rows["seal_doubtful_labels"].isEnabled()
    assert "holder of their key" in dialog.privacy.summary.text()
    dialog.save()
    privacy = saved(workplace, "yard").privacy
    assert (privacy.seal_doubtful_for, privacy.seal_doubtful_labels) == (key, CLOSER_LABELS)
    assert "seal_doubtful_labels" not in workplace.file.path.read_text()
    dialog = opened(qtbot, workplace, "yard")
    assert dialog.privacy.rows["seal_doubtful_labels"].value == ()
    dialog.privacy.rows["seal_doubtful_labels"].set_value(("van", "car"))
    dialog.save()
    assert saved(workplace, "yard").privacy.seal_doubtful_labels == ("van", "car")
    for name in ("seal_doubtful_for", "seal_doubtful_labels"):
        assert dialog.privacy.rows[name].editor.accessibleName()
    assert "seal_doubtful_for" in (workplace.home.path / "audit.jsonl").read_text()


def test_published_footage_takes_the_rest_out_of_the_operators_hands(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "yard")
    dialog.privacy.rows["published_as"].set_value("EPIC-KITCHENS, CC BY")
    dialog.privacy.changed.emit()
    for name in ("faces", "seal_doubtful_for", "seal_doubtful_labels"):
        assert not dialog.privacy.rows[name].isEnabled()
    assert "nothing is covered" in dialog.privacy.summary.text()


# Areas


def test_an_area_is_drawn_over_the_picture_named_and_saved(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "yard")
    areas = dialog.preview.areas
    assert areas.isVisible()
    place = areas._place
    begin = place.topLeft() + QPoint(place.width() // 4, place.height() // 4)
    end = place.topLeft() + QPoint(place.width() // 2, place.height() // 2)
    QTest.mousePress(areas, Qt.MouseButton.LeftButton, pos=begin)
    QTest.mouseMove(areas, end)
    QTest.mouseRelease(areas, Qt.MouseButton.LeftButton, pos=end)
    assert dialog.privacy.list.count() == 1
    dialog.privacy.list.item(0).setText(" next door  ")
    dialog.save()
    (area,) = saved(workplace, "yard").privacy.areas
    assert area.name == "next door"
    assert area.points[0] == pytest.approx((0.25, 0.25), abs=0.01)
    assert area.points[2] == pytest.approx((0.5, 0.5), abs=0.01)


def test_undo_in_the_dialog_brings_an_area_back_with_its_name(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "gate")
    panel = dialog.privacy
    assert panel.list.item(0).text() == "bay window"
    assert not panel.undo_button.isEnabled()
    panel.list.setCurrentRow(0)
    panel.remove_button.click()
    assert panel.list.count() == 0
    panel.add_button.click()
    panel.undo_button.click()
    panel.undo_button.click()
    assert panel.list.item(0).text() == "bay window"
    panel.redo_button.click()
    assert panel.list.count() == 0
    dialog.save()
    assert saved(workplace, "gate").privacy.areas == ()
    assert saved(workplace, "gate").privacy.live


def test_areas_turn_with_the_camera(qtbot: QtBot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace, "gate")
    dialog.options.rows["rotation"].set_value(180)
    dialog._option_changed("rotation")
    dialog.save()
    camera = saved(workplace, "gate")
    assert camera.rotation == 180
    assert np.allclose(camera.privacy.areas[0].points, [(0.9, 0.8), (0.7, 0.8), (0.7, 0.5)])


# The preview


def test_a_redacted_camera_is_seen_redacted_in_its_dialog_too(qtbot: QtBot, workplace: Workplace, site: Site) -> None:
    display = CoveredDisplay()
    site.only = Lane(workplace.settings.cameras[0], (), ("person", "car"), display)
    now = frame(1)
    site.only.latest = (now, result(now))
    dialog = opened(qtbot, workplace, "gate", "camera")
    qtbot.waitUntil(lambda: display.guest is not None, timeout=3000)
    view = dialog.preview.view
    assert isinstance(view, RunningView)
    assert view.pixels is None
    display.trouble = "the face model is dead"
    assert view.trouble is not None
    display.show(redacted(now), now, result(now))
    assert view.pixels is not None
    assert not leaks(view.pixels)
    dialog.reject()
    assert display.guest is None


def test_a_view_of_a_camera_that_becomes_covered_lets_go_what_it_showed(workplace: Workplace, site: Site) -> None:
    site.only = Lane(workplace.settings.cameras[0], (), ("person",))
    now = frame(1)
    site.only.latest = (now, result(now))
    view = RunningView(site, workplace.settings.cameras[0])  # type: ignore[arg-type]
    view.size = (160, 120)
    assert view.pixels is not None
    assert leaks(view.pixels)
    site.only.cover(CoveredDisplay())
    assert view.pixels is None


@pytest.fixture
def previews(monkeypatch: pytest.MonkeyPatch) -> list[CameraSettings]:
    """Every plain preview that is opened."""
    opened_for: list[CameraSettings] = []

    def made(camera: CameraSettings, *args: Any) -> Preview:
        opened_for.append(camera)
        return Preview(camera, *args)

    monkeypatch.setattr("console.ui.cameras.dialog.Preview", made)
    return opened_for


def test_another_source_of_a_redacted_camera_is_shown_to_nobody_unasked(
    qtbot: QtBot, workplace: Workplace, previews: list[CameraSettings]
) -> None:
    dialog = opened(qtbot, workplace, "gate", "camera")
    dialog.look()
    assert previews == []
    assert "supervisor" in dialog.preview.picture.words
    dialog.privacy.rows["live"].set_value(False)  # not even by switching it off in the dialog first
    dialog.privacy.changed.emit()
    dialog.look()
    assert previews == []
    dialog.preview.show_button.click()
    qtbot.waitUntil(lambda: len(previews) == 1, timeout=5000)
    assert "preview shown unredacted" in (workplace.home.path / "audit.jsonl").read_text()
    dialog.reject()
    qtbot.waitUntil(dialog.preview.settled, timeout=5000)


def test_with_a_pin_only_a_supervisor_sees_it(
    qtbot: QtBot, workplace: Workplace, previews: list[CameraSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(workplace, "may", lambda what, _then=None: bool(asked.append(what)))
    dialog = opened(qtbot, workplace, "gate", "camera")
    dialog.preview.show_button.click()
    assert asked
    assert previews == []
    assert not (workplace.home.path / "audit.jsonl").exists()
    dialog.reject()


def test_a_new_camera_of_a_site_that_redacts_is_not_seen_plain_either(
    qtbot: QtBot, workplace: Workplace, previews: list[CameraSettings]
) -> None:
    workplace.edit({"privacy.live": True}, "all live")
    dialog = CameraDialog(workplace, source=SCENE)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.look()
    assert previews == []
    dialog.reject()


def test_a_camera_that_is_not_redacted_is_previewed_as_ever(
    qtbot: QtBot, workplace: Workplace, previews: list[CameraSettings]
) -> None:
    dialog = opened(qtbot, workplace, "yard", "camera")
    assert len(previews) == 1
    dialog.reject()
    qtbot.waitUntil(dialog.preview.settled, timeout=5000)
