"""From a network's numbers to boxes: one family of models per file.

May enter: pure functions that know how a family writes its answers. May not enter: the runtime that produced them. To
add a family: write a file with a `Family`, list it in `FAMILIES`; the contract tests pick it up.
"""

from __future__ import annotations

from pydantic import ValidationError

from models.decoders import centerface, intel_ssd, tf_ssd, yolox, yunet
from models.decoders.family import Family, NotThisFamily, thresholds_for
from models.manifest import MANIFEST_KEY, ModelFacts, ModelManifest

FAMILIES: dict[str, Family] = {
    family.name: family for family in (yolox.FAMILY, tf_ssd.FAMILY, intel_ssd.FAMILY, centerface.FAMILY, yunet.FAMILY)
}

__all__ = ["FAMILIES", "Family", "NotThisFamily", "recognise", "thresholds_for"]


def recognise(facts: ModelFacts, name: str) -> ModelManifest:
    """The manifest of a bare model: the one it carries itself, else guessed from its shapes.

    Raises:
        NotThisFamily: no family fits; says what each missed.
    """
    if carried := facts.metadata.get(MANIFEST_KEY):
        return _carried(carried)
    reasons = []
    for family in FAMILIES.values():
        try:
            family.picture_input(facts, None, None)
        except NotThisFamily as misfit:
            reasons.append(f"{family.name}: {misfit}")
        else:
            return ModelManifest(name=name, family=family.name, labels=family.labels(facts))
    raise NotThisFamily("; ".join(reasons))


def _carried(text: str) -> ModelManifest:
    """A manifest that came with a model.

    Raises:
        NotThisFamily: it is none, or of a newer Sightdesk.
    """
    try:
        manifest = ModelManifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise NotThisFamily(f"its own manifest can't be read: {where} {first['msg']}".strip()) from error
    if manifest.family not in FAMILIES:
        raise NotThisFamily(f"its own manifest says {manifest.family!r}")
    return manifest
