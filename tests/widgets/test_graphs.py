from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from models import words
from widgets import graphs, theme
from widgets.figure import Figure, parts
from widgets.graphs import LatencyGraph, RateGraph, milliseconds
from widgets.plot import nice_top
from widgets.segments import Segments

STAGES = [("end to end", "From capture to boxes", "All of it."), ("infer", "Inference", "The runtime.")]
AGES = np.linspace(60, 0, 120)


@pytest.fixture(autouse=True)
def look(qapp: QApplication):
    theme.use(qapp, theme.DARK)
    yield
    theme.use(qapp, theme.DARK)
    words.install(words.NullTranslations())


def colours(widget: object) -> set[str]:
    image = widget.grab().toImage()  # type: ignore[attr-defined]
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 1) for y in range(0, image.height(), 1)}


def rates() -> np.ndarray:
    values = np.stack([np.full(120, 30.0), np.full(120, 14.0)], 1).astype(np.float32)
    values[40:60] = np.nan
    return values


@given(st.floats(0, 1e6), st.sampled_from([1.0, 10.0, 20.0]))
def test_a_scale_holds_what_it_shows_and_wastes_little(highest: float, least: float) -> None:
    top = nice_top(highest, least)
    assert max(highest, least) <= top * (1 + 1e-6)
    assert top <= 2 * max(highest, least)


def test_a_scale_of_nothing_known() -> None:
    assert nice_top(float("nan"), 20) == 20


def test_lines_differ_by_style_not_only_by_colour() -> None:
    assert len({line.style for line in (graphs.P50, graphs.P95, graphs.P99)}) == 3
    assert graphs.IN.style != graphs.INFERRED.style


def test_figures_are_there_before_the_lines_and_stay_after(qtbot: QtBot) -> None:
    graph = RateGraph()
    qtbot.addWidget(graph)
    graph.resize(320, 160)
    graph.show()
    graph.show_rates((29.94, 14.2), AGES, rates(), 1)
    assert not graph.built
    assert theme.DARK.accent not in colours(graph._plot)
    graph.build()
    graph.build()
    qtbot.waitUntil(lambda: theme.DARK.accent in colours(graph._plot))
    assert graph.accessibleName() == "Frames a second"
    assert graph.accessibleDescription() == (
        "Now in 29.9, inferred 14.2 frames/s. In the last minute between 14.0 and 30.0."
    )
    graph.show_rates(None, np.empty(0), np.empty((0, 2), np.float32), 10)
    assert graph.accessibleDescription() == "Now in -, inferred - frames/s."


def test_a_graph_follows_the_theme(qtbot: QtBot, qapp: QApplication) -> None:
    graph = RateGraph()
    qtbot.addWidget(graph)
    graph.resize(320, 160)
    graph.build()
    graph.show_rates((30, 14), AGES, rates(), 1)
    graph.show()
    theme.use(qapp, theme.LIGHT, 1.5)
    qapp.processEvents()
    assert theme.LIGHT.accent in colours(graph._plot)
    assert theme.DARK.accent not in colours(graph)


def test_latency_says_its_limit_and_whether_it_is_kept(qtbot: QtBot) -> None:
    graph = LatencyGraph(STAGES)
    qtbot.addWidget(graph)
    graph.resize(320, 180)
    graph.build()
    graph.show()
    values = np.full((120, 3), 0.15, np.float32)
    graph.show_latency((0.012, 0.019, 0.026), AGES, values, 10, 0.1)
    assert "ms of 100" in [figure.text() for figure in graph.findChildren(Figure)]
    assert theme.DARK.needs_you not in colours(graph._plot)
    graph.show_latency((0.012, 0.019, 0.126), AGES, values, 10, 0.1)
    assert theme.DARK.needs_you in colours(graph._plot)
    assert "p99 126 ms of 100" in graph.accessibleDescription()
    graph.show_latency((None, None, None), AGES, np.full((120, 3), np.nan, np.float32), 60)
    assert graph.accessibleDescription() == "Now p50 -, p95 -, p99 - ms."


def test_stages_are_chosen_by_keyboard(qtbot: QtBot) -> None:
    graph = LatencyGraph(STAGES)
    qtbot.addWidget(graph)
    graph.show()
    chooser = graph.findChild(QComboBox)
    assert chooser is not None
    assert chooser.accessibleName()
    with qtbot.waitSignal(graph.stage_picked) as picked:
        qtbot.keyClick(chooser, Qt.Key.Key_Down)
    assert picked.args == ["infer"]
    graph.choose("end to end")
    graph.choose("never heard of")
    assert graph.stage == "end to end"


def test_segments_are_moved_by_arrow_keys(qtbot: QtBot) -> None:
    segments = Segments("Time span", [(1, "1", "1 min"), (10, "10", "10 min"), (60, "60", "60 min")])
    qtbot.addWidget(segments)
    segments.show()
    segments.choose(10)
    segments.choose(7)
    assert segments.value == 10
    buttons = segments._group.buttons()
    assert [button.accessibleName() for button in buttons] == [
        "Time span: 1 min",
        "Time span: 10 min",
        "Time span: 60 min",
    ]
    with qtbot.waitSignal(segments.picked) as picked:
        qtbot.mouseClick(buttons[2], Qt.MouseButton.LeftButton)
    assert picked.args == [60]
    with qtbot.waitActive(segments):
        segments.activateWindow()
    buttons[2].setFocus()
    qtbot.keyClick(buttons[2], Qt.Key.Key_Left)
    assert segments.value == 10


def test_milliseconds_read_well() -> None:
    assert [milliseconds(s) for s in (None, 0.00042, 0.00994, 0.00996, 0.1264)] == ["-", "0.4", "9.9", "10", "126"]


def test_a_line_is_cut_in_pieces_for_any_language(qtbot: QtBot) -> None:
    words.install(words.Pseudo())
    template = words._("p99 {value} of {limit} ms")
    pieces = parts(template, {"value": "41"}, limit="100")
    assert ("41", True) in pieces
    figure = Figure()
    qtbot.addWidget(figure)
    figure.show()
    figure.show_parts(pieces, "more about it")
    assert figure.text() == figure.accessibleName() == template.format(value="41", limit="100")
    figure.resize(figure.sizeHint())
    assert figure.toolTip() == "more about it"
    figure.resize(20, 20)
    assert figure.toolTip().startswith(figure.text())


def test_a_figure_is_painted_in_two_strengths(qtbot: QtBot) -> None:
    figure = Figure(size=24)
    qtbot.addWidget(figure)
    figure.show_parts([("in ", False), ("II", True)])
    figure.resize(figure.sizeHint())
    seen = colours(figure)
    assert QColor(theme.DARK.text).name() in seen
    assert QColor(theme.DARK.dim).name() in seen
