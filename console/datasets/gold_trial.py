"""Models on trial: what is loaded, on which members, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.datasets import gold
from console.datasets.gold_content import Member
from console.datasets.gold_figures import CONFIDENCE, Figures, drawn_again, figures
from console.datasets.gold_running import Run, run
from console.datasets.gold_verify import Interrupted, Stopped, Told
from console.errors import SightdeskError
from console.pipeline.loader import Surroundings, load_model
from console.settings.home import Home
from console.settings.inference import InferenceSettings
from console.store.connect import reading
from models.words import _


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model, and what runs it.

    Attributes:
        model: a catalogue name, a file or an address.
        inference: runtime, device, precision and scaling.
    """

    model: str
    inference: InferenceSettings


@dataclass(frozen=True, slots=True)
class Trial:
    """Members of a gold set, and all it takes to have models look at them.

    Attributes:
        home: whose pictures they are.
        gold: the set.
        members: those that count.
        around: how models are found and loaded.
        told: how far it is.
        stopped: whether the operator wants it to end.
    """

    home: Home
    gold: gold.GoldSet
    members: Sequence[Member]
    around: Surroundings
    told: Told = lambda _done, _of, _words: None
    stopped: Stopped = lambda: False

    def run(self, candidate: Candidate) -> Run:
        """Load a model, have it look at every member's picture, and let it go.

        Raises:
            SightdeskError: it can't be had or loaded, failed on a picture, or knows no class of the set.
            Interrupted: the operator wants it to end.
        """
        if self.stopped():
            raise Interrupted
        loaded = load_model(candidate.model, self.around.find, candidate.inference, around=self.around)
        try:
            return run(self.home, self.members, self.gold.labels, loaded, told=self.told, stopped=self.stopped)
        finally:
            loaded.backend.close()

    def figures(self, runs: Sequence[Run], confidence: float = CONFIDENCE) -> list[Figures]:
        """What models are worth on the same pictures and classes; see `gold_figures.figures`."""
        return figures(self.members, self.gold.labels, runs, self.gold.block_s, confidence)

    def drawn(self, of: Sequence[Figures]) -> NDArray[np.float64]:
        """What figures are when pictures are drawn again; see `gold_figures.drawn_again`. Raises Interrupted."""
        return drawn_again(of, self.told, self.stopped)


def members_of(home: Home, name: str, version: int | None, splits: Sequence[str]) -> tuple[gold.GoldSet, list[Member]]:
    """A set and its members in these splits.

    Raises:
        SightdeskError: there is no such set, or nothing is in these splits.
        UsageError: there is no such split.
        StoreError: the database can't be read.
    """
    with reading(home.database) as db:
        known = gold.find(db, name, version)
        found = gold.members(db, known, splits)
    if not found:
        raise SightdeskError(
            _("{title} has nothing in {splits}.").format(title=known.title, splits=", ".join(splits)),
            _("`sightdesk gold show {name}` says where its members are; --split names others.").format(name=name),
        )
    return known, found
