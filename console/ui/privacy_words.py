"""A camera's privacy in words: what is covered, in which pictures."""

from __future__ import annotations

from models.policy import Cover, PublishedFootage
from models.words import N_, _, ngettext

HEADS = {"unsure": N_("if no sure face"), "always": N_("always"), "never": N_("never")}
PLATES = {"plates": N_("plates found"), "vehicles": N_("whole vehicles"), "no": N_("not covered")}
STYLES = {"solid": N_("solid"), "pixelate": N_("pixelated (weaker)"), "blur": N_("blurred (weaker)")}


def covered_parts(policy: Cover) -> list[str]:
    """What a policy covers, one after another, in few words; empty for nothing at all."""
    parts = [_("faces")] if policy.faces else []
    if policy.heads != "never":
        parts.append(_("heads") if policy.heads == "always" or not policy.faces else _("heads without a sure face"))
    if policy.plates != "no":
        parts.append(_("plates") if policy.plates == "plates" else _("whole vehicles"))
    parts += policy.classes
    if policy.areas:
        parts.append(ngettext("{n} area", "{n} areas", len(policy.areas)).format(n=len(policy.areas)))
    return parts


def in_a_sentence(policy: Cover | PublishedFootage, *, live: bool) -> str:
    """What is covered in pictures that are kept or sent, and in the live picture."""
    if isinstance(policy, PublishedFootage):
        return _("Published footage ({what}): nothing is covered in it.").format(what=policy.published_as)
    parts = covered_parts(policy)
    if not parts:
        return _("Nothing is covered: everybody can be recognised in pictures that are kept.")
    what = ", ".join(parts)
    what = what[:1].upper() + what[1:]
    template = (
        _("{what}: covered in every picture, live too.")
        if live
        else _("{what}: covered in every picture that is kept or sent. The live picture is shown as it is.")
    )
    said = [template.format(what=what)]
    if policy.style != "solid":
        said.append(_("Pixels and blur let some light and colour through; solid protects best."))
    if policy.seal_plates_for or policy.seal_doubtful_for:
        said.append(_("Sealed crops show it to the holder of their key."))
    return " ".join(said)
