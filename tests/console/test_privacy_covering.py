"""What goes to a model server that may only see covered pictures: covered, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backends.base import BackendError, BackendInfo, Done, LoadOptions
from backends.kserve import KServe
from console.pipeline.loader import LoadedModel
from console.pipeline.pipeline import Pipeline
from console.privacy import remote
from console.privacy.audit.record import Audit
from console.privacy.covering import Coverer, Origin, Vouched, for_a_server
from console.privacy.redactor import Redactor
from console.settings.inference import RemoteSettings, StageSettings
from console.settings.schema import CameraSettings
from models.detections import Detections
from models.detector import Detector
from models.findings import Findings, Kind, Unanswered
from models.frames import ArrayPicture, Picture
from models.manifest import ModelManifest
from models.policy import Area, Cover, PublishedFootage
from models.results import Result
from tests.console.fakes import FAMILY, INPUT, FakeSource, wait_until

URL, ADDRESS = "grpc://127.0.0.1:1/m", "127.0.0.1:1"
LEFT = Area(points=((0, 0), (0.25, 0), (0.25, 1), (0, 1)))
POLICY = Cover(areas=(LEFT,), plates="no", pad=0.0, purpose="a test")
PUBLISHED = PublishedFootage(published_as="a test", purpose="a test")
FACE = (32, 16, 48, 40)
DETECTOR = Detector(ModelManifest(name="fake", family="fake", labels=("person",)), FAMILY, INPUT)


class Eyes:
    """Finds one face, or gives no answer."""

    def __init__(self, sees: bool = True) -> None:
        self.sees = sees

    def look(self, picture: Picture, kinds: frozenset[Kind], within_s: float | None = None) -> Findings:
        if not self.sees:
            return Findings(None, None, {"faces": "the face model is being loaded"})
        first = picture.view(picture.width, picture.height)[0, 0]
        ((y, x),) = np.argwhere((noise() == first).all(2)) if (noise() == first).all(2).any() else [(0, 0)]
        x0, y0, x1, y1 = FACE
        return Findings(Detections.of([(x0 - x, y0 - y, x1 - x, y1 - y)], [0.9], [0]), Detections.empty())


class Server:
    """Takes everything."""

    def __init__(self) -> None:
        self.info = BackendInfo("kserve", "1", URL, "unknown", 1)
        self.got: list[NDArray[np.uint8]] = []
        self.sent = lambda _size: None

    def submit(self, inputs: Mapping[str, NDArray[np.uint8]], done: Done) -> None:
        self.got += [one.copy() for one in inputs["x"]]
        done({"rows": np.zeros((len(inputs["x"]), 0, 6), np.float32)})

    def close(self) -> None: ...


class Desk:
    """A backend on `Server`, with the settings of a site around it."""

    def __init__(self, home: Path, pictures: str = "covered") -> None:
        self.server, self.eyes = Server(), Eyes()
        self.policies: dict[str, Cover | PublishedFootage] = {"gate": POLICY, "shop": PUBLISHED}
        self.allow(pictures)
        coverer = Coverer(lambda: Redactor(self.eyes), self.policies.get)
        rules = remote.Rules(lambda: self.allowed, coverer)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(KServe, "load", lambda *_: self.server)
            self.backend = remote.load(URL, INPUT, LoadOptions(), rules, Audit(home))

    def allow(self, pictures: str) -> None:
        entries = [{"address": ADDRESS, "purpose": "counting", "pictures": pictures}] if pictures else []
        self.allowed = RemoteSettings.model_validate({"allowed": entries})

    def draw(self, camera: str = "gate", part: tuple[int, int, int, int] | None = None) -> NDArray[np.uint8]:
        out = DETECTOR.buffer()
        x0, y0, x1, y1 = part or (0, 0, 64, 64)
        picture = ArrayPicture(np.ascontiguousarray(noise()[y0:y1, x0:x1]))
        self.backend.draw(DETECTOR, picture, Origin(camera, ArrayPicture(noise()), part), out)
        return out

    def send(self, pixels: NDArray[np.uint8]) -> None:
        self.backend.submit({"x": pixels}, lambda _answer: None)


def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(60, 256, (64, 64, 3), np.uint8)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def same(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (pixels[0] == noise()).all(2)


def test_faces_and_areas_are_covered_and_nothing_else(desk: Desk) -> None:
    drawn = desk.draw()
    desk.send(drawn)
    (got,) = desk.server.got
    plain = same(got[None])
    x0, y0, x1, y1 = FACE
    assert not plain[y0:y1, x0:x1].any()
    assert not plain[:, :16].any()
    assert plain[:, 50:].all()
    assert plain[52:, 20:].all()
    assert plain[:, 20:26].all()


def test_a_part_of_a_picture_is_covered_as_the_whole_is(desk: Desk) -> None:
    drawn = desk.draw(part=(8, 8, 40, 40))  # stretched to twice its size
    assert np.ptp(drawn[0, :, :16].reshape(-1, 3), axis=0).max() == 0  # the area, up to 16 in the whole
    assert np.ptp(drawn[0, 20:62, 50:].reshape(-1, 3), axis=0).max() == 0  # the face, from 32 on
    assert np.ptp(drawn[0, :, 20:46].reshape(-1, 3), axis=0).max() > 50


def test_nothing_goes_that_was_not_drawn_here(desk: Desk) -> None:
    with pytest.raises(BackendError, match=r"was not sent to 127\.0\.0\.1:1: it is not covered"):
        desk.send(noise()[None])
    drawn = desk.draw()
    with pytest.raises(BackendError, match="not covered"):
        desk.send(np.concatenate([drawn, noise()[None]]))
    assert desk.server.got == []


@given(st.integers(0, 63), st.integers(0, 63), st.integers(0, 2), st.integers(1, 255))
@settings(max_examples=50)
def test_what_was_changed_after_it_was_covered_is_kept_back(x: int, y: int, channel: int, by: int) -> None:
    vouched, pixels = Vouched(), noise()
    vouched.add(pixels)
    pixels[y, x, channel] = (int(pixels[y, x, channel]) + by) % 256
    assert not vouched.take(pixels)
    assert vouched.take(noise())
    assert not vouched.take(noise())  # good for once


def test_one_colour_shows_nothing_and_may_go(desk: Desk) -> None:
    desk.send(np.full((2, 64, 64, 3), (114, 90, 20), np.uint8))
    assert len(desk.server.got) == 2


def test_a_picture_that_can_not_be_covered_is_not_sent(desk: Desk) -> None:
    desk.eyes.sees = False
    out = np.zeros((1, 64, 64, 3), np.uint8)
    with pytest.raises(BackendError, match="being loaded") as refused:
        desk.backend.draw(DETECTOR, ArrayPicture(noise()), Origin("gate", ArrayPicture(noise())), out)
    assert "127.0.0.1:1" in refused.value.what
    with pytest.raises(BackendError, match="nobody knows what is to be covered for the camera gone"):
        desk.draw("gone")
    assert not out.any()


def test_published_footage_goes_as_it_is(desk: Desk) -> None:
    drawn = desk.draw("shop")
    desk.send(drawn)
    assert same(desk.server.got[0][None]).all()


def test_a_changed_mind_holds_from_the_next_picture_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "plain")
    desk.send(desk.draw())
    assert same(desk.server.got[0][None]).all()
    drawn = desk.draw()
    desk.allow("covered")
    with pytest.raises(BackendError, match="not covered"):
        desk.send(drawn)
    desk.send(desk.draw())
    desk.allow("")
    for attempt in (lambda: desk.send(drawn), desk.draw):
        with pytest.raises(BackendError, match="the settings don't allow it"):
            attempt()
    assert len(desk.server.got) == 2


def test_without_anything_that_covers_nothing_goes(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.backend._coverer = None
    with pytest.raises(BackendError, match="nothing that could cover it"):
        desk.draw()


@pytest.mark.parametrize(
    ("beyond", "named"),
    [({"heads": "always"}, "heads always"), ({"plates": "vehicles"}, "whole vehicles"), ({"classes": ("dog",)}, "dog")],
)
def test_what_only_the_answer_would_show_is_refused(beyond: dict[str, object], named: str) -> None:
    with pytest.raises(Unanswered, match=named):
        for_a_server(POLICY.model_copy(update=beyond))


def test_what_is_left_of_a_policy() -> None:
    assert for_a_server(POLICY) == POLICY.model_copy(update={"heads": "never"})
    assert for_a_server(PUBLISHED) is PUBLISHED


def test_the_record_says_how_pictures_go(desk: Desk, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert {line["pictures"] for line in lines} == {"covered"}


def test_in_the_pipeline_each_such_picture_is_a_gap_with_words(desk: Desk) -> None:
    """And a batch of several goes without it."""
    loaded = LoadedModel(DETECTOR, desk.backend, draw=desk.backend.draw)  # type: ignore[arg-type]
    desk.server.info = replace(desk.server.info, max_batch=4)
    pipeline = Pipeline()
    pipeline.add_model("m", replace(loaded, batch=4, wait_s=0.01))
    results: list[Result] = []
    pipeline.subscribe(results.append)
    stages = [("m", StageSettings(model="fake"))]
    try:
        for name in ("cam", "other"):  # the source says "cam" of all its frames; "other" is only its settings' name
            desk.policies["cam"] = POLICY
            pipeline.add_camera(CameraSettings(id=name, source="fake"), stages, lambda: FakeSource(20))
            wait_until(pipeline.idle)
            desk.eyes.sees = False
    finally:
        assert pipeline.close() == []
    sound = [result for result in results if result.camera_id == "cam" and not result.gaps]
    assert len(sound) == 20
    assert len(desk.server.got) == 20
    for got in desk.server.got:
        assert np.ptp(got[:, :16].reshape(-1, 3), axis=0).max() == 0
    silent = [result for result in results if result.gaps]
    assert len(silent) == 20
    assert {gap.why for result in silent for gap in result.gaps} != set()
    assert all("was not sent to 127.0.0.1:1" in gap.why for result in silent for gap in result.gaps)
