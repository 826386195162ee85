"""Fetches of face and plate models are told of from beginning to end, and end when somebody gives them up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.catalog.catalog import Catalog, Pulled
from console.catalog.fetch import PullCancelled
from console.errors import CatalogError
from console.site.cover_fetches import cover_models
from tests.console.fakes import wait_until

FACES = "centerface"
Told = list[tuple[str, int, int]]


class Pulls:
    """In place of what a catalogue would fetch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.catalog = Catalog(folder / "models", folder / "clips", mirrors=())
        self.do: Callable[[Any, threading.Event], Pulled] = self.fails
        monkeypatch.setattr(Catalog, "find", lambda _self, _name: None)
        monkeypatch.setattr(Catalog, "pull", lambda _self, _name, progress, cancel: self.do(progress, cancel))

    @staticmethod
    def fails(progress: Any, _cancel: threading.Event) -> Pulled:
        progress(10, 100)
        raise CatalogError("There is no network.")

    @staticmethod
    def waits(progress: Any, cancel: threading.Event) -> Pulled:
        progress(10, 100)
        wait_until(cancel.is_set)
        raise PullCancelled("Fetching it was cancelled.")


def announcing(told: Told) -> Callable[[str], Callable[[int, int], None]]:
    return lambda name: lambda done, of: told.append((name, done, of))


@pytest.fixture
def pulls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pulls:
    return Pulls(monkeypatch, tmp_path)


def test_a_fetch_that_fails_is_told_to_its_end(pulls: Pulls) -> None:
    told: Told = []
    covers = cover_models(pulls.catalog, None, announcing(told), None)
    with pytest.raises(CatalogError, match="no network"):
        covers.load(FACES, None)
    assert told == [(FACES, 10, 100), (FACES, 100, 100)]
    assert covers.close() == []


@pytest.mark.parametrize("who", ["the operator", "the end"])
def test_a_fetch_is_given_up_by_the_operator_and_by_the_end(pulls: Pulls, who: str) -> None:
    pulls.do, told, cancel = pulls.waits, Told(), threading.Event()
    covers = cover_models(pulls.catalog, None, announcing(told), cancel)
    raised: list[BaseException] = []

    def load() -> None:
        try:
            covers.load(FACES, None)
        except PullCancelled as error:
            raised.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    wait_until(lambda: told)
    if who == "the operator":
        cancel.set()
    assert covers.close() == []
    thread.join(5)
    assert len(raised) == 1
    assert told[-1] == (FACES, 100, 100)


def test_a_model_that_cannot_be_had_is_said_in_a_sentence_with_the_way_on(pulls: Pulls) -> None:
    covers = cover_models(pulls.catalog, None, announcing([]), None)
    covers.finders.want(frozenset({"faces", "plates"}))
    wait_until(lambda: len(covers.redactor.said()) == 2)
    faces, plates = covers.redactor.said()
    assert faces.startswith("Faces can't be looked for, so whole persons are covered or pictures refused: There is no")
    assert "privacy.face_model" in faces
    assert 'privacy.plates: "no"' in plates
    assert "SIGHTDESK_MODEL_PATH" in plates
    assert covers.close() == []
