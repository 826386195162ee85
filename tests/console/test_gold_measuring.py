"""Models measured on gold sets: a tiny one that sees a person all over a white picture, and nothing in a black one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import gold as command
from console.cli.options import Stopped
from console.datasets import accuracy, gold_figures, gold_gate
from console.datasets.gold_making import Wanted, create, shares_of
from console.datasets.gold_trial import Candidate, Trial, members_of
from console.datasets.gold_verify import Interrupted
from console.errors import ModelError, SightdeskError, UsageError
from console.pipeline.loader import Surroundings
from console.review.items import Box
from console.settings.inference import GateSettings, InferenceSettings
from tests import tiny_onnx
from tests.console.gold_cases import WHOLE, Judged, Said, judged_home, plain

BLACK, WHITE = plain(0), plain(255)
EXACT = InferenceSettings(precision="f32")


@pytest.fixture
def judged(own_home: Path) -> Iterator[Judged]:
    with judged_home(own_home) as found:
        tiny_onnx.yolox(own_home / "tiny.onnx")
        tiny_onnx.yolox(own_home / "blind.onnx", blind=True)
        yield found


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred are enough here."""
    monkeypatch.setattr(gold_figures, "RESAMPLES", 100)


def fill(judged: Judged, *said: Said, edited: int = 8) -> None:
    """Edited pictures with a person each, an hour apart, then what else was said; every fourth picture is black."""
    whole = [Said("edit", boxes=(Box(WHOLE, "person"),))] * edited
    for number, one in enumerate([*whole, *said]):
        judged.add(one, minutes=60 * number, pixels=WHITE if number % 4 else BLACK)
    create(judged.store, Wanted("street", shares=shares_of("0/0/100")))


def trial(judged: Judged, **more: Any) -> Trial:
    known, members = members_of(judged.home, "street", None, ["test"])
    return Trial(judged.home, known, members, Surroundings(lambda name: (Path(name), None)), **more)


def tiny(judged: Judged, name: str = "tiny") -> Candidate:
    return Candidate(str(judged.home.path / f"{name}.onnx"), EXACT)


def call(*words: str) -> Result:
    return CliRunner().invoke(command.app, list(words))


def answer(*words: str) -> Any:
    """The JSON of a command that succeeds."""
    result = call(*words, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_a_model_is_measured_where_all_is_known_and_where_one_box_was_judged(judged: Judged) -> None:
    accepted, rejected = [Said("accept")] * 8, [Said("reject")] * 8
    fill(judged, *accepted, *rejected)
    report = answer("evaluate", "street", "--model", tiny(judged).model, "--precision", "f32")
    assert (report["set"], report["exhaustive"], report["members"]) == ("street@1", 8, 24)
    assert 0 < report["ap"] < 1
    assert report["ap_interval"][0] <= report["ap"] <= report["ap_interval"][1]
    assert (report["found"]["hits"], report["found"]["of"]) == (6, 8)
    assert (report["false"]["hits"], report["false"]["of"]) == (6, 8)
    assert report["ran"]["runtime"] == "openvino"
    assert "covered" in report["note"]
    words = call("evaluate", "street", "--model", tiny(judged).model, "--precision", "f32").stdout
    assert "accepted boxes found: 6/8 75% (41-93)" in words


def test_two_models_are_compared_on_the_same_pictures(judged: Judged, tmp_path: Path) -> None:
    fill(judged, edited=12)
    out = tmp_path / "figures.json"
    blind, sees = tiny(judged, "blind").model, tiny(judged).model
    report = answer("compare", "street", blind, sees, "--precision", "f32", "--out", str(out))
    assert report["verdict"] == "better"
    assert report["differences"]["ap"]["before"] == 0
    assert json.loads(out.read_text()) == report
    assert "B is worse." in call("compare", "street", sees, blind, "--precision", "f32").stdout
    same = answer("compare", "street", sees, sees, "--precision", "f32")
    assert (same["verdict"], same["differences"]["ap"]["interval"]) == ("can't be told", [0, 0])
    with pytest.raises(UsageError, match="is what the run is to read"):
        raise_of(call("compare", "street", sees, blind, "--out", sees))


def raise_of(result: Result) -> None:
    assert result.exception is not None, result.output
    raise result.exception


def test_pictures_that_are_missing_or_changed_are_left_out_and_named(judged: Judged) -> None:
    fill(judged)
    found = trial(judged).members
    judged.file(found[0].tracking_id).unlink()
    judged.file(found[1].tracking_id).write_bytes(b"no picture")
    report = answer("evaluate", "street", "--model", tiny(judged).model)
    assert report["left_out"] == {found[0].tracking_id: "missing", found[1].tracking_id: "changed"}
    assert report["exhaustive"] == 6
    result = call("verify", "street", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["missing"] == [found[0].tracking_id]
    for one in found:
        judged.file(one.tracking_id).unlink(missing_ok=True)
    with pytest.raises(SightdeskError, match="all are missing or changed"):
        trial(judged).run(tiny(judged))


def test_without_a_picture_of_which_all_is_known_there_is_no_ap(judged: Judged) -> None:
    fill(judged, Said(), edited=0)
    assert answer("evaluate", "street", "--model", tiny(judged).model)["ap"] is None
    assert "AP: not measured" in call("evaluate", "street", "--model", tiny(judged).model).stdout


def test_classes_that_the_model_does_not_know(judged: Judged) -> None:
    fill(judged, Said(label="forklift"), Said("relabel", "person", to="forklift"))
    report = answer("evaluate", "street", "--model", tiny(judged).model)
    assert report["unknown_classes"] == ["forklift"]
    assert set(report["classes"]) == {"person"}
    create(judged.store, Wanted("lifts", label="forklift", shares=shares_of("0/0/100")))
    judged.add(Said(label="crane"))
    create(judged.store, Wanted("cranes", label="crane", shares=shares_of("0/0/100")))
    with pytest.raises(SightdeskError, match="knows no class"):
        raise_of(call("evaluate", "cranes", "--model", tiny(judged).model))


def test_a_model_that_fails_says_on_which_picture(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(judged)
    seen: list[Any] = []

    def detect(detector: Any, backend: Any, picture: Any) -> Any:
        seen.append(picture)
        if len(seen) == 3:
            raise ModelError("The driver is gone.", "Start it again.")
        return real(detector, backend, picture)

    real = accuracy.detect
    monkeypatch.setattr("console.datasets.gold_running.detect", detect)
    work = trial(judged)
    with pytest.raises(ModelError, match=f"tiny failed on the picture of {work.members[2].tracking_id}: The driver"):
        work.run(tiny(judged))


def test_it_can_be_cancelled_between_two_pictures(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(judged)
    told: list[tuple[int, int]] = []
    work = trial(judged, told=lambda done, of, _words: told.append((done, of)), stopped=lambda: len(told) > 3)
    with pytest.raises(Interrupted):
        work.run(tiny(judged))
    assert told == [(0, 8), (1, 8), (2, 8), (3, 8)]

    def stopped(_trial: Any, _candidate: Any) -> None:
        raise Interrupted

    monkeypatch.setattr(Trial, "run", stopped)
    with pytest.raises(Stopped, match="Stopped"):
        raise_of(call("evaluate", "street", "--model", tiny(judged).model))


def test_sets_and_splits_that_are_not_there(judged: Judged) -> None:
    with pytest.raises(SightdeskError, match="no gold set street"):
        raise_of(call("evaluate", "street", "--model", "tiny"))
    fill(judged)
    with pytest.raises(SightdeskError, match="nothing in train"):
        raise_of(call("evaluate", "street", "--model", "tiny", "--split", "train"))
    with pytest.raises(UsageError, match="no split exam"):
        raise_of(call("evaluate", "street", "--model", "tiny", "--split", "exam"))
    with pytest.raises(UsageError, match="no precision"):
        raise_of(call("evaluate", "street", "--model", "tiny", "--precision", "half"))
    with pytest.raises(ModelError, match="no model file"):
        raise_of(call("evaluate", "street", "--model", "gone.onnx"))
    with pytest.raises(ModelError, match="no model file"):
        raise_of(call("compare", "street", tiny(judged).model, "gone.onnx"))


def test_a_set_is_made_listed_and_shown_at_the_terminal(judged: Judged) -> None:
    one = judged.add(Said())
    made = answer("create", "yard", "--splits", "0/0/1", "--until", "2099-01-01")
    assert (made["set"], made["members"], made["splits"]) == ("yard@1", 1, {"train": 0, "val": 0, "test": 1})
    assert [row["set"] for row in answer("list")["sets"]] == ["yard@1"]
    shown = answer("show", "yard")
    assert (shown["boxes"], shown["spec"]["splits"]["test"]) == ({"person": 1}, 1)
    assert "digests" not in shown["spec"]
    member = answer("show", "yard@1", "--id", one)
    assert member["sets"] == [{"name": "yard", "version": 1, "split": "test"}]
    assert one in call("show", "yard", "--id", one).stdout
    assert "every picture as it was" in call("verify", "yard").stdout
    with pytest.raises(SightdeskError, match="holds the same"):
        raise_of(call("create", "yard"))
    with pytest.raises(SightdeskError, match="no member nobody"):
        raise_of(call("show", "yard", "--id", "nobody"))


def test_a_home_that_is_none_gets_no_database(tmp_path: Path) -> None:
    with pytest.raises(SightdeskError, match="no database"):
        raise_of(call("create", "yard", "--home", str(tmp_path / "elsewhere")))
    assert not (tmp_path / "elsewhere").exists()


def gate(judged: Judged, settings: GateSettings, new: str, now: str | None) -> gold_gate.Outcome:
    return gold_gate.measure(settings, trial(judged), tiny(judged, new), tiny(judged, now) if now else None)


def test_the_gate_wants_what_it_is_told_to_want(judged: Judged) -> None:
    fill(judged)
    passed = gate(judged, GateSettings(gold="street", least_ap=0.2), "tiny", None)
    assert passed.passed
    assert "it takes 0.200" in passed.why[0]
    low = gate(judged, GateSettings(gold="street", least_ap=0.9), "tiny", None)
    assert not low.passed
    assert low.why[0].endswith("it takes 0.900.")
    worse = gate(judged, GateSettings(gold="street"), "blind", "tiny")
    assert not worse.passed
    assert "what runs now; it may be worse by 0.010 at most" in worse.why[0]
    assert worse.report["verdict"] == "worse"
    assert gate(judged, GateSettings(gold="street", loss=1.0), "blind", "tiny").passed
    assert gate(judged, GateSettings(gold="street"), "tiny", "blind").passed
    assert gate(judged, GateSettings(gold="street", loss=0.0), "tiny", "tiny").passed


def test_what_runs_now_and_can_not_be_measured_keeps_nobody_out_who_is_good_enough(judged: Judged) -> None:
    fill(judged)
    good = gate(judged, GateSettings(gold="street", least_ap=0.2), "tiny", "gone")
    assert good.passed
    assert "can't be measured" in good.why[1]
    unknown = gate(judged, GateSettings(gold="street"), "tiny", "gone")
    assert not unknown.passed
    assert "can't be measured" in unknown.why[0]
    with pytest.raises(ModelError):
        gate(judged, GateSettings(gold="street", least_ap=0.2), "gone", "tiny")


def test_without_ap_the_gate_goes_by_judged_boxes(judged: Judged) -> None:
    fill(judged, *[Said("accept")] * 6, *[Said("reject")] * 2, edited=0)
    assert not gate(judged, GateSettings(gold="street"), "blind", "tiny").passed
    assert not gate(judged, GateSettings(gold="street"), "tiny", "blind").passed  # it reports what was rejected
    assert gate(judged, GateSettings(gold="street"), "tiny", "tiny").passed
    without = gate(judged, GateSettings(gold="street", least_ap=0.2), "tiny", "tiny")
    assert not without.passed
    assert "no picture of which all is known" in without.why[0]


def test_the_gate_at_the_terminal(judged: Judged) -> None:
    fill(judged)
    with pytest.raises(UsageError, match="name no gate"):
        raise_of(call("gate", tiny(judged).model))
    text = f"inference:\n  model: {tiny(judged).model}\n  gate: {{gold: street}}\n"
    judged.home.settings_file.write_text(text, encoding="utf-8")
    refused = call("gate", tiny(judged, "blind").model)
    assert refused.exit_code == 1
    assert "blind on street@1: not passed" in refused.stdout
    assert call("gate", tiny(judged).model).exit_code == 0
    line = json.loads(call("gate", tiny(judged, "blind").model, "--lines").stdout.splitlines()[-1])
    assert line["row"]["passed"] is False
    judged.home.settings_file.write_text(text.replace("street", "gone"), encoding="utf-8")
    line = json.loads(call("gate", tiny(judged).model, "--lines").stdout.splitlines()[-1])
    assert "no gold set gone" in line["row"]["error"]["what"]
