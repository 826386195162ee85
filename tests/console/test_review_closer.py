"""Sealed crops of doubtful detections: which items have one, what is in it, where it was, and what can go wrong."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from console.privacy import sealed_writer
from console.privacy.policies import policy_for
from console.privacy.retention import tidy
from console.privacy.sealing import Unsealed, unseal
from console.review.closer import wants
from console.review.items import Box, NewItem, Reason
from console.review.verdict_job import take_back
from console.settings.privacy import CLOSER_LABELS, AreaSettings, PrivacySettings
from console.settings.schema import CameraSettings
from console.store.kept import kept
from console.store.store import Store
from models.covers import COLOUR
from models.policy import Cover, PublishedFootage
from tests.console.closer_cases import KEY, files, settings
from tests.console.judging import Desk
from tests.console.outbox_cases import contradictions, execute, messages, wanted
from tests.console.review_cases import CAR, DOG, DOUBTFUL, START, ReviewDesk, Seen, doubt, frame_of, result, until
from tests.console.review_cases import review_desk as plain_desk
from tests.console.review_cases import settings as plain_settings
from tests.console.review_queue import new_item

POLICY = Cover(seal_doubtful_for=KEY.public.text, seal_doubtful_labels=("car",), purpose="the gate")
Pixels = NDArray[np.uint8]


def sealed(desk: ReviewDesk) -> list[dict[str, Any]]:
    return desk.rows("SELECT * FROM sealed ORDER BY id")


def opened(desk: ReviewDesk, row: dict[str, Any]) -> tuple[Unsealed, Pixels]:
    content = unseal((desk.home.path / row["path"]).read_bytes(), KEY)
    return content, np.asarray(cv2.imdecode(np.frombuffer(content.png, np.uint8), cv2.IMREAD_COLOR), np.uint8)


# Which, and what leaves


def test_a_doubtful_vehicle_is_sealed_beside_its_item_and_leaves_under_the_items_tracking_id(own_home: Path) -> None:
    with plain_desk(own_home, settings()) as desk:
        wanted(desk.store, "cloud")
        desk.show(doubt(4), frames=6)
        (item,) = desk.settle(1)
        (row,) = sealed(desk)
        assert (row["item_id"], row["event_id"], row["camera_id"]) == (item["id"], None, "gate")
        assert (row["key_id"], row["taken_at"]) == (KEY.public.number, item["taken_at"])
        content, crop = opened(desk, row)
        x, y, wide, high = (content.about[name] for name in ("x", "y", "source_width", "source_height"))
        assert (wide, high) == (item["width"], item["height"])
        assert content.about["tracking_id"] == item["tracking_id"]
        assert "crop_width" not in content.about
        plain = frame_of(result(0, doubt(4))).picture.view(160, 120)
        assert np.array_equal(crop, plain[y : y + crop.shape[0], x : x + crop.shape[1]])
        assert x <= item["x0"] < item["x1"] <= x + crop.shape[1]
        assert y <= item["y0"] < item["y1"] <= y + crop.shape[0]
        said = messages(desk.store, "sealed")
        assert [(one["tracking_id"], one["sealed_id"], one["to"]) for one in said] == [
            (item["tracking_id"], row["id"], {"cloud": "waiting"})
        ]
        assert said[0]["body"] == {
            "of": "item", "sha256": row["sha256"], "bytes": row["bytes"], "key_id": row["key_id"],
            "purpose": "to judge what the cameras reported", "taken_at": item["taken_at"],
        }  # fmt: skip
        assert said[0]["bytes"] > row["bytes"] == (desk.home.path / row["path"]).stat().st_size
        assert [one["tracking_id"] for one in messages(desk.store, "item")] == [item["tracking_id"]]
        figures = desk.recorder.figures
        assert (figures.sealed, figures.unsealed) == (1, 0)
        with desk.store.read() as db:
            assert contradictions(db) == []


def test_only_the_labels_that_are_named_are_sealed_and_never_a_whole_picture(own_home: Path) -> None:
    with plain_desk(own_home, settings(seal_doubtful_labels=(" DOG ",))) as desk:
        desk.show(doubt(1, CAR), doubt(2, DOG))
        desk.recorder.flag("gate", "wrong").result(5)
        desk.recorder.flag("gate", "missed").result(5)
        items = {row["id"]: (row["label"], row["reason"]) for row in desk.settle(4)}
        assert [items[row["item_id"]] for row in sealed(desk)] == [("dog", "doubt")]
        assert desk.recorder.figures.sealed == 1


def test_without_a_key_nothing_is_sealed(own_home: Path) -> None:
    with plain_desk(own_home, settings("")) as desk:
        desk.show(doubt(1))
        desk.settle(1)
        assert sealed(desk) == files(desk.home) == []
        assert desk.recorder.figures.unsealed == 0


@pytest.mark.parametrize("reason", ["doubt", "flicker", "change", "wrong", "missed", "random", "import"])
def test_only_doubt_of_the_cameras_own_counts(reason: Reason) -> None:
    item = new_item(label="car", reason=reason)
    assert wants(POLICY, item) is (reason in {"doubt", "flicker", "change"})
    assert not wants(PublishedFootage(published_as="a clip", purpose="x"), item)
    assert not wants(POLICY.model_copy(update={"seal_doubtful_for": ""}), item)
    assert not wants(POLICY, new_item(label="car", score=None, reason=reason))


def test_an_area_that_is_always_covered_is_covered_in_it_too(own_home: Path) -> None:
    left = AreaSettings(points=((0, 0), (0.4, 0), (0.4, 1), (0, 1)))
    with plain_desk(own_home, settings(areas=(left,), style="blur")) as desk:
        desk.show(doubt(1))
        desk.settle(1)
        content, crop = opened(desk, *sealed(desk))
    edge = 64 - content.about["x"]
    assert edge > 10
    assert (crop[:, :edge] == COLOUR).all()
    assert (crop[:, edge + 3 :] >= 60).all()


# What can go wrong


@pytest.mark.parametrize("key", ["sdseal1-nonsense", KEY.public.text[:-2] + "!!"], ids=["other", "damaged"])
def test_a_damaged_key_costs_no_item_and_keeps_nothing(
    own_home: Path, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with plain_desk(own_home, settings(key)) as desk:
        wanted(desk.store, "cloud")
        desk.show(doubt(1))
        (item,) = desk.settle(1)
        assert item["picture_id"]
        assert sealed(desk) == files(desk.home) == messages(desk.store, "sealed") == []
        figures = desk.recorder.figures
        assert (figures.items, figures.sealed, figures.unsealed) == (1, 0, 1)
    assert "could not be sealed" in caplog.text
    assert list(own_home.rglob("*.part")) == []


def test_a_full_disk_costs_no_item_and_keeps_nothing(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with plain_desk(own_home, settings()) as desk:
        with monkeypatch.context() as patch:
            patch.setattr(sealed_writer, "write_whole", full)
            desk.show(doubt(1))
            desk.settle(1)
        assert sealed(desk) == files(desk.home) == []
        desk.show(doubt(2), begin=10)
        desk.settle(2)
        assert [row["item_id"] for row in sealed(desk)] == [2]
        figures = desk.recorder.figures
        assert (figures.items, figures.sealed, figures.unsealed) == (2, 1, 1)


def test_what_cv2_makes_of_it_costs_no_item(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> None:
        raise cv2.error("it failed")

    monkeypatch.setattr("console.review.closer.crop_of", fails)
    with plain_desk(own_home, settings()) as desk:
        desk.show(doubt(1))
        desk.settle(1)
        assert desk.recorder.figures.unsealed == 1
        assert desk.recorder.figures.lost == 0


def test_an_item_that_is_erased_meanwhile_gets_no_crop(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with plain_desk(own_home, settings()) as desk:
        put = sealed_writer.SealedWriter._put

        def erases(writer: sealed_writer.SealedWriter, content: bytes) -> Path:
            path = put(writer, content)
            execute(desk.store, "DELETE FROM review_items")
            return path

        monkeypatch.setattr(sealed_writer.SealedWriter, "_put", erases)
        desk.show(doubt(1))
        until(lambda: desk.recorder.figures.unsealed == 1)
        assert sealed(desk) == files(desk.home) == []


# How long it stays


def test_an_item_holds_its_crop_until_it_is_done_and_again_when_that_is_undone(own_home: Path) -> None:
    def held(store: Store) -> list[tuple[int, str]]:
        with store.read() as db:
            sql = "SELECT sealed_id, why FROM holds WHERE sealed_id IS NOT NULL"
            return [tuple(row) for row in db.execute(sql)]

    with plain_desk(own_home, settings()) as desk:
        desk.show(doubt(1))
        (item,) = desk.settle(1)
        (row,) = sealed(desk)
        assert held(desk.store) == [(row["id"], "review")]
        judge = Desk(desk.store)
        judge.say(item["id"])
        assert held(desk.store) == []
        (verdict,) = desk.rows("SELECT id, who FROM verdicts")
        assert desk.store.write(
            lambda db: take_back(db, verdict["id"], verdict["who"], START, desk.store.boot_id)
        ).result(5)
        assert held(desk.store) == [(row["id"], "review")]
        judge.lane.close()


def test_an_items_body_and_why_are_what_they_were(own_home: Path) -> None:
    """Whoever reads an item learns nothing new of it: the crop speaks for itself."""
    bodies = []
    for folder, made in ((own_home / "a", settings()), (own_home / "b", plain_settings())):
        folder.mkdir(parents=True)
        with plain_desk(folder, made) as desk:
            wanted(desk.store, "cloud")
            desk.show(Seen(1, CAR, score=DOUBTFUL))
            (item,) = desk.settle(1)
            bodies.append((messages(desk.store, "item")[0]["body"], json.loads(item["why"])))
    assert bodies[0] == bodies[1]


def test_what_is_known_of_an_item_is_enough_to_seal_it() -> None:
    box = Box((1, 2, 3, 4), "Car", 0.4, 1)
    item = NewItem("i" * 36, "gate", "Gate", "CAR", box, "doubt", (box,), (640, 480), "m", (), START)
    assert wants(POLICY, item)


def test_a_crop_that_was_kept_long_enough_goes_once_its_item_is_done_and_the_item_stays(own_home: Path) -> None:
    with plain_desk(own_home, settings()) as desk:
        desk.show(doubt(1))
        (item,) = desk.settle(1)
        execute(desk.store, "UPDATE sealed SET written_at = '2020-01-01T00:00:00.000000+00:00'")
        assert tidy(desk.home, desk.store, settings()).sealed == 0
        with desk.store.read() as db:
            (gate,) = kept(db, settings())
        assert (gate.sealed, gate.held["review"].overdue) == (1, 1)
        judge = Desk(desk.store)
        judge.say(item["id"])
        judge.lane.close()
        assert tidy(desk.home, desk.store, settings()).sealed == 1
        assert sealed(desk) == files(desk.home) == []
        assert [row["state"] for row in desk.rows()] == ["done"]


def test_the_policy_names_labels_where_it_names_a_key() -> None:
    def policy(**camera: Any) -> Cover | PublishedFootage:
        return policy_for(CameraSettings.model_validate({"id": "a", "source": "x", **camera}), PrivacySettings())

    bare, own = policy(), policy(privacy={"seal_doubtful_for": "k", "seal_doubtful_labels": ["van"]})
    assert isinstance(bare, Cover)
    assert (bare.seal_doubtful_for, bare.seal_doubtful_labels) == ("", ())
    assert Cover.model_validate_json('{"kind": "cover", "purpose": "one of before"}') == Cover(purpose="one of before")
    assert isinstance(own, Cover)
    assert (own.seal_doubtful_for, own.seal_doubtful_labels) == ("k", ("van",))
    usual = policy(privacy={"seal_doubtful_for": "k"})
    assert isinstance(usual, Cover)
    assert usual.seal_doubtful_labels == CLOSER_LABELS
    assert isinstance(policy(published_as="a clip", privacy={"seal_doubtful_for": "k"}), PublishedFootage)
    with pytest.raises(ValidationError):
        policy(privacy={"seal_doubtful_for": "k", "seal_doubtful_labels": []})
