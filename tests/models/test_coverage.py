"""Coverage: what is covered under a policy, and that it fails closed."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.coverage import Coverage, Findings, Unanswered, cover, needs, seen_in
from models.detections import Detections
from models.heads import SURE, head_ends
from models.policy import Area, Cover, Heads, Plates, PublishedFootage
from models.results import Gap
from tests.console.event_cases import CAR, Seen, result

SIZE = (640, 480)
LABELS = ("person", "car", "dog")
PERSON_BOX, CAR_BOX = (100, 100, 180, 300), (300, 200, 500, 320)
SEEN = Detections.of([PERSON_BOX, CAR_BOX], [0.9, 0.9], [0, 1], [1, 2])
FACE, PLATE = (130, 105, 150, 130), (380, 290, 430, 305)
NONE = Detections.empty()
WHY = {"faces": "gone", "plates": "lost"}


def boxes_of(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Detections:
    return Detections.of(boxes, [score] * len(boxes), [0] * len(boxes))


FOUND = Findings(boxes_of(FACE), boxes_of(PLATE))


def policy(**fields: object) -> Cover:
    return Cover.model_validate({"purpose": "a test", "pad": 0.0, **fields})


def made(
    what: Cover | PublishedFootage,
    findings: Findings = FOUND,
    *,
    seen: Detections = SEEN,
    labels: tuple[str, ...] = LABELS,
    gaps: tuple[Gap, ...] = (),
) -> Coverage:
    return cover(what, SIZE, seen, labels, gaps, findings)


def covers(coverage: Coverage, box: tuple[float, float, float, float]) -> bool:
    """Whether all of a box is in one of the covered boxes."""
    x0, y0, x1, y1 = box
    return any(a <= x0 and b <= y0 and c >= x1 and d >= y1 for a, b, c, d in coverage.boxes.tolist())


def test_faces_and_plates_are_covered_and_no_more() -> None:
    coverage = made(policy())
    assert covers(coverage, FACE)
    assert covers(coverage, PLATE)
    assert not covers(coverage, PERSON_BOX)
    assert not covers(coverage, CAR_BOX)
    assert len(coverage.boxes) == 2
    assert coverage.weakened == ()
    assert coverage.solid.tolist() == [False, True]


@pytest.mark.parametrize("faces", [None, Detections.of([[np.nan, 1, 2, 3]], [0.9], [0])], ids=["none", "nan"])
def test_without_an_answer_about_faces_whole_persons_are_covered(faces: Detections | None) -> None:
    coverage = made(policy(heads="never", plates="no"), Findings(faces, None, {"faces": "gone"}))
    assert covers(coverage, PERSON_BOX)
    assert not covers(coverage, CAR_BOX)
    assert "gone" in coverage.weakened[0]


def test_without_an_answer_about_plates_whole_vehicles_are_covered() -> None:
    coverage = made(policy(), Findings(FOUND.faces, None, WHY))
    assert covers(coverage, CAR_BOX)
    assert not covers(coverage, PERSON_BOX)
    assert "lost" in coverage.weakened[0]


def test_what_nobody_looked_for_is_not_absent() -> None:
    coverage = made(policy(), Findings.NOTHING_ASKED)
    assert covers(coverage, PERSON_BOX)
    assert covers(coverage, CAR_BOX)
    assert len(coverage.weakened) == 2


GAP = (Gap("yolox", "too busy"),)


@pytest.mark.parametrize(
    ("what", "findings"),
    [
        (policy(heads="never", plates="no"), Findings(None, NONE)),
        (policy(faces=False, heads="never"), Findings(NONE, None)),
        (policy(faces=False, heads="always", plates="no"), FOUND),
        (policy(heads="unsure", plates="no"), FOUND),
        (policy(faces=False, heads="never", plates="vehicles"), FOUND),
        (policy(faces=False, heads="never", plates="no", classes=("dog",)), FOUND),
    ],
    ids=["faces silent", "plates silent", "heads", "unsure heads", "vehicles", "class"],
)
def test_where_the_cameras_own_model_is_needed_a_gap_or_a_model_that_can_not_know_refuses(
    what: Cover, findings: Findings
) -> None:
    assert isinstance(made(what, findings), Coverage)
    with pytest.raises(Unanswered, match="yolox: too busy"):
        made(what, findings, gaps=GAP)
    with pytest.raises(Unanswered, match="can't find"):
        made(what, findings, seen=NONE, labels=("cat",))


def test_where_it_is_not_needed_neither_matters() -> None:
    coverage = made(policy(heads="never"), gaps=GAP, labels=("cat",), seen=NONE)
    assert covers(coverage, FACE)
    assert covers(coverage, PLATE)
    areas = policy(faces=False, heads="never", plates="no", areas=(Area(points=((0, 0), (1, 0), (1, 1))),))
    assert len(made(areas, Findings.NOTHING_ASKED, gaps=GAP, labels=(), seen=NONE).polygons) == 1


def test_published_footage_needs_nothing_and_is_left_alone() -> None:
    published = PublishedFootage(published_as="a clip", purpose="a test")
    assert needs(published) == frozenset()
    assert len(made(published, Findings.NOTHING_ASKED, gaps=GAP).boxes) == 0


def test_what_is_needed_is_what_is_asked() -> None:
    assert needs(policy()) == {"faces", "plates"}
    assert needs(policy(plates="vehicles")) == {"faces", "plates"}  # one whose vehicle was missed is found
    assert needs(policy(plates="no")) == {"faces"}
    assert needs(policy(plates="no", seal_plates_for="key")) == {"faces", "plates"}
    assert needs(policy(faces=False, heads="always")) == {"plates"}


def test_a_head_without_a_sure_face_is_covered_and_one_with_is_not() -> None:
    head = tuple(head_ends(np.array([PERSON_BOX], np.float32), SIZE)[0].tolist())
    sure = made(policy(plates="no"))
    assert not covers(sure, head)
    for faces in (
        NONE,
        boxes_of(FACE, score=SURE - 0.01),
        boxes_of((130, 250, 150, 280)),
        boxes_of((400, 10, 430, 50)),
    ):
        coverage = made(policy(plates="no"), Findings(faces, None))
        assert covers(coverage, head)
        assert len(coverage.boxes) == 1 + len(faces)  # what was found is covered, however unsure
    assert covers(made(policy(heads="always", plates="no")), head)


def test_one_face_does_not_speak_for_two_persons() -> None:
    behind = (110, 96, 190, 300)
    both = Detections.of([PERSON_BOX, behind], [0.9, 0.9], [0, 0], [1, 2])
    coverage = made(policy(plates="no"), seen=both)
    assert len(coverage.boxes) == 2  # the face, and the head of the other
    same = Detections.of([PERSON_BOX, behind], [0.9, 0.9], [0, 0], [1, 1])  # a detection and its track
    assert len(made(policy(plates="no"), seen=same).boxes) == 1


@pytest.mark.parametrize(
    ("box", "share"),
    [((0, 0, 40, 100), 0.25), ((0, 0, 90, 100), 0.6), ((0, 0, 200, 80), 1.0), ((0, 400, 40, 480), 0.5)],
    ids=["standing", "portrait", "lying", "cut by the lower edge"],
)
def test_the_head_end_is_more_of_the_box_where_less_of_the_body_is_seen(
    box: tuple[float, float, float, float], share: float
) -> None:
    (end,) = head_ends(np.array([box], np.float32), SIZE)
    assert end[3] - end[1] >= share * (box[3] - box[1])
    assert (end[:3] == np.array(box[:3], np.float32)).all()


def test_faces_and_plates_of_the_cameras_own_model_are_covered_too() -> None:
    seen = Detections.of([FACE, PLATE], [0.9, 0.9], [0, 1])
    coverage = made(policy(heads="never"), Findings(NONE, NONE), seen=seen, labels=("Face", "licence plate"))
    assert covers(coverage, FACE)
    assert covers(coverage, PLATE)


def test_labels_are_known_whatever_their_case_and_wherever_they_repeat() -> None:
    seen = Detections.of([PERSON_BOX, CAR_BOX], [0.9, 0.9], [0, 2])
    coverage = made(
        policy(faces=False, heads="never", plates="no", classes=("person",)),
        seen=seen,
        labels=("Person", "dog", "PERSON"),
    )
    assert covers(coverage, PERSON_BOX)
    assert covers(coverage, CAR_BOX)


def test_boxes_that_are_not_in_numbers_refuse_the_picture() -> None:
    seen = Detections.of([[np.nan, 0, 10, 10]], [0.9], [0])
    with pytest.raises(Unanswered, match="not in numbers"):
        made(policy(classes=("person",)), seen=seen)
    with pytest.raises(Unanswered, match="held"):
        cover(policy(), SIZE, SEEN, LABELS, (), FOUND, np.array([[0, 0, np.inf, 9]], np.float32))


def test_what_is_followed_is_seen_though_it_was_missed() -> None:
    missed = result(0, Seen(1, CAR), Seen(2, 0, (60, 40, 90, 100), missed=True))
    boxes = cover(
        policy(heads="never", classes=("person",)), missed.size, seen_in(missed), missed.labels, (), FOUND
    ).boxes
    assert [60, 40, 90, 100] in boxes.tolist()


def test_a_coverage_cannot_be_forged() -> None:
    coverage = made(policy())
    with pytest.raises(TypeError, match="nowhere else"):
        Coverage(policy(), SIZE)
    with pytest.raises(AttributeError):
        coverage.boxes = np.empty((0, 4), np.float32)
    with pytest.raises(ValueError, match="WRITEABLE"):
        coverage.boxes.flags.writeable = True
    with pytest.raises(TypeError):
        copy.copy(coverage)
    with pytest.raises(TypeError):
        type("Forged", (Coverage,), {})


box = st.tuples(*[st.floats(-100, 700, width=32)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]) + 1, max(b[1], b[3]) + 1)
)
some = st.lists(st.tuples(box, st.floats(0, 1, width=32), st.integers(-1, 4), st.integers(-1, 3)), max_size=5)
answers = st.none() | st.lists(st.tuples(box, st.floats(0, 1, width=32)), max_size=3)


@settings(max_examples=300, deadline=None)
@given(
    some,
    answers,
    answers,
    st.booleans(),
    st.sampled_from(
        list(itertools.product((True, False), ("unsure", "always", "never"), ("plates", "vehicles", "no")))
    ),
    st.sampled_from([LABELS, ("cat",), ()]),
    st.sampled_from([0.0, 0.15, 1.0]),
)
def test_it_fails_closed(  # noqa: PLR0917
    seen: list[tuple[tuple[float, float, float, float], float, int, int]],
    faces: list[tuple[tuple[float, float, float, float], float]] | None,
    plates: list[tuple[tuple[float, float, float, float], float]] | None,
    gap: bool,
    wish: tuple[bool, Heads, Plates],
    labels: tuple[str, ...],
    pad: float,
) -> None:
    """Whatever is found or not: what the policy means is covered as a whole, or the picture is refused."""
    what = policy(faces=wish[0], heads=wish[1], plates=wish[2], pad=pad)
    one, two = (
        None if a is None else Detections.of([b for b, _ in a], [s for _, s in a], [0] * len(a))
        for a in (faces, plates)
    )
    boxes = Detections.of([s[0] for s in seen], [s[1] for s in seen], [s[2] for s in seen], [s[3] for s in seen])
    try:
        coverage = made(what, Findings(one, two), seen=boxes, labels=labels, gaps=GAP if gap else ())
    except Unanswered:
        assert gap or labels != LABELS  # it is refused only where the camera's model could not tell
        return
    people = [s[0] for s in seen if labels and 0 <= s[2] < len(labels) and labels[s[2]] == "person"]
    cars = [s[0] for s in seen if labels and 0 <= s[2] < len(labels) and labels[s[2]] == "car"]
    must = [b for b, _ in faces or []] if what.faces else []
    must += [b for b, _ in plates or []] if what.plates == "plates" else []
    must += people if what.faces and faces is None else []
    must += cars if what.plates == "vehicles" or (what.plates == "plates" and plates is None) else []
    if what.heads == "always" or (what.heads == "unsure" and not what.faces):
        must += [tuple(head_ends(np.array([b], np.float32), SIZE)[0].tolist()) for b in people]
    limit = np.array([*SIZE, *SIZE], np.float32)
    for wanted in must:
        cut = np.clip(np.array(wanted, np.float32), 0, limit)
        if cut[0] < cut[2] and cut[1] < cut[3]:
            assert covers(coverage, tuple(cut.tolist())), wanted
    assert (coverage.boxes >= 0).all()
    assert (coverage.boxes <= limit).all()
    if (what.faces and faces is None) or (what.plates == "plates" and plates is None):
        assert coverage.weakened


@settings(max_examples=100, deadline=None)
@given(some, st.tuples(st.integers(0, 600), st.integers(0, 440), st.integers(1, 40), st.integers(1, 40)))
def test_a_part_of_a_picture_is_covered_as_it_was_in_the_whole(
    seen: list[tuple[tuple[float, float, float, float], float, int, int]], part: tuple[int, int, int, int]
) -> None:
    boxes = Detections.of([s[0] for s in seen], [s[1] for s in seen], [0] * len(seen))
    whole = made(policy(faces=False, heads="never", plates="no", classes=("person",)), seen=boxes)
    x, y, w, h = part
    crop = whole.cropped(x, y, x + w, y + h)
    assert crop.size == (w, h)
    assert (painted(whole)[y : y + h, x : x + w] == painted(crop)).all()


def painted(coverage: Coverage) -> np.ndarray:
    canvas = np.zeros(coverage.size[::-1], np.bool_)
    for x0, y0, x1, y1 in coverage.boxes.tolist():
        canvas[int(np.floor(y0)) : int(np.ceil(y1)), int(np.floor(x0)) : int(np.ceil(x1))] = True
    return canvas
