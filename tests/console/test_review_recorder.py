"""The recorder of review items: rows and pictures, bands, budgets, likes, flags; and a real site."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.errors import PictureError
from console.privacy.writer import PictureWriter
from console.review.items import boxes_of
from console.review.recorder import ReviewRecorder
from console.review.triage import Budget
from console.settings.home import Home
from console.settings.review import Band, CameraReview
from console.settings.schema import Settings
from console.site.open import open_site
from console.site.process import watched
from console.store.store import Store
from models.detections import Detections
from models.results import Gap
from tests.console.review_cases import (
    CAR,
    DOG,
    DOUBTFUL,
    PERSON,
    Finds,
    Seen,
    doubt,
    frame_of,
    result,
    review_desk,
    settings,
    until,
)


def test_a_doubt_becomes_an_item_with_its_covered_picture_and_crop_after_one_look(own_home: Path) -> None:
    with review_desk(own_home) as desk:
        desk.show(doubt(4), Seen(5, PERSON, (90, 30, 120, 100)), frames=6)
        (item,) = desk.settle(1)
        assert (item["camera_id"], item["camera_name"], item["label"]) == ("gate", "Gate", "car")
        assert (item["reason"], item["track"], item["state"], item["picture_why"]) == ("doubt", 4, "open", "")
        assert item["score"] == pytest.approx(DOUBTFUL, abs=1e-4)
        assert (item["x0"], item["y1"], item["width"], item["height"]) == (40, 90, 160, 120)
        assert item["probability"] is None
        assert json.loads(item["why"])["high"] == 0.45
        assert [(box.label, box.track) for box in boxes_of(item["boxes"])] == [("car", 4), ("person", 5)]
        assert item["model"] == "yolox_nano"
        assert json.loads(item["ran"]) == [{"model": "yolox_nano", "device": "CPU", "camera": "gate"}]
        assert item["taken_at"] == "2026-01-02T03:04:05.080000+00:00"
        assert item["boot_id"] == desk.store.boot_id
        whole, crop = desk.rows("SELECT * FROM pictures ORDER BY id")
        assert (item["picture_id"], item["crop_id"]) == (whole["id"], crop["id"])
        assert whole["policy"] == crop["policy"] == "cover"
        assert whole["purpose"] == f"review {item['tracking_id']}: to judge what the cameras reported"
        assert (whole["width"], whole["height"]) == (160, 120)
        assert desk.finds.looked == 1
        held = desk.rows("SELECT picture_id, why FROM holds ORDER BY picture_id")
        assert [(row["picture_id"], row["why"]) for row in held] == [(whole["id"], "review"), (crop["id"], "review")]
        assert desk.rows("SELECT number FROM review_changed")[0]["number"] > 0


def test_both_pictures_are_covered_where_a_face_is(own_home: Path) -> None:
    face = Detections.of([(60, 40, 75, 55)], [0.9], [0])
    with review_desk(own_home, finds=Finds(faces=face)) as desk:
        desk.show(doubt(1))
        (item,) = desk.settle(1)
        whole, crop = (np.asarray(cv2.imread(str(desk.file(item[name])))) for name in ("picture_id", "crop_id"))
    plain = frame_of(result(0, doubt(1))).picture.view(160, 120)
    assert (whole[42:53, 62:73] < 40).all()
    assert (crop < 40).all(axis=2).sum() >= 15 * 15
    assert abs(whole[:36].astype(int) - plain[:36]).mean() < 25, "the rest is as it was"


def test_large_pictures_are_made_smaller_and_small_ones_never_larger(own_home: Path) -> None:
    with review_desk(own_home, settings(picture_width=320)) as desk:
        desk.show(Seen(1, CAR, (100, 60, 500, 400), DOUBTFUL), size=(1280, 720))
        desk.show(doubt(2), camera="yard")
        large, small = desk.settle(2)
        sizes = {row["id"]: (row["width"], row["height"]) for row in desk.rows("SELECT * FROM pictures")}
    assert sizes[large["picture_id"]] == (320, 180)
    assert sizes[large["crop_id"]][0] <= 320
    assert sizes[small["picture_id"]] == (160, 120)


def test_bands_are_the_cameras_own_then_the_classes_then_the_sites(own_home: Path) -> None:
    wanted = settings(classes={"Dog": Band(low=0.6, high=0.8)})
    own = wanted.cameras[1].model_copy(update={"review": CameraReview(low=0.1, high=0.2)})
    with review_desk(own_home, wanted.model_copy(update={"cameras": (wanted.cameras[0], own)})) as desk:
        for number, (camera, class_id, score) in enumerate(
            (camera, class_id, score)
            for camera in ("gate", "yard")
            for class_id in (CAR, DOG)
            for score in (0.15, 0.37, 0.7, 0.9)
        ):
            desk.show(Seen(number + 1, class_id, score=score), begin=10 * number, camera=camera)
        rows = desk.settle(4)
        found = {(row["camera_id"], row["label"], round(row["score"], 2)) for row in rows}
    assert found == {("gate", "car", 0.37), ("gate", "dog", 0.7), ("yard", "car", 0.15), ("yard", "dog", 0.15)}


@pytest.mark.parametrize(
    "wanted",
    [settings(enabled=False), settings(own=CameraReview(enabled=False)), settings(per_hour=0)],
    ids=["site", "camera", "budget"],
)
def test_review_that_is_off_makes_nothing_but_an_operators_flags_count(own_home: Path, wanted: object) -> None:
    with review_desk(own_home, wanted) as desk:  # type: ignore[arg-type]
        desk.show(doubt(1), frames=9)
        assert desk.recorder.flag("gate", "missed").result(5) == 1
        assert [row["reason"] for row in desk.settle(1)] == ["missed"]


def test_a_camera_that_is_not_tracked_or_is_muted_makes_nothing(own_home: Path) -> None:
    wanted = settings()
    loose = wanted.cameras[1].model_copy(update={"track": False})
    with review_desk(own_home, wanted.model_copy(update={"cameras": (wanted.cameras[0], loose)})) as desk:
        desk.recorder.muted = {"gate"}.__contains__
        for camera in ("gate", "yard"):
            desk.show(doubt(1), frames=5, camera=camera)
        desk.recorder.muted = lambda _camera: False
        desk.show(doubt(1), begin=5, frames=60)
        desk.show(doubt(1), doubt(2), begin=70)
        assert [row["track"] for row in desk.settle(1)] == [2]


def test_budgets_are_of_each_camera_and_class_and_a_restart_gives_no_new_one(own_home: Path) -> None:
    wanted = settings(per_hour=2)
    with review_desk(own_home, wanted) as desk:
        for number in range(6):
            desk.show(doubt(2 * number + 1, CAR), doubt(2 * number + 2, DOG), begin=10 * number)
        desk.show(doubt(1), camera="yard")
        rows = desk.settle(5)
        assert sorted((row["camera_id"], row["label"]) for row in rows) == [
            ("gate", "car"), ("gate", "car"), ("gate", "dog"), ("gate", "dog"), ("yard", "car")]  # fmt: skip
    with review_desk(own_home, wanted) as desk:
        until(lambda: desk.recorder._budget.used_up("gate", "car"))  # counted on its thread
        for number in range(3):
            desk.show(doubt(number + 100), begin=10 * number)
        desk.show(doubt(50), camera="yard")
        desk.settle(1)
        assert desk.recorder.figures.budget == 3
    with review_desk(own_home) as desk:
        dropped = desk.rows("SELECT camera_id, label, why, sum(number) AS n FROM review_dropped GROUP BY 1, 2, 3")
    assert [tuple(row.values()) for row in dropped] == [("gate", "car", "budget", 7), ("gate", "dog", "budget", 4)]


def test_an_hour_by_a_clock_that_nobody_sets() -> None:
    now = [1000.0]
    budget = Budget(lambda: now[0])
    budget.apply(settings(per_hour=2))
    for at in (1000.0, 2000.0):
        now[0] = at
        assert not budget.used_up("gate", "car")
        budget.spend("gate", "car")
    assert budget.used_up("gate", "car")
    now[0] = 4601.0
    assert not budget.used_up("gate", "car")


def test_what_was_recorded_far_in_the_future_is_no_spent_budget(own_home: Path) -> None:
    with review_desk(own_home) as desk:
        desk.show(doubt(1))
        desk.settle(1)
        for at, spent in (("+50 minutes", True), ("-50 minutes", True), ("-2 hours", False), ("+2 years", False)):
            text = f"strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now', '{at}')"
            desk.store.write(
                lambda db, text=text: db.execute(f"UPDATE review_items SET recorded_at = {text}")  # type: ignore[misc]
            ).result()
            budget = Budget()
            budget.apply(settings(per_hour=1))
            with desk.store.read() as db:
                budget.load(db)
            assert budget.used_up("gate", "car") is spent, at


def test_what_looks_like_one_before_is_dropped_and_counted_but_not_what_was_drawn(own_home: Path) -> None:
    """The same picture for other tracks, as a poster on a wall makes them."""
    with review_desk(own_home) as desk:
        picture = frame_of(result(0, doubt(1))).picture

        def show(track: int, begin: int) -> None:
            for seq in range(begin, begin + 3):
                made = result(seq, doubt(track))
                frame = frame_of(made)
                desk.latest["gate"] = type(frame)("gate", seq, frame.captured_ns, frame.taken_at, None, picture), made
                desk.recorder.take(made)

        for number in range(4):
            show(number + 1, 10 * number)
        desk.show(doubt(9), begin=50)
        assert [row["track"] for row in desk.settle(2)] == [1, 9]
        assert desk.recorder.figures.duplicates == 3
        desk.recorder.apply(settings(random_share=1.0, per_hour=0))
        for number in range(3):
            show(number + 20, 100 + 10 * number)
        rows = desk.settle(5)
        assert [(row["reason"], row["probability"]) for row in rows[2:]] == [("random", 1.0)] * 3


def test_an_operators_flag_is_about_the_whole_picture_of_that_moment(own_home: Path) -> None:
    with review_desk(own_home) as desk:
        desk.show(Seen(1), Seen(2, DOG), frames=1)
        future = desk.recorder.flag("gate", "wrong")
        desk.show(Seen(1), begin=1, frames=3)
        assert future.result(5) == 1
        before = frame_of(result(0, Seen(7))), result(0, Seen(7))
        assert desk.recorder.flag("gate", "missed", before).result(5) == 2
        wrong, missed = desk.rows()
        assert (wrong["reason"], wrong["label"], wrong["score"], wrong["x0"], wrong["crop_id"]) == (
            "wrong", "", None, None, None)  # fmt: skip
        assert [box.track for box in boxes_of(wrong["boxes"])] == [1, 2]
        assert [box.track for box in boxes_of(missed["boxes"])] == [7]
        assert wrong["picture_id"] is not None


def test_a_camera_without_a_result_cannot_be_flagged_and_says_so(own_home: Path) -> None:
    with review_desk(own_home) as desk, pytest.raises(PictureError, match="no model has looked"):
        desk.recorder.flag("gate", "wrong").result(5)


def test_what_cannot_be_covered_for_certain_is_dropped_unless_chance_or_an_operator_wants_it(own_home: Path) -> None:
    """No face model answers, and the camera's own model gave no answer either."""
    silent = [Gap("people", "no answer in time")]
    finds = Finds(why="the face model is gone")
    with review_desk(own_home, finds=finds) as desk:
        desk.recorder._keeping._blind = True  # it has waited for them before
        desk.show(doubt(1), gaps=silent)
        desk.recorder.apply(settings(random_share=1.0))
        desk.show(doubt(2), begin=10, gaps=silent)
        flag = desk.recorder.flag("gate", "missed")
        rows = desk.settle(2)
        assert flag.result() == rows[1]["id"]
        assert [(row["reason"], row["picture_id"]) for row in rows] == [("random", None), ("missed", None)]
        assert all("certain" in row["picture_why"] for row in rows)
        assert desk.recorder.figures.crowded == 1
        assert desk.recorder.figures.without == 2
        assert list(desk.home.pictures.rglob("*.jpg")) == []


def test_without_the_frame_of_that_very_result_there_is_no_picture(own_home: Path) -> None:
    with review_desk(own_home) as desk:
        later = result(9, Seen(1))
        desk.latest["gate"] = frame_of(later), later
        for seq in range(3):
            desk.recorder.take(result(seq, doubt(1)))
        desk.recorder.apply(settings(random_share=1.0))
        for seq in range(3, 6):
            desk.recorder.take(result(seq, Seen(2)))
        (row,) = desk.settle(1)
        assert (row["reason"], row["picture_id"]) == ("random", None)
        assert "gone" in row["picture_why"]
        assert desk.recorder.figures.crowded == 1


def test_face_models_that_are_late_are_waited_for(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.review.keeping.AGAIN_S", 0.01)
    finds = Finds(why="they are being loaded")
    with review_desk(own_home, settings(random_share=1.0), finds=finds) as desk:
        desk.show(Seen(1, PERSON))
        until(lambda: finds.looked > 3)
        assert desk.rows() == []
        finds.why = ""
        assert "weakened" not in json.loads(desk.settle(1)[0]["why"])


def test_face_models_that_never_answer_are_waited_for_once(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.review.keeping.AGAIN_S", 0.01)
    monkeypatch.setattr("console.review.keeping.AGAIN_MOST_S", 0.1)
    finds = Finds(why="they are gone")
    with review_desk(own_home, settings(random_share=1.0), finds=finds) as desk:
        desk.show(Seen(1, PERSON))
        assert "weakened" in json.loads(desk.settle(1)[0]["why"])
        looked = finds.looked
        desk.show(Seen(2, PERSON), begin=10)
        desk.settle(2)
        assert finds.looked == looked + 1
        finds.why = ""
        desk.show(Seen(3, PERSON), begin=20)
        assert "weakened" not in json.loads(desk.settle(3)[2]["why"])


def test_sixteen_cameras_at_once_each_started_anew(own_home: Path) -> None:
    """The second start brings the same tracks with the same pictures again: new tracks, and near-duplicates."""
    cameras = [f"camera-{number}" for number in range(16)]
    with review_desk(own_home, settings(cameras), frames=1000) as desk:
        for _start in range(2):
            for seq in range(6):
                for number, camera in enumerate(cameras):
                    there = Seen(20 + number, box=(90, 50, 150, 110), score=DOUBTFUL)
                    desk.take(result(seq, doubt(1), there, camera=camera))
        rows = desk.settle(32)
        assert {camera: sum(row["camera_id"] == camera for row in rows) for camera in cameras} == dict.fromkeys(
            cameras, 2
        )
        assert desk.recorder.figures.duplicates == 32
        assert desk.recorder.figures.crowded == 0
        assert len({row["tracking_id"] for row in rows}) == 32


@pytest.mark.soak
def test_a_real_site_on_a_real_clip_puts_its_doubts_and_its_draws_before_a_person(own_home: Path, shared: Path) -> None:
    """vtest.avi in a loop as fast as it goes: what each round shows again is no second item."""
    wanted = Settings.model_validate(
        {
            "cameras": [{"id": "gate", "source": str(shared / "media" / "vtest.avi"), "loop": True, "paced": False}],
            "inference": {"model": str(shared / "models" / "yolox_nano.onnx")},
            "review": {"random_share": 0.05},
        }
    )
    with Home.open(own_home) as home, watched(wanted.log, home) as watchdog, closing(Store.open(home)) as store:
        site = open_site(home, watchdog)
        recorder = ReviewRecorder(
            store,
            PictureWriter(home, store),
            lambda camera_id: site.pipeline.lane(camera_id).latest,
            wanted,
            redactor=site.redactor,
            ran=site.pipeline.ran,
            model_of=lambda _camera_id: wanted.inference.model,
        )
        with closing(recorder), closing(site):
            site.subscribe(recorder.take)
            site.apply(wanted)
            until(lambda: recorder.figures.duplicates >= 10 and recorder.figures.items >= 4, 120)
            flag = recorder.flag("gate", "missed")
            until(flag.done, 30)
            until(lambda: not recorder.figures.waiting, 30)
        with store.read() as db:
            rows = db.execute(
                "SELECT i.*, p.path, p.policy, p.width AS wide FROM review_items i "
                "LEFT JOIN pictures p ON p.id = picture_id"
            ).fetchall()
        assert recorder.figures.lost == 0
        assert {"doubt", "random", "missed"} <= {row["reason"] for row in rows}
        assert len([row for row in rows if row["reason"] == "doubt"]) < recorder.figures.duplicates
        for row in rows:
            assert (row["policy"], row["wide"], row["width"], row["height"]) == ("cover", 768, 768, 576)
            assert home.path.joinpath(row["path"]).is_file()
            assert "weakened" not in json.loads(row["why"])
            assert json.loads(row["ran"])[0]["runtime"] == "openvino"
            if row["reason"] == "doubt":
                assert 0.3 <= row["score"] < 0.45
            if row["x0"] is not None:
                there = [box for box in boxes_of(row["boxes"]) if box.track == row["track"]]
                assert [(box.label, round(box.xyxy[0])) for box in there] == [(row["label"], round(row["x0"]))]


def test_a_camera_that_is_gone_can_be_covered_by_no_policy(own_home: Path) -> None:
    with review_desk(own_home) as desk:
        made = result(0, Seen(1), camera="elsewhere")
        desk.latest["elsewhere"] = frame_of(made), made
        assert desk.recorder.flag("elsewhere", "wrong").result(5) == 1
        (row,) = desk.rows()
        assert row["picture_id"] is None
        assert "removed" in row["picture_why"]
