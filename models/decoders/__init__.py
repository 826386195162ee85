"""From a network's numbers to boxes: one family of models per file.

May enter: pure functions that know how a family writes its answers. May not enter: the runtime that produced them. To
add a family: write a file with a `Family`, list it in `FAMILIES`; the contract tests pick it up.
"""

from __future__ import annotations

from models.decoders import centerface, intel_ssd, tf_ssd, yolox, yunet
from models.decoders.family import Family, NotThisFamily, thresholds_for
from models.manifest import ModelFacts, ModelManifest

FAMILIES: dict[str, Family] = {
    family.name: family for family in (yolox.FAMILY, tf_ssd.FAMILY, intel_ssd.FAMILY, centerface.FAMILY, yunet.FAMILY)
}

__all__ = ["FAMILIES", "Family", "NotThisFamily", "recognise", "thresholds_for"]


def recognise(facts: ModelFacts, name: str) -> ModelManifest:
    """The manifest of a bare model file, guessed from its shapes.

    Raises:
        NotThisFamily: no family fits; says what each missed.
    """
    reasons = []
    for family in FAMILIES.values():
        try:
            family.picture_input(facts, None, None)
        except NotThisFamily as misfit:
            reasons.append(f"{family.name}: {misfit}")
        else:
            return ModelManifest(name=name, family=family.name, labels=family.labels(facts))
    raise NotThisFamily("; ".join(reasons))
