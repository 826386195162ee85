"""Asks a cloud for answers, over a connection of its own: what is sent never waits for it, nor it for what is sent."""

from __future__ import annotations

from console.settings.sync import TargetSettings
from console.sync import wire
from console.sync.answers.page import Page, read_page
from console.sync.targets.base import Secret, WrongAnswer
from console.sync.targets.https.answers import failure
from console.sync.targets.https.cloud import way_to
from console.sync.targets.https.way import Limits

MOST = 500
"""Answers of one page."""
SMOOTH = 400_000
"""Bytes of a page: reading so much holds the interpreter for some milliseconds, which no picture on a wall misses."""
_YES, _NONE = 200, 404


class Asking:
    """Of one cloud. `page` belongs to one thread; `close` may come from any.

    Args:
        settings: of the target.
        secret: where the passphrase of its key is, if the settings name one.
        limits: of time and size.
    """

    def __init__(self, settings: TargetSettings, secret: Secret, limits: Limits | None = None) -> None:
        self._way = way_to(settings, secret, 1, limits)
        self._most = MOST

    def page(self, after: int) -> Page | None:
        """The next answers behind a number; None: this cloud has none to give, it is of an older version.

        Raises:
            TargetError: it can't be had, in words; `WrongAnswer`: what came is none.
        """
        while True:
            try:
                answer = self._way.ask("GET", f"{wire.ANSWERS_PATH}?after={after}&most={self._most}")
            except WrongAnswer as error:
                if not error.too_large or self._most == 1:
                    raise
                self._most = max(self._most // 4, 1)
                continue
            if answer.status == _NONE:
                return None
            if answer.status != _YES:
                raise failure(answer, self._way.place)
            found = read_page(answer.content, after, self._most)
            if found.answers:
                each = len(answer.content) / len(found.answers)
                self._most = max(min(int(SMOOTH / each), MOST), 1)
            return found

    def close(self) -> None:
        """Let go of the connection; a request under way fails soon. Harmless when done already."""
        self._way.close()
