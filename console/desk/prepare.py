"""What the desk needs before it can show cameras: settings, database, models. Runs beside the window, which is up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.words import _

if TYPE_CHECKING:
    from console.catalog.catalog import Catalog
    from console.health.watchdog import Watchdog
    from console.settings.file import Loaded, SettingsFile
    from console.settings.home import Home
    from console.site.running import RunningSite
    from console.store.store import Store

REWIND_S = 30.0
"""How much of every camera's past is held in memory."""

Say = Callable[[str, int, int], None]
"""Told what is being done, and how far: words, done, of (0: nobody knows)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything a desk runs on.

    Attributes:
        around: ends what is around the site: logs, crash hooks, database, watchdog.
        home: locked.
        loaded: the settings as they were found.
        file: where they stand.
        store: the database.
        watchdog: watches threads; the desk's own too.
        site: what runs; nothing yet.
        cancel: set to give up what it fetches.
        said: what the demo took, and why.
    """

    around: ExitStack
    home: Home
    loaded: Loaded
    file: SettingsFile
    store: Store
    watchdog: Watchdog
    site: RunningSite
    cancel: threading.Event
    said: tuple[str, ...] = ()


def prepare(home: Home, *, demo_of: Home | None, say: Say, cancel: threading.Event) -> Prepared:
    """Get everything ready. Heavy imports happen here, on the calling thread, while the window is already painted.

    Args:
        home: locked.
        demo_of: run the demo, with the models and clips of this home; None: the home's own cameras.
        say: told how far it is.
        cancel: set to give a fetch up.

    Raises:
        SightdeskError: it can't be had, in words; nothing stays open.
    """
    from console.catalog.catalog import Catalog  # noqa: PLC0415
    from console.settings.file import SettingsFile  # noqa: PLC0415
    from console.site.open import open_site  # noqa: PLC0415
    from console.site.process import attended  # noqa: PLC0415
    from console.site.running import RunningSite  # noqa: PLC0415

    models = demo_of or home
    models.make()
    catalog = Catalog(models.models, models.clips)
    said = _prepare_demo(home, catalog, say, cancel) if demo_of else ()

    def announce(name: str) -> Callable[[int, int], None]:
        return lambda done, of: say(_("Getting {name}").format(name=name), done, of)

    file = SettingsFile(home.settings_file)
    loaded = file.load()
    stack = ExitStack()
    with stack:
        watchdog, store = stack.enter_context(attended(loaded.settings.log, home))
        around = stack.pop_all()
    site = open_site(home, watchdog, announce=announce, cancel=cancel, keep_s=REWIND_S, catalog=catalog)
    return Prepared(around, home, loaded, file, store, watchdog, RunningSite(site), cancel, said)


def _prepare_demo(home: Home, catalog: Catalog, say: Say, cancel: threading.Event) -> tuple[str, ...]:
    """Get the demo's model and clip, and give its home cameras; what was taken, and why."""
    from console.site.demo import write_demo  # noqa: PLC0415

    model = catalog.best_model(lambda done, of: say(_("Getting a model"), done, of), cancel)
    clip = catalog.best_clip(lambda done, of: say(_("Getting a clip"), done, of), cancel)
    write_demo(home, model, clip)
    return model.why, clip.why
