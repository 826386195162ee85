"""The examination: every check in turn, each on its own, so that a broken one doesn't hide the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

from console.health import builds, house, kept, machine, program
from console.health.findings import Finding, problem
from console.settings.home import Home
from models.words import _

Check = Callable[[Home], Iterable[Finding]]
"""Looks at one thing and says what it found. It changes nothing."""

CHECKS: tuple[Check, ...] = (
    program.python,
    program.packages,
    builds.onnxruntime_build,
    program.runtimes,
    machine.system,
    machine.screen,
    machine.video_devices,
    machine.clock,
    house.folder,
    house.disk,
    house.settings,
    house.keyring,
    house.database,
    kept.pictures,
    kept.erasures,
    kept.review,
)
_log = logging.getLogger(__name__)


def examine(home: Home, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Everything the checks find, in their order.

    Args:
        home: looked at, never changed; it need not exist.
        checks: what to look at.
    """
    findings: list[Finding] = []
    for check in checks:
        try:
            findings.extend(check(home))
        except Exception as error:  # the outermost frame of a check: whatever it met, the others must still run
            _log.exception("The check %s failed.", check.__name__)
            name = check.__name__.replace("_", " ")
            what = _("It could not be examined: {error}.").format(error=type(error).__name__)
            findings.append(problem(name, what, _("Please report this, with sightdesk doctor --bundle FILE.zip.")))
    return findings
