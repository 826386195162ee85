"""The gate at the desk: a model is measured before it is activated, and refused with its figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from console.datasets.gold_making import Wanted, create, shares_of
from console.review.items import Box
from console.ui.models_page import choosing, gate
from console.ui.models_page.listing import ModelLine
from console.ui.notices import Notice
from console.ui.workplace import Workplace
from tests import tiny_onnx
from tests.console.gold_cases import WHOLE, Judged, Said, judged_home, plain
from tests.console.quiet_workplace import quiet_workplace

VARIANT = ("onnxruntime", "CPU", "f32")
GATE = "  gate: {gold: street, loss: 0.02}\n"


class Gate:
    """A workplace whose settings name a gate, and what it says."""

    def __init__(self, workplace: Workplace, folder: Path) -> None:
        self.workplace = workplace
        self.folder = folder
        self.said: list[Notice] = []
        workplace.notices.shown.connect(self.said.append)

    def line(self, name: str = "blind") -> ModelLine:
        return ModelLine(str(self.folder / f"{name}.onnx"), name, "", "", None, here=True, own=True)

    def activate(self, name: str = "blind") -> str:
        return choosing.activate(self.workplace, self.line(name), VARIANT)

    @property
    def runs(self) -> tuple[str, str]:
        now = self.workplace.settings.inference
        return Path(now.model).stem, now.backend

    @property
    def words(self) -> str:
        return self.said[-1].what


@contextmanager
def desk(folder: Path, gate_text: str = GATE) -> Iterator[Gate]:
    text = f"inference:\n  model: {folder}/tiny.onnx\n{gate_text}cameras: []\n"
    with quiet_workplace(folder, text) as workplace:
        yield Gate(workplace, folder)


def answers(monkeypatch: pytest.MonkeyPatch, row: dict[str, Any] | None, *, after: str = "") -> list[gate.Asked]:
    """Instead of a measurement: a process that says `row`, after a line of Python."""
    asked: list[gate.Asked] = []
    progress = json.dumps({"done": 1, "of": 3, "words": "tiny"})
    program = f"print({progress!r}, flush=True)\n{after}\n" + (f"print({json.dumps({'row': row})!r})" if row else "")

    def command(one: gate.Asked, _home: str) -> list[str]:
        asked.append(one)
        return [sys.executable, "-c", program]

    monkeypatch.setattr(gate, "command", command)
    return asked


def test_without_a_gate_nothing_is_measured(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, None)
    with desk(tmp_path, "") as it:
        assert it.activate() == "activated"
        assert it.runs == ("blind", "onnxruntime")
        assert it.activate() == ""
        assert it.workplace.jobs.running == []
        assert asked == []
        assert choosing.before(it.workplace)["model"].endswith("tiny.onnx")


def test_what_passes_is_activated(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, {"passed": True, "why": ["blind has AP 0.400 on 8 pictures of street@1."]})
    with desk(tmp_path) as it:
        assert it.activate() == "measuring"
        assert "is measured on gold set street first" in it.words
        assert it.runs == ("tiny", "openvino")
        qtbot.waitUntil(lambda: it.runs == ("blind", "onnxruntime"), timeout=10_000)
        assert it.words == "Activated blind on ONNX Runtime CPU, f32. blind has AP 0.400 on 8 pictures of street@1."
        assert asked[0].variant == VARIANT
        assert Path(asked[0].against).stem == "tiny"
        assert choosing.roll_back(it.workplace)  # the way back is not gated
        assert it.runs == ("tiny", "openvino")


def test_what_fails_is_refused_with_its_figures(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {"passed": False, "why": ["AP: 0.100, and 0.400 for what runs now.", "It lacks dogs."]})
    with desk(tmp_path) as it:
        before = it.workplace.file.content()
        it.activate()
        qtbot.waitUntil(lambda: it.said[-1].kind == "needs you", timeout=10_000)
        assert it.words.endswith("was not activated. AP: 0.100, and 0.400 for what runs now. It lacks dogs.")
        assert it.runs == ("tiny", "openvino")
        assert it.workplace.file.content() == before
        assert choosing.before(it.workplace) == {}

        assert it.said[-1].way_on is not None
        it.said[-1].way_on[1]()  # nobody has set a PIN: whoever sits here may, and it is recorded
        assert it.runs == ("blind", "onnxruntime")
        recorded = [json.loads(line) for line in (it.workplace.home.path / "audit.jsonl").read_text().splitlines()]
        past = next(line for line in recorded if "past its gold set" in json.dumps(line))
        assert "0.100" in json.dumps(past)
        assert "street" in json.dumps(past)


def test_only_a_supervisor_may_pass_the_gate(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {"passed": False, "why": ["It lacks dogs."]})
    with desk(tmp_path) as it:
        it.activate()
        qtbot.waitUntil(lambda: it.said[-1].kind == "needs you", timeout=10_000)
        asked: list[str] = []

        def may(what: str, _then: object) -> bool:
            asked.append(what)
            return False

        monkeypatch.setattr(it.workplace, "may", may)
        assert it.said[-1].way_on is not None
        it.said[-1].way_on[1]()
        assert asked == ["Activating a model that did not pass its gold set"]
        assert it.runs == ("tiny", "openvino")


def test_what_can_not_be_measured_is_refused_in_words(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"what": "There is no gold set street.", "hint": "Make one."}
    answers(monkeypatch, {"error": error})
    with desk(tmp_path) as it:
        it.activate()
        qtbot.waitUntil(lambda: it.said[-1].kind == "needs you", timeout=10_000)
        assert it.words.endswith("was not activated. There is no gold set street.")
        assert it.said[-1].hint == "Make one."
        assert it.runs == ("tiny", "openvino")
        answers(monkeypatch, None, after="import os, sys; sys.stderr.write('the driver is gone'); os.abort()")
        count = len(it.said)
        it.activate()
        qtbot.waitUntil(lambda: len(it.said) > count + 1, timeout=10_000)
        assert "the driver is gone" in it.words
        assert it.runs == ("tiny", "openvino")


def test_it_shows_how_far_it_is_and_can_be_cancelled(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, {"passed": True, "why": []}, after="import time; time.sleep(60)")
    with desk(tmp_path) as it:
        it.activate()
        (job,) = it.workplace.jobs.running
        qtbot.waitUntil(lambda: (job.done, job.of) == (1, 3), timeout=10_000)
        assert it.activate() == "measuring"
        assert "already" in it.words
        assert len(it.workplace.jobs.running) == 1
        with qtbot.waitSignal(job.ended, timeout=10_000):
            job.cancel()
        assert "Stopped" in it.words
        assert it.runs == ("tiny", "openvino")


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Judged]:
    with judged_home(tmp_path / "home") as found:
        yield found


def test_from_a_gold_set_to_a_model_refused_and_one_activated(qtbot: QtBot, tmp_path: Path, judged: Judged) -> None:
    """The real measurement, in its own process, on a real set."""
    tiny_onnx.yolox(tmp_path / "tiny.onnx")
    tiny_onnx.yolox(tmp_path / "same.onnx")
    tiny_onnx.yolox(tmp_path / "blind.onnx", blind=True)
    for number in range(6):
        judged.add(Said("edit", boxes=(Box(WHOLE, "person"),)), minutes=60 * number, pixels=plain(255))
    create(judged.store, Wanted("street", shares=shares_of("0/0/100")))
    judged.store.close()
    judged.home.close()
    with desk(tmp_path) as it:
        it.activate("blind")
        qtbot.waitUntil(lambda: it.said[-1].kind == "needs you", timeout=60_000)
        assert "AP: 0.000, and" in it.words
        assert "for what runs now" in it.words
        assert it.runs == ("tiny", "openvino")
        it.activate("same")
        qtbot.waitUntil(lambda: it.runs == ("same", "onnxruntime"), timeout=60_000)
        assert it.words.startswith("Activated same on ONNX Runtime CPU, f32.")
