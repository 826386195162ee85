"""What tiles, facts and the strip say when a model is in trouble or partly on the CPU."""

from __future__ import annotations

from typing import Any

import pytest

from console.ui.live.faces import face
from console.ui.live.focus_facts import running_facts
from console.ui.running_models import WELL, Standing, models_of, standing_of
from models.states import CameraState, CameraStatus
from widgets.tile_state import LIVE, TileKind

ON = CameraStatus(CameraState.LIVE)


def test_no_boxes_says_why_and_leaves_the_picture() -> None:
    state = face(ON, models=Standing(trouble="The server is gone. Trying again."))
    assert state.kind is TileKind.NO_BOXES
    assert state.word == "no boxes: The server is gone"
    assert "The server is gone. Trying again." in state.sentence
    assert state.needs_you
    assert not state.covers
    without = face(ON, has_model=False, models=Standing(trouble="No such file."))
    assert without.kind is TileKind.NO_MODEL
    assert "No such file." in without.sentence


@pytest.mark.parametrize(("n", "word"), [(1, "1 node on CPU"), (5, "5 nodes on CPU")])
def test_nodes_on_the_cpu_are_an_alarm_in_words(n: int, word: str) -> None:
    state = face(ON, models=Standing(astray=n, nodes=9))
    assert (state.kind, state.word) == (TileKind.ASTRAY, word)
    assert state.needs_you
    assert not state.covers
    assert f"{n} of 9" in state.sentence


def test_all_is_well_and_other_states_come_first() -> None:
    assert face(ON, models=WELL) is LIVE
    lost = CameraStatus(CameraState.RECONNECTING, "No answer.", 2)
    assert face(lost, models=Standing(trouble="x", astray=3)).kind is TileKind.RECONNECTING


def stage(**more: Any) -> dict[str, Any]:
    return {
        "model": "m",
        "runtime": "onnxruntime",
        "version": "1",
        "asked": "CUDA",
        "device": "CUDA:0",
        "precision": "f32",
        "precisions": {},
        "nodes": {"CUDA": 8, "CPU": 2},
        "astray": 0,
        "astray_nodes": [],
        "fell_back": "",
    } | more


def test_focus_facts_show_what_fell_back_and_went_astray() -> None:
    facts = {f.name: f for f in running_facts([stage(astray=2, astray_nodes=["a", "b"], fell_back="asked X: lost")])}
    assert facts["Fell back"].value == "▲ asked X: lost"
    assert facts["Astray"].value == "▲ 2 nodes on CPU, asked for CUDA"
    assert facts["Astray"].tip == "a\nb"
    assert {"Fell back", "Astray"}.isdisjoint(f.name for f in running_facts([stage()]))


def test_a_site_without_models_stands_well() -> None:
    class Site:
        loading = ()

        def cancel_loading(self) -> None:
            pass

        def trouble(self, camera_id: str) -> str:
            return "gone" if camera_id == "a" else ""

        def ran(self, _camera_id: str) -> list[dict[str, Any]]:
            return [stage(astray=2, fell_back="asked X: lost")]

    assert standing_of(Site(), "a") == Standing("gone", 2, 10, "asked X: lost")
    assert standing_of(object(), "a") == WELL
    models_of(object()).cancel_loading()
