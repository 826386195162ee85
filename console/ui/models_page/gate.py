"""The gate: what is to be activated is measured on the site's gold set first, in a process of its own.

A model that passes is activated; one that does not is refused with its figures, and so is one that can't be measured. A
supervisor may have it run all the same, which is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.errors import ModelError, SightdeskError
from console.ui.jobs import Job
from console.ui.models_page import measuring
from console.ui.models_page.table import Variant
from console.ui.workplace import Workplace
from models.words import _

_MARK = "gate"
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be activated.

    Attributes:
        model: as the settings name it.
        variant: runtime, device, precision.
        against: what it would replace, as the settings name it.
        words: model and variant for the operator.
    """

    model: str
    variant: Variant
    against: str
    words: str


def needed(workplace: Workplace) -> bool:
    """Whether models are measured before they are activated."""
    return bool(workplace.settings.inference.gate.gold)


def command(asked: Asked, home: str) -> list[str]:
    """The command line that measures a model on the gate's set."""
    runtime, device, precision = asked.variant
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "console"]
    return [
        *program, "gold", "gate", asked.model, "--backend", runtime, "--device", device, "--precision", precision,
        "--against", asked.against, "--lines", "--home", home,
    ]  # fmt: skip


def begin(workplace: Workplace, asked: Asked, activate: Callable[[], object]) -> Job | None:
    """Measure in the background, then activate or refuse; None where another one is being measured.

    Args:
        workplace: whose settings name the gate.
        asked: what is to be activated.
        activate: does it; called on the GUI thread. May raise SightdeskError.
    """
    name = workplace.settings.inference.gate.gold
    if any(job.property(_MARK) for job in workplace.jobs.running):
        workplace.notices.say(_("A model is being measured for its activation already; cancel that, or wait for it."))
        return None

    def ended(report: Report) -> None:
        if not report["passed"]:
            _refuse(workplace, asked, " ".join(report["why"]), "", activate)
        elif _carried_out(workplace, activate):
            why = " ".join(report["why"])
            workplace.notices.say(_("Activated {words}. {why}").format(words=asked.words, why=why))

    def failed(error: Exception) -> None:
        if isinstance(error, SightdeskError):
            _refuse(workplace, asked, error.what, error.hint, activate)
        else:
            workplace.notices.error(error)

    title = _("Measuring {words} on gold set {name}").format(words=asked.words, name=name)
    job = workplace.jobs.start(title, lambda one: _measure(one, asked, str(workplace.home.path)), ended, failed)
    job.setProperty(_MARK, True)  # noqa: FBT003  # Qt's way
    job.ended.connect(lambda: _say_stopped(workplace, asked) if job.cancelled.is_set() else None)
    words = _("{words} is measured on gold set {name} first, and activated when it passes.")
    workplace.notices.say(words.format(words=asked.words, name=name))
    return job


def _measure(job: Job, asked: Asked, home: str) -> Report:
    """What the gate says. Raises ModelError: it can't be measured; in words."""
    rows: list[Report] = []
    measuring.measure(job, command(asked, home), rows.append)
    row: Report = rows[-1] if rows else {"passed": False, "why": []}  # cancelled
    if "error" in row:
        raise ModelError(row["error"]["what"], row["error"]["hint"])
    return row


def _refuse(workplace: Workplace, asked: Asked, why: str, hint: str, activate: Callable[[], object]) -> None:
    """Say why a model is not activated, and the way on."""

    def override() -> None:
        if not workplace.may(_("Activating a model that did not pass its gold set"), override):
            return
        try:
            workplace.record(
                "model activated past its gold set",
                model=asked.model,
                variant=" ".join(asked.variant),
                gold=workplace.settings.inference.gate.gold,
                why=why,
            )
        except SightdeskError as error:
            workplace.notices.error(error)
            return
        if _carried_out(workplace, activate):
            workplace.notices.say(_("Activated {words}, past its gold set; it is recorded.").format(words=asked.words))

    workplace.notices.warn(
        _("{words} was not activated. {why}").format(words=asked.words, why=why),
        hint or _("What ran goes on. A supervisor may activate it all the same; that is recorded."),
        (_("Activate all the same"), override),
    )


def _carried_out(workplace: Workplace, activate: Callable[[], object]) -> bool:
    try:
        activate()
    except SightdeskError as error:
        workplace.notices.error(error)
        return False
    return True


def _say_stopped(workplace: Workplace, asked: Asked) -> None:
    workplace.notices.say(_("Stopped; {words} was not activated.").format(words=asked.words))
