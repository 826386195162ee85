"""Near-duplicates: what stands there all the time is known again, and two of a class are two."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from console.review.likeness import HOURS, REMEMBERED, Likeness, Look, look_of
from console.sources.file import FileSource
from models.frames import ArrayPicture, Picture

BOX = (30.0, 20.0, 90.0, 80.0)


def noise(seed: int, *, brighter: float = 1.0, size: tuple[int, int] = (160, 120)) -> ArrayPicture:
    grey = np.random.default_rng(seed).integers(20, 120, (size[1] // 8, size[0] // 8)) * brighter
    return ArrayPicture(np.ascontiguousarray(grey.astype(np.uint8).repeat(8, 0).repeat(8, 1)[:, :, None].repeat(3, 2)))


def test_brightness_does_not_change_it_and_another_picture_does() -> None:
    known = Likeness()
    known.remember("gate", "car", look_of(noise(1), BOX))
    assert known.knows("gate", "car", look_of(noise(1, brighter=1.8), BOX))
    assert not known.knows("gate", "car", look_of(noise(2), BOX))
    assert not known.knows("yard", "car", look_of(noise(1), BOX))
    assert not known.knows("gate", "dog", look_of(noise(1), BOX))


def test_a_look_that_is_much_alike_is_known_anywhere_one_that_is_less_so_in_its_place_alone() -> None:
    known = Likeness()
    known.remember("gate", "car", Look(0, BOX))
    far = (100.0, 20.0, 160.0, 80.0)
    for bits, here, there in (
        (0, True, True),
        (4, True, True),
        (5, True, False),
        (14, True, False),
        (15, False, False),
    ):
        look = (1 << bits) - 1
        assert known.knows("gate", "car", Look(look, (31, 20, 92, 81))) is here
        assert known.knows("gate", "car", Look(look, far)) is there


def test_what_was_long_ago_or_before_many_others_is_forgotten() -> None:
    now = [0.0]
    known = Likeness(lambda: now[0])
    known.remember("gate", "car", Look(0, BOX))
    now[0] = HOURS * 3600
    assert known.knows("gate", "car", Look(0, BOX))
    now[0] += 1
    assert not known.knows("gate", "car", Look(0, BOX))
    known.remember("gate", "car", Look(0, BOX))
    for _other in range(REMEMBERED):
        known.remember("gate", "car", Look((1 << 64) - 1, BOX))
    assert not known.knows("gate", "car", Look(0, BOX))


@pytest.mark.parametrize("box", [(-50.0, -50.0, -10.0, -10.0), (159.5, 119.5, 400.0, 400.0), (10.0, 10.0, 10.0, 10.0)])
def test_boxes_that_reach_out_of_the_picture_or_are_nothing_have_a_look(box: tuple[float, float, float, float]) -> None:
    assert 0 <= look_of(noise(3), box).print < 1 << 64


def test_on_a_real_clip_what_lies_there_is_known_again_and_people_are_told_apart(shared: Path) -> None:
    """A yellow cloth that yolox_nano takes for a ball, found a little elsewhere each time; and the people who pass."""
    clip = shared / "media" / "vtest.avi"
    pictures: dict[int, Picture] = {}
    for frame in FileSource("clip", clip, paced=False).frames():
        if frame.seq % 30 == 0:
            pictures[frame.seq] = frame.picture
        if frame.seq >= 300:
            break
    shake = np.random.default_rng(1)
    cloth = [look_of(p, tuple(np.array([327, 451, 350, 468]) + shake.normal(0, 0.7, 4))) for p in pictures.values()]
    known = Likeness()
    kept = 0
    for look in cloth:
        if not known.knows("clip", "sports ball", look):
            known.remember("clip", "sports ball", look)
            kept += 1
    assert kept <= 2
    lines = (shared / "reference" / "vtest_yolox_nano_f32.jsonl").read_text().splitlines()
    boxes = {line["frame"]: line["boxes"] for line in map(json.loads, lines[:301])}
    pairs = alike = 0
    for seq, picture in pictures.items():
        looks = [look_of(picture, tuple(box[:4])) for box in boxes[seq] if box[5] == 0 and box[4] > 0.6]
        for number, look in enumerate(looks):
            one = Likeness()
            one.remember("clip", "person", look)
            pairs += len(looks) - number - 1
            alike += sum(one.knows("clip", "person", other) for other in looks[number + 1 :])
    assert pairs > 50
    assert alike <= pairs // 50
