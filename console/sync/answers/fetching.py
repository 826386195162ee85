"""Fetching: a fetcher for each cloud that is sent pictures, for as long as it is."""

from __future__ import annotations

from console.settings.schema import Settings
from console.settings.sync import TargetSettings
from console.sync.answers.fetcher import Asker, Asks, Fetcher
from console.sync.figures import AnswerFigures
from console.sync.routes import may_answer
from console.sync.targets.base import Secret
from console.sync.uploading.connection import Parts, Wanted


def ask(settings: TargetSettings, secret: Secret) -> Asks:
    """Whom answers are asked from; its library is imported when one is made."""
    from console.sync.answers.asking import Asking  # noqa: PLC0415  # httpcore: the desk's start can do without

    return Asking(settings, secret)


class Fetching:
    """Owns the fetchers. Any thread may call it.

    Args:
        parts: what all of the uploader share.
        settings: in force now.
        ask: makes whom they ask.
    """

    def __init__(self, parts: Parts, settings: Settings, ask: Asker = ask) -> None:
        self._parts, self._ask = parts, ask
        self._fetchers: dict[str, Fetcher] = {}
        self._closed = False
        self.apply(settings)

    def apply(self, settings: Settings) -> None:
        """Go by other settings; returns at once."""
        wanted = {one.name: Wanted(one, settings.site) for one in settings.sync.targets if may_answer(one)}
        for name in wanted.keys() - self._fetchers.keys():
            if not self._closed:
                self._fetchers[name] = Fetcher(name, self._parts, self._ask)
        for name, fetcher in self._fetchers.items():
            fetcher.apply(wanted.get(name))

    def hurry(self, target: str) -> None:
        """Ask now; empty: all."""
        for name, fetcher in self._fetchers.items():
            if target in ("", name):
                fetcher.hurry()

    def figures(self, target: str) -> AnswerFigures | None:
        """How it goes with one target; None: it is not asked."""
        fetcher = self._fetchers.get(target)
        return fetcher.figures if fetcher is not None and fetcher.wanted else None

    def close(self) -> None:
        """Ask no more; see `join`."""
        self._closed = True
        for fetcher in self._fetchers.values():
            fetcher.close()

    def join(self, by: float) -> list[str]:
        """Wait until a time of `time.monotonic` for all to end; names of threads that are stuck."""
        return [name for fetcher in self._fetchers.values() for name in fetcher.join(by)]
