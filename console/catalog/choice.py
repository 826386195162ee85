"""The best of the catalogue that can be had, and the words for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.catalog.entries import Entry
from console.catalog.fetch import NotHad, PullCancelled
from console.errors import CatalogError
from models.words import _

if TYPE_CHECKING:
    from console.catalog.catalog import Pulled


@dataclass(frozen=True, slots=True)
class Choice:
    """What was taken.

    Attributes:
        entry: the entry.
        path: its main file.
        why: which one, from where, and what spoke against better ones, as sentences.
    """

    entry: Entry
    path: Path
    why: str


def best(entries: Sequence[Entry], pull: Callable[[str], Pulled]) -> Choice:
    """The first of `entries` that is here or can be pulled.

    Raises:
        CatalogError: none can; says why for each.
        PullCancelled: passed on from `pull`.
    """
    against: list[str] = []
    for entry in entries:
        try:
            pulled = pull(entry.name)
        except PullCancelled:
            raise
        except CatalogError as error:
            reasons = f"{error.reasons}." if isinstance(error, NotHad) else error.what
            against.append(
                _("{entry} ({good_for}) could not be had: {reasons}").format(
                    entry=entry.name, good_for=entry.good_for, reasons=reasons
                )
            )
            continue
        aside = f" ({'; '.join(pulled.notes)})" if pulled.notes else ""
        taken = _("Took {entry} ({good_for}) from {source}{aside}.").format(
            entry=entry.name, good_for=entry.good_for, source=pulled.source, aside=aside
        )
        return Choice(entry, pulled.path, " ".join([*against, taken]))
    raise CatalogError(
        _("None of {entries} is here. {against}").format(
            entries=", ".join(entry.name for entry in entries), against=" ".join(against)
        ),
        _("Connect this computer to a network once, or name a folder that holds one in SIGHTDESK_MODEL_PATH."),
    )
