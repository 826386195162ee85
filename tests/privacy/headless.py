"""A site at work in a home without a screen, on models whose answers are fixed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.events.recorder import EventRecorder
from console.pipeline.lane import Lane
from console.privacy.writer import PictureWriter
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.settings.schema import Settings
from console.site.open import open_site
from console.site.process import attended
from console.site.site import Site

WITHIN_S = 40.0


@dataclass(frozen=True)
class Work:
    """What is at work."""

    site: Site
    recorder: EventRecorder
    writer: PictureWriter
    settings: Settings

    def lane(self, camera: str) -> Lane:
        return self.site.pipeline.lane(camera)

    def until(self, true: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
        end = time.monotonic() + within_s
        while not true():
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.02)


@contextmanager
def at_work(home_path: Path, text: str, *, start: bool = True) -> Iterator[Work]:
    """Open a home with these settings and run them; the site is closed by whoever opened it, or at the end.

    Without `start` it is for the caller to subscribe what else looks, and to apply the settings.
    """
    home_path.mkdir(parents=True, exist_ok=True)
    (home_path / "settings.yaml").write_text(text, encoding="utf-8")
    with ExitStack() as stack:
        home = stack.enter_context(Home.open(home_path))
        loaded = SettingsFile(home.settings_file).load()
        assert loaded.problem is None, loaded.problem
        watchdog, store = stack.enter_context(attended(loaded.settings.log, home))
        site = open_site(home, watchdog, keep_s=10)
        writer = PictureWriter(home, store)
        recorder = EventRecorder(
            store, writer, lambda camera: site.pipeline.lane(camera).latest, loaded.settings, redactor=site.redactor
        )
        stack.callback(recorder.close)
        stack.callback(site.close)
        site.subscribe(recorder.take)
        if start:
            site.apply(loaded.settings)
        yield Work(site, recorder, writer, loaded.settings)
