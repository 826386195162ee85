"""Opens a site in a home: its catalogue and its secrets."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from console.catalog.catalog import Catalog
from console.errors import SecretError
from console.health.watchdog import Watchdog
from console.pipeline.costs import Costs
from console.pipeline.pipeline import Pipeline
from console.settings.home import Home
from console.site.cover_fetches import cover_models
from console.site.finding import Announce, ModelFinder
from console.site.site import SecretReader, Site
from models.words import _

if TYPE_CHECKING:
    from console.settings.secrets import Secrets


def open_site(
    home: Home,
    watchdog: Watchdog,
    *,
    passwords: Mapping[str, str] | None = None,
    costs: Costs | None = None,
    announce: Announce | None = None,
    cancel: threading.Event | None = None,
    keep_s: float = 0.0,
    catalog: Catalog | None = None,
) -> Site:
    """A site with no camera yet; `Site.apply` starts them.

    Args:
        home: where models are kept and secrets looked up.
        watchdog: watches the pipeline's threads.
        passwords: secrets known already, by name; they come before the home's.
        costs: where CPU time is charged.
        announce: told before a model is fetched.
        cancel: set to give a fetch up.
        keep_s: how much of every camera's past is held in memory, in seconds; for a screen.
        catalog: where models come from; the home's own by default.
    """
    catalog = catalog or Catalog(home.models, home.clips)
    return Site(
        ModelFinder(catalog, announce, cancel).find,
        _secret_reader(home, passwords or {}),
        Pipeline(watchdog, costs, keep_s=keep_s),
        home.cache,
        home.path,
        covers=cover_models(catalog, home.cache, announce, cancel),
    )


def _secret_reader(home: Home, passwords: Mapping[str, str]) -> SecretReader:
    """Opens the home's secrets when the first one is needed, once: opening the encrypted file is slow on purpose."""

    @cache
    def secrets() -> Secrets:
        from console.settings.secrets import Secrets  # noqa: PLC0415

        return Secrets(home)

    def read(name: str) -> str:
        if name in passwords:
            return passwords[name]
        from console.settings.secrets import RESERVED  # noqa: PLC0415  # see above

        if name.startswith(RESERVED):  # no camera is sent what is kept of the supervisor's PIN
            raise SecretError(_("The secret {name} is none for cameras.").format(name=name), _("Name another one."))
        return secrets().get(name).get_secret_value()

    return read
