"""Boxes being worked on, without a screen: nothing is lost, nothing leaves the picture, and all of it is undone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.canvas.drawing import Drawing
from widgets.canvas.history import STEPS
from widgets.canvas.hit import MOVE, Hit, handles, hit, part_at
from widgets.canvas.marks import LEAST, NONE, Corners, Mark, moved, stretched
from widgets.canvas.snap import caught

SIZE = (640, 480)
PERSON = Mark((100.25, 50.125, 160.75, 200.0), "person", 0.34, asked=True, track=7)
CAR = Mark((300.0, 100.0, 420.0, 180.0), "car", 0.9)
FREE = (0.0, 0.0)


@pytest.fixture
def drawing() -> Drawing:
    made = Drawing()
    made.begin((PERSON, CAR), SIZE)
    made.label = "person"
    return made


def drag(drawing: Drawing, what: Hit | None, begin: tuple[float, float], *to: tuple[float, float]) -> bool:
    drawing.take(what, *begin)
    for point in to:
        drawing.drag(*point, (4.0, 4.0))
    return drawing.drop()


def test_the_box_in_question_is_the_chosen_one(drawing: Drawing) -> None:
    assert drawing.mark == PERSON
    drawing.begin((CAR,), SIZE)
    assert drawing.chosen == NONE


def test_a_box_is_drawn_from_any_corner(drawing: Drawing) -> None:
    assert drag(drawing, None, (250, 300), (240, 290), (200.5, 260.25))
    assert drawing.mark == Mark((200.5, 260.25, 250, 300), "person", drawn=True)
    assert len(drawing.boxes) == 3


@pytest.mark.parametrize("end", [(250, 300), (250.5, 330), (280, 300.25)])
def test_a_drag_without_an_area_makes_no_box_and_loses_none(drawing: Drawing, end: tuple[float, float]) -> None:
    assert not drag(drawing, None, (250, 300), end)
    assert drawing.boxes == (PERSON, CAR)
    assert drawing.chosen == 0
    assert not drawing.history.can_undo


def test_a_move_keeps_the_size_drops_the_score_and_stops_at_the_border(drawing: Drawing) -> None:
    assert drag(drawing, Hit(1, MOVE), (350, 150), (1000, 1000))
    assert drawing.boxes[1] == Mark((520.0, 400.0, 640.0, 480.0), "car", drawn=True)
    assert drawing.boxes[0] is PERSON


@pytest.mark.parametrize(
    ("part", "to", "box"),
    [
        ("nw", (290.0, 90.0), (290.0, 90.0, 420.0, 180.0)),
        ("e", (500.0, 999.0), (300.0, 100.0, 500.0, 180.0)),
        ("se", (9999.0, 9999.0), (300.0, 100.0, 640.0, 480.0)),
        ("w", (600.0, 140.0), (420.0 - LEAST, 100.0, 420.0, 180.0)),
        ("n", (350.0, 400.0), (300.0, 180.0 - LEAST, 420.0, 180.0)),
    ],
)
def test_sides_go_where_they_are_dragged_and_never_past_the_other(
    drawing: Drawing, part: str, to: tuple[float, float], box: Corners
) -> None:
    begin = (300.0 if "w" in part else 420.0, 100.0 if "n" in part else 180.0)
    drawing.catches = False
    assert drag(drawing, Hit(1, part), begin, to)
    assert drawing.boxes[1].xyxy == box


def test_sides_catch_other_sides_and_the_border(drawing: Drawing) -> None:
    drawing.take(Hit(1, MOVE), 350, 150)
    drawing.drag(350 - 136, 150 - 48, (4.0, 4.0))  # its left side 3.25 from the other's right, its top 2 from its top
    assert drawing.boxes[1].xyxy[:2] == (160.75, 50.125)
    assert drawing.guides == (160.75, 50.125)
    drawing.drag(350 - 136, 150 - 48, FREE)
    assert drawing.boxes[1].xyxy[:2] == (164.0, 52.0)
    drawing.drag(350 - 297, 150, (4.0, 4.0))
    assert drawing.boxes[1].xyxy[0] == 0.0
    drawing.catches = False
    drawing.drag(350 - 136, 150 - 48, (4.0, 4.0))
    assert drawing.boxes[1].xyxy[:2] == (164.0, 52.0)
    assert drawing.drop()
    assert drawing.guides == (None, None)


def test_only_the_side_that_is_dragged_catches(drawing: Drawing) -> None:
    drawing.take(Hit(1, "w"), 300, 150)
    drawing.drag(163, 53, (4.0, 4.0))
    assert drawing.boxes[1].xyxy == (160.75, 100.0, 420.0, 180.0)


def test_the_nearest_line_is_caught() -> None:
    assert caught([10.0, 50.0], [7.0, 51.0, 90.0], 4.0) == (1.0, 51.0)
    assert caught([10.0], [20.0], 4.0) == (0.0, None)


def test_escape_gives_a_drag_up(drawing: Drawing) -> None:
    drawing.take(Hit(1, MOVE), 350, 150)
    drawing.drag(100, 100, FREE)
    assert drawing.give_up()
    assert drawing.boxes == (PERSON, CAR)
    assert not drawing.give_up()
    assert not drawing.history.can_undo
    drawing.drag(0, 0, FREE)
    assert drawing.boxes == (PERSON, CAR)


def test_undo_during_a_drag_takes_the_drag_back(drawing: Drawing) -> None:
    drawing.nudge(1, 0)
    drawing.take(Hit(1, MOVE), 350, 150)
    drawing.drag(100, 100, FREE)
    assert not drawing.redo()
    assert drawing.undo()
    assert drawing.boxes[1] == CAR
    assert drawing.boxes[0] != PERSON
    assert drawing.undo()
    assert drawing.boxes == (PERSON, CAR)


def test_keys_pressed_during_a_drag_wait_for_its_end(drawing: Drawing) -> None:
    drawing.take(Hit(1, MOVE), 350, 150)
    drawing.drag(340, 150, FREE)
    assert not any((drawing.delete(), drawing.duplicate(), drawing.nudge(1, 0), drawing.relabel("dog")))
    assert drawing.drop()
    assert drawing.boxes[1].xyxy == (290, 100, 410, 180)
    drawing.delete()
    drawing.take(Hit(1, MOVE), 350, 150)  # it was pressed before
    drawing.drag(340, 150, FREE)
    assert drawing.boxes == (PERSON,)


def test_nudges_are_one_step_until_something_else_is_done(drawing: Drawing) -> None:
    for _ in range(10):
        drawing.nudge(0.1, 0)
    drawing.choose(1)
    drawing.choose(0)
    drawing.nudge(0, -10)
    drawing.stretch(5, 0)
    assert drawing.boxes[0].xyxy[3] == pytest.approx(190)
    drawing.undo()
    drawing.undo()
    assert drawing.boxes[0].xyxy[1] == 50.125
    drawing.undo()
    assert drawing.boxes == (PERSON, CAR)  # to the last bit
    drawing.redo()
    assert drawing.boxes[0].xyxy[0] == pytest.approx(101.25)


def test_a_nudge_into_the_border_is_no_step(drawing: Drawing) -> None:
    drawing.begin((Mark((0.0, 0.0, 10.0, 10.0), "dog", 0.5),), SIZE)
    drawing.choose(0)
    assert not drawing.nudge(-1, 0)
    assert drawing.boxes[0].score == 0.5
    assert not drawing.history.can_undo


def test_rename_delete_duplicate_and_add(drawing: Drawing) -> None:
    assert drawing.relabel("car")
    assert drawing.mark == Mark(PERSON.xyxy, "car", None, asked=True, track=7, drawn=True)
    assert not drawing.relabel("car")
    assert drawing.duplicate()
    x0, y0, x1, y1 = PERSON.xyxy
    by = 640 * 0.02
    assert drawing.mark == Mark((x0 + by, y0 + by, x1 + by, y1 + by), "car", drawn=True)
    assert drawing.delete()
    assert drawing.boxes[1:] == (CAR,)
    assert drawing.add_in((100, 100, 300, 300))
    assert drawing.mark == Mark((175, 175, 225, 225), "car", drawn=True)  # the class that was given last
    for _ in range(4):
        assert drawing.undo()
    assert drawing.boxes == (PERSON, CAR)
    assert not drawing.undo()
    for _ in range(4):
        assert drawing.redo()
    assert not drawing.redo()
    assert len(drawing.boxes) == 3


def test_without_a_chosen_box_there_is_nothing_to_do(drawing: Drawing) -> None:
    drawing.choose(99)
    assert drawing.chosen == NONE
    assert not any((drawing.nudge(1, 1), drawing.delete(), drawing.duplicate(), drawing.relabel("car")))
    assert not drawing.add_all(())
    assert drawing.label == "car"


def test_boxes_are_gone_through_from_left_to_right(drawing: Drawing) -> None:
    drawing.add(Mark((0.0, 0.0, 20.0, 20.0), "dog"))
    seen = []
    for _ in range(4):
        drawing.step(1)
        seen.append(drawing.chosen)
    assert seen == [0, 1, 2, 0]
    drawing.step(-1)
    assert drawing.chosen == 2
    drawing.choose(NONE)
    drawing.step(-1)
    assert drawing.chosen == 1
    drawing.begin((), SIZE)
    drawing.step(1)
    assert drawing.chosen == NONE


def test_history_has_an_end(drawing: Drawing) -> None:
    for number in range(STEPS + 5):
        drawing.relabel(f"class {number}")
    undone = 0
    while drawing.undo():
        undone += 1
    assert undone == STEPS


def test_what_is_under_the_mouse() -> None:
    boxes = [(0.0, 0.0, 100.0, 100.0), (20.0, 20.0, 40.0, 40.0)]
    reach = (5.0, 5.0)
    assert hit(boxes, NONE, 30, 30, reach) == Hit(1, MOVE)  # the smaller one
    assert hit(boxes, NONE, 60, 60, reach) == Hit(0, MOVE)
    assert hit(boxes, 0, 98, 103, reach) == Hit(0, "se")
    assert hit(boxes, 0, 50, 2, reach) == Hit(0, "n")
    assert hit(boxes, NONE, 103, 50, reach) == Hit(0, MOVE)  # to be chosen first
    assert hit(boxes, 1, 200, 200, reach) == Hit()
    assert [part_at(boxes[0], x, y, reach) for x, y in handles(boxes[0])] == [
        "nw",
        "n",
        "ne",
        "e",
        "se",
        "s",
        "sw",
        "w",
    ]
    assert part_at((0, 0, 6, 6), 3, 3, reach) == MOVE  # a small box has a middle too


anywhere = st.floats(-2000, 2000, allow_nan=False)
places = st.tuples(st.floats(-50, 700), st.floats(-50, 700), st.floats(-50, 700), st.floats(-50, 700)).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


def inside(box: Corners) -> bool:
    x0, y0, x1, y1 = box
    least = LEAST - 1e-9  # of floats a thousand times larger
    return x0 >= 0 and x1 <= SIZE[0] and y0 >= 0 and y1 <= SIZE[1] and x1 - x0 >= least and y1 - y0 >= least


@given(places, anywhere, anywhere, st.sampled_from(["n", "e", "s", "w", "ne", "nw", "se", "sw"]))
def test_a_box_stays_in_the_picture_and_has_an_area(box: Corners, dx: float, dy: float, sides: str) -> None:
    assert inside(moved(box, dx, dy, SIZE))
    assert inside(stretched(box, sides, dx, dy, SIZE))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("nudge"), anywhere, anywhere),
        st.tuples(st.just("stretch"), anywhere, anywhere),
        st.tuples(st.just("draw"), anywhere, anywhere),
        st.tuples(st.just("drag"), anywhere, anywhere),
        st.tuples(st.sampled_from(["delete", "duplicate", "step", "undo", "redo"]), st.just(0.0), st.just(0.0)),
    ),
    max_size=30,
)


@given(steps)
def test_whatever_is_done_is_undone_to_the_last_bit(done: list[tuple[str, float, float]]) -> None:
    drawing = Drawing()
    drawing.begin((PERSON, CAR), SIZE)
    for what, x, y in done:
        if what in {"nudge", "stretch"}:
            getattr(drawing, what)(x, y)
        elif what == "draw":
            drag(drawing, None, (x, y), (y, x))
        elif what == "drag" and drawing.mark is not None:
            drag(drawing, Hit(drawing.chosen, "se" if x > y else MOVE), (0, 0), (x, y))
        elif what == "step":
            drawing.step(1)
        elif what in {"delete", "duplicate", "undo", "redo"}:
            getattr(drawing, what)()
        assert all(inside(mark.xyxy) for mark in drawing.boxes)
    after = drawing.boxes
    undone = 0
    while drawing.undo():
        undone += 1
    assert drawing.boxes == (PERSON, CAR)
    for _ in range(undone):
        assert drawing.redo()
    assert drawing.boxes == after
