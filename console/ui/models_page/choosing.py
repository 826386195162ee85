"""Activating a variant and going back: one change of the settings each, applied make-before-break."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from backends import registry
from console.settings.inference import InferenceSettings
from console.settings.schema import Settings
from console.site.finding import BEST
from console.ui.models_page import gate
from console.ui.models_page.listing import ModelLine, named, running_name
from console.ui.models_page.table import Variant
from console.ui.workplace import Workplace
from models.words import _

KEYS = ("model", "backend", "device", "precision")
_PLACE = KEYS[1:]
_REMEMBERED = "models before"
Activation = Literal["", "activated", "measuring"]


def changes(workplace: Workplace, line: ModelLine, variant: Variant) -> dict[str, object]:
    """What has to be changed in `inference` so that a model runs as this variant.

    One of several models of a site gets an entry of its own; the others stay where they are. The model of cameras that
    name none is changed only where no camera uses the chosen one yet: a camera that names its models keeps them.
    """
    settings = workplace.settings
    now, place = settings.inference, dict(zip(_PLACE, variant, strict=True))
    name = _named_as(line, settings)
    if name and len(named(settings)) > 1:
        if _place(now.of(name)) == place:
            return {}
        others = [entry.model_dump() for entry in now.own if entry.model != name]
        return {"own": [*others, {"model": name, **place}]}
    wanted = place if name else {**place, "model": line.name}
    changed: dict[str, object] = {key: value for key, value in wanted.items() if getattr(now, key) != value}
    if left := [entry.model_dump() for entry in now.own if entry.model != (name or line.name)]:
        return changed | ({"own": left} if len(left) != len(now.own) else {})
    return changed | ({"own": []} if now.own else {})


def _named_as(line: ModelLine, settings: Settings) -> str:
    """What the settings call a model that is used; empty for one that they don't name."""
    names = named(settings)
    found = next((name for name in names if name == line.name or running_name(name) == line.shown), "")
    return found or (BEST if line.cameras and BEST in names else "")


def precision(workplace: Workplace, line: ModelLine) -> str:
    """The precision the settings ask for where they run a model."""
    return workplace.settings.inference.of(_named_as(line, workplace.settings)).precision


def _place(inference: InferenceSettings) -> dict[str, object]:
    return {key: getattr(inference, key) for key in _PLACE}


def activate(workplace: Workplace, line: ModelLine, variant: Variant) -> Activation:
    """Have a model run as a variant, and remember what ran before.

    Where the settings name a gate, it is measured first, and all that follows is said by the gate. Where it can't run,
    the change is taken back by itself.

    Returns:
        Empty where it runs as that already; activated; or measuring: it is being measured before.

    Raises:
        SettingsError, HomeError: the settings can't be changed.
    """
    if not changes(workplace, line, variant):
        return ""
    if gate.needed(workplace):
        asked = gate.Asked(line.name, variant, _known_as(workplace, line)["model"], words(line.shown, variant))
        gate.begin(workplace, asked, lambda: _carry_out(workplace, line, variant))
        return "measuring"
    _carry_out(workplace, line, variant)
    return "activated"


def _carry_out(workplace: Workplace, line: ModelLine, variant: Variant) -> None:
    """Change the settings as they are now. Raises SettingsError, HomeError."""
    wanted = changes(workplace, line, variant)
    if not wanted:
        return
    remembered = {"words": _known_as(workplace, line), "inference": _all(workplace.settings.inference)}
    workplace.edit(
        {f"inference.{key}": value for key, value in wanted.items()},
        _("Activated {words}").format(words=words(line.shown, variant)),
        only_if_it_runs=True,
    )
    workplace.state.set(_REMEMBERED, remembered)


def _known_as(workplace: Workplace, line: ModelLine) -> dict[str, str]:
    """What runs where the model is to run: its name and its place."""
    now = workplace.settings.inference
    name = _named_as(line, workplace.settings) or now.model
    return {"model": name, **{key: str(value) for key, value in _place(now.of(name)).items()}}


def before(workplace: Workplace) -> dict[str, str]:
    """What ran before the last activation; empty where nobody knows, or where it runs again."""
    known = _known(workplace)
    return dict(known["words"]) if known else {}


def roll_back(workplace: Workplace) -> bool:
    """Go back to what ran before the last activation; False where nothing is remembered.

    Raises:
        SettingsError, HomeError: the settings can't be changed.
    """
    known = _known(workplace)
    if not known:
        return False
    now = _all(workplace.settings.inference)
    changed = {f"inference.{key}": value for key, value in known["inference"].items() if now[key] != value}
    workplace.edit(changed, _("Rolled back to {words}").format(words=before_words(known["words"])))
    workplace.state.set(_REMEMBERED, None)
    return True


def _all(inference: InferenceSettings) -> dict[str, object]:
    """Everything an activation may change."""
    return {key: getattr(inference, key) for key in KEYS} | {"own": [entry.model_dump() for entry in inference.own]}


def _known(workplace: Workplace) -> dict[str, Any]:
    """What is remembered, while it is sound and not in force."""
    known: Any = workplace.state.get(_REMEMBERED, {})
    try:
        words_known = set(known["words"]) == set(KEYS) and all(isinstance(v, str) for v in known["words"].values())
        sound = words_known and set(known["inference"]) == {*KEYS, "own"}
    except (TypeError, KeyError, AttributeError):
        return {}
    return known if sound and known["inference"] != _all(workplace.settings.inference) else {}


def before_words(known: Mapping[str, str]) -> str:
    """What ran before, in words."""
    return words(running_name(known["model"]), (known["backend"], known["device"], known["precision"]))


def words(model: str, variant: Variant) -> str:
    """A model and a variant in words."""
    runtime, device, precision = variant
    how = f", {precision}" if precision != "default" else ""
    return _("{model} on {runtime} {device}{how}").format(
        model=model, runtime=registry.title(runtime), device=device, how=how
    )
