from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from widgets.facts import CountTable, Fact, FactList


def said(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget) and label.text()]


def test_facts_come_change_and_go(qtbot: QtBot) -> None:
    facts = FactList()
    qtbot.addWidget(facts)
    facts.show_facts([Fact("Running on", "OpenVINO", strong=True), Fact("Model", "yolox", tip="all of it")])
    assert said(facts) == ["Running on", "OpenVINO", "Model", "yolox"]
    values = [label for label in facts.findChildren(QLabel) if label.text() == "OpenVINO"]
    assert values[0].accessibleName() == "Running on: OpenVINO"
    assert values[0].property("role") == "heading"
    facts.show_facts([Fact("Model", "<b>other</b>")])
    assert said(facts) == ["Model", "<b>other</b>"]  # never read as markup
    assert values[0].property("role") == ""


def test_counts_are_listed_and_the_rest_is_said(qtbot: QtBot) -> None:
    table = CountTable()
    qtbot.addWidget(table)
    table.show_counts([("person", 2, 14), ("car", 0, 3)], recent="in 10 min", empty="Nothing.")
    assert said(table) == ["now", "in 10 min", "person", "2", "14", "car", "0", "3"]
    assert table.accessibleDescription() == "person: 2 now, 14 in 10 min; car: 0 now, 3 in 10 min"
    table.show_counts([(f"c{n}", 1, 1) for n in range(9)], recent="in 10 min", empty="Nothing.")
    assert "and 3 more classes" in said(table)
    table.show_counts([], recent="in 10 min", empty="Nothing.")
    assert said(table) == ["Nothing."]
    table.show_counts([("person", 1, 1)], recent="in 10 min", empty="Nothing.")
    assert said(table) == ["now", "in 10 min", "person", "1", "1"]


def test_an_address_without_a_break_leaves_its_name_room_and_is_whole_in_the_tooltip(qtbot: QtBot) -> None:
    facts = FactList()
    qtbot.addWidget(facts)
    long = "rtsp://10.20.30.41:554/Streaming/Channels/101?transportmode=unicast"
    facts.show_facts([Fact("Errors", f"3 times: {long}", tip="since the start"), Fact("Model", "yolox_nano")])
    facts.resize(260, 200)
    facts.show()
    assert facts.minimumSizeHint().width() <= 260
    name, value = facts._labels[0]
    assert long in value.toolTip()
    assert value.toolTip().endswith("since the start")
    assert name.width() >= name.fontMetrics().horizontalAdvance("Errors")
    assert facts._labels[1][1].toolTip() == ""
