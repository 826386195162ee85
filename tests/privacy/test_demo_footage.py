"""The demo's pictures are kept as they are since they were published: that is recorded with each of them."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.catalog.book import built_in
from console.catalog.choice import Choice
from console.catalog.entries import Entry
from console.privacy.policies import policy_for
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.settings.schema import Settings
from console.site.demo import CAMERAS, write_demo
from console.store.store import Store
from models.detections import Detections
from models.frames import ArrayPicture
from tests.privacy.codes import World
from tests.privacy.reading import Reader

WORLD = World(4)


def demo(home: Home, clip: Entry, tmp_path: Path) -> Settings:
    """The settings that a demo on this clip begins with, read back."""
    model = built_in().models[0]
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"a clip")
    write_demo(home, Choice(model, path, ""), Choice(clip, path, ""))
    loaded = SettingsFile(home.settings_file).load()
    assert loaded.problem is None
    return loaded.settings


def clips() -> list[Entry]:
    book = built_in()
    return [entry for entry in book.clips if entry.name in book.demo.clips]


def kept(home: Home, settings: Settings) -> list[tuple[str, str, str, bytes]]:
    """A picture of each camera, kept as the product keeps it: camera, policy, all of it in JSON, and the file."""
    with closing(Store.open(home)) as store:
        writer, redactor = PictureWriter(home, store), Redactor()
        for camera in settings.cameras:
            policy = policy_for(camera, settings.privacy)
            redacted = redactor.redact(
                ArrayPicture(WORLD.picture(0)), Detections.empty(), ("person", "car"), (), policy
            )
            writer.write(redacted, camera_id=camera.id, taken_at=datetime.now(UTC))
        with store.read() as db:
            rows = db.execute("SELECT camera_id, policy, policy_json, path FROM pictures ORDER BY id").fetchall()
    return [(row[0], row[1], row[2], (home.path / row[3]).read_bytes()) for row in rows]


@pytest.mark.parametrize("clip", clips(), ids=lambda clip: str(clip.name))
def test_each_picture_of_the_demo_says_which_published_footage_it_is(clip: Entry, tmp_path: Path) -> None:
    with Home.open(tmp_path / "home") as home:
        settings = demo(home, clip, tmp_path)
        pictures = kept(home, settings)
    assert len(pictures) == CAMERAS
    for _camera, policy, whole, content in pictures:
        assert policy == "published footage"
        said = json.loads(whole)["published_as"]
        assert clip.title in said
        assert clip.origin in said
        assert clip.licence in said
        assert Reader(WORLD.secrets).content(content)  # as it is


def test_a_camera_of_the_demo_that_is_said_to_be_ones_own_is_covered(tmp_path: Path) -> None:
    with Home.open(tmp_path / "home") as home:
        settings = demo(home, clips()[0], tmp_path)
        first, *others = settings.cameras
        own = first.model_copy(update={"published_as": ""})
        pictures = kept(home, settings.model_copy(update={"cameras": (own, *others)}))
    assert pictures[0][1] == "cover"
    assert [policy for _camera, policy, _whole, _content in pictures[1:]] == ["published footage"] * (CAMERAS - 1)
