"""Words of a trace: what kinds, reasons and verdicts are called, what ran, what a target said."""

from __future__ import annotations

import json
from typing import Any

from models.words import N_, _

KINDS = {
    "erased": N_("word of an erasure"),
    "audit": N_("seal of the record"),
    "event": N_("event"),
    "verdict": N_("verdict"),
    "item": N_("review item"),
    "picture": N_("picture"),
    "sealed": N_("sealed crop"),
}
STATES = {"waiting": N_("waiting"), "later": N_("aside"), "sent": N_("sent"), "refused": N_("refused")}
REASONS = {
    "doubt": N_("its score lies in the doubt band"),
    "flicker": N_("its track came and went"),
    "change": N_("its class changed"),
    "wrong": N_("flagged: a box is wrong"),
    "missed": N_("flagged: something was missed"),
    "random": N_("drawn by chance"),
    "import": N_("imported"),
}
VERDICTS = {
    "accept": N_("right"),
    "reject": N_("no such object"),
    "relabel": N_("it is {label}"),
    "edit": N_("all boxes put right"),
    "skip": N_("skipped"),
}
ROLES = {"first": N_("first look"), "second": N_("second look"), "supervisor": N_("supervisor"), "import": N_("import")}
_LONGEST = 200


def ran_words(ran: str) -> str:
    """What really ran, such as ``openvino on CPU, fp16``; empty where nothing is known.

    Args:
        ran: JSON, a list of what each stage said of itself.
    """
    stages = []
    for stage in json.loads(ran):
        runtime, device, precision = (str(stage.get(name) or "") for name in ("runtime", "device", "precision"))
        if runtime:
            words = _("{runtime} on {device}").format(runtime=runtime, device=device) if device else runtime
            stages.append(f"{words} ({precision})" if precision else words)
    return ", ".join(dict.fromkeys(stages))


def receipt_words(answer: str) -> str:
    """What a target said when it took a message, as ``name: value``; empty where it said nothing.

    Args:
        answer: JSON, a group of values.
    """
    said: dict[str, Any] = json.loads(answer)
    words = ", ".join(f"{name}: {value}" for name, value in said.items() if value not in (None, "", {}, []))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
