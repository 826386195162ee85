"""All that is reviewed, as a dataset."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from console.datasets.formats.values import Dataset
from console.datasets.truth import judgement_of, merged, sample_of
from console.review.items import Item
from console.review.queries import ReviewFilter, page, place_of
from console.settings.home import Home
from models.words import _

_PAGE = 500


def reviewed(db: sqlite3.Connection, home: Home) -> Dataset:
    """Every decided item that has a picture and says something of it, one sample a picture, oldest first.

    Classes are in the order of the alphabet: only a gold set freezes an order. Items of imports are among them.

    Args:
        db: from `Store.read`.
        home: whose pictures they are.
    """
    samples = [sample_of(item) for item in _done(db) if item.picture is not None and judgement_of(item).says_something]
    merged_samples = merged(samples)
    labels = tuple(sorted({box.label for sample in merged_samples for box in sample.annotations}))
    return Dataset(_("reviewed"), labels, merged_samples, home.path)


def _done(db: sqlite3.Connection) -> Iterator[Item]:
    wanted, after = ReviewFilter(states=("done",)), None
    while items := page(db, wanted, "oldest", after=after, limit=_PAGE):
        yield from items
        after = place_of(items[-1], "oldest")
