"""An answer in words: what was found, what really ran, why it could not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends import registry
from console.store.answers import AnswerRow
from models.words import _, ngettext

_FEW = 6
_NAME, _CUT = 24, 20


def found_words(answer: AnswerRow) -> str:
    """What came of it: ``plate .91, vehicle .84``, the surest first; or that nothing did, and why."""
    if answer.state == "failed":
        return _("could not: {why}").format(why=answer.why or _("it does not say why"))
    found = sorted(answer.body.get("found", ()), key=lambda one: -float(one["score"]))
    if not found:
        return _("found nothing")
    words = [f"{one['label']} {score_words(one['score'])}" for one in found[:_FEW]]
    if len(found) > _FEW:
        more = len(found) - _FEW
        words.append(ngettext("{n} more", "{n} more", more).format(n=more))
    return ", ".join(words)


def ran_words(answer: AnswerRow, *, whole: bool = False) -> str:
    """What really ran: ``plates-0106 on OpenVINO CPU``, one after the other; empty where nothing did.

    Args:
        answer: which.
        whole: names are not cut, and version, precision and where pictures were sent to are said.
    """
    models: dict[str, list[str]] = {}
    for one in answer.body.get("ran", ()):
        name = str(one["model"])
        models.setdefault(_where(one, whole), []).append(name if whole or len(name) <= _NAME else f"{name[:_CUT]}…")
    return ", ".join(
        _("{model} on {where}").format(model=", ".join(dict.fromkeys(names)), where=where)
        if where
        else ", ".join(names)
        for where, names in models.items()
    )


def score_words(score: float) -> str:
    """A score as the desk writes it: .34, 1.0."""
    return f"{score:.2f}".removeprefix("0") if score < 0.995 else "1.0"  # what is rounded to 1.00


def _where(one: Mapping[str, Any], whole: bool) -> str:  # noqa: FBT001  # as above
    runtime = registry.title(str(one["runtime"]))
    if whole and one["version"]:
        runtime = f"{runtime} {one['version']}"
    where = f"{runtime} {one['device']}".strip()
    if not whole:
        return where
    served = _("served by {server}").format(server=one["served"]) if one["served"] else ""
    return ", ".join(filter(None, (where, str(one["precision"]), served)))
